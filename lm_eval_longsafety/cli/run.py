"""`longsafety run`: lm-eval's own `run`, which finds our tasks and backends."""

import typer

PASS_THROUGH = {
    "allow_extra_args": True,
    "ignore_unknown_options": True,
    "allow_interspersed_args": False,
}
"""Context settings with which typer passes every argument on to lm-eval."""


def run(context: typer.Context) -> None:
    """Run lm-eval with our tasks and backends: `longsafety run ARGS` = `lm_eval run ARGS`."""
    from lm_eval_longsafety.harness.launch import run_lm_eval

    run_lm_eval(context.args)
