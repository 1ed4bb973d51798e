"""Prompts of an asked length: a document's own context inside harmless filler.

Data flow: rows, filler, tokenizer -> `embed` -> prompts whose tokens, counted by the tokenizer, are
the asked length or at most 0.5 % less. The document is never cut. It stands between two passages of
filler, or where none ends close to the asked depth, between two words of one; the filler's last
passage is cut as well. Question and options stay at the end.
"""

import re
from bisect import bisect
from collections.abc import Sequence, Set
from dataclasses import dataclass, field
from itertools import accumulate

from lm_eval_longsafety.data.rows import Row
from lm_eval_longsafety.errors import OptionError
from lm_eval_longsafety.prompts import templates
from lm_eval_longsafety.prompts.token_counts import TokenCounts
from lm_eval_longsafety.prompts.tokenizer import PromptTokenizer
from lm_eval_longsafety.prompts.window import Fitted
from lm_eval_longsafety.variants.filler import BREAK, Filler, split_passages

_ROUNDS = 40
"""Each round draws as many tokens more or fewer as the last prompt missed; one is usual."""
_NEAR = 0.01
"""Part of the filler by which the document may stand beside its depth to be between passages."""
_FARTHEST = 0.02
"""Part of the filler beyond which a depth is not met."""


@dataclass(slots=True, kw_only=True)
class FillerTokens:
    """Token counts of a filler's passages, each with the break after it; counted when needed."""

    filler: Filler
    tokenizer: PromptTokenizer
    counts: dict[int, list[int]] = field(default_factory=dict)
    """By source."""

    def of(self, source: int, passage: int) -> int:
        """Tokens of one passage and its break."""
        if source not in self.counts:
            texts = [text + BREAK for text in self.filler.sources[source]]
            self.counts[source] = self.tokenizer.count(texts)
        return self.counts[source][passage]


@dataclass(slots=True, kw_only=True)
class _Draft:
    """One prompt on its way to its length."""

    split: str
    row: Row
    letters: Sequence[str]
    budget: int = 0
    """Tokens of filler to draw."""
    prompt: str = ""
    depth: float = 0.0
    """That the prompt has."""

    def render(self, parts: Sequence[str]) -> str:
        """The prompt with these parts as its context."""
        return templates.render(
            self.split,
            context=BREAK.join(parts),
            question=self.row.question,
            choices=self.row.choices,
            letters=self.letters,
        )


