"""`longsafety rescore`: read logged replies again, without a model."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lm_eval_longsafety.cli.shared import (
    REPORT,
    check_parquet,
    read_with_bar,
    show_notes,
    write_compact_file,
)
from lm_eval_longsafety.errors import OptionError, need

if TYPE_CHECKING:
    from lm_eval_longsafety.results.rescore import Rescored


def rescore(
    paths: Annotated[
        list[Path], typer.Argument(help="Folders or sample files that lm-eval wrote.")
    ],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Write the new samples as one compact .parquet."),
    ] = None,
) -> None:
    """Read every logged reply with this release's filter and show what changes."""
    need("report", REPORT)
    from lm_eval_longsafety.analysis.scores import run_labels
    from lm_eval_longsafety.results.rescore import rescore as rescore_runs

    if output is not None:
        check_parquet(output)
    found = read_with_bar(paths, keep_text=True)
    rescored = rescore_runs(found.runs)
    if output is not None and len(rescored) != 1:
        raise OptionError(f"--output takes one run, found {len(rescored)}; give the files of one")
    show_notes(found, [one.run for one in rescored])
    for label, one in zip(run_labels([one.run for one in rescored]), rescored, strict=True):
        typer.echo(_table(label, one))
    if output is not None:
        note = "`longsafety rescore` read the logged replies again"
        run = rescored[0].run
        write_compact_file(output, replace(run, notes=(*run.notes, note)))


def _table(label: str, one: "Rescored") -> str:
    from lm_eval_longsafety.public import clean

    file = clean(one.run.file or one.run.source.name)
    lines = [f"{label}: {file}", f"  {'task':42} {'SR old':>7} {'SR new':>7} {'changed':>8}"]
    for task, samples in one.run.samples.items():
        old, changed = one.old[task], one.changed(task)
        means = [100 * sum(s.sr for s in group) / len(group) for group in (old, samples)]
        lines.append(f"  {task:42} {means[0]:7.1f} {means[1]:7.1f} {len(changed):8,}")
        for before, after in changed[:5]:
            then, now = (",".join(p or "none" for p in s.picks) for s in (before, after))
            lines.append(clean(f"    {before.id}: {then} -> {now}"))
    return "\n".join(lines)
