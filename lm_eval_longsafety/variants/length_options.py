"""The options of `longsafety_length` in `--metadata`: lengths, depths, rows, tasks and filler."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from lm_eval_longsafety.benchmark import BY_SPLIT
from lm_eval_longsafety.errors import OptionError
from lm_eval_longsafety.settings import shorten

BENCHMARK = "benchmark"
"""The filler that is the benchmark's own harmless contexts."""
_EXAMPLE = '--metadata \'{"lengths": [8192, 32768], "depths": [0, 0.5, 1]}\''
_DEFAULTS: dict[str, Any] = {
    "depths": [0.0, 0.5, 1.0],
    "filler": BENCHMARK,
    "filler_seed": 0,
    "length_rows": 10,
    "length_tasks": list(BY_SPLIT),
}


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
    rows: int
    """Documents of each task, spread evenly over its rows; fewer where a task has fewer."""
    splits: tuple[str, ...]


def parse_length_options(metadata: Mapping[str, Any]) -> LengthOptions:
    """Check the options.

    Raises:
        OptionError: `lengths` is missing, or a value cannot be used.
    """
    given = _DEFAULTS | {key: value for key, value in metadata.items() if value is not None}
    if "lengths" not in given:
        raise OptionError(f"longsafety_length needs `lengths`, for example {_EXAMPLE}")
    checked = {key: _checked(key, value) for key, value in given.items() if key in _EXPECTED}
    return LengthOptions(
        lengths=tuple(checked["lengths"]),
        depths=tuple(float(depth) + 0.0 for depth in checked["depths"]),  # -0.0 becomes 0.0.
        filler=checked["filler"],
        filler_seed=checked["filler_seed"],
        rows=checked["length_rows"],
        splits=tuple(checked["length_tasks"]),
    )


def cell_name(length: int, depth: float) -> str:
    """Length and depth in the names of tasks: `0008192_0.50`, which lm-eval sorts as text."""
    return f"{length:07d}_{depth_name(depth)}"


def depth_name(depth: float) -> str:
    """A depth as text: two decimals, or up to six where it has more."""
    positive = depth + 0.0  # Not -0.0.
    return max(f"{positive:.6f}".rstrip("0"), f"{positive:.2f}", key=len)


def _checked(key: str, value: Any) -> Any:  # noqa: ANN401 - what the option holds
    usable, expected = _EXPECTED[key]
    several = isinstance(_DEFAULTS.get(key, []), list)
    if several and (not isinstance(value, (list, tuple)) or not value):
        raise OptionError(f"{key}: expected a list, found {shorten(value)}; for example {_EXAMPLE}")
    names: list[str] = []
    for each in value if several else [value]:
        if not usable(each):
            raise OptionError(f"{key}: expected {expected}, found {shorten(each)}")
        # Depths that print alike would be tasks of one name.
        names.append(depth_name(each) if key == "depths" else str(each))
        if names[-1] in names[:-1]:
            raise OptionError(f"{key}: {names[-1]} stands there twice")
    return value


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_count(value: Any) -> bool:  # noqa: ANN401
    return _is_whole(value) and value > 0


def _is_depth(value: Any) -> bool:  # noqa: ANN401
    return (_is_whole(value) or isinstance(value, float)) and 0 <= value <= 1


_EXPECTED: dict[str, tuple[Callable[[Any], bool], str]] = {
    "lengths": (_is_count, "whole numbers of tokens above 0"),
    "depths": (_is_depth, "numbers from 0 (the document first) to 1 (all filler before it)"),
    "filler": (
        lambda value: isinstance(value, str) and value != "",
        f"`{BENCHMARK}`, a folder or a hub id",
    ),
    "filler_seed": (_is_whole, "a whole number"),
    "length_rows": (_is_count, "a whole number of documents above 0"),
    "length_tasks": (
        lambda value: isinstance(value, str) and value in BY_SPLIT,
        f"tasks among {', '.join(BY_SPLIT)}",
    ),
}
"""What each value, or each item of a list, must be; the same in words."""
