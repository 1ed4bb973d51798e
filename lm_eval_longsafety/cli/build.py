"""`longsafety build`: rows of one's own from a recipe."""

from pathlib import Path
from typing import Annotated

import typer

from lm_eval_longsafety.errors import OptionError


def build(
    recipe: Annotated[Path, typer.Argument(help="The recipe, a YAML file (docs/build.md).")],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder to write, for `--metadata` key data.")
    ],
    format: Annotated[
        str, typer.Option(help="`data` for evaluation, `training` for fine-tuning.")
    ] = "data",
    force: Annotated[
        bool, typer.Option("--force", help="Replace a folder that an earlier build wrote.")
    ] = False,
) -> None:
    """Build safety splits from your own texts and questions, and a manifest of their origin."""
    from lm_eval_longsafety.build.write import FORMATS
    from lm_eval_longsafety.build.write import build as build_folder
    from lm_eval_longsafety.cli.shared import render_table

    if format not in FORMATS:
        raise OptionError(f"--format: {format!r} is unknown, choose one of {', '.join(FORMATS)}")
    outputs = build_folder(recipe, output, format=format, force=force)
    lines = [("split", "rows", "length min/median/max", "sha256")]
    for each in outputs:
        sizes = "/".join(f"{size:.0f}" for size in each.sizes)
        lines.append((each.split, str(each.rows), sizes, each.sha256[:12]))
    typer.echo(render_table(lines))
