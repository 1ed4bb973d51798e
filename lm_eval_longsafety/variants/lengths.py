"""Prompts of a requested length: a document's own context inside harmless filler.

Data flow: rows, filler, tokenizer -> `Embedding.prompts` -> prompts of the requested number of
tokens, or at most 0.5 % fewer. The document is never cut. It stands between two passages of filler;
where none ends close to the requested depth, one is cut there. The last passage of the filler is
cut to the length. Question and choices stay at the end.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from lm_eval_longsafety.data.rows import Row
from lm_eval_longsafety.errors import OptionError
from lm_eval_longsafety.prompts.templates import Templates, load_templates, render
from lm_eval_longsafety.prompts.token_counts import TokenCounts
from lm_eval_longsafety.prompts.tokenizer import PromptTokenizer, load_tokenizer
from lm_eval_longsafety.prompts.window import Fitted
from lm_eval_longsafety.settings import Settings
from lm_eval_longsafety.variants.filler import BREAK, Filler, load_filler, split_passages
from lm_eval_longsafety.variants.length_options import LengthOptions

_ROUNDS = 40
"""Each round draws as many tokens more or fewer as the last prompt missed; one is usual."""
_NEAR = 0.015
"""Part of the filler by which the depth may be missed so that no passage is cut there."""


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
    templates: Templates
    own: frozenset[str]
    """All passages of the task's contexts, which its filler must not hold."""

    def prompts(self, rows: Sequence[Row], letters: Sequence[Sequence[str]]) -> list[Fitted]:
        """The prompts of some rows of the task, given the letters of each row's choices.

        Raises:
            OptionError: a row is longer than the length, the filler does not suffice, or the length
                cannot be met.
        """
        store = TokenCounts(self.tokenizer)
        pairs = list(zip(rows, letters, strict=True))
        sizes = store.count([self._render(row, dealt, [row.context]) for row, dealt in pairs])
        longest = max(sizes)
        if longest > self.length:
            raise OptionError(
                f"lengths: {self.length} tokens are fewer than the {longest} that document "
                f"{rows[sizes.index(longest)].id!r} of {self.split} has with question and choices; "
                f"take {longest} or more, or other tasks with `length_tasks`"
            )
        slack = self.length // 200
        tokens, budgets = dict(enumerate(sizes)), dict.fromkeys(range(len(pairs)), 0)
        fitted: dict[int, Fitted] = {}
        for round_ in range(_ROUNDS):
            # The middle of the permitted lengths comes first, so that one round is usual: measuring
            # is most of the work. Later rounds aim at the others in turn, which ends every cycle.
            aim = self.length - (slack // 2 + round_) % (slack + 1)
            budgets = {i: budgets[i] + aim - tokens[i] for i in budgets if i not in fitted}
            made = [self._prompt(*pairs[i], max(0, budget)) for i, budget in budgets.items()]
            for i, prompt, (count, sha256) in zip(budgets, made, store.measure(made), strict=True):
                tokens[i] = count
                if self.length - slack <= count <= self.length:
                    fitted[i] = Fitted(prompt=prompt, tokens=count, sha256=sha256, truncated=False)
            if len(fitted) == len(pairs):
                return [fitted[i] for i in range(len(pairs))]
        left = next(row for i, row in enumerate(rows) if i not in fitted)
        raise OptionError(
            f"split {self.split}, document {left.id!r}: {self.length} tokens cannot "
            "be met within 0.5 % with this tokenizer and filler; choose a larger length"
        )

    def _prompt(self, row: Row, letters: Sequence[str], budget: int) -> str:
        """The prompt with `budget` tokens of filler around the document."""
        place = round(self.depth * budget)
        near = min(_NEAR * budget, budget - place)
        parts: list[str] = []
        done, before = 0, None
        drawn = self.filler.passages(self.tokenizer, row_id=row.id, seed=self.seed, own=self.own)
        for text, count in drawn:
            if before is None and place - done <= min(near, count / 2):
                before = len(parts)
            end = place if before is None and done + count > place + near else budget
            kept = min(count, end - done)
            parts.append(text if kept == count else self._cut(text, kept))
            done += kept
            if done == budget:
                break
        else:
            raise OptionError(
                f"filler {self.filler.name!r} is too short: document {row.id!r} of {self.split} "
                f"needs {budget} tokens of it, and {done} can be used (nothing is repeated, and "
                "nothing of the document's own task is taken); name more with `filler`"
            )
        parts.insert(len(parts) if before is None else before, row.context)
        return self._render(row, letters, parts)

    def _cut(self, text: str, tokens: int) -> str:
        cut = self.tokenizer.decode(self.tokenizer.encode(text + BREAK)[:tokens])
        # A cut inside a character leaves replacement characters at the end.
        return cut.rstrip("\ufffd").strip()

    def _render(self, row: Row, letters: Sequence[str], parts: Sequence[str]) -> str:
        return render(
            self.split,
            context=BREAK.join(part for part in parts if part),
            question=row.question,
            choices=row.choices,
            letters=letters,
            templates=self.templates,
        )


def choose_rows(rows: Sequence[Row], count: int) -> list[Row]:
    """`count` rows spread evenly, all of them where there are fewer."""
    n = min(count, len(rows))
    return [rows[i * len(rows) // n] for i in range(n)]


def prepare(
    split: str,
    rows: Sequence[Row],
    chosen: Settings,
    options: LengthOptions,
    limit: int | None,
    length: int,
    depth: float,
) -> Embedding:
    """What builds prompts of `length` tokens for some of the task's rows.

    Raises:
        OptionError: no tokenizer is known, or the length is above the window's `limit`.
        DataError: the filler cannot be read.
    """
    tokenizer = load_tokenizer(chosen.model)
    if tokenizer is None:
        raise OptionError(
            "longsafety_length builds prompts of a requested length and needs the model's "
            "tokenizer; name it (hub id or folder) with --metadata '{\"tokenizer\": ...}'"
        )
    if limit is not None and length > limit:
        raise OptionError(
            f"lengths: {length} tokens do not fit into the model's window beside chat template and "
            f"reply; the largest length is {limit}"
        )
    return Embedding(
        split=split,
        length=length,
        depth=depth,
        seed=options.filler_seed,
        filler=load_filler(options.filler, chosen.data, chosen.data_revision),
        tokenizer=tokenizer,
        templates=load_templates(chosen.templates),
        own=frozenset(text for row in rows for text in split_passages(row.context)),
    )
