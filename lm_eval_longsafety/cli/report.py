"""`longsafety report`: one page on safety and capability, from what lm-eval wrote."""

from pathlib import Path
from typing import Annotated

import typer

_PICTURES_BYTES = 1_000_000
"""Free space that is required for the pictures before the work starts."""


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
    from lm_eval_longsafety.cli.shared import REPORT, chosen_format, read_with_bar
    from lm_eval_longsafety.errors import need

    need("report", REPORT)
    from lm_eval_longsafety import files
    from lm_eval_longsafety.report import render
    from lm_eval_longsafety.report.sections import build

    chosen = chosen_format(format_, output, "html")
    if output is not None:
        files.check_place(output)
    if figures is not None:
        files.make_folder(figures, room=_PICTURES_BYTES)
    found = read_with_bar(paths, keep_text=show_text)
    page = build(found, show_text=show_text)
    rendered = render.FORMATS[chosen](page)
    if output is None:
        typer.echo(rendered, nl=False)
    else:
        files.write_text(output, rendered)
        typer.echo(f"{output}: {page.summary}", err=True)
    if figures is not None:
        pictures = len(render.save_figures(page, figures)) // 2
        typer.echo(f"{figures}: {pictures} pictures", err=True)
