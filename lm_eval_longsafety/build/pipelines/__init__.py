"""The pipelines by name; each makes the context of one row at a time.

A pipeline is a module with a function `prepare(split, tools, items)`, which is called once for
each split and checks what can be checked before any row is built (an index is made here, too). It
returns a function `make(plan, size) -> Made`:

- `plan` says which item, length, depth and filler the row gets; all drawing is by `plan.order`.
- `size` is the context's size to aim at, in the recipe's unit, None for a context as it comes. It
  is `plan.length` at first; a context more than 1 % off is made again with a corrected size.
- The context is made of the material's text without any change to it; `Made.texts` names what was
  used.
- What cannot be made is a `BuildError` that begins with `plan.where` and names the material.
"""

from collections.abc import Callable, Sequence

from lm_eval_longsafety.build.items import Item
from lm_eval_longsafety.build.pipelines import dialogue, insert, retrieve, whole
from lm_eval_longsafety.build.pipelines.made import Made
from lm_eval_longsafety.build.plan import Plan
from lm_eval_longsafety.build.recipe import SplitRecipe
from lm_eval_longsafety.build.stock import Tools

Make = Callable[[Plan, int | None], Made]
PIPELINES: dict[str, Callable[[SplitRecipe, Tools, Sequence[Item]], Make]] = {
    "insert": insert.prepare,
    "retrieve": retrieve.prepare,
    "dialogue": dialogue.prepare,
    "whole": whole.prepare,
}
