"""Run lm-eval's own command line in this process, with our tasks and backends registered.

Every argument is passed to lm-eval unchanged. Errors that can be found before lm-eval reads its
task files and loads the weights are reported before that (`run_checks`).
"""

import functools
import inspect
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from lm_eval_longsafety.errors import OptionError

_USERS_FAULT = re.compile(
    "Invalid JSON|Tasks not found|No tasks specified|Duplicate task|Cannot use chat template"
)
"""Beginnings of `ValueError` messages about the command line, which come with a traceback."""


def run_lm_eval(arguments: Sequence[str]) -> None:
    """Run lm-eval's command line in this process.

    Args:
        arguments: what would follow `lm_eval run`.

    Raises:
        LongSafetyError: options, data, the response cache or lm-eval itself cannot be used.
        SystemExit: raised by lm-eval's own parser.
    """
    from lm_eval_longsafety.harness.discovery import lm_eval_version

    lm_eval_version()
    import lm_eval.api.model
    from lm_eval.__main__ import cli_evaluate
    from lm_eval.config.evaluate_config import EvaluatorConfig

    from lm_eval_longsafety import backends
    from lm_eval_longsafety.harness import check_arguments

    backends.register()
    read: list[Any] = []
    with ExitStack() as stack:
        stack.enter_context(
            _first(lm_eval.api.model.CachingLM, lambda cache: _claim_cache(read[-1], cache))
        )
        stack.enter_context(check_arguments.loading())
        stack.enter_context(_checked(EvaluatorConfig, read))
        stack.enter_context(_argv(["lm_eval", "run", *arguments]))
        stack.enter_context(_reported_in_a_line(ValueError, pattern=_USERS_FAULT))
        cli_evaluate()
    backends.leave_process_group()


def _add_our_tasks(arguments: dict[str, Any]) -> None:
    """Put our folder before the user's `--include_path`, whose tasks lm-eval prefers.

    This is left out where lm-eval finds our tasks by itself: it would warn about tasks found twice.
    """
    from lm_eval_longsafety.harness.discovery import status, tasks_path

    if arguments.get("include_defaults", True) and status().found:
        return
    given = arguments.get("include_path")
    others = list(given) if isinstance(given, (list, tuple)) else [given] if given else []
    arguments["include_path"] = [str(tasks_path()), *others]


def _claim_cache(config: Any, arguments: dict[str, Any]) -> None:  # noqa: ANN401 (lm-eval is untyped)
    """Refuse a damaged response cache and, for lm-eval's own backends, another model's.

    Our backends know more about their model, and claim the file when they get it.
    """
    from lm_eval_longsafety.backends import BACKENDS
    from lm_eval_longsafety.backends.response_cache import check_file, claim, stock_identity

    path = Path(arguments["cache_db"])
    if config.model in BACKENDS:
        check_file(path)
    else:
        claim(path, stock_identity(config.model, config.model_args or {}))


@contextmanager
def _first(cls: type, step: Callable[[dict[str, Any]], None]) -> Iterator[None]:
    """Within this block, call `step` with the arguments of every new `cls`; it may change them."""
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
def _checked(config: Any, chosen: list[Any]) -> Iterator[None]:  # noqa: ANN401 (lm-eval is untyped)
    """Within this block, run our checks after lm-eval has parsed command line and task names.

    Args:
        config: lm-eval's `EvaluatorConfig`.
        chosen: the parsed command line is appended to this list.
    """
    from lm_eval_longsafety.harness import run_checks

    from_cli, read = vars(config)["from_cli"], config.from_cli
    original = config.process_tasks

    def checked_from_cli(namespace: object) -> object:
        with _reported_in_a_line(ValueError, TypeError, OSError):
            chosen.append(read(namespace))
        run_checks.before_tasks(chosen[-1])
        return chosen[-1]

    @functools.wraps(original)
    def process_tasks(self: Any, *args: Any, **kwargs: Any) -> object:  # noqa: ANN401
        import lm_eval.tasks

        named = run_checks.split_names(self.tasks)
        with _first(lm_eval.tasks.TaskManager, _add_our_tasks):
            manager = original(self, *args, **kwargs)
        run_checks.check_named((name for name in self.tasks if name not in named), self.metadata)
        return manager

    config.from_cli, config.process_tasks = checked_from_cli, process_tasks
    try:
        yield
    finally:
        config.from_cli, config.process_tasks = from_cli, original


@contextmanager
def _reported_in_a_line(
    *kinds: type[Exception], pattern: re.Pattern[str] | None = None
) -> Iterator[None]:
    """Turn lm-eval's errors about its command line into an `OptionError`, which `main` prints.

    Args:
        kinds: classes of errors.
        pattern: for the beginning of their messages; None for any message.
    """
    try:
        yield
    except kinds as error:
        if pattern and not pattern.match(str(error)):
            raise
        raise OptionError(f"lm-eval: {error}") from None


@contextmanager
def _argv(words: list[str]) -> Iterator[None]:
    before, sys.argv = sys.argv, words
    try:
        yield
    finally:
        sys.argv = before
