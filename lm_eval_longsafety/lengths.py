"""Prompts of an exact length: a document's own context inside harmless filler.

Data flow: rows, filler, tokenizer -> `embed` -> prompts whose tokens, counted by the tokenizer, are
the asked length or at most 0.1 % less. The document is never cut. It stands between two paragraphs
of filler, or where the asked depth is inside a longer one, between two parts of that; the filler's
last paragraph is cut as well. Question and options stay at the end.
"""

from collections.abc import Sequence, Set
from dataclasses import dataclass, field

from lm_eval_longsafety import prompts
from lm_eval_longsafety.errors import OptionError
from lm_eval_longsafety.filler import BREAK, Filler, cut_place, split_paragraphs
from lm_eval_longsafety.rows import Row
from lm_eval_longsafety.token_counts import TokenCounts
from lm_eval_longsafety.tokenizer import PromptTokenizer
from lm_eval_longsafety.window import Fitted

_LEAST = 8
"""Tokens that the filler's last paragraph has at least."""
_ROUNDS = 40
"""Each round moves the cut by the tokens still missing; two or three are usual."""
_PLAIN_ROUNDS = 4
"""After these the cut goes to and fro between two places; then another word is put there."""
_BESIDE = 0.01
"""Part of the filler by which the document may stand beside its depth for the sake of the text: at
the end of a paragraph, else of a sentence or line."""
_FARTHEST = 0.02
"""Part of the filler beyond which a depth is not met."""


@dataclass(slots=True, kw_only=True)
class FillerTokens:
    """Token counts of a filler's paragraphs, each with the break after it; counted when needed."""

    filler: Filler
    tokenizer: PromptTokenizer
    counts: dict[int, list[int]] = field(default_factory=dict)
    """By source."""

    def of(self, source: int, paragraph: int) -> int:
        """Tokens of one paragraph and its break."""
        if source not in self.counts:
            texts = [text + BREAK for text in self.filler.sources[source]]
            self.counts[source] = self.tokenizer.count(texts)
        return self.counts[source][paragraph]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where the document stands among the paragraphs drawn."""

    index: int
    """Whole paragraphs before it."""
    character: int = 0
    """Of the next paragraph, which is cut here; 0 leaves it whole."""
    tokens: int = 0
    """Of the next paragraph, before the cut."""

    def fits(self, drawn: Sequence[str]) -> bool:
        """Whether the paragraphs of another round are long enough."""
        if not self.character:
            return self.index <= len(drawn)
        return self.index < len(drawn) and self.character < len(drawn[self.index])


@dataclass(slots=True, kw_only=True)
class _Draft:
    """One prompt on its way to its length."""

    split: str
    row: Row
    letters: Sequence[str]
    budget: int
    """Tokens of filler to draw."""
    prompt: str = ""
    place: _Place | None = None
    """Of the document."""
    reached: float = 0.0
    """The depth that the prompt has."""
    skip: int = 0
    """Words left out at the start of the paragraph that is cut."""


def choose_rows(rows: Sequence[Row], count: int) -> list[Row]:
    """`count` rows spread evenly, all of them where there are fewer."""
    n = min(count, len(rows))
    return [rows[i * len(rows) // n] for i in range(n)]


def own_paragraphs(rows: Sequence[Row]) -> frozenset[str]:
    """All paragraphs of a task's contexts: what its filler must not hold."""
    return frozenset(text for row in rows for text in split_paragraphs(row.context))


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
    """The prompts of some rows of one task at one length and depth.

    Args:
        split: the task.
        rows: chosen rows.
        letters: the letters of each row's choices.
        length: of the whole prompt, in tokens.
        depth: part of the filler's tokens before the document, 0 to 1; met to within 0.01 unless
            a word is longer than that.
        seed: draws the filler.
        tokens: the filler.
        own: from `own_paragraphs`.

    Raises:
        OptionError: a row is longer than `length`, the filler does not suffice, or length or depth
            cannot be met.
    """
    store = TokenCounts(tokens.tokenizer)
    # Half way between the bounds, so that one round is usual: measuring is most of the work.
    aim = length - length // 2000
    drafts = _drafts(split, rows, letters, length, aim, store)
    done: dict[int, Fitted] = {}
    for round_ in range(_ROUNDS):
        open_ = {i: draft for i, draft in enumerate(drafts) if i not in done}
        for draft in open_.values():
            draft.prompt, draft.reached = _compose(draft, depth, seed, tokens, own)
        measured = store.measure([draft.prompt for draft in open_.values()])
        for (i, draft), (count, sha256) in zip(open_.items(), measured, strict=True):
            if length - length // 1000 <= count <= length:
                _refuse_missed(draft, length, depth)
                done[i] = Fitted(prompt=draft.prompt, tokens=count, sha256=sha256, truncated=False)
            draft.budget += aim - count
            draft.skip = round_ // _PLAIN_ROUNDS
            # A place that still moved would make the length go to and fro.
            draft.place = draft.place if round_ else None
        if len(done) == len(drafts):
            return [done[i] for i in range(len(drafts))]
    missed = next(i for i in range(len(drafts)) if i not in done)
    raise OptionError(
        f"split {split}, document {rows[missed].id!r}: {length} tokens cannot be met to within "
        "0.1 % with this tokenizer and filler; choose a larger length"
    )


