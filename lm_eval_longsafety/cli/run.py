"""`longsafety run`: lm-eval's own `run`, in this process, with our tasks and backends known to it.

Every argument goes to lm-eval as it is. Also, a damaged response cache is told before it is opened.
"""

import functools
import inspect
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import typer

PASS_THROUGH = {
    "allow_extra_args": True,
    "ignore_unknown_options": True,
    "allow_interspersed_args": False,
}
"""Context settings under which typer leaves every argument to lm-eval."""


def run(context: typer.Context) -> None:
    """Run lm-eval with our tasks and backends: `longsafety run ARGS` = `lm_eval run ARGS`."""
    run_lm_eval(context.args)


def run_lm_eval(arguments: Sequence[str]) -> None:
    """Run lm-eval's command line in this process.

    Args:
        arguments: what would follow `lm_eval run`.

    Raises:
        LongSafetyError: options, data or a response cache that cannot be used.
        SystemExit: as lm-eval's own parser exits.
    """
    import lm_eval.api.model
    import lm_eval.tasks
    from lm_eval.__main__ import cli_evaluate

    from lm_eval_longsafety import backends

    backends.register()
    with ExitStack() as stack:
        stack.enter_context(_first(lm_eval.tasks.TaskManager, _add_our_tasks))
        stack.enter_context(_first(lm_eval.api.model.CachingLM, _check_cache))
        stack.enter_context(_argv(["lm_eval", "run", *arguments]))
        cli_evaluate()
    backends.leave_process_group()


def _add_our_tasks(arguments: dict[str, Any]) -> None:
    """Put our folder before the user's `--include_path`, which lm-eval lets win."""
    from lm_eval_longsafety.discovery import tasks_path

    given = arguments.get("include_path")
    others = list(given) if isinstance(given, (list, tuple)) else [given] if given else []
    arguments["include_path"] = [str(tasks_path()), *others]


def _check_cache(arguments: dict[str, Any]) -> None:
    from lm_eval_longsafety.backends.response_cache import check_file

    check_file(Path(arguments["cache_db"]))


@contextmanager
def _first(cls: type, step: Callable[[dict[str, Any]], None]) -> Iterator[None]:
    """Within this block, `step` sees and may change the arguments of every new `cls`."""
    original = cls.__init__  # type: ignore[misc]
    signature = inspect.signature(original)

    @functools.wraps(original)
    def init(self: object, *args: object, **kwargs: object) -> None:
        bound = signature.bind(self, *args, **kwargs)
        step(bound.arguments)
        original(*bound.args, **bound.kwargs)

    cls.__init__ = init  # type: ignore[misc]
    try:
        yield
    finally:
        cls.__init__ = original  # type: ignore[misc]


@contextmanager
def _argv(words: list[str]) -> Iterator[None]:
    before, sys.argv = sys.argv, words
    try:
        yield
    finally:
        sys.argv = before
