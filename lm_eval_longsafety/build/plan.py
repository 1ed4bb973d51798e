"""Which item, length, depth and filler each row of a split gets; every draw comes from its seed."""

import hashlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from lm_eval_longsafety.build.items import Item
from lm_eval_longsafety.build.recipe import SplitRecipe
from lm_eval_longsafety.errors import BuildError


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


def plans(split: SplitRecipe, items: Sequence[Item], seed: str) -> list[Plan]:
    """The plans of a split's rows.

    A cell is one filler, one depth and one length. Row after row takes the next cell and the next
    item; where the two would meet again, the items move on by one, so that every cells x items rows
    each item has met each cell. Without a number of rows there are as many, for each number of
    passages, which are dealt so that they meet each filler, depth and length as early as possible.

    Raises:
        BuildError: a value of the recipe is in no row, because its `rows` are too few.
    """
    axes = [split.filler, split.depths, split.lengths]
    cells = list(product(*(list(enumerate(axis or (None,))) for axis in axes)))
    counts = split.passages or (None,)
    all_met, again = len(cells) * len(items), math.lcm(len(cells), len(items))
    made = []
    for index in range(split.rows or all_met * len(counts)):
        met, step = divmod(index, all_met)
        (a, filler), (b, depth), (c, length) = cells[step % len(cells)]
        turn = a + b + c + step // len(cells) + met
        plan = Plan(
            split=split,
            index=index,
            seed=f"{seed}/{split.split}/{index}",
            item=items[(step + step // again) % len(items)],
            length=length,  # type: ignore[arg-type]
            depth=depth,  # type: ignore[arg-type]
            filler=filler,  # type: ignore[arg-type]
            count=counts[turn % len(counts)],
        )
        made.append(plan)
    _check_rows(split, made)
    return made


def _check_rows(split: SplitRecipe, made: Sequence[Plan]) -> None:
    for key, values, found in (
        ("filler", split.filler, {plan.filler for plan in made}),
        ("depths", split.depths, {plan.depth for plan in made}),
        ("lengths", split.lengths, {plan.length for plan in made}),
        ("passages", split.passages, {plan.count for plan in made}),
    ):
        if missing := [str(value) for value in values if value not in found]:
            raise BuildError(
                f"{split.where('rows')}: none of {len(made)} rows has {key} {', '.join(missing)}; "
                "ask for more rows, or leave the key rows out"
            )
