"""`longsafety compact`: a run's samples in one small file without text."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from lm_eval_longsafety.results import Run


def compact(
    paths: Annotated[
        list[Path],
        typer.Argument(help="Folders or files of one run: its results and its samples."),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="File to write, ending in .parquet.")
    ],
) -> None:
    """Rewrite sample files as one small parquet: scores, letters and hashes, no text.

    The results file of the run goes along, so that report and compare need nothing else.
    """
    from lm_eval_longsafety.cli.extras import REPORT, need

    need("report", REPORT)
    from lm_eval_longsafety.errors import OptionError
    from lm_eval_longsafety.report.scores import run_labels
    from lm_eval_longsafety.results import read

    check_parquet(output)
    found = read(paths)
    runs = [run for run in found.runs if run.samples]
    if len(runs) != 1:
        names = ", ".join(run_labels(found.runs))
        raise OptionError(
            f"{len(runs)} runs with LongSafetyBench samples found ({names}); "
            "give the files of exactly one run, made with --log_samples"
        )
    for note in (*found.notes, *runs[0].notes):
        typer.echo(f"note: {note}", err=True)
    write(output, runs[0])


def check_parquet(output: Path) -> None:
    """Refuse before the work is done, not after.

    Raises:
        OptionError: a name or place that cannot be written to.
    """
    from lm_eval_longsafety.errors import OptionError
    from lm_eval_longsafety.files import check_place

    if output.suffix != ".parquet":
        raise OptionError(f"{output}: end the name in .parquet, as report finds such files by it")
    check_place(output)


def write(output: Path, run: "Run") -> None:
    """Write a run's samples and results as one compact file, and say so.

    Raises:
        OptionError: it cannot be written.
    """
    from lm_eval_longsafety.results.compacted import write_compact

    samples = [sample for own in run.samples.values() for sample in own]
    size = write_compact(output, samples, run.summary, run.notes)
    typer.echo(f"{output}: {len(samples):,} samples, {size / 1000:,.0f} kB")
