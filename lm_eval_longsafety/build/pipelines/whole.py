"""Fully harmful: documents as they are, or joined to a length."""

from collections.abc import Callable

from lm_eval_longsafety.build.pipelines.made import Made
from lm_eval_longsafety.build.plan import Plan
from lm_eval_longsafety.build.recipe import SplitRecipe
from lm_eval_longsafety.build.stock import Tools
from lm_eval_longsafety.errors import BuildError, meant


def prepare(split: SplitRecipe, tools: Tools) -> Callable[[Plan, int | None], Made]:
    """A function that makes the context of a row.

    It begins with the item's own document, if the item names one, else with a drawn one; with a
    length, further drawn ones follow.

    Raises:
        BuildError: the material cannot be read.
    """
    assert split.material is not None
    stock = tools.stock(split.material)
    by_id = {name: index for index, name in enumerate(stock.shelf.ids)}

    def first(plan: Plan) -> int:
        name = plan.item.document
        if name is None:
            return next(plan.order(len(stock.shelf), "whole"))
        if name not in by_id:
            raise BuildError(
                f"{plan.where}: the material {split.material} has no document "
                f"{name!r}{meant(name, by_id)}"
            )
        return by_id[name]

    def make(plan: Plan, size: int | None) -> Made:
        start = first(plan)
        if size is None:
            text = stock.shelf[start]
            return Made(context=text.text, texts=(text,))
        others = (i for i in plan.order(len(stock.shelf), "whole") if i != start)
        pieces, texts = stock.join(plan, (i for part in ([start], others) for i in part), size)
        return Made(context="".join(piece.text for piece in pieces), texts=tuple(texts))

    return make
