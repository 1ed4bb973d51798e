"""Runs the commands on results in-process, as `longsafety` would."""

import typer
from typer.testing import CliRunner

from lm_eval_longsafety.cli.compact import compact
from lm_eval_longsafety.cli.compare import compare
from lm_eval_longsafety.cli.preflight import preflight
from lm_eval_longsafety.cli.report import report
from lm_eval_longsafety.cli.rescore import rescore
from lm_eval_longsafety.cli.submit import submit

app = typer.Typer(pretty_exceptions_enable=False)
for command in (report, compare, compact, rescore, submit, preflight):
    app.command()(command)


def longsafety(*arguments):
    """The result of one command; `exception` holds the error that main() would print."""
    return CliRunner().invoke(app, [str(argument) for argument in arguments])
