"""`longsafety training-data`: rows for fine-tuning that no trainer needs to cut."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from lm_eval_longsafety.training.prepare import Prepared
    from lm_eval_longsafety.training.tally import Tally

_ENDLESS = 1000
"""Columns of a file or pipe: nothing is cut there."""
_LISTED = 20
"""Rows left out that are printed; the file's metadata lists all."""


def training_data(
    output: Annotated[
        Path, typer.Option("--output", "-o", help="File to write, ending in .parquet or .jsonl.")
    ],
    tokenizer: Annotated[
        str,
        typer.Option(help="Tokenizer of the model to be trained: its chat template counts tokens."),
    ],
    source: Annotated[
        str,
        typer.Argument(help="Hub id, or folder: a clone, or of `longsafety build`."),
    ] = "LutherXD/LongSafety-17k",
    max_tokens: Annotated[
        int, typer.Option(help="Of a row, with chat template and answer; longer contexts are cut.")
    ] = 32_768,
    short: Annotated[
        bool, typer.Option("--short", help="Questions and answers without the long contexts.")
    ] = False,
    tasks: Annotated[
        str | None, typer.Option(metavar="NAME,...", help="Only rows of these tasks.")
    ] = None,
    rows: Annotated[
        int | None, typer.Option(help="Only so many rows, drawn from all tasks.")
    ] = None,
    hold_out: Annotated[
        float,
        typer.Option(help="Part of the contexts (0.05) whose rows go to a file of their own."),
    ] = 0.0,
    mix: Annotated[
        Path | None, typer.Option(help="Parquet or JSONL file with general data to mix in.")
    ] = None,
    mix_ratio: Annotated[
        float, typer.Option(help="Rows of --mix for each row of the training set.")
    ] = 0.0,
    without_overlap: Annotated[
        str | None,
        typer.Option(
            metavar="DATA",
            help="Leave out and list rows that share 13 words in a row with evaluation data: "
            "`sample`, a hub id, a folder or a file.",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of everything that is drawn.")] = 0,
    revision: Annotated[str | None, typer.Option(help="The hub's branch, tag or commit.")] = None,
    trust_remote_code: Annotated[
        bool, typer.Option("--trust-remote-code", help="Run code that the tokenizer comes with.")
    ] = False,
) -> None:
    """Write a training set as conversational prompt-completion rows that fit into --max-tokens.

    Contexts are cut in the middle, questions and answers never; what cannot fit is listed.
    """
    from lm_eval_longsafety.training.options import TrainingOptions
    from lm_eval_longsafety.training.prepare import prepare

    names = [name for each in (tasks or "").split(",") if (name := each.strip())]
    options = TrainingOptions(
        source=source,
        revision=revision,
        output=output,
        tokenizer=tokenizer,
        trust_remote_code=trust_remote_code,
        max_tokens=max_tokens,
        short=short,
        tasks=tuple(names),
        rows=rows,
        hold_out=hold_out,
        mix=mix,
        mix_ratio=mix_ratio,
        without_overlap=without_overlap,
        seed=seed,
    )
    _show(prepare(options))


def _show(prepared: "Prepared") -> None:
    tally = prepared.tally
    _print_table(tally)
    if unknown := tally.unknown():
        typer.echo(
            f"note: scenario not known, rows kept: {', '.join(map(repr, unknown))}", err=True
        )
    for row in tally.left_out[:_LISTED]:
        typer.echo(f"left out: {row.id!r} ({row.task!r}): {row.why}", err=True)
    if len(tally.left_out) > _LISTED:
        more = len(tally.left_out) - _LISTED
        typer.echo(f"left out: {more} more, listed in the file's metadata", err=True)
    for file in prepared.files:
        typer.echo(f"{file.path}: {file.rows:,} rows, SHA-256 {file.sha256}")


def _print_table(tally: "Tally") -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    columns = tally.columns()
    table = Table("task", "scenario", box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, justify="right", no_wrap=True)
    for row in tally.rows():
        counts = [f"{row[column]:,}" for column in columns]
        # A name is what a file holds: it may hold control characters.
        name = repr(row["task"])[1:-1]
        table.add_row(Text(name), str(row["scenario"] or "-"), *counts)
    table.add_row("all", "", *(f"{tally.total(column):,}" for column in columns))
    width = None if sys.stdout.isatty() else _ENDLESS
    Console(width=width, highlight=False, markup=False, emoji=False).print(table)
