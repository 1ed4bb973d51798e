"""The `longsafety` program: its commands, and user errors printed as one line.

Command modules import the library only inside their functions, so that `--help` answers at once.
"""

import os
import sys
from typing import Annotated

import typer

from lm_eval_longsafety import __version__
from lm_eval_longsafety.cli import judge
from lm_eval_longsafety.cli.build import build
from lm_eval_longsafety.cli.check_data import check_data
from lm_eval_longsafety.cli.compact import compact
from lm_eval_longsafety.cli.compare import compare
from lm_eval_longsafety.cli.demo import demo
from lm_eval_longsafety.cli.links import link, status, tasks_path, unlink
from lm_eval_longsafety.cli.preflight import preflight
from lm_eval_longsafety.cli.report import report
from lm_eval_longsafety.cli.rescore import rescore
from lm_eval_longsafety.cli.run import PASS_THROUGH, run
from lm_eval_longsafety.cli.submit import submit
from lm_eval_longsafety.cli.tasks import tasks
from lm_eval_longsafety.cli.training_data import training_data
from lm_eval_longsafety.errors import LongSafetyError, printable

app = typer.Typer(
    name="longsafety",
    help="LongSafetyBench for lm-evaluation-harness: how safe models stay over long contexts.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"longsafety {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """Options of the program itself."""


app.command("demo")(demo)
app.command("run", context_settings=PASS_THROUGH, add_help_option=False)(run)
app.command("tasks")(tasks)
app.command("link")(link)
app.command("unlink")(unlink)
app.command("status")(status)
app.command("tasks-path")(tasks_path)
app.command("check-data")(check_data)
app.command("build")(build)
app.command("training-data")(training_data)
app.command("preflight")(preflight)
app.command("report")(report)
app.command("compare")(compare)
app.command("compact")(compact)
app.command("rescore")(rescore)
app.command("submit")(submit)
app.add_typer(judge.app, name="judge")


def main() -> None:
    """Run a command; an error that a user can fix is one line on stderr and exit code 2."""
    try:
        app()
    except OSError as error:
        if error.filename is not None:
            raise
        # As on a full disk: nothing more can be written there, also not at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        print(f"longsafety: standard output: {error.strerror}", file=sys.stderr)
        raise SystemExit(2) from None
    except LongSafetyError as error:
        print(f"longsafety: {printable(str(error))}", file=sys.stderr)
        raise SystemExit(2) from None
