"""LongSafetyBench for lm-evaluation-harness: each part imports only from those above it.

data       a hub id, a folder or the embedded sample -> checked rows
prompts    row -> letters, user message, cut to the window, counted
variants   rotations, longer contexts: what each adds to a document
replies    reply -> letter, or None
metrics    letter -> HA, SR, answered, refused
results    lm-eval's files -> runs
build      a recipe and one's own texts -> rows
backends   models that process each document's prompt only once
harness    the documents and task classes that lm-eval calls
analysis   runs -> intervals, differences, ranks
training   a training set -> rows for fine-tuning that no trainer needs to cut
report     pages, tables and pictures
submit     files for leaderboards
cli        the commands, each in a module
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
    """Read lm-eval's results as runs with pandas tables; see `results.frames.load_results`."""
    # Imported here, since `longsafety --help` and the start of lm-eval do not need it.
    from lm_eval_longsafety.results import frames

    return frames.load_results(*paths)
