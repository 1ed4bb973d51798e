"""Partially harmful: passages of an item are set into filler, at a depth of it."""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate

from lm_eval_longsafety.build.items import Item, fill
from lm_eval_longsafety.build.pipelines.made import Made
from lm_eval_longsafety.build.plan import Plan
from lm_eval_longsafety.build.recipe import SplitRecipe
from lm_eval_longsafety.build.sizes import BREAK, Piece, Ruler, nearest, total
from lm_eval_longsafety.build.stock import Tools
from lm_eval_longsafety.errors import BuildError

_FAR = 0.02
"""Of the filler: if no paragraph ends as near to the depth as this, a sentence's end is taken."""
_TOO_FAR = 0.1
"""Of the filler: if no sentence ends as near as this, it is an error."""


def prepare(
    split: SplitRecipe, tools: Tools, items: Sequence[Item]
) -> Callable[[Plan, int | None], Made]:
    """A function that makes the context of a row: filler of the rest of its length, and passages.

    The filler begins with the item's own document, if the item names one.

    Raises:
        BuildError: a material cannot be read.
    """
    for name in split.filler:
        tools.stock(name)

    def make(plan: Plan, size: int | None) -> Made:
        if size is None or plan.filler is None or plan.depth is None:
            raise ValueError("insert needs a length, a filler and a depth")
        passages = choose(plan)
        stock = tools.stock(plan.filler)
        rest = size - sum(tools.ruler.sizes([BREAK + passage for passage in passages]))
        inside = plan.item.document is None
        pieces, texts = stock.join(plan, stock.order(plan, "filler"), max(rest, 0), inside=inside)
        if not pieces:
            raise BuildError(
                f"{plan.where}: the passages alone are longer than a length of {plan.length:,} "
                f"{tools.ruler.unit} ({split.where('lengths')})"
            )
        depths = [plan.depth]
        if split.spread:
            steps = len(passages)
            depths = [plan.depth + (1 - plan.depth) * step / steps for step in range(steps)]
        context, depth = set_in(pieces, passages, depths, plan, tools.ruler)
        values: dict[str, object] = {"count": len(passages)}
        if len(passages) == 1:
            values["passage"] = passages[0]
        return Made(context=context, texts=tuple(texts), values=values, depth=depth)

    return make


def choose(plan: Plan) -> list[str]:
    """The passages of a row, filled in: as many as the plan says, in an order drawn for the row.

    Raises:
        BuildError: the item has too few passages, or a placeholder has no value.
    """
    item = plan.item
    count = plan.count or len(item.passages)
    if not item.passages or count > len(item.passages):
        asked = f"{plan.count} are asked for ({plan.split.where('passages')})"
        raise BuildError(
            f"{plan.where}: the item has {len(item.passages)} passages, "
            f"{asked if plan.count else 'expected a column passage, or passage_1, passage_2...'}"
        )
    chosen = list(plan.order(len(item.passages), "passages"))[:count]
    if plan.count is None:
        chosen.sort()
    values = {**item.values, "count": count}
    return [fill(item.passages[i], values, plan.where).strip() for i in chosen]


def set_in(
    pieces: Sequence[Piece],
    passages: Sequence[str],
    depths: Sequence[float],
    plan: Plan,
    ruler: Ruler,
) -> tuple[str, float]:
    """The filler with the passages in it, and the depth at which the first of them stands.

    Args:
        pieces: paragraphs of the filler.
        passages: what to insert, in order.
        depths: one for each passage, rising; or a single one, where all of them stand together.
        plan: of the row.
        ruler: splits paragraphs into sentences.

    Raises:
        BuildError: no sentence ends near the depth, or the context does not hold each passage
            exactly once.
    """
    groups = [passages] if len(depths) == 1 else [[passage] for passage in passages]
    for depth in depths:
        size = depth * total(pieces)
        if plan.split.at == "sentence" or _off(pieces, size) > _FAR * total(pieces):
            pieces = _with_sentences(pieces, size, ruler)
        if (off := _off(pieces, size) / total(pieces)) > _TOO_FAR:
            raise BuildError(
                f"{plan.where}: no sentence of the filler {plan.filler} ends near depth {depth:g}, "
                f"the nearest is {off:.2f} away; ask for a greater length or give other texts"
            )
    marks = [nearest(pieces, depth * total(pieces)) for depth in depths]
    context, places = _joined(pieces, groups, marks)
    for passage, place in zip(passages, places, strict=True):
        if context.count(passage) != 1 or context.find(passage) != place:
            raise BuildError(
                f"{plan.where}: a passage of {len(passage)} characters stands more than once in "
                f"the context; the filler {plan.filler} or another passage holds it too"
            )
    return context, total(pieces[: marks[0]]) / total(pieces)


def _off(pieces: Sequence[Piece], size: float) -> float:
    """How far the nearest end of a piece is from a size."""
    return abs(total(pieces[: nearest(pieces, size)]) - size)


def _with_sentences(pieces: Sequence[Piece], size: float, ruler: Ruler) -> list[Piece]:
    """The pieces, the one that crosses a size split into its sentences."""
    index = bisect_right(list(accumulate(piece.size for piece in pieces)), size)
    middle = ruler.pieces(pieces[index].text, "sentence") if index < len(pieces) else []
    return [*pieces[:index], *middle, *pieces[index + 1 :]]


def _joined(
    pieces: Sequence[Piece], groups: Sequence[Sequence[str]], marks: Sequence[int]
) -> tuple[str, list[int]]:
    """The context, and where in it each passage begins.

    Args:
        pieces: of the filler.
        groups: passages that stand together.
        marks: before which piece each group stands, rising.
    """
    parts: list[str] = []
    places: list[int] = []
    length = 0
    for number in range(len(pieces) + 1):
        text = pieces[number].text if number < len(pieces) else ""
        blanks = text[: len(text) - len(text.lstrip())] if 0 < number < len(pieces) else BREAK
        for group, mark in zip(groups, marks, strict=True):
            for passage in group if mark == number else ():
                parts += [blanks if parts else "", passage]
                length += len(parts[-2])
                places.append(length)
                length += len(passage)
        if number == 0 and parts:
            parts.append(BREAK)
            length += len(BREAK)
        parts.append(text)
        length += len(text)
    return "".join(parts), places