def _drafts(
    split: str,
    rows: Sequence[Row],
    letters: Sequence[Sequence[str]],
    length: int,
    aim: int,
    store: TokenCounts,
) -> list[_Draft]:
    """The documents without filler yet, and how much of it each needs."""
    bare = [
        _render(split, row, dealt, [row.context]) for row, dealt in zip(rows, letters, strict=True)
    ]
    sizes = store.count(bare)
    _refuse_short(split, rows, sizes, length)
    return [
        _Draft(split=split, row=row, letters=dealt, budget=aim - size, prompt=prompt)
        for row, dealt, size, prompt in zip(rows, letters, sizes, bare, strict=True)
    ]


def _refuse_short(split: str, rows: Sequence[Row], sizes: Sequence[int], length: int) -> None:
    longest = max(range(len(rows)), key=sizes.__getitem__)
    if sizes[longest] > length:
        raise OptionError(
            f"lengths: {length} tokens are shorter than document {rows[longest].id!r} of {split}, "
            f"which has {sizes[longest]} with question and options; take {sizes[longest]} or more, "
            "or other tasks with `length_tasks`"
        )


def _refuse_missed(draft: _Draft, length: int, depth: float) -> None:
    if abs(draft.reached - depth) > _FARTHEST:
        raise OptionError(
            f"depths: {depth:g} cannot be met for document {draft.row.id!r} of {draft.split} at "
            f"{length} tokens: {draft.budget} of them are filler, and the nearest place between "
            f"two words is {draft.reached:.2f}; take a larger length, or other tasks with "
            "`length_tasks`"
        )


def _compose(
    draft: _Draft, depth: float, seed: int, tokens: FillerTokens, own: Set[str]
) -> tuple[str, float]:
    """The prompt with `budget` tokens of filler, by the paragraphs' counts, and its depth."""
    drawn, counts = _draw(draft, seed, tokens, own)
    if draft.place is None or not draft.place.fits(drawn):
        draft.place = _place(drawn, counts, depth, tokens.tokenizer)
    # At depth 1 nothing stands behind, however many paragraphs another round has.
    index = len(drawn) if depth == 1 else draft.place.index
    before, after = drawn[:index], drawn[index:]
    reached = sum(counts[:index]) + draft.place.tokens
    if draft.place.character:
        before.append(after[0][: draft.place.character].rstrip())
        after[0] = after[0][draft.place.character :].lstrip()
    parts = [*before, draft.row.context, *after]
    # A prompt without filler has no depth that could be missed.
    share = reached / sum(counts) if drawn else depth
    return _render(draft.split, draft.row, draft.letters, parts), share


def _place(
    drawn: Sequence[str], counts: Sequence[int], depth: float, tokenizer: PromptTokenizer
) -> _Place:
    """Between two paragraphs where that is close to the depth, else inside one."""
    total = sum(counts)
    target, index, reached = depth * total, 0, 0
    while index < len(counts) and reached + counts[index] / 2 <= target:
        reached += counts[index]
        index += 1
    if abs(target - reached) <= _BESIDE * total:
        return _Place(index=index)
    if reached > target:
        index -= 1
        reached -= counts[index]
    character, found = cut_place(
        drawn[index],
        target - reached,
        count=tokenizer.count,
        tokens=counts[index],
        beside=_BESIDE * total,
    )
    if character == len(drawn[index]):
        return _Place(index=index + 1)
    return _Place(index=index, character=character, tokens=found)


def _draw(
    draft: _Draft, seed: int, tokens: FillerTokens, own: Set[str]
) -> tuple[list[str], list[int]]:
    """Paragraphs of `budget` tokens in all, the last one cut, and their counts."""
    filler, left = tokens.filler, draft.budget
    drawn: list[str] = []
    counts: list[int] = []
    order = filler.paragraphs(split=draft.split, row_id=draft.row.id, seed=seed, own=own)
    for source, index in order:
        if left <= 0:
            return drawn, counts
        text, count = filler.sources[source][index], tokens.of(source, index)
        if left < _LEAST and drawn and count > left:
            # Too few for a paragraph with a break of its own: they go on with the one before.
            text, left = f"{drawn.pop()} {text}", left + counts.pop()
            count = left + 1
        if count > left:
            text = " ".join(text.split(" ")[draft.skip :])
            text, count = _head(text, left, count, tokens.tokenizer), left
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


def _head(text: str, limit: int, count: int, tokenizer: PromptTokenizer) -> str:
    """The first `limit` of a paragraph's `count` tokens, its break counted; no half characters."""
    whole = text + BREAK
    # The first tokens of a whole book do not need the book tokenised.
    ample = 6 * limit * len(whole) // (5 * count) + 1000
    ids = tokenizer.encode(whole[:ample])
    if ample < len(whole) and len(ids) < limit + _LEAST:
        ids = tokenizer.encode(whole)
    return tokenizer.decode(ids[:limit]).rstrip("\ufffd").strip()


def _render(split: str, row: Row, letters: Sequence[str], parts: Sequence[str]) -> str:
    return prompts.render(
        split,
        context=BREAK.join(parts),
        question=row.question,
        choices=row.choices,
        letters=letters,
    )
