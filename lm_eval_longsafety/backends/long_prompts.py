"""What both backends share: order requests, encode each context once, store each answer.

Data flow: lm-eval's requests -> groups that share a document -> chunks -> the engine (a subclass of
lm-eval's own) -> `Answers`, in request order and in the response cache. Requests that gain nothing
here (empty contexts, continuations of several tokens, encoder-decoder models) go through lm-eval's
own code unchanged.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lm_eval.api.model import CacheHook, TemplateLM
from tqdm import tqdm

from lm_eval_longsafety.backends import response_cache
from lm_eval_longsafety.backends.letter_tokens import (
    Encoded,
    encode_continuations,
    refuse_same_tokens,
)
from lm_eval_longsafety.backends.prompt_order import by_shared_prefix, chunks
from lm_eval_longsafety.backends.response_cache import Answers
from lm_eval_longsafety.errors import OptionError

if TYPE_CHECKING:
    from lm_eval.api.instance import Instance

CHARS_PER_TOKEN = 4
"""An estimate for English text, used only for the size of chunks."""

TURN = 32
"""Tokens at the end of a prompt, in which a chat template may open a thought."""

Score = tuple[float, bool]
"""Log-probability of a continuation, and whether greedy decoding would give it."""

_END = 200
"""Characters at the end of a context that may change the tokens of a letter; rather too many."""
MAX_LEAD = 4
"""Tokens; whitespace at the end of a chat template is one or two."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NextToken:
    """One context and continuations that differ only in their last token."""

    context: list[int]
    lead: tuple[int, ...]
    """The tokens that all continuations begin with, often none. After a chat template it is the
    template's last line break, which lm-eval scores with each continuation."""
    tokens: tuple[int, ...]
    """The last tokens, one for each continuation, in request order; two may be equal."""


def _next_token(encoded: Encoded) -> NextToken | None:
    """The continuations if they differ only in their last token, after a short lead; else None."""
    context, ids = encoded.context, encoded.continuations
    lead = tuple(ids[0][:-1])
    alike = all(each and tuple(each[:-1]) == lead for each in ids)
    if not alike or len(lead) > MAX_LEAD:
        return None
    return NextToken(context=context, lead=lead, tokens=tuple(each[-1] for each in ids))


