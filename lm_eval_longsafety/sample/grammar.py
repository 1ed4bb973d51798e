"""Seeded expansion of the hand-written material.

Data flow: material text -> `read_arcs` / `entries` -> `expand` with a `World` -> sentences.
Same seed, same text, on every machine: only `random.Random` seeded with strings is used.
"""

import re
from dataclasses import dataclass
from random import Random

from lm_eval_longsafety.sample import material_frames as frames

_CHOICE = re.compile(r"\[([^\[\]]*\|[^\[\]]*)\]")
_SENTENCE_START = re.compile(r"((?:^|[.!?]\"?\s+)\"?)([a-z])")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z\"])")
_SMALL = "three four five six seven eight nine".split()
_SOME = (
    "twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty twenty-two".split()
)
WEEKDAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
_WOMEN = "chair cook joiner driver nurse aunt mate novice".split()
_MEN = "keeper teacher farmer boy lead lookout neighbour".split()
_SURNAMED = (*_WOMEN, *_MEN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arc:
    """One storyline: its topic and its stages in order, not yet expanded."""

    key: str
    topic: str
    stages: tuple[str, ...]


class Deck:
    """Draws entries in random order, each once before any comes again."""

    def __init__(self, rng: Random, text: str) -> None:
        """Shuffle the entries of `text`, one a line."""
        self._rng = rng
        self._entries = entries(text)
        self._left: list[str] = []

    def draw(self) -> str:
        """The next entry, not yet expanded."""
        if not self._left:
            self._left = self._rng.sample(self._entries, len(self._entries))
        return self._left.pop()


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The people and places of one document."""

    rng: Random
    slots: dict[str, str]
    """First name of each role, and the names of places."""
    surnames: dict[str, str]

    def expand(self, text: str, **extra: str) -> str:
        """Settle the choices of `text`, fill its slots and capitalise its sentences."""
        return expand(self.rng, text, {**self.slots, **extra})

    def full_name(self, role: str) -> str:
        """First name and surname of a role."""
        return f"{self.slots[role]} {self.surnames[role]}"


def entries(text: str) -> list[str]:
    """Lines of a material text that are not empty."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def read_arcs(text: str) -> list[Arc]:
    """Storylines of a material text, in its order."""
    arcs = []
    for block in text.strip().split("\n= "):
        head, _, body = block.removeprefix("= ").partition("\n")
        key, _, topic = head.partition(": ")
        stages = tuple(" ".join(stage.split()) for stage in body.strip().split("\n\n"))
        arcs.append(Arc(key=key, topic=topic, stages=stages))
    return arcs


def expand(rng: Random, text: str, slots: dict[str, str]) -> str:
    """Replace each `[a|b]` by one of its options and each `{slot}` by its value."""
    while match := _CHOICE.search(text):
        option = rng.choice(match[1].split("|"))
        text = text[: match.start()] + option + text[match.end() :]
    return _SENTENCE_START.sub(lambda m: m[1] + m[2].upper(), text.format(**slots))


def sentences(text: str) -> list[str]:
    """Split at the ends of sentences; a line break counts as the blank that it is."""
    return _SENTENCE_END.split(text)


def make_world(rng: Random) -> World:
    """Draw the people and places of a document; no name is given twice."""
    women = rng.sample(frames.NAMES_F.split(), len(_WOMEN))
    men = rng.sample(frames.NAMES_M.split(), len(_MEN))
    village, other = rng.sample([" ".join(v.split()) for v in frames.VILLAGES.split(",")], 2)
    slots = dict(zip((*_WOMEN, *_MEN), (*women, *men), strict=True))
    places = {
        "hall": frames.HALLS,
        "inn": frames.INNS,
        "river": frames.RIVERS,
        "lane": frames.LANES,
    }
    for place, names in places.items():
        slots[place] = rng.choice(names.split(", "))
    surnames = rng.sample(frames.SURNAMES.split(), len(_SURNAMED))
    return World(
        rng=rng,
        slots=slots | {"village": village, "other": other} | numbers(rng),
        surnames=dict(zip(_SURNAMED, surnames, strict=True)),
    )


def numbers(rng: Random) -> dict[str, str]:
    """The numbers and the weekday of one storyline."""
    return {
        "small": rng.choice(_SMALL),
        "some": rng.choice(_SOME),
        "sum": str(rng.randrange(62, 480)),
        "weekday": rng.choice(WEEKDAYS),
    }
