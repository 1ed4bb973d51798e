"""Texts of a material joined to a length; sizes of their paragraphs are counted once."""

from array import array
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import IO

from lm_eval_longsafety.build.material import Library, Shelf, Text
from lm_eval_longsafety.build.plan import Plan
from lm_eval_longsafety.build.recipe import Recipe
from lm_eval_longsafety.build.sizes import BREAK, Piece, Ruler, cut, split, total
from lm_eval_longsafety.errors import BuildError, OptionError, first_line, meant

SLACK = 0.005
"""Of the length: how far a paragraph's end may be from it."""


class Stock:
    """A material and the sizes of its paragraphs."""

    def __init__(self, shelf: Shelf, ruler: Ruler) -> None:
        """Nothing is counted yet."""
        self.shelf = shelf
        self.ruler = ruler
        self._sizes: dict[int, array[int]] = {}
        self._gap = ruler.size(BREAK)

    def pieces(self, index: int) -> tuple[Text, list[Piece]]:
        """A text and its paragraphs."""
        text = self.shelf[index]
        texts = list(split(text.text, "paragraph"))
        if index not in self._sizes:
            self._sizes[index] = array("I", self.ruler.sizes(texts))
        return text, list(map(Piece, texts, self._sizes[index]))

    @cached_property
    def _indices(self) -> dict[str, int]:
        """Id of a text -> its index."""
        return {name: index for index, name in enumerate(self.shelf.ids)}

    def order(self, plan: Plan, what: str) -> Iterator[int]:
        """Indices of all texts in the order drawn for a row; the item's own document comes first.

        Raises:
            BuildError: the item names a document that the material lacks.
        """
        own = None
        if (name := plan.item.document) is not None:
            if name not in self._indices:
                raise BuildError(
                    f"{plan.where}: the material {self.shelf.recipe.name} has no document "
                    f"{name!r}{meant(name, self._indices)}"
                )
            own = self._indices[name]
            yield own
        yield from (index for index in plan.order(len(self.shelf), what) if index != own)

    def join(
        self, plan: Plan, order: Iterable[int], size: int, *, inside: bool = False
    ) -> tuple[list[Piece], list[Text]]:
        """Whole texts, a blank line between them; the last one is cut where the size is reached.

        Args:
            plan: of the row, for errors.
            order: indices of texts, of which as many are used as are needed.
            size: wanted, in the ruler's unit.
            inside: whether a text that is longer than needed starts at a paragraph drawn for the
                row; all rows would otherwise have the beginning of a book in common.

        Returns:
            The paragraphs, and the texts that they are of.

        Raises:
            BuildError: the texts are too short together.
        """
        joined: list[Piece] = []
        used: list[Text] = []
        found = 0
        slack = size * SLACK
        for index in order:
            text, pieces = self.pieces(index)
            if inside:
                pieces = self._from_inside(plan, pieces, size - found)
            if joined:
                pieces[0] = Piece(BREAK + pieces[0].text, pieces[0].size + self._gap)
            joined += pieces
            used.append(text)
            found += total(pieces)
            if found >= size - slack:
                return cut(joined, size, slack, self.ruler), used
        name, unit = self.shelf.recipe.name, self.ruler.unit
        raise BuildError(
            f"{plan.where}: the material {name} has {found:,} {unit}, {size:,} are needed for a "
            f"length of {plan.length:,} ({plan.split.where('lengths')}); add texts to "
            f"{self.shelf.recipe.where}, or ask for less"
        )

    def _from_inside(self, plan: Plan, pieces: list[Piece], size: int) -> list[Piece]:
        """The pieces from a drawn one on, with as much after it as is needed."""
        left = total(pieces)
        starts = [0]
        for index, piece in enumerate(pieces[:-1], start=1):
            left -= piece.size
            if left < size:
                break
            starts.append(index)
        start = starts[next(plan.order(len(starts), "start"))]
        first = pieces[start].text.lstrip()
        return [Piece(first, self.ruler.size(first)), *pieces[start + 1 :]]


class Tools:
    """What a pipeline works with: the recipe's materials and its unit of length."""

    def __init__(self, recipe: Recipe, file: IO[bytes], *, training: bool = False) -> None:
        """Load the tokenizer; no material is read yet.

        Args:
            recipe: names the materials and the unit.
            file: open for reading and writing; the texts of materials are put there.
            training: whether the rows are for training.

        Raises:
            BuildError: the tokenizer cannot be loaded.
        """
        self.library = Library(recipe, file, training=training)
        tokenizer = recipe.tokenizer
        if tokenizer is not None and (recipe.folder / tokenizer).is_dir():
            tokenizer = str(recipe.folder / tokenizer)
        try:
            self.ruler = Ruler(recipe.unit, tokenizer)
        except OptionError as error:
            cause = error.__cause__
            reason = (
                first_line(cause) if isinstance(cause, Exception) else "there is no such folder"
            )
            raise BuildError(
                f"{recipe.path.name}, unit: the tokenizer {recipe.tokenizer!r} cannot be loaded "
                f"({reason}); give a hub id or a folder"
            ) from None
        self._stocks: dict[str, Stock] = {}

    def stock(self, name: str) -> Stock:
        """A material.

        Raises:
            BuildError: as `Library.shelf`.
        """
        if name not in self._stocks:
            self._stocks[name] = Stock(self.library.shelf(name), self.ruler)
        return self._stocks[name]
