"""Prompts of an exact length: a document's own context inside harmless filler.

Data flow: rows, filler, tokenizer -> `embed` -> prompts whose tokens, counted by the tokenizer, are
the asked length or at most 0.1 % less. The document is never cut, and stands whole between two
paragraphs of filler; only the filler's last paragraph is cut. Question and options stay at the end.
"""

from collections.abc import Sequence, Set
from dataclasses import dataclass, field

from lm_eval_longsafety import prompts
from lm_eval_longsafety.errors import OptionError
from lm_eval_longsafety.filler import BREAK, Filler, split_paragraphs
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


@dataclass(slots=True, kw_only=True)
class _Draft:
    """One prompt on its way to its length."""

    split: str
    row: Row
    letters: Sequence[str]
    budget: int
    """Tokens of filler to draw."""
    prompt: str = ""
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
        depth: part of the filler before the document, 0 to 1; met to within one paragraph.
        seed: draws the filler.
        tokens: the filler.
        own: from `own_paragraphs`.

    Raises:
        OptionError: a row is longer than `length`, the filler does not suffice, or the length
            cannot be met.
    """
    store = TokenCounts(tokens.tokenizer)
    bare = [
        _render(split, row, dealt, [row.context]) for row, dealt in zip(rows, letters, strict=True)
    ]
    sizes = store.count(bare)
    _refuse_short(split, rows, sizes, length)
    drafts = [
        _Draft(split=split, row=row, letters=dealt, budget=length - size, prompt=prompt)
        for row, dealt, size, prompt in zip(rows, letters, sizes, bare, strict=True)
    ]
    done: dict[int, Fitted] = {}
    for round_ in range(_ROUNDS):
        open_ = {i: draft for i, draft in enumerate(drafts) if i not in done}
        for draft in open_.values():
            draft.prompt = _compose(draft, depth, seed, tokens, own)
        measured = store.measure([draft.prompt for draft in open_.values()])
        for (i, draft), (count, sha256) in zip(open_.items(), measured, strict=True):
            if length - length // 1000 <= count <= length:
                done[i] = Fitted(prompt=draft.prompt, tokens=count, sha256=sha256, truncated=False)
            draft.budget += length - count
            draft.skip = round_ // _PLAIN_ROUNDS
        if len(done) == len(drafts):
            return [done[i] for i in range(len(drafts))]
    missed = next(i for i in range(len(drafts)) if i not in done)
    raise OptionError(
        f"split {split}, document {rows[missed].id!r}: {length} tokens cannot be met to within "
        "0.1 % with this tokenizer and filler; choose a larger length"
    )


def _refuse_short(split: str, rows: Sequence[Row], sizes: Sequence[int], length: int) -> None:
    longest = max(range(len(rows)), key=sizes.__getitem__)
    if sizes[longest] > length:
        raise OptionError(
            f"lengths: {length} tokens are shorter than document {rows[longest].id!r} of {split}, "
            f"which has {sizes[longest]} with question and options; take {sizes[longest]} or more, "
            "or other tasks with `length_tasks`"
        )


def _compose(draft: _Draft, depth: float, seed: int, tokens: FillerTokens, own: Set[str]) -> str:
    """The prompt with `budget` tokens of filler, by the paragraphs' counts."""
    drawn, counts = _draw(draft, seed, tokens, own)
    target, before, reached = depth * sum(counts), 0, 0.0
    while before < len(drawn) and reached + counts[before] / 2 <= target:
        reached += counts[before]
        before += 1
    before = len(drawn) if depth == 1 else before
    parts = [*drawn[:before], draft.row.context, *drawn[before:]]
    return _render(draft.split, draft.row, draft.letters, parts)


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
            text, count = _head(text, left, tokens.tokenizer), left
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


def _head(text: str, limit: int, tokenizer: PromptTokenizer) -> str:
    """The first `limit` tokens of a paragraph, its break counted; no half characters."""
    ids = tokenizer.encode(text + BREAK)
    return tokenizer.decode(ids[:limit]).rstrip("\ufffd").strip()


def _render(split: str, row: Row, letters: Sequence[str], parts: Sequence[str]) -> str:
    return prompts.render(
        split,
        context=BREAK.join(parts),
        question=row.question,
        choices=row.choices,
        letters=letters,
    )