def choose_rows(rows: Sequence[Row], count: int) -> list[Row]:
    """`count` rows spread evenly, all of them where there are fewer."""
    n = min(count, len(rows))
    return [rows[i * len(rows) // n] for i in range(n)]


def own_passages(rows: Sequence[Row]) -> frozenset[str]:
    """All passages of a task's contexts: what its filler must not hold."""
    return frozenset(text for row in rows for text in split_passages(row.context))


def embed(
    split: str,
    rows: Sequence[Row],
    letters: Sequence[Sequence[str]],
    *,
    length: int,
    depth: float,
    seed: int,
    tokens: FillerTokens,
    own: Set[str],
) -> list[Fitted]:
    """The prompts of some rows of one task at one length and one depth.

    Args:
        split: the task.
        rows: chosen rows.
        letters: the letters of each row's choices.
        length: of the whole prompt, in tokens.
        depth: part of the filler's tokens before the document, 0 to 1; met to within 0.02.
        seed: draws the filler.
        tokens: the filler.
        own: from `own_passages`.

    Raises:
        OptionError: a row is longer than `length`, the filler does not suffice, or length or depth
            cannot be met.
    """
    store = TokenCounts(tokens.tokenizer)
    drafts = [
        _Draft(split=split, row=row, letters=dealt)
        for row, dealt in zip(rows, letters, strict=True)
    ]
    sizes = store.count([draft.render([draft.row.context]) for draft in drafts])
    _refuse_short(drafts, sizes, length)
    slack = length // 200
    done: dict[int, Fitted] = {}
    counts = dict(enumerate(sizes))
    for round_ in range(_ROUNDS):
        # Half way between the bounds first, so that one round is usual: measuring is most of the
        # work. Later rounds aim at each length in turn, so that none goes to and fro for ever.
        aim = length - (slack // 2 + round_) % (slack + 1)
        for i in counts:
            drafts[i].budget += aim - counts[i]
            _fill(drafts[i], depth, seed, tokens, own)
        measured = store.measure([drafts[i].prompt for i in counts])
        for i, (count, sha256) in zip(list(counts), measured, strict=True):
            counts[i] = count
            if length - slack <= count <= length:
                _refuse_missed(drafts[i], length, depth)
                prompt = drafts[i].prompt
                done[i] = Fitted(prompt=prompt, tokens=count, sha256=sha256, truncated=False)
                del counts[i]
        if not counts:
            return [done[i] for i in range(len(drafts))]
    raise OptionError(
        f"split {split}, document {rows[min(counts)].id!r}: {length} tokens cannot be met to "
        "within 0.5 % with this tokenizer and filler; choose a larger length"
    )


def _refuse_short(drafts: Sequence[_Draft], sizes: Sequence[int], length: int) -> None:
    size, draft = max(zip(sizes, drafts, strict=True), key=lambda pair: pair[0])
    if size > length:
        raise OptionError(
            f"lengths: {length} tokens are shorter than document {draft.row.id!r} of "
            f"{draft.split}, which has {size} with question and options; take {size} or more, "
            "or other tasks with `length_tasks`"
        )


def _refuse_missed(draft: _Draft, length: int, depth: float) -> None:
    if abs(draft.depth - depth) > _FARTHEST:
        raise OptionError(
            f"depths: {depth:g} cannot be met for document {draft.row.id!r} of {draft.split} at "
            f"{length} tokens: {draft.budget} of them are filler, and the nearest place between "
            f"two words is {draft.depth:.2f}; take a larger length, or other tasks with "
            "`length_tasks`"
        )


def _fill(draft: _Draft, depth: float, seed: int, tokens: FillerTokens, own: Set[str]) -> None:
    """Make the prompt with `budget` tokens of filler around the document."""
    drawn, counts = _draw(draft, seed, tokens, own)
    before, after, draft.depth = _divide(drawn, counts, depth)
    draft.prompt = draft.render([*before, draft.row.context, *after])


def _divide(
    drawn: Sequence[str], counts: Sequence[int], depth: float
) -> tuple[list[str], list[str], float]:
    """The filler before the document, that behind it, and the depth that this makes."""
    sums = [0, *accumulate(counts)]
    # Without filler there is no depth that could be missed.
    total = sums[-1] or 1
    index = min(range(len(sums)), key=lambda i: abs(sums[i] - depth * total))
    if not drawn or abs(sums[index] / total - depth) <= _NEAR:
        return list(drawn[:index]), list(drawn[index:]), sums[index] / total if drawn else depth
    index = bisect(sums, depth * total) - 1
    text, before = drawn[index], sums[index]
    # A passage is short: its tokens are spread evenly enough over its characters.
    per_character = counts[index] / len(text)
    places = [match.end() for match in re.finditer(r"\s+", text)] or range(1, len(text) + 1)
    place = min(places, key=lambda end: abs(before + end * per_character - depth * total))
    behind = [text[place:]] if place < len(text) else []
    return (
        [*drawn[:index], text[:place].rstrip()],
        [*behind, *drawn[index + 1 :]],
        (before + place * per_character) / total,
    )


def _draw(
    draft: _Draft, seed: int, tokens: FillerTokens, own: Set[str]
) -> tuple[list[str], list[int]]:
    """Passages of `budget` tokens in all, the last one cut, and their counts."""
    filler, left = tokens.filler, draft.budget
    drawn: list[str] = []
    counts: list[int] = []
    order = filler.passages(split=draft.split, row_id=draft.row.id, seed=seed, own=own)
    for source, index in order:
        if left <= 0:
            return drawn, counts
        text, count = filler.sources[source][index], tokens.of(source, index)
        if count > left:
            ids = tokens.tokenizer.encode(text + BREAK)[:left]
            # No half characters.
            text, count = tokens.tokenizer.decode(ids).rstrip("\ufffd").strip(), left
        if text:
            drawn.append(text)
            counts.append(count)
        left -= count
    if left > 0:
        raise OptionError(
            f"filler {filler.name!r} is too short: document {draft.row.id!r} of {draft.split} "
            f"needs {draft.budget} tokens of it, and {draft.budget - left} can be used (nothing is "
            "repeated, and nothing of the document's own task is taken); name more with `filler`"
        )
    return drawn, counts
