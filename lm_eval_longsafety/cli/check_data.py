"""`longsafety check-data`: a data set's splits, their problems, and what they share with others."""

import statistics
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from lm_eval_longsafety.benchmark import BenchmarkTask
    from lm_eval_longsafety.data.overlap import Overlap
    from lm_eval_longsafety.data.rows import Row
    from lm_eval_longsafety.data.sources import DataSource

_COLUMNS = (
    *("split", "rows", "expected", "choices"),
    *("words min/median/max", "depths x lengths", "problems"),
)
_OVERLAP_COLUMNS = ("split", "part", "rows", "sharing", "largest share", "under 13 words")
_WORST = 5
"""Rows named for each part."""


def check_data(
    data: Annotated[
        str | None,
        typer.Argument(
            help="Hub id, folder or `sample`; default: LONGSAFETY_DATA, else the published data."
        ),
    ] = None,
    revision: Annotated[str | None, typer.Option(help="The hub's branch, tag or commit.")] = None,
    tasks: Annotated[
        str | None,
        typer.Option(
            metavar="NAME,...", help="Only the data of these tasks or groups; default: all ten."
        ),
    ] = None,
    against: Annotated[
        list[str] | None,
        typer.Option(
            metavar="OTHER",
            help="Count the 13-grams that the rows share with another data set or training data: "
            "`sample`, a hub id, a folder, a .jsonl or .parquet file. May be given several times.",
        ),
    ] = None,
) -> None:
    """Check every row of a data set and print a table of its splits; exit code 1 on problems.

    Of a folder that `longsafety build` wrote, its files are compared with manifest.json, too.
    """
    from lm_eval_longsafety.build.manifest import read_manifest, verify
    from lm_eval_longsafety.cli.shared import render_table
    from lm_eval_longsafety.data.overlap import files_of
    from lm_eval_longsafety.data.progress import progress
    from lm_eval_longsafety.data.sources import load, row_count_warning
    from lm_eval_longsafety.errors import DataError
    from lm_eval_longsafety.settings import parse

    chosen = _chosen(tasks)
    others = {name: files_of(name) for name in against or ()}
    source = load(parse({"data": data}).data, revision)
    table, problems, warnings = [_COLUMNS], list[str](), list[str]()
    built = read_manifest(source.folder)
    read = [path for paths in source.files.values() for path in paths]
    differing = verify(source.folder, built, read) if built else []
    if built and tasks is None:
        chosen = [task for task in chosen if task.split in built.data_rows]
    good = list[str]()
    for task in progress("checking data", chosen, unit=" splits"):
        expected = built.data_rows.get(task.split, 0) if built else task.rows
        try:
            rows = source.rows(task.split)
        except DataError as error:
            if not expected or task.split in source.files or not built:
                problems.append(str(error))  # Else `verify` has found that the file is missing.
            table.append((task.split, "-", str(expected), "-", "-", "-", "see below"))
            continue
        good.append(task.split)
        table.append((task.split, str(len(rows)), str(expected), *_describe(rows)))
        if not built and (warning := row_count_warning(source, task.split, len(rows))):
            warnings.append(warning)
    if built and built.format == "training":
        typer.echo(f"training rows; compared with manifest.json: {', '.join(built.files)}")
    else:
        typer.echo(render_table(table))
    for warning in warnings:
        typer.echo(f"warning: {warning}")
    for problem in (*problems, *differing):
        typer.echo(f"problem: {problem}", err=True)
    if others and good:
        _compare(source, good, others)
    counts = [f"{len(problems)} split{'s' * (len(problems) > 1)} with problems"] * bool(problems)
    if differing:
        counts.append(
            f"{len(differing)} file{'s' * (len(differing) > 1)} not as manifest.json says"
        )
    typer.echo(", ".join(counts) or "no problems")
    raise typer.Exit(1 if counts else 0)


def _chosen(names: str | None) -> "Sequence[BenchmarkTask]":
    """The tasks whose data is read by the named tasks, groups and tags; all ten without names.

    Raises:
        OptionError: a name is not LongSafetyBench's, or none is given.
    """
    from lm_eval_longsafety.benchmark import TASKS, splits_of
    from lm_eval_longsafety.cli.shared import our_names

    if names is None:
        return TASKS
    wanted = our_names(names.split(","))
    if any(name.startswith("longsafety_length") for name in wanted):
        return TASKS
    return [task for task in TASKS if any(task.split in splits_of(name) for name in wanted)]


def _describe(rows: "Sequence[Row]") -> tuple[str, str, str, str]:
    """Choices, words, grid and number of problems of a split without bad rows."""
    counts = sorted({len(row.choices) for row in rows})
    words = [len(row.context.split()) for row in rows]
    depths = {row.depth for row in rows} - {None}
    lengths = {row.length for row in rows} - {None}
    return (
        "-".join(str(n) for n in sorted({counts[0], counts[-1]})),
        f"{min(words)}/{statistics.median(words):.0f}/{max(words)}",
        f"{len(depths)} x {len(lengths)}" if depths else "-",
        "0",
    )


def _compare(source: "DataSource", splits: Sequence[str], others: dict[str, list[Path]]) -> None:
    """Print what the splits share with each of the other data sets."""
    from lm_eval_longsafety.data.overlap import PARTS, Grams, overlaps, texts_of
    from lm_eval_longsafety.data.progress import progress

    def rows() -> "Iterator[tuple[str, list[Row]]]":
        return ((split, source.rows(split)) for split in splits)

    grams = Grams.of(
        part(row)
        for _, own in progress("reading", rows(), unit=" splits")
        for row in own
        for part in PARTS.values()
    )
    for name, paths in others.items():
        texts = progress(f"comparing with {name}", texts_of(paths), unit=" rows")
        common, count = grams.common(texts)
        typer.echo(
            _shown(list(overlaps(rows(), common)), f"{name} ({count:,} row{'s' * (count != 1)})")
        )


def _shown(found: "Sequence[Overlap]", other: str) -> str:
    """The table of one comparison, the rows that share most, and a sentence for a paper."""
    from lm_eval_longsafety.cli.shared import render_table
    from lm_eval_longsafety.data.overlap import PARTS
    from lm_eval_longsafety.public import clean, public

    table = [_OVERLAP_COLUMNS]
    table += [
        (o.split, o.part, f"{len(o.rows):,}", f"{o.sharing:,}", f"{o.largest:.1%}", f"{o.short:,}")
        for o in found
    ]
    lines, said = [f"13-grams shared with {clean(other)}:", render_table(table)], []
    for part in PARTS:
        own = [each for each in found if each.part == part]
        ranked = sorted(
            ((s.share, each.split, id_) for each in own for id_, s in each.rows if s.count),
            key=lambda row: (-row[0], *row[1:]),
        )
        if ranked:
            named = [f"{clean(id_, 60)} of {split} {at:.1%}" for at, split, id_ in ranked[:_WORST]]
            lines.append(f"most of the {part}: {', '.join(named)}")
        rows = sum(len(each.rows) for each in own)
        top = max(each.largest for each in own)
        said.append(
            f"{len(ranked):,} of {rows:,} rows ({len(ranked) / rows:.1%}) share a 13-gram of their "
            f"{part} with it, at most {top:.1%} of a row's"
        )
    lines.append(
        f"Compared with {clean(public(other))} by runs of 13 words in lower case without "
        f"punctuation: {'; '.join(said)}."
    )
    return "\n".join(lines)
