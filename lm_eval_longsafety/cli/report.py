"""`longsafety report`: one page on safety and capability, from what lm-eval wrote."""

from pathlib import Path
from typing import Annotated

import typer

from lm_eval_longsafety.cli.shared import (
    REPORT,
    Figures,
    FigureWidth,
    Only,
    check_pictures,
    chosen_format,
    read_with_bar,
    save_pictures,
    show_notes,
    show_page,
)
from lm_eval_longsafety.errors import need


def report(
    paths: Annotated[
        list[Path],
        typer.Argument(help="Folders or files that lm-eval or `longsafety compact` wrote."),
    ],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="File to write; default: a summary on the screen."),
    ] = None,
    format_: Annotated[
        str | None,
        typer.Option(
            "--format",
            help="html, md, csv, json, latex (tables for booktabs) or txt (the summary); default: "
            "by the file's ending, without a file txt: in a terminal with colours and as wide as "
            "it, in a pipe plain text without line breaks.",
        ),
    ] = None,
    figures: Figures = None,
    figure_width: FigureWidth = None,
    only: Only = None,
    published: Annotated[
        bool,
        typer.Option("--published/--no-published", help="Show published scores of other models."),
    ] = True,
    show_text: Annotated[
        bool,
        typer.Option("--show-text", help="Add questions and replies, folded; they may be harmful."),
    ] = False,
    capability: Annotated[
        str | None,
        typer.Option(
            metavar="TASKS",
            help="Tasks or groups, with commas between them, whose mean is shown as capability; "
            "default: all capability tasks that every model has.",
        ),
    ] = None,
    pair: Annotated[
        list[str] | None,
        typer.Option(
            metavar="BASE=TUNED",
            help="A model and its fine-tuned version, for the section on what fine-tuning changed: "
            "labels, names of models, or their folders of results. May be given several times. "
            "Default: those that adapters, model cards and configs in local folders name.",
        ),
    ] = None,
    trained_at: Annotated[
        int | None,
        typer.Option(
            metavar="TOKENS",
            min=1,
            help="Tokens of the longest rows in training: the change is shown inside and beyond.",
        ),
    ] = None,
) -> None:
    """Turn one or many runs into one self-contained page, or into tables."""
    need("report", REPORT)
    from lm_eval_longsafety import files
    from lm_eval_longsafety.report.sections import build
    from lm_eval_longsafety.results.logged import may_hold_samples
    from lm_eval_longsafety.results.open_replies import find_open_replies
    from lm_eval_longsafety.results.verdicts import find_verdicts

    chosen = chosen_format(format_, output, "txt")
    if output is not None:
        files.check_place(output)
    check_pictures(figures, figure_width, only)
    found = read_with_bar(paths, keep_text=show_text)
    show_notes(found, found.runs)
    logged = [path for path in paths if may_hold_samples(path)]
    replies, verdicts = find_open_replies(logged), find_verdicts(logged)
    tasks = None if capability is None else [name.strip() for name in capability.split(",")]
    page = build(
        found,
        replies,
        verdicts,
        show_text=show_text,
        show_published=published,
        capability_tasks=tasks,
        pairs=pair or (),
        trained_at=trained_at,
    )
    save_pictures(page, figures, figure_width, only)
    show_page(page, chosen, output)
    if output is None and format_ is None:
        typer.echo("The whole page with its pictures: add -o report.html", err=True)