class LongPrompts(TemplateLM):  # type: ignore[misc]  # lm-eval is untyped
    """Mixin; comes before one of lm-eval's backends in the bases of a class."""

    cache_hook: CacheHook
    chunk_tokens: int | None = 1_000_000
    """About how many prompt tokens are computed between two pauses to store; None for all."""

    def _score_groups(
        self, groups: Sequence[list[NextToken]]
    ) -> Iterator[tuple[int, list[list[Score]]]]:
        """Score the candidates of each context; yield the number and scores of each done group."""
        raise NotImplementedError

    def _generate_groups(
        self, groups: "Sequence[list[Instance]]"
    ) -> Iterator[tuple[int, list[str]]]:
        """Answer the requests; yield the number and the replies of each group once it is done."""
        raise NotImplementedError

    def _identity(self) -> dict[str, object]:
        """Everything that an answer depends on apart from the request."""
        raise NotImplementedError

    def set_cache_hook(self, cache_hook: CacheHook) -> None:
        """Use lm-eval's response cache, if it is undamaged and belongs to this model.

        Raises:
            CacheError: it is damaged or belongs to another model.
        """
        if cache_hook.dbdict is not None:
            response_cache.claim(Path(cache_hook.dbdict.filename), self._identity())
        super().set_cache_hook(cache_hook)

    def refuse_same_letters(self, requests: "Sequence[Instance]") -> None:
        """Check that the letters of a task's requests end in different tokens.

        Raises:
            OptionError: two of them end in the same token.
        """
        asked: dict[str, dict[str, None]] = defaultdict(dict)
        for request in requests:
            context, letter = request.args
            asked[context[-_END:]][letter] = None
        for end, letters in asked.items():
            encoded = encode_continuations(self.tok_encode, end, list(letters))
            refuse_same_tokens(list(letters), encoded)

    def loglikelihood(self, requests: "list[Instance]", disable_tqdm: bool = False) -> list[Score]:
        """Score as lm-eval does, with one pass per context if continuations are single tokens."""
        if self.backend != "causal" or getattr(self, "enable_thinking", False):
            return super().loglikelihood(requests, disable_tqdm=disable_tqdm)  # type: ignore[no-any-return]
        by_context: dict[str, list[int]] = defaultdict(list)
        for index, request in enumerate(requests):
            by_context[request.args[0]].append(index)
        blank = [context for context in by_context if not context.strip()]
        left_to_stock = [index for context in blank for index in by_context.pop(context)]
        answers: Answers[Score]
        with self._storing(requests, "loglikelihood", disable_tqdm) as answers:
            if left_to_stock:
                answers.add(
                    left_to_stock,
                    super().loglikelihood([requests[i] for i in left_to_stock], disable_tqdm=True),
                )
            contexts = list(by_context)
            for chunk in self._chunks(contexts):
                self._score_chunk(
                    [{contexts[i]: by_context[contexts[i]] for i in group} for group in chunk],
                    requests,
                    answers,
                )
        return answers.in_order()

    def generate_until(self, requests: "list[Instance]", disable_tqdm: bool = False) -> list[str]:
        """Generate as lm-eval does; prompts that share a document follow each other."""
        answers: Answers[str]
        with self._storing(requests, "generate_until", disable_tqdm) as answers:
            for chunk in self._chunks([request.args[0] for request in requests]):
                replies = self._generate_groups([[requests[i] for i in group] for group in chunk])
                for number, texts in replies:
                    answers.add(chunk[number], texts)
        return answers.in_order()

    def _chunks(self, texts: Sequence[str]) -> Iterator[list[list[int]]]:
        budget = self.chunk_tokens and self.chunk_tokens * CHARS_PER_TOKEN
        return chunks(by_shared_prefix(texts), [len(text) for text in texts], budget)

    def _score_chunk(
        self,
        groups: list[dict[str, list[int]]],
        requests: "list[Instance]",
        answers: Answers[Score],
    ) -> None:
        """Answer the requests of each context, which are given by their indices."""
        single: list[list[tuple[list[int], NextToken]]] = []
        rest: list[tuple[int, tuple[Any, list[int], list[int]]]] = []
        for group in groups:
            single.append([])
            for context, indices in group.items():
                asked = [requests[index].args[1] for index in indices]
                encoded = encode_continuations(self.tok_encode, context, asked)
                if (found := _next_token(encoded)) is not None:
                    single[-1].append((indices, found))
                    continue
                for index, ids in zip(indices, encoded.continuations, strict=True):
                    rest.append((index, (requests[index].args, encoded.context, ids)))
        single = [group for group in single if group]
        scored = self._score_groups([[asked for _, asked in group] for group in single])
        for number, scores in scored:
            for (indices, _), each in zip(single[number], scores, strict=True):
                answers.add(indices, each)
        if rest:
            tokens = [each for _, each in rest]
            scores = self._loglikelihood_tokens(tokens, disable_tqdm=True)
            answers.add([index for index, _ in rest], scores)

    @contextmanager
    def _storing(
        self, requests: "list[Instance]", method: str, disable_tqdm: bool
    ) -> Iterator[Answers[Any]]:
        """Prevent lm-eval's code from storing what `Answers` stores; show one progress bar."""
        hook, self.cache_hook = self.cache_hook, CacheHook(None)
        hidden = disable_tqdm or self.rank != 0
        try:
            with tqdm(total=len(requests), desc=method, disable=hidden) as bar:
                yield Answers(hook, method, requests, bar)
        finally:
            self.cache_hook = hook


def above_zero(name: str, value: object) -> int:
    """The value of one of our model arguments, checked before the weights are loaded.

    Raises:
        OptionError: it is not a whole number above 0.
    """
    # lm-eval reads 1e5 as a float.
    text = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
    if not text.isdecimal() or int(text) < 1:
        raise OptionError(f"--model_args {name}: expected a whole number above 0, found {value!r}")
    return int(text)
