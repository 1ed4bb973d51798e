"""Fully harmful: many turns of a dialogue, drawn from a table of shots; the item asks last."""

from collections.abc import Callable, Sequence

from lm_eval_longsafety.build.items import Item
from lm_eval_longsafety.build.material import Text
from lm_eval_longsafety.build.pipelines.made import Made
from lm_eval_longsafety.build.plan import Plan
from lm_eval_longsafety.build.recipe import SplitRecipe
from lm_eval_longsafety.build.sizes import BREAK, Piece, Ruler, cut, joined, total
from lm_eval_longsafety.build.stock import SLACK, Stock, Tools
from lm_eval_longsafety.errors import BuildError

Shot = tuple[Text, list[Piece]]
"""A text and its paragraphs, the last of which are the reply."""


def prepare(
    split: SplitRecipe, tools: Tools, items: Sequence[Item]
) -> Callable[[Plan, int | None], Made]:
    """A function that makes the context of a row: shots drawn and ordered by the row's seed.

    With benign shots the two kinds are an axis, like several fillers.

    Raises:
        BuildError: the shots cannot be read.
    """
    if split.shots is None:
        raise ValueError("dialogue needs shots")
    for name in split.filler or (split.shots,):
        tools.stock(name)

    def make(plan: Plan, size: int | None) -> Made:
        if size is None:
            raise ValueError("dialogue needs a length")
        stock = tools.stock(plan.filler or split.shots or "")
        shots = draw(stock, plan, size)
        parts = [joined(pieces) for _, pieces in shots]
        return Made(context=BREAK.join(parts), texts=tuple(text for text, _ in shots))

    return make


def draw(stock: Stock, plan: Plan, size: int) -> list[Shot]:
    """Shots of a size together: whole ones as long as any fits, then one more, cut.

    Raises:
        BuildError: the shots are too short together.
    """
    taken: list[Shot] = []
    longer: list[int] = []
    slack, gap = size * SLACK, stock.ruler.size(BREAK)
    room = size + gap
    for index in plan.order(len(stock.shelf), "shots"):
        if room <= slack:
            return taken
        shot = stock.pieces(index)
        if total(shot[1]) + gap <= room:
            taken.append(shot)
            room -= total(shot[1]) + gap
        else:
            longer.append(index)
    if room <= slack:
        return taken
    if not longer:
        shots, unit = stock.shelf.recipe, stock.ruler.unit
        raise BuildError(
            f"{plan.where}: the shots {shots.name} have {size - room:,} {unit}, {size:,} are "
            f"needed for a length of {plan.length:,} ({plan.split.where('lengths')}); add shots "
            f"to {shots.where}, or ask for less"
        )
    taken.append(stock.pieces(longer[0]))
    return _without_ends(taken, total(taken[-1][1]) + gap - room, slack, stock.ruler)


def _without_ends(shots: list[Shot], excess: int, slack: float, ruler: Ruler) -> list[Shot]:
    """The shots without the ends of the last replies, of each of which at least half is kept."""
    kept = list(shots)
    for index in reversed(range(len(shots))):
        if excess <= slack:
            break
        text, first, reply = _reply(shots[index])
        left = cut([reply], max(reply.size - excess, reply.size // 2), slack / 2, ruler)
        kept[index] = (text, [*first, *left])
        excess -= reply.size - total(left)
    return kept


def _reply(shot: Shot) -> tuple[Text, list[Piece], Piece]:
    """A text, its paragraphs before the last reply, and that reply as one piece."""
    text, pieces = shot
    starts = [i for i, piece in enumerate(pieces) if piece.text.lstrip().startswith("Assistant: ")]
    start = starts[-1] if starts else len(pieces) - 1
    return text, pieces[:start], Piece(joined(pieces[start:]), total(pieces[start:]))
