"""`longsafety run`: lm-eval's own `run`, which finds our tasks and backends."""

from datetime import datetime
from functools import partial
from typing import Any

import typer

PASS_THROUGH = {
    "allow_extra_args": True,
    "ignore_unknown_options": True,
    "allow_interspersed_args": False,
}
"""Context settings with which typer passes every argument on to lm-eval."""
TABLES = "--tables"


def run(context: typer.Context) -> None:
    """Run lm-eval with our tasks and backends: `longsafety run ARGS` = `lm_eval run ARGS`.

    A summary takes the place of lm-eval's tables; --tables prints both.
    """
    from lm_eval_longsafety.harness.launch import run_lm_eval

    arguments = [argument for argument in context.args if argument != TABLES]
    if {"-h", "--help"} & set(arguments):
        typer.echo("--tables: print lm-eval's tables before the summary; all else is lm-eval's:\n")
    summary = partial(_summary, datetime.now())
    run_lm_eval(arguments, summary, tables=TABLES in context.args)


def _summary(started: datetime, config: Any, results: dict[str, Any]) -> str | None:  # noqa: ANN401
    """The closing lines for lm-eval's `EvaluatorConfig` and results."""
    from lm_eval_longsafety.report.closing import closing_lines

    return closing_lines(
        results,
        output_path=config.output_path,
        log_samples=config.log_samples,
        started=started,
    )
