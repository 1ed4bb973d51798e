"""The options of `longsafety_length` in `--metadata`: which lengths, depths, rows and filler."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lm_eval_longsafety.benchmark import BY_SPLIT, TASKS
from lm_eval_longsafety.errors import OptionError

BENCHMARK = "benchmark"
"""The filler that is the benchmark's own harmless contexts."""
_EXAMPLE = '--metadata \'{"lengths": [8192, 32768], "depths": [0, 0.5, 1]}\''


@dataclass(frozen=True, slots=True, kw_only=True)
class LengthOptions:
    """What `longsafety_length` builds."""

    lengths: tuple[int, ...]
    """Of the finished prompts, in the model's tokens, without special tokens."""
    depths: tuple[float, ...] = (0.0, 0.5, 1.0)
    """Part of the filler that stands before the document, 0 to 1."""
    filler: str = BENCHMARK
    """`benchmark`, a folder, or a hub id."""
    filler_seed: int = 0
    rows: int = 10
    """Documents of each task, spread evenly over its rows; fewer where a task has fewer."""
    splits: tuple[str, ...] = tuple(task.split for task in TASKS)


def parse_length_options(metadata: Mapping[str, Any]) -> LengthOptions:
    """Check the options.

    Raises:
        OptionError: `lengths` is missing, or a value that cannot be used.
    """
    if metadata.get("lengths") is None:
        raise OptionError(f"longsafety_length needs `lengths`, for example {_EXAMPLE}")
    defaults = LengthOptions(lengths=(1,))
    filler = BENCHMARK if metadata.get("filler") is None else metadata["filler"]
    if not isinstance(filler, str) or not filler:
        raise OptionError(f"filler: expected `{BENCHMARK}`, a folder or a hub id, found {filler!r}")
    depths = [_depth(item) for item in _items({"depths": defaults.depths, **metadata}, "depths")]
    _refuse_repeated("depths", [depth_name(depth) for depth in depths])
    return LengthOptions(
        lengths=tuple(_length(item) for item in _items(metadata, "lengths")),
        depths=tuple(depths),
        filler=filler,
        filler_seed=_whole(metadata.get("filler_seed", 0), "filler_seed"),
        rows=_count(metadata.get("length_rows", defaults.rows)),
        splits=tuple(
            _split(item)
            for item in _items({"length_tasks": defaults.splits, **metadata}, "length_tasks")
        ),
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


def _length(value: object) -> int:
    if _whole(value, "lengths") < 1:
        raise OptionError(f"lengths: expected numbers of tokens above 0, found {value!r}")
    return _whole(value, "lengths")


def _count(value: object) -> int:
    if _whole(value, "length_rows") < 1:
        raise OptionError(f"length_rows: expected a number of documents above 0, found {value!r}")
    return _whole(value, "length_rows")


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
