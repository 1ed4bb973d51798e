"""Fully harmful: documents as they are, or joined to a length."""

from collections.abc import Callable, Sequence

from lm_eval_longsafety.build.items import Item
from lm_eval_longsafety.build.pipelines.made import Made
from lm_eval_longsafety.build.plan import Plan
from lm_eval_longsafety.build.recipe import SplitRecipe
from lm_eval_longsafety.build.sizes import joined
from lm_eval_longsafety.build.stock import Tools
from lm_eval_longsafety.errors import BuildError


def prepare(
    split: SplitRecipe, tools: Tools, items: Sequence[Item]
) -> Callable[[Plan, int | None], Made]:
    """A function that makes the context of a row.

    It begins with the item's own document, if the item names one, else with a drawn one; with a
    length, further drawn ones follow.

    Raises:
        BuildError: the material cannot be read.
    """
    if split.material is None:
        raise ValueError("whole needs a material")
    stock = tools.stock(split.material)

    def make(plan: Plan, size: int | None) -> Made:
        order = stock.order(plan, "whole")
        if size is None:
            text = stock.shelf[next(order)]
            return Made(context=text.text, texts=(text,))
        pieces, texts = stock.join(plan, order, size)
        context = joined(pieces)
        if plan.item.document is not None and not context.startswith(texts[0].text):
            raise BuildError(
                f"{plan.where}: the document {plan.item.document} is longer than {plan.length:,} "
                f"{tools.ruler.unit} ({split.where('lengths')}) and is never cut; ask for more"
            )
        return Made(context=context, texts=tuple(texts))

    return make
