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

from lm_eval_longsafety.data.progress import progress
from lm_eval_longsafety.errors import OptionError
from lm_eval_longsafety.harness.replaced import replaced

_USERS_FAULT = re.compile(
    "Invalid JSON|Tasks not found|No tasks specified|Duplicate task|Cannot use chat template"
)
"""Beginnings of `ValueError` messages about the command line, which come with a traceback."""


Summary = Callable[[Any, dict[str, Any]], str | None]
"""lm-eval's `EvaluatorConfig` and results -> a closing summary; None for a run without one."""


def run_lm_eval(
    arguments: Sequence[str], summary: Summary = lambda *_: None, *, tables: bool = False
) -> None:
    """Run lm-eval's command line in this process.

    Args:
        arguments: what would follow `lm_eval run`.
        summary: makes the text that is printed in place of lm-eval's tables.
        tables: print lm-eval's tables before it nevertheless.

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
        stack.enter_context(_closing(lambda results: summary(read[-1], results), tables=tables))
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

    with replaced(cls, "__init__", init):
        yield


@contextmanager
def _checked(config: Any, chosen: list[Any]) -> Iterator[None]:  # noqa: ANN401 (lm-eval is untyped)
    """Within this block, run our checks after lm-eval has parsed command line and task names.

    Args:
        config: lm-eval's `EvaluatorConfig`.
        chosen: the parsed command line is appended to this list.
    """
    from lm_eval_longsafety.harness import run_checks
    from lm_eval_longsafety.harness.quiet import fewer_lines

    read, original = config.from_cli, config.process_tasks

    def checked_from_cli(namespace: object) -> object:
        with _reported_in_a_line(ValueError, TypeError, OSError):
            chosen.append(read(namespace))
        run_checks.before_tasks(chosen[-1])
        return chosen[-1]

    @functools.wraps(original)
    def process_tasks(self: Any, *args: Any, **kwargs: Any) -> object:  # noqa: ANN401
        import lm_eval.tasks

        stack.enter_context(fewer_lines())
        named = run_checks.split_names(self.tasks)
        with _first(lm_eval.tasks.TaskManager, _add_our_tasks), _index_with_bar():
            manager = original(self, *args, **kwargs)
        run_checks.check_named((name for name in self.tasks if name not in named), self.metadata)
        return manager

    with ExitStack() as stack:
        stack.enter_context(replaced(config, "from_cli", checked_from_cli))
        stack.enter_context(replaced(config, "process_tasks", process_tasks))
        yield


@contextmanager
def _index_with_bar() -> Iterator[None]:
    """Within this block, lm-eval shows a bar while it reads its thousands of task files."""
    from lm_eval.tasks.manager import TaskIndex

    paths = getattr(TaskIndex, "_iter_yaml_files", None)
    if paths is None:  # A later lm-eval, which may read them in another way.
        yield
        return

    def with_bar(root: Path) -> Any:  # noqa: ANN401 (tqdm is untyped)
        return progress("reading lm-eval's tasks", list(paths(root)), unit=" files")

    with replaced(TaskIndex, "_iter_yaml_files", staticmethod(with_bar)):
        yield


@contextmanager
def _closing(summary: Callable[[dict[str, Any]], str | None], *, tables: bool) -> Iterator[None]:
    """Within this block, lm-eval prints the summary in place of its tables, or after them.

    lm-eval makes its tables last, after it has written the results, and only in the first process.
    """
    import lm_eval.utils

    original = lm_eval.utils.make_table

    @functools.wraps(original)
    def make_table(results: dict[str, Any], column: str = "results", *args: Any) -> str:  # noqa: ANN401
        text = summary(results) if column == "results" else None
        if text is None:
            return str(original(results, column, *args))
        shown = [original(results, each) for each in ("results", "groups") if results.get(each)]
        results.pop("groups", None)  # Else lm-eval would print a second table.
        return "\n".join([*shown * tables, text])

    with replaced(lm_eval.utils, "make_table", make_table):
        yield


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
