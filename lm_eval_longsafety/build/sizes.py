"""Sizes in words, characters or tokens, and texts joined or cut to a size.

Data flow: text -> `Ruler.pieces` -> `Piece`s, each with its size -> `cut`, `nearest`. Text is cut
at the end of a paragraph where that is close enough to the size, else of a sentence, else of a
word, else (Chinese without punctuation) after a character. Nothing of a text is changed.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

from lm_eval_longsafety.prompts.tokenizer import PromptTokenizer, load_tokenizer
from lm_eval_longsafety.settings import ModelArgs

LEVELS = ("paragraph", "sentence", "word", "character")
"""Where a text may be cut, from the best place to the last resort."""
BREAK = "\n\n"
"""Between two texts."""
_PARAGRAPH = re.compile(r"\S(?=[^\S\n]*\n[^\S\n]*\n)")
_NO_END = r"(?<!\b[A-Z]\.)(?<!\b[DM]r\.)(?<!\bMrs\.)(?<!\bMs\.)(?<!\bSt\.)(?<!\bProf\.)"
"""Not after an initial or a title: `J. Doe`, `Dr. Doe`."""
_SENTENCE = re.compile(
    rf"""[.!?…؟।]+{_NO_END}["'”’“»)\]]*(?=\s)|[。！？]+[」』”’）]*|\S(?=[^\S\n]*\n)"""
)
_WORD = re.compile(r"\S+")
_JOINER = "\u200d"
# Beside combining marks: Hangul vowels and finals, the joiner, skin tones and tags of emoji.
_JOINED = re.compile("[\u1160-\u11ff\u200d\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]")


class Piece(NamedTuple):
    """A part of a text; it begins with the blanks that separate it from the part before."""

    text: str
    size: int


class Ruler:
    """Sizes of texts in a recipe's unit."""

    def __init__(self, unit: str, tokenizer: str | None = None) -> None:
        """Load the tokenizer, if the unit is `tokens`.

        Raises:
            OptionError: the tokenizer cannot be loaded.
        """
        self.unit = unit
        self.tokenizer: PromptTokenizer | None = None
        if unit == "tokens":
            self.tokenizer = load_tokenizer(ModelArgs(tokenizer=tokenizer))

    def sizes(self, texts: Sequence[str]) -> list[int]:
        """The size of each text."""
        if self.tokenizer is not None:
            return self.tokenizer.count(texts)
        return [len(text.split()) if self.unit == "words" else len(text) for text in texts]

    def size(self, text: str) -> int:
        """The size of one text."""
        return self.sizes([text])[0]

    def pieces(self, text: str, level: str) -> list[Piece]:
        """The paragraphs, sentences, words or characters of a text, which begin with blanks."""
        texts = list(split(text, level))
        return [Piece(*each) for each in zip(texts, self.sizes(texts), strict=True)]


def split(text: str, level: str) -> Iterator[str]:
    """A text in parts that end where the level allows it; joined, they are the text."""
    start = 0
    for end in (*_ends(text, level), len(text)):
        if text[start:end].strip():
            yield text[start:end]
            start = end


def _ends(text: str, level: str) -> Iterator[int]:
    if level == "character":
        return _character_ends(text)
    pattern = {"paragraph": _PARAGRAPH, "sentence": _SENTENCE, "word": _WORD}[level]
    return (match.end() for match in pattern.finditer(text))


def _character_ends(text: str) -> Iterator[int]:
    """Before each blank or character that is not drawn together with the one before it."""
    for index in range(1, len(text)):
        before, after = text[index - 1], text[index]
        joined = before == _JOINER or _JOINED.match(after) or unicodedata.category(after)[0] == "M"
        if not joined and not before.isspace():
            yield index


def joined(pieces: Sequence[Piece]) -> str:
    """The text of pieces that follow each other."""
    return "".join(piece.text for piece in pieces)


def total(pieces: Sequence[Piece]) -> int:
    """The size of all pieces together."""
    return sum(piece.size for piece in pieces)


def nearest(pieces: Sequence[Piece], size: float) -> int:
    """How many of the first pieces come closest to a size; the fewer of two that are as close."""
    sums = [0, *accumulate(piece.size for piece in pieces)]
    after = min(bisect_right(sums, size), len(pieces))
    before = max(after - 1, 0)
    return before if size - sums[before] <= abs(sums[after] - size) else after


def cut(pieces: Sequence[Piece], size: int, slack: float, ruler: Ruler) -> list[Piece]:
    """The first pieces, with a sum within `slack` of `size` where words or characters allow it.

    Args:
        pieces: paragraphs, at least `size` together.
        size: wanted, in the ruler's unit.
        slack: the last paragraph is kept whole, or left out whole, if the sum is as close as this.
        ruler: splits the last paragraph, what is kept of which is one piece of the result.
    """
    count = nearest(pieces, size)
    if abs(total(pieces[:count]) - size) <= slack:
        return list(pieces[:count])
    count = bisect_right(list(accumulate(piece.size for piece in pieces)), size)
    if count == len(pieces):
        return list(pieces)
    rest = size - total(pieces[:count])
    part = "".join(_part(pieces[count].text, rest, slack, ruler, LEVELS[1:]))
    return [*pieces[:count], *([Piece(part, rest)] if part else [])]


def _part(text: str, size: int, slack: float, ruler: Ruler, levels: Sequence[str]) -> Iterator[str]:
    """The beginning of a text, cut at the first of the levels that comes close enough to a size."""
    pieces = ruler.pieces(text, levels[0])
    count = nearest(pieces, size)
    close = abs(total(pieces[:count]) - size) <= slack
    if not close and levels[1:]:
        count = bisect_right(list(accumulate(piece.size for piece in pieces)), size)
    yield from (piece.text for piece in pieces[:count])
    if not close and levels[1:] and count < len(pieces):
        rest = size - total(pieces[:count])
        yield from _part(pieces[count].text, rest, slack, ruler, levels[1:])
