"""Shared by several commands: packages of extras, reading, format and place of output, pictures."""

import shutil
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lm_eval_longsafety.errors import OptionError, meant

if TYPE_CHECKING:
    from lm_eval_longsafety.report.content import Report
    from lm_eval_longsafety.results import Collection, Run

Figures = Annotated[
    Path | None, typer.Option("--figures", help="Folder for the pictures as PDF and PNG.")
]
FigureWidth = Annotated[
    str | None,
    typer.Option(
        "--figure-width",
        metavar="1|2",
        help="Pictures for one (3.3 in) or two columns (6.8 in) of a paper; default: the page's.",
    ),
]
Only = Annotated[
    str | None, typer.Option("--only", metavar="ID,...", help="Only these pictures of --figures.")
]
_PICTURES_BYTES = 1_000_000
"""Free space that is required for the pictures before the work starts."""

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


def render_table(table: Sequence[Sequence[str]]) -> str:
    """Rows of equal length, the first of them the heading, as columns of text."""
    widths = [max(len(row[i]) for row in table) for i in range(len(table[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in table
    )


def show_notes(found: "Collection", runs: Iterable["Run"]) -> None:
    """Print on stderr what was missing or damaged in the files, and in those of some runs."""
    for note in (*found.notes, *(note for run in runs for note in run.notes)):
        typer.echo(f"note: {note}", err=True)


def chosen_format(given: str | None, output: Path | None, default: str) -> str:
    """The requested format, else the one that the file's name ends in.

    Raises:
        OptionError: there is no such format.
    """
    from lm_eval_longsafety.report.render import FORMATS

    chosen = given or (output.suffix.lstrip(".").lower() if output else "") or default
    aliases = {"htm": "html", "markdown": "md", "tex": "latex", "text": "txt"}
    chosen = aliases.get(chosen, chosen)
    if chosen not in FORMATS:
        raise OptionError(
            f"--format: {chosen!r} is unknown, choose one of {', '.join(FORMATS)}, "
            "or end the output file's name in one of them"
        )
    return chosen


def show_page(page: "Report", chosen: str, output: Path | None) -> None:
    """Write a page to a file, else print it; a terminal shows text in colours and in its width.

    Raises:
        OptionError: the file cannot be written.
    """
    from lm_eval_longsafety import files
    from lm_eval_longsafety.report import render, terminal

    if output is not None:
        files.write_text(output, render.FORMATS[chosen](page))
        typer.echo(f"{output}: {page.sections[0].answer or 'written'}", err=True)
    elif chosen == "txt" and sys.stdout.isatty():
        typer.echo(terminal.text(page, shutil.get_terminal_size().columns), nl=False)
    else:
        typer.echo(render.FORMATS[chosen](page), nl=False)


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

    size = write_compact(output, run)
    samples = sum(map(len, run.samples.values()))
    typer.echo(f"{output}: {samples:,} samples, {size / 1000:,.0f} kB")


def check_pictures(folder: Path | None, width: str | None, only: str | None) -> None:
    """Check the options of pictures before the work is done, and make their folder.

    Raises:
        OptionError: an option does not fit, or the folder cannot be made.
    """
    from lm_eval_longsafety.files import make_folder
    from lm_eval_longsafety.report.export import COLUMNS

    given = {"--figure-width": width, "--only": only}
    if folder is None and (lone := [name for name, value in given.items() if value is not None]):
        raise OptionError(f"{lone[0]} belongs to --figures, which was not given")
    if width is not None and width not in COLUMNS:
        raise OptionError(f"--figure-width {width!r}: give 1 or 2, the columns of the paper")
    if folder is not None:
        make_folder(folder, room=_PICTURES_BYTES)


def save_pictures(
    report: "Report", folder: Path | None, width: str | None, only: str | None
) -> None:
    """Write the chosen pictures, if a folder was given, and print their number.

    Raises:
        OptionError: there is no such picture, or one cannot be written.
    """
    from lm_eval_longsafety.report import render
    from lm_eval_longsafety.report.export import COLUMNS

    if folder is None:
        return
    known = {figure.id: figure for figure in render.figures(report)}
    wanted = list(known) if only is None else [name.strip() for name in only.split(",")]
    for name in wanted:
        if name not in known:
            raise OptionError(
                f"--only: there is no picture {name!r}{meant(name, known)}, there are "
                f"{', '.join(known) or 'none'}"
            )
    chosen = [known[name] for name in dict.fromkeys(wanted)]
    paths = render.save_figures(chosen, folder, COLUMNS[width] if width else None)
    typer.echo(f"{folder}: {len(paths) // 2} pictures", err=True)
