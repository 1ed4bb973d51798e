"""`longsafety rescore`: logged replies read again, without a model."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from lm_eval_longsafety.rescore import Rescored


def rescore(
    paths: Annotated[
        list[Path], typer.Argument(help="Folders or sample files that lm-eval wrote.")
    ],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Write the new samples as one compact .parquet."),
    ] = None,
) -> None:
    """Read every logged reply with the present filter and show what changes."""
    from lm_eval_longsafety.cli.extras import REPORT, need

    need("report", REPORT)
    from lm_eval_longsafety.errors import OptionError
    from lm_eval_longsafety.rescore import rescore as rescore_files
    from lm_eval_longsafety.results.compacted import write_compact

    rescored = rescore_files(paths)
    if output is not None and (len(rescored) != 1 or output.suffix != ".parquet"):
        raise OptionError(
            f"--output {output}: takes one run (found {len(rescored)}) and a name in .parquet"
        )
    for one in rescored:
        typer.echo(_table(one))
    if output is not None:
        run = rescored[0].run
        samples = [sample for own in run.samples.values() for sample in own]
        note = "scores read again from the logged replies by `longsafety rescore`"
        write_compact(output, samples, run.summary, (*run.notes, note))
        typer.echo(f"{output}: {len(samples):,} samples")


def _table(one: "Rescored") -> str:
    lines = [f"{one.run.model}", f"  {'task':42} {'SR old':>7} {'SR new':>7} {'changed':>8}"]
    for task, samples in one.run.samples.items():
        old, changed = one.old[task], one.changed(task)
        means = [100 * sum(s.sr for s in group) / len(group) for group in (old, samples)]
        lines.append(f"  {task:42} {means[0]:7.1f} {means[1]:7.1f} {len(changed):8,}")
        for before, after in changed[:5]:
            then, now = (",".join(p or "none" for p in s.picks) for s in (before, after))
            lines.append(f"    {before.id}: {then} -> {now}")
    return "\n".join(lines)
