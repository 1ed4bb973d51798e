"""Which item, length, depth and filler each row of a split gets; every draw comes from its seed."""

import hashlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from lm_eval_longsafety.build.items import Item
from lm_eval_longsafety.build.recipe import SplitRecipe


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What one row is to be."""

    split: SplitRecipe
    index: int
    """From 0."""
    seed: str
    """Of this row alone."""
    item: Item
    length: int | None = None
    """In the recipe's unit; None for the context as it comes."""
    depth: float | None = None
    """0 is the start of the filler, 1 its end."""
    filler: str | None = None
    """Name of the material."""
    count: int | None = None
    """How many of the item's passages; None for all."""

    @property
    def where(self) -> str:
        """Place of the split in the recipe, number of the row, place of the item; for errors."""
        return f"{self.split.where()}, row {self.index + 1} ({self.item.where})"

    def order(self, n: int, what: str = "") -> Iterator[int]:
        """The numbers below n in an order that depends only on the row's seed and on `what`.

        Numbers are drawn as they are asked for, so that a few of many cost little.
        """
        moved: dict[int, int] = {}
        for left in range(n, 0, -1):
            # A hash instead of `random`, whose sequences may change between Python versions.
            digest = hashlib.sha256(f"{self.seed}\0{what}\0{left}".encode()).digest()
            drawn = int.from_bytes(digest, "big") % left
            yield moved.get(drawn, drawn)
            moved[drawn] = moved.get(left - 1, left - 1)


def plans(split: SplitRecipe, items: Sequence[Item], seed: str) -> Iterator[Plan]:
    """The plans of a split's rows.

    Row i has cell i of filler x depth x length, and item i, each counted round and round; where the
    two would meet again, the items move on by one, so that each item meets each cell as often. The
    numbers of passages are dealt so that each meets each filler, depth and length.
    """
    axes = [split.filler, split.depths, split.lengths]
    cells = list(product(*(list(enumerate(axis or (None,))) for axis in axes)))
    again = math.lcm(len(cells), len(items))
    for index in range(split.rows or max(len(cells), len(items))):
        cell = cells[index % len(cells)]
        (_, filler), (_, depth), (_, length) = cell
        turn = sum(position for position, _ in cell) + index // len(cells)
        yield Plan(
            split=split,
            index=index,
            seed=f"{seed}/{split.split}/{index}",
            item=items[(index + index // again) % len(items)],
            length=length,  # type: ignore[arg-type]
            depth=depth,  # type: ignore[arg-type]
            filler=filler,  # type: ignore[arg-type]
            count=split.passages[turn % len(split.passages)] if split.passages else None,
        )
