"""`longsafety report`: one page on safety and capability, from what lm-eval wrote."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from lm_eval_longsafety.report.content import Report

_PATIENCE_BYTES = 100_000_000
"""Below this reading takes less than a second, and no bar is shown."""


def report(
    paths: Annotated[
        list[Path],
        typer.Argument(help="Folders or files that lm-eval or `longsafety compact` wrote."),
    ],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File to write; default: the screen.")
    ] = None,
    format_: Annotated[
        str | None,
        typer.Option("--format", help="html, md, csv or json; default: by the file's ending."),
    ] = None,
    figures: Annotated[
        Path | None, typer.Option(help="Folder for the pictures as PDF and PNG.")
    ] = None,
    show_text: Annotated[
        bool,
        typer.Option("--show-text", help="Add questions and replies, folded; they may be harmful."),
    ] = False,
) -> None:
    """Turn one or many runs into one self-contained page, or into tables."""
    from lm_eval_longsafety.cli.extras import REPORT, need

    need("report", REPORT)
    from lm_eval_longsafety.report import render
    from lm_eval_longsafety.report.build import build
    from lm_eval_longsafety.results import read

    chosen = chosen_format(format_, output, "html")
    check_place(output)
    check_folder(figures)
    with _Bar() as bar:
        found = read(paths, keep_text=show_text, progress=bar.bytes)
    page = build(found, show_text=show_text)
    rendered = render.FORMATS[chosen](page)
    if output is None:
        typer.echo(rendered, nl=False)
    else:
        write(output, rendered)
        typer.echo(f"{output}: {page.summary}", err=True)
    if figures is not None:
        typer.echo(f"{figures}: {_save_figures(page, figures)} pictures", err=True)


def check_place(output: Path | None) -> None:
    """Refuse before the work is done, not after. A name too long for a file is no folder either.

    Raises:
        OptionError: the output's folder does not exist, or the output is a folder.
    """
    from lm_eval_longsafety.errors import OptionError

    if output is None:
        return
    if os.path.isdir(output):
        raise OptionError(f"{output}: is a folder; name the file to write, such as report.html")
    if not os.path.isdir(output.parent):
        raise OptionError(f"{output}: the folder {output.parent} does not exist; make it first")


def check_folder(figures: Path | None) -> None:
    """Make the pictures' folder before the work is done: only that shows that it can be made.

    Raises:
        OptionError: it is a file, cannot be made, or cannot be written to.
    """
    from lm_eval_longsafety.errors import OptionError

    if figures is None:
        return
    try:
        figures.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OptionError(
            f"--figures {figures}: cannot be a folder ({error.strerror}); name another"
        ) from None
    if not os.access(figures, os.W_OK | os.X_OK):
        raise OptionError(f"--figures {figures}: cannot be written to; name another folder")


def _save_figures(page: "Report", folder: Path) -> int:
    """Number of pictures, each written as PDF and PNG.

    Raises:
        OptionError: the folder cannot be written to any more.
    """
    from lm_eval_longsafety.errors import OptionError
    from lm_eval_longsafety.report import render

    try:
        return len(render.save_figures(page, folder)) // 2
    except OSError as error:
        raise OptionError(
            f"--figures {folder}: cannot be written ({error.strerror}); name another folder"
        ) from None


def write(path: Path, content: str) -> None:
    """Write a file whole or not at all.

    Raises:
        OptionError: the place cannot be written to.
    """
    from lm_eval_longsafety.errors import OptionError

    partial = path.with_name(path.name + ".part")
    try:
        partial.write_text(content, encoding="utf-8", errors="replace")
        partial.replace(path)
    except OSError as error:
        raise OptionError(
            f"{path}: cannot be written ({error.strerror}); choose another -o"
        ) from None


def chosen_format(given: str | None, output: Path | None, default: str) -> str:
    """The format asked for, else the one the file's name ends in.

    Raises:
        OptionError: there is no such format.
    """
    from lm_eval_longsafety.errors import OptionError
    from lm_eval_longsafety.report.render import FORMATS

    chosen = given or (output.suffix.lstrip(".").lower() if output else "") or default
    chosen = {"htm": "html", "markdown": "md"}.get(chosen, chosen)
    if chosen not in FORMATS:
        raise OptionError(
            f"--format: {chosen!r} is unknown, choose one of {', '.join(FORMATS)}, "
            "or end the output file's name in one of them"
        )
    return chosen


class _Bar:
    """A progress bar on stderr, only for reading that takes more than a second."""

    def __enter__(self) -> "_Bar":
        self._bar: Callable[[int], object] | None = None
        self._close: Callable[[], object] = lambda: None
        self._seen = 0
        return self

    def bytes(self, done: int, total: int) -> None:
        """Advance to `done` of `total` bytes."""
        if total < _PATIENCE_BYTES:
            return
        if self._bar is None:
            from tqdm import tqdm

            bar = tqdm(total=total, unit="B", unit_scale=True, desc="reading", leave=False)
            self._bar, self._close = bar.update, bar.close
        self._bar(done - self._seen)
        self._seen = done

    def __exit__(self, *_: object) -> None:
        self._close()
