"""The options of `longsafety_length` in `--metadata`: lengths, depths, rows, tasks and filler."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from lm_eval_longsafety.benchmark import BY_SPLIT
from lm_eval_longsafety.errors import OptionError
from lm_eval_longsafety.settings import shorten

BENCHMARK = "benchmark"
"""The filler that is the benchmark's own harmless contexts."""
_TASKS = ", ".join(BY_SPLIT)
_EXAMPLE = '--metadata \'{"lengths": [8192, 32768], "depths": [0, 0.5, 1]}\''


@dataclass(frozen=True, slots=True, kw_only=True)
class LengthOptions:
    """What `longsafety_length` builds."""

    lengths: tuple[int, ...]
    """Of the finished prompts, in the model's tokens, without special tokens."""
    depths: tuple[float, ...]
    """Part of the filler that stands before the document, 0 to 1."""
    filler: str
    """`benchmark`, a folder, or a hub id."""
    filler_seed: int
    length_rows: int
    """Documents of each task, spread evenly over its rows; fewer where a task has fewer."""
    length_tasks: tuple[str, ...]
    """Splits."""


def parse_length_options(metadata: Mapping[str, Any]) -> LengthOptions:
    """Check the options.

    Raises:
        OptionError: `lengths` is missing, or a value cannot be used.
    """
    if metadata.get("lengths") is None:
        raise OptionError(f"longsafety_length needs `lengths`, for example {_EXAMPLE}")
    checked = {key: _checked(key, metadata.get(key)) for key in _OPTIONS}
    checked["depths"] = tuple(float(depth) + 0.0 for depth in checked["depths"])  # Not -0.0.
    return LengthOptions(**checked)


def cell_name(length: int, depth: float) -> str:
    """Length and depth in the names of tasks: `0008192_0.50`, which lm-eval sorts as text."""
    return f"{length:07d}_{depth_name(depth)}"


def depth_name(depth: float) -> str:
    """A depth as text: two decimals, or up to six where it has more."""
    positive = depth + 0.0  # Not -0.0.
    return max(f"{positive:.6f}".rstrip("0"), f"{positive:.2f}", key=len)


def _checked(key: str, value: Any) -> Any:  # noqa: ANN401 - what the option holds
    """An option's value, its default where it is None."""
    default, usable, expected = _OPTIONS[key]
    if value is None:
        return default
    several = isinstance(default, tuple)
    if several and (not isinstance(value, list | tuple) or not value):
        raise OptionError(f"{key}: expected a list, found {shorten(value)}; for example {_EXAMPLE}")
    values = value if several else [value]
    if wrong := [each for each in values if not usable(each)]:
        raise OptionError(f"{key}: expected {expected}, found {shorten(wrong[0])}")
    # Two depths of one name would make two tasks of one name.
    names = [depth_name(each) if key == "depths" else shorten(each) for each in values]
    if twice := [name for name in names if names.count(name) > 1]:
        raise OptionError(f"{key}: {twice[0]} stands there twice")
    return tuple(value) if several else value


def _is_count(value: Any) -> bool:  # noqa: ANN401
    return type(value) is int and value > 0


_OPTIONS: dict[str, tuple[Any, Callable[[Any], bool], str]] = {
    "lengths": ((), _is_count, "whole numbers of tokens above 0"),
    "depths": (
        (0, 0.5, 1),
        lambda value: type(value) in (int, float) and 0 <= value <= 1,
        "numbers from 0 (document first) to 1 (document last)",
    ),
    "filler": (
        BENCHMARK,
        lambda value: isinstance(value, str) and value != "",
        f"`{BENCHMARK}`, a folder or a hub id",
    ),
    "filler_seed": (0, lambda value: type(value) is int, "a whole number"),
    "length_rows": (10, _is_count, "a whole number of documents above 0"),
    "length_tasks": (tuple(BY_SPLIT), list(BY_SPLIT).__contains__, f"tasks among {_TASKS}"),
}
"""Of each option the default, and what its value (of a list, each item) must be. A default that is
a tuple means a list."""
