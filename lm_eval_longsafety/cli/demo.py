"""`longsafety demo`: a whole run on a tiny local model."""

from pathlib import Path
from typing import Annotated

import typer


def demo(
    folder: Annotated[Path, typer.Option(help="Where the model and the results go.")] = Path(
        "demo"
    ),
) -> None:
    """Run all ten tasks with a tiny random model over the embedded sample; no network, no GPU."""
    from lm_eval_longsafety import tiny_model

    raise typer.Exit(tiny_model.run(folder))
