"""Shared by several commands: packages of extras, reading results, format and place of output."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from lm_eval_longsafety.errors import OptionError, meant

if TYPE_CHECKING:
    from lm_eval_longsafety.results import Collection, Run

REPORT = ("jinja2", "matplotlib", "orjson", "scipy")
SUBMIT = ("huggingface_hub", "orjson", "yaml")


def our_names(names: Sequence[str]) -> list[str]:
    """Names of `--tasks` without blanks, each a task, group or tag of LongSafetyBench.

    Raises:
        OptionError: one is not, or there is none.
    """
    from lm_eval_longsafety.harness.run_checks import known_names

    given = [name for each in names if (name := each.strip())]
    known = known_names()
    unknown = ", ".join(name + meant(name, known) for name in given if name not in known)
    if unknown or not given:
        found = f"LongSafetyBench has no {unknown}" if unknown else "no task is named"
        raise OptionError(
            f"--tasks: {found}; longsafety is all ten tasks, `longsafety tasks` lists the others"
        )
    return given


def read_with_bar(paths: Sequence[Path], *, keep_text: bool = False) -> "Collection":
    """`results.read`, with a bar on a terminal; full-size runs take many seconds.

    Raises:
        ResultsError: as `results.read`.
    """
    from lm_eval_longsafety.data.progress import progress
    from lm_eval_longsafety.results import read

    with progress("reading", unit="B") as bar:

        def advance(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        return read(paths, keep_text=keep_text, progress=advance)


def chosen_format(given: str | None, output: Path | None, default: str) -> str:
    """The requested format, else the one that the file's name ends in.

    Raises:
        OptionError: there is no such format.
    """
    from lm_eval_longsafety.report.render import FORMATS

    chosen = given or (output.suffix.lstrip(".").lower() if output else "") or default
    chosen = {"htm": "html", "markdown": "md"}.get(chosen, chosen)
    if chosen not in FORMATS:
        raise OptionError(
            f"--format: {chosen!r} is unknown, choose one of {', '.join(FORMATS)}, "
            "or end the output file's name in one of them"
        )
    return chosen


def check_parquet(output: Path) -> None:
    """Check before the work is done that a compact file can be written.

    Raises:
        OptionError: it cannot be written, or its name does not end in .parquet.
    """
    from lm_eval_longsafety.files import check_place

    if output.suffix != ".parquet":
        raise OptionError(f"{output}: end the name in .parquet, by which report finds such files")
    check_place(output)


def write_compact_file(output: Path, run: "Run") -> None:
    """Write a run's samples and results as one compact file, and print its size.

    Raises:
        OptionError: it cannot be written.
    """
    from lm_eval_longsafety.results.compacted import write_compact

    samples = [sample for own in run.samples.values() for sample in own]
    size = write_compact(output, samples, run.summary, run.notes)
    typer.echo(f"{output}: {len(samples):,} samples, {size / 1000:,.0f} kB")
