"""Build the rows of one split: context by its pipeline, question and choices from the items.

Data flow: `plans` -> a pipeline's `make` -> `Built`. Every row is checked by itself: its length,
its choices, its placeholders. A row that cannot be built is an error; none is left out.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from lm_eval_longsafety.benchmark import BY_SPLIT, PREFIX
from lm_eval_longsafety.build.items import Item, fill
from lm_eval_longsafety.build.pipelines import PIPELINES, Make
from lm_eval_longsafety.build.pipelines.made import Made
from lm_eval_longsafety.build.plan import Plan, plans
from lm_eval_longsafety.build.recipe import Recipe, SplitRecipe
from lm_eval_longsafety.build.stock import Tools
from lm_eval_longsafety.data.rows import check_rows
from lm_eval_longsafety.errors import BuildError

TOLERANCE = 0.01
"""Of the length asked for; one unit is always allowed."""
_ATTEMPTS = 5
"""Tokens of a text are not quite those of its parts, so the length is corrected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """One row, and what it is made of."""

    row: dict[str, Any]
    """In the benchmark's columns; `depth`, `length` and `filler` where the recipe names them."""
    size: int
    """Of the context, counted, in the recipe's unit."""
    plan: Plan
    made: Made


def build_split(
    recipe: Recipe, split: SplitRecipe, items: Sequence[Item], tools: Tools, *, purpose: str = ""
) -> Iterator[Built]:
    """The rows of a split, one at a time.

    Args:
        recipe: of all splits.
        split: the one to build.
        items: of the split, complete.
        tools: the recipe's materials and unit.
        purpose: part of the seed and of the ids, `training` for rows that evaluation never has.

    Raises:
        BuildError: a row cannot be built; names the recipe's line, the row and the item.
    """
    make = PIPELINES[split.pipeline](split, tools, items)
    name = f"{recipe.name}-{purpose}" if purpose else recipe.name
    seed = f"{recipe.seed}/{purpose}" if purpose else recipe.seed
    known: dict[bytes, Plan] = {}
    for plan in plans(split, items, seed):
        made, size = _fitted(make, plan, tools)
        row = _row(plan, made, BY_SPLIT[split.split].name.replace(f"{PREFIX}_", f"{name}-", 1))
        _, bad = check_rows([row], grid=BY_SPLIT[split.split].grid)
        if bad:
            raise BuildError(f"{plan.where}: {bad[0].found}, expected {bad[0].expected}")
        _refuse_equal(row, plan, known)
        yield Built(row=row, size=size, plan=plan, made=made)


def _refuse_equal(row: dict[str, Any], plan: Plan, known: dict[bytes, Plan]) -> None:
    """Keep the row's digest; an earlier row that is equal would count twice in every score."""
    texts = json.dumps([row["context"], row["question"], row["choices"]])
    other = known.setdefault(hashlib.sha256(texts.encode()).digest(), plan)
    if other is not plan:
        raise BuildError(
            f"{plan.where}: is equal to row {other.index + 1} ({other.item.where}); ask for fewer "
            "rows, or add items or texts"
        )


def _fitted(make: Make, plan: Plan, tools: Tools) -> tuple[Made, int]:
    """The context with its size, within `TOLERANCE` of the plan's length."""
    wanted = plan.length
    for _ in range(_ATTEMPTS):
        made = make(plan, wanted)
        size = tools.ruler.size(made.context)
        if plan.length is None or wanted is None:
            return made, size
        if abs(size - plan.length) <= max(1, plan.length * TOLERANCE):
            return made, size
        wanted += plan.length - size
    raise BuildError(
        f"{plan.where}: the context has {size:,} {tools.ruler.unit}, "
        f"{plan.length:,} are asked for ({plan.split.where('lengths')}) and cannot be met"
    )


def _row(plan: Plan, made: Made, name: str) -> dict[str, Any]:
    """The row in the benchmark's columns."""
    item = plan.item
    values = {**item.values, **made.values}
    row: dict[str, Any] = {
        "id": f"{name}-{plan.index}",
        "context": made.context,
        "question": fill(item.question or "", values, plan.where),
        "choices": [fill(choice, values, plan.where) for choice in item.choices],
    }
    optional = {"depth": plan.depth, "length": plan.length, "filler": plan.filler}
    return row | {key: value for key, value in optional.items() if value is not None}
