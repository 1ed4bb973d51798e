"""Fully harmful: many turns of a dialogue, drawn from a table of shots; the item asks last."""

from collections.abc import Callable, Iterable, Sequence

from lm_eval_longsafety.build.items import Item
from lm_eval_longsafety.build.material import Text
from lm_eval_longsafety.build.pipelines.made import Made
from lm_eval_longsafety.build.plan import Plan
from lm_eval_longsafety.build.recipe import SplitRecipe
from lm_eval_longsafety.build.sizes import BREAK, Piece, cut, total
from lm_eval_longsafety.build.stock import SLACK, Stock, Tools
from lm_eval_longsafety.errors import BuildError


def prepare(
    split: SplitRecipe, tools: Tools, items: Sequence[Item]
) -> Callable[[Plan, int | None], Made]:
    """A function that makes the context of a row: shots drawn and ordered by the row's seed.

    With benign shots the two kinds are an axis, like several fillers.

    Raises:
        BuildError: the shots cannot be read.
    """
    assert split.shots is not None
    for name in split.filler or (split.shots,):
        tools.stock(name)

    def make(plan: Plan, size: int | None) -> Made:
        assert size is not None
        stock = tools.stock(plan.filler or split.shots or "")
        shots = draw(stock, plan, plan.order(len(stock.shelf), "shots"), size)
        context = BREAK.join(shot for shot, _ in shots)
        return Made(context=context, texts=tuple(text for _, text in shots))

    return make


def draw(stock: Stock, plan: Plan, order: Iterable[int], size: int) -> list[tuple[str, Text]]:
    """Shots of a size together: whole ones that fit, in order, and at last one with its reply cut.

    Args:
        stock: of the shots.
        plan: of the row, for errors.
        order: indices of shots.
        size: wanted, in the recipe's unit.

    Returns:
        The shots as they stand in the context, and the texts that they are of.

    Raises:
        BuildError: the shots are too short together.
    """
    taken: list[tuple[str, Text]] = []
    skipped: list[int] = []
    slack, gap = size * SLACK, stock.ruler.size(BREAK)
    room = size + gap
    for index in order:
        if room <= slack:
            return taken
        text, pieces = stock.pieces(index)
        if total(pieces) + gap <= room:
            taken.append((text.text, text))
            room -= total(pieces) + gap
        else:
            skipped.append(index)
    if room > slack and skipped:
        return [*taken, _shortened(stock, skipped, room - gap)]
    if room > slack:
        name = stock.shelf.recipe
        raise BuildError(
            f"{plan.where}: the shots {name.name} have {size - room:,} {stock.ruler.unit}, a "
            f"length of {size:,} is asked for ({plan.split.where('lengths')}); add shots to "
            f"{name.where}, or ask for less"
        )
    return taken


def _shortened(stock: Stock, indices: Sequence[int], room: float) -> tuple[str, Text]:
    """The shot whose last paragraph, a part of its reply, has the most room, cut to the room."""

    def head(index: int) -> int:
        return total(stock.pieces(index)[1][:-1])

    text, pieces = stock.pieces(min(indices, key=head))
    last: Piece = pieces[-1]
    rest = int(room) - total(pieces[:-1])
    kept = cut([last], rest, rest * SLACK, stock.ruler) if rest > 0 else []
    return "".join(piece.text for piece in (*pieces[:-1], *kept)), text
