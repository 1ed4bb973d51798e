"""A bar for what may take longer than two seconds, only on a terminal."""

from collections.abc import Iterable
from typing import Any

PATIENCE_S = 2


def progress(
    what: str, items: Iterable[Any] | None = None, *, total: int | None = None, unit: str = "it"
) -> Any:  # noqa: ANN401 (tqdm is untyped)
    """A bar on stderr, which disappears at the end; nothing is written to a file or a pipe.

    Args:
        what: what is being done, such as `reading`.
        items: passed on one by one while the bar advances; None if `update` advances it.
        total: of all items, or of whatever `update` counts; None for the length of `items`.
        unit: of what is counted; numbers of bytes (`B`) are abbreviated.
    """
    from tqdm import tqdm

    return tqdm(
        items,
        desc=what,
        total=total,
        unit=unit,
        unit_scale=unit == "B",
        delay=PATIENCE_S,
        leave=False,
        disable=None,
    )
