"""A bar for what may take longer than two seconds, only on a terminal."""

import os
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
        unit: of what is counted.
    """
    from tqdm import tqdm

    # Of several processes that share a terminal, only the first one draws.
    first = os.environ.get("LOCAL_RANK", "0") == "0"
    return tqdm(
        items,
        desc=what,
        total=total,
        unit=unit,
        unit_scale=items is None,
        delay=PATIENCE_S,
        leave=False,
        disable=None if first else True,
    )
