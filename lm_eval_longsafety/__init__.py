"""LongSafetyBench for lm-evaluation-harness: one straight line, imports point against it.

data       a hub id, a folder or the embedded sample -> checked rows
prompts    row -> letters, user message, cut to the window, counted
variants   rotations, longer contexts: what each adds to a document
harness    documents and task classes that lm-eval calls    (backends: one prefill a document)
replies    reply -> letter, or none
metrics    letter -> HA, SR, answered, refused
results    lm-eval's files -> runs
analysis   runs -> intervals, differences, ranks
report     pages, tables and pictures    (submit: files for leaderboards; cli: one module a command)
"""

from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lm_eval_longsafety.results.frames import LoadedRun

__all__ = ["__version__", "load_results"]

__version__ = version("lm-eval-longsafety")


def load_results(*paths: str | Path | Iterable[str | Path]) -> "list[LoadedRun]":
    """Read lm-eval's results; see `results.frames.load_results`."""
    # Imported when called: `longsafety --help` and lm-eval's own start need none of it.
    from lm_eval_longsafety.results import frames

    return frames.load_results(*paths)
