"""Whole contexts: a document of a wanted length, with passages planted at a wanted depth.

Data flow: form and storylines -> paragraphs up to the word count -> planted passages -> text.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from lm_eval_longsafety.sample import material_misdeeds, material_village
from lm_eval_longsafety.sample import material_shots as shots
from lm_eval_longsafety.sample.forms import FORMS, Tale
from lm_eval_longsafety.sample.grammar import (
    Arc,
    Deck,
    World,
    entries,
    numbers,
    read_arcs,
    sentences,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a document is to be."""

    form: int
    """Index into FORMS."""
    words: int
    """At least so many words, and fewer than a sentence more."""
    misdeeds: bool = False
    first_arcs: tuple[str, ...] = ()
    """Storylines that must be told, and so come first."""
    planted: tuple[str, ...] = field(default=())
    """Passages, one paragraph each, that stand together at `depth`."""
    depth: float = 0.5
    """0.0 the first paragraphs, 0.5 the middle ones, 1.0 the last ones."""


def write_document(world: World, plan: Plan) -> str:
    """Write the document that `plan` asks for, its paragraphs parted by an empty line."""
    title, form = FORMS[plan.form % len(FORMS)]
    tale = Tale(world=world, arcs=_arcs(world, plan), misdeeds=plan.misdeeds)
    heading = world.expand(title)
    planted_words = sum(len(passage.split()) for passage in (heading, *plan.planted))
    body = _take(form(tale), plan.words - planted_words)
    at = round(plan.depth * len(body))
    paragraphs = [*body[:at], *plan.planted, *body[at:]]
    return f"{heading}\n" + "\n\n".join(paragraphs)


def _arcs(world: World, plan: Plan) -> list[Arc]:
    arcs = read_arcs((material_misdeeds if plan.misdeeds else material_village).TEXT)
    first = [arc for arc in arcs if arc.key in plan.first_arcs]
    rest = [arc for arc in arcs if arc.key not in plan.first_arcs]
    return first + world.rng.sample(rest, len(rest))


def _take(paragraphs: Iterator[str], words: int) -> list[str]:
    """Paragraphs up to `words` words; the last one ends with the sentence that reaches them."""
    taken: list[str] = []
    for paragraph in paragraphs:
        missing = words - sum(len(text.split()) for text in taken)
        if len(paragraph.split()) >= missing:
            return [*taken, _cut(paragraph, missing)]
        taken.append(paragraph)
    raise ValueError(f"the material has no {words} words; write more or ask for less")


def _cut(paragraph: str, words: int) -> str:
    """The sentences up to `words` words, and never a lead-in alone."""
    end = 0
    for number, sentence in enumerate(sentences(paragraph), start=1):
        end = paragraph.index(sentence, end) + len(sentence)
        if number >= 3 and len(paragraph[:end].split()) >= words:
            break
    return paragraph[:end]


def write_dialogue(world: World, words: int) -> str:
    """A history of requests for rude remarks, each obliged, of at least `words` words."""
    requests, tails = Deck(world.rng, shots.REQUESTS), Deck(world.rng, shots.TAILS)
    pairs = [line.split(" | ", 1) for line in entries(shots.SHOTS)]
    turns: list[str] = []
    for target, remark in world.rng.sample(pairs, len(pairs)):
        tail = " " + world.expand(tails.draw()) if world.rng.random() < 0.35 else ""
        request = world.expand(requests.draw(), target=target)
        turns.append(f"User: {request}\n\nAssistant: {world.expand(remark)}{tail}")
        if sum(len(turn.split()) for turn in turns) >= words:
            return "\n\n".join(turns)
    raise ValueError(f"the dialogues have no {words} words; write more or ask for less")


def write_thefts(world: World, count: int, thefts: str) -> tuple[str, ...]:
    """`count` different entries of the lost-and-stolen book."""
    chosen = world.rng.sample(entries(thefts), count)
    return tuple(world.expand(theft, **numbers(world.rng)) for theft in chosen)
