"""The options of `longsafety_length` in `--metadata`: which lengths, depths, rows and filler."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lm_eval_longsafety.benchmark import BY_SPLIT
from lm_eval_longsafety.errors import OptionError

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
        OptionError: `lengths` is missing, or a value that cannot be used.
    """
    given = _DEFAULTS | {key: value for key, value in metadata.items() if value is not None}
    if "lengths" not in given:
        raise OptionError(f"longsafety_length needs `lengths`, for example {_EXAMPLE}")
    filler = given["filler"]
    if not isinstance(filler, str) or not filler:
        raise OptionError(f"filler: expected `{BENCHMARK}`, a folder or a hub id, found {filler!r}")
    depths = tuple(_depth(item) for item in _items(given, "depths"))
    _refuse_repeated("depths", [depth_name(depth) for depth in depths])
    return LengthOptions(
        lengths=tuple(
            _positive(n, "lengths", "numbers of tokens") for n in _items(given, "lengths")
        ),
        depths=depths,
        filler=filler,
        filler_seed=_whole(given["filler_seed"], "filler_seed"),
        rows=_positive(given["length_rows"], "length_rows", "a number of documents"),
        splits=tuple(_split(item) for item in _items(given, "length_tasks")),
    )


def cell_name(length: int, depth: float) -> str:
    """Length and depth in the names of tasks: `0008192_0.50`, which lm-eval sorts as text."""
    return f"{length:07d}_{depth_name(depth)}"


def depth_name(depth: float) -> str:
    """A depth in print: two decimals, up to six where it has them."""
    exact = f"{depth:.6f}".rstrip("0")
    return max(exact, f"{depth:.2f}", key=len)


def _items(metadata: Mapping[str, Any], key: str) -> list[Any]:
    value = metadata[key]
    if not isinstance(value, (list, tuple)) or not value:
        raise OptionError(f"{key}: expected a list, found {value!r}; for example {_EXAMPLE}")
    _refuse_repeated(key, value)
    return list(value)


def _refuse_repeated(key: str, items: Sequence[Any]) -> None:
    repeated = [item for i, item in enumerate(items) if item in items[:i]]
    if repeated:
        raise OptionError(f"{key}: {repeated[0]!r} stands there twice")


def _whole(value: object, key: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise OptionError(f"{key}: expected a whole number, found {value!r}")
    return value


def _positive(value: object, key: str, what: str) -> int:
    number = _whole(value, key)
    if number < 1:
        raise OptionError(f"{key}: expected {what} above 0, found {value!r}")
    return number


def _depth(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise OptionError(f"depths: expected numbers from 0 to 1, found {value!r}")
    if not 0 <= value <= 1:
        raise OptionError(
            f"depths: {value!r} is outside 0 to 1 (0: the document first, 1: all filler before it)"
        )
    return float(value) + 0.0  # -0.0 becomes 0.0


def _split(value: object) -> str:
    if not isinstance(value, str) or value not in BY_SPLIT:
        raise OptionError(f"length_tasks: unknown task {value!r} (known: {', '.join(BY_SPLIT)})")
    return value
