"""`longsafety compact`: write a run's samples to one small file without text."""

from pathlib import Path
from typing import Annotated

import typer

from lm_eval_longsafety.cli.shared import (
    REPORT,
    check_parquet,
    read_with_bar,
    show_notes,
    write_compact_file,
)
from lm_eval_longsafety.errors import OptionError, need


def compact(
    paths: Annotated[
        list[Path],
        typer.Argument(help="Folders or files of one run: its results and its samples."),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="File to write, ending in .parquet.")
    ],
) -> None:
    """Write a run's samples to one small parquet file: scores, letters and hashes, no text.

    The file also holds the run's results, so that report and compare need no other file.
    """
    need("report", REPORT)
    from lm_eval_longsafety.analysis.scores import run_labels

    check_parquet(output)
    found = read_with_bar(paths)
    runs = [run for run in found.runs if run.samples]
    if len(runs) != 1:
        names = ", ".join(run_labels(found.runs))
        raise OptionError(
            f"{len(runs)} runs with LongSafetyBench samples found ({names}); "
            "give the files of exactly one run, made with --log_samples"
        )
    show_notes(found, runs)
    write_compact_file(output, runs[0])
