"""Silence what says nothing: a logger for some time, and lines that repeat for every task."""

import logging
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

from lm_eval_longsafety.data.progress import PATIENCE_S
from lm_eval_longsafety.harness.replaced import replaced

_EVERY_TASK = re.compile(
    r"Selected tasks:$| *(Task|Group): (\S*::)?longsafety|longsafety\S*: Using gen_kwargs"
    r"|Building contexts for longsafety"
)
"""Beginnings of lines that lm-eval logs for each of our tasks, whose names it has logged before."""
_LOGGERS = tuple(
    f"lm_eval.{name}" for name in ("evaluator", "evaluator_utils", "api.task", "longsafety")
)


@contextmanager
def quiet(name: str) -> Iterator[None]:
    """Within this block, the logger writes nothing below the level ERROR."""
    logger = logging.getLogger(name)
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)


@contextmanager
def fewer_lines() -> Iterator[None]:
    """Within this block, lm-eval logs nothing for each of our tasks, and no line is logged twice.

    Its bars for building prompts appear after two seconds, as in lm-eval 0.5.
    """
    import lm_eval.api.task as tasks

    logged: set[str] = set()

    def says_something(record: logging.LogRecord) -> bool:
        if record.levelno != logging.INFO:
            return True
        text = record.getMessage()
        known = _EVERY_TASK.match(text) or text in logged
        logged.add(text)
        return not known

    with ExitStack() as stack:
        for logger in map(logging.getLogger, _LOGGERS):
            logger.addFilter(says_something)
            stack.callback(logger.removeFilter, says_something)
        if bar := getattr(tasks, "tqdm", None):
            stack.enter_context(replaced(tasks, "tqdm", partial(bar, delay=PATIENCE_S)))
        yield
