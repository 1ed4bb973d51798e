"""Prompts of a requested length: a document's own context inside harmless filler.

Data flow: rows, filler, tokenizer -> `Embedding.prompts` -> prompts of the requested number of
tokens, or at most 0.5 % fewer. The document is never cut. It stands between two passages of filler;
where none ends close to the requested depth, one passage is divided, between two words if possible.
The last passage of the filler is cut to the length. Question and choices stay at the end.
"""

import re
from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from lm_eval_longsafety.data.rows import Row
from lm_eval_longsafety.errors import OptionError
from lm_eval_longsafety.prompts import templates
from lm_eval_longsafety.prompts.token_counts import TokenCounts
from lm_eval_longsafety.prompts.tokenizer import PromptTokenizer
from lm_eval_longsafety.prompts.window import Fitted
from lm_eval_longsafety.variants.filler import BREAK, Filler

_ROUNDS = 40
"""Each round draws as many tokens more or fewer as the last prompt missed; one is usual."""
_NEAR = 0.01
"""Part of the filler by which the depth may be missed so that no passage is divided."""
_FARTHEST = 0.02
"""Part of the filler by which the depth may be missed so that no word is divided."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedding:
    """One task at one length and one depth."""

    split: str
    length: int
    """Of the whole prompt, in tokens."""
    depth: float
    """Part of the filler's tokens before the document, 0 to 1; met within 0.02."""
    seed: int
    """Draws the filler."""
    filler: Filler
    tokenizer: PromptTokenizer
    own: frozenset[str]
    """All passages of the task's contexts, which its filler must not hold."""

    def prompts(self, rows: Sequence[Row], letters: Sequence[Sequence[str]]) -> list[Fitted]:
        """The prompts of some rows.

        Args:
            rows: of the task.
            letters: the letters of each row's choices.

        Raises:
            OptionError: a row is longer than the length, the filler does not suffice, or the length
                cannot be met.
        """
        store = TokenCounts(self.tokenizer)
        plain = [
            self._render(r, dealt, [r.context]) for r, dealt in zip(rows, letters, strict=True)
        ]
        missing = dict(enumerate(store.count(plain)))
        self._refuse_short(rows, missing)
        slack = self.length // 200
        budgets = [0] * len(rows)
        done: dict[int, Fitted] = {}
        for round_ in range(_ROUNDS):
            # The middle of the permitted lengths comes first, so that one round is usual: measuring
            # is most of the work. Later rounds aim at the others in turn, which ends every cycle.
            aim = self.length - (slack // 2 + round_) % (slack + 1)
            built = {}
            for i, tokens in missing.items():
                budgets[i] += aim - tokens
                built[i] = self._prompt(rows[i], letters[i], budgets[i])
            measures = store.measure(list(built.values()))
            for (i, prompt), (tokens, sha256) in zip(built.items(), measures, strict=True):
                missing[i] = tokens
                if self.length - slack <= tokens <= self.length:
                    done[i] = Fitted(prompt=prompt, tokens=tokens, sha256=sha256, truncated=False)
                    del missing[i]
            if not missing:
                return [done[i] for i in range(len(rows))]
        raise OptionError(
            f"split {self.split}, document {rows[min(missing)].id!r}: {self.length} tokens cannot "
            "be met within 0.5 % with this tokenizer and filler; choose a larger length"
        )

    def _refuse_short(self, rows: Sequence[Row], sizes: dict[int, int]) -> None:
        longest = max(sizes, key=lambda i: sizes[i])
        if sizes[longest] > self.length:
            raise OptionError(
                f"lengths: {self.length} tokens are fewer than the {sizes[longest]} that document "
                f"{rows[longest].id!r} of {self.split} has with question and choices; take "
                f"{sizes[longest]} or more, or other tasks with `length_tasks`"
            )

    def _prompt(self, row: Row, letters: Sequence[str], budget: int) -> str:
        """The prompt with `budget` tokens of filler around the document."""
        passages, counts = self._draw(row, budget)
        before, after = _divide(passages, counts, self.depth)
        return self._render(row, letters, [*before, row.context, *after])

    def _render(self, row: Row, letters: Sequence[str], parts: Sequence[str]) -> str:
        return templates.render(
            self.split,
            context=BREAK.join(part for part in parts if part),
            question=row.question,
            choices=row.choices,
            letters=letters,
        )

    def _draw(self, row: Row, budget: int) -> tuple[list[str], list[int]]:
        """Passages of `budget` tokens in all, the last one cut, and the tokens of each."""
        left, passages, counts = budget, [], []
        drawn = self.filler.passages(self.tokenizer, row_id=row.id, seed=self.seed, own=self.own)
        while left > 0:
            text, count = next(drawn, ("", 0))
            if not count:
                raise OptionError(
                    f"filler {self.filler.name!r} is too short: document {row.id!r} of "
                    f"{self.split} needs {budget} tokens of it, and {budget - left} can be used "
                    "(nothing is repeated, and nothing of the document's own task is taken); "
                    "name more with `filler`"
                )
            if count > left:
                cut = self.tokenizer.decode(self.tokenizer.encode(text + BREAK)[:left])
                # A cut inside a character leaves replacement characters at the end.
                text, count = cut.rstrip("\ufffd").strip(), left
            passages.append(text)
            counts.append(count)
            left -= count
        return passages, counts


def _divide(
    passages: Sequence[str], counts: Sequence[int], depth: float
) -> tuple[list[str], list[str]]:
    """The filler before the document, and the filler after it."""
    sums = [0, *accumulate(counts)]
    total, place = sums[-1], depth * sums[-1]
    index = min(range(len(sums)), key=lambda i: abs(sums[i] - place))
    if abs(sums[index] - place) <= _NEAR * total:
        return list(passages[:index]), list(passages[index:])
    index = bisect(sums, place) - 1
    text = passages[index]
    # A passage is short: its tokens are spread evenly enough over its characters.
    characters = len(text) / counts[index]
    wanted = round((place - sums[index]) * characters)
    words = [match.end() for match in re.finditer(r"\s+", text)]
    near = [end for end in words if abs(end - wanted) <= _FARTHEST * total * characters]
    end = min(near or [wanted], key=lambda end: abs(end - wanted))
    return [*passages[:index], text[:end].rstrip()], [text[end:], *passages[index + 1 :]]


def choose_rows(rows: Sequence[Row], count: int) -> list[Row]:
    """`count` rows spread evenly, all of them where there are fewer."""
    n = min(count, len(rows))
    return [rows[i * len(rows) // n] for i in range(n)]
