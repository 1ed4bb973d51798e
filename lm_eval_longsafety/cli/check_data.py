"""`longsafety check-data`: a table of a data set's splits, and a list of their problems."""

import statistics
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from lm_eval_longsafety.benchmark import BenchmarkTask
    from lm_eval_longsafety.data.rows import Row

_COLUMNS = (
    *("split", "rows", "expected", "choices"),
    *("words min/median/max", "depths x lengths", "problems"),
)


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
) -> None:
    """Check every row of a data set and print a table of its splits; exit code 1 on problems.

    Of a folder that `longsafety build` wrote, its files are compared with manifest.json, too.
    """
    from lm_eval_longsafety.build.manifest import read_manifest, verify
    from lm_eval_longsafety.cli.shared import render_table
    from lm_eval_longsafety.data.progress import progress
    from lm_eval_longsafety.data.sources import load, row_count_warning
    from lm_eval_longsafety.errors import DataError
    from lm_eval_longsafety.settings import parse

    chosen = _chosen(tasks)
    source = load(parse({"data": data}).data, revision)
    table, problems, warnings = [_COLUMNS], list[str](), list[str]()
    folder = next(iter(source.files.values()))[0].parent
    built = read_manifest(folder)
    differing = verify(folder, built) if built else []
    if built and tasks is None:
        chosen = [task for task in chosen if task.split in built.data_rows]
    for task in progress("checking data", chosen, unit=" splits"):
        try:
            rows = source.rows(task.split)
        except DataError as error:
            problems.append(str(error))
            table.append((task.split, "-", str(task.rows), "-", "-", "-", "see below"))
            continue
        expected = built.data_rows.get(task.split, 0) if built else task.rows
        table.append((task.split, str(len(rows)), str(expected), *_describe(rows)))
        if not built and (warning := row_count_warning(source, task.split, len(rows))):
            warnings.append(warning)
    typer.echo(render_table(table))
    for warning in warnings:
        typer.echo(f"warning: {warning}")
    for problem in (*problems, *differing):
        typer.echo(f"problem: {problem}", err=True)
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
