"""lm-eval's side of open replies: a class that counts their tokens, a filter that reads them.

Data flow: replies as the model wrote them -> counted -> filter `longsafety_reply` -> `OpenReply`
with its count -> `metrics.score_open`.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lm_eval.api.filter import Filter
from lm_eval.api.registry import register_filter

from lm_eval_longsafety.harness.task import LongSafetyTask
from lm_eval_longsafety.prompts.tokenizer import PromptTokenizer
from lm_eval_longsafety.replies import OpenReply, read_open
from lm_eval_longsafety.settings import longest_reply


@register_filter("longsafety_reply")
class ReplyFilter(Filter):  # type: ignore[misc]  # lm-eval ships no types
    """Removes the thoughts of the first reply to each document."""

    def apply(
        self, resps: Iterable[Sequence[Any]], docs: Iterable[Mapping[str, Any]]
    ) -> list[list[OpenReply]]:
        """A list with one reply for each document; lm-eval 0.5 would split a bare string."""
        return [[read_open(replies[0] if replies else None)] for replies in resps]


class OpenTask(LongSafetyTask):
    """A task whose replies are texts, not letters."""

    _counts: PromptTokenizer | None = None
    """The tokenizer of the model; None where the tokens of a reply cannot be known."""

    def _check(self, lm: Any, *, applied: bool) -> None:  # noqa: ANN401 (lm-eval's)
        super()._check(lm, applied=applied)
        # A backend that removes thoughts does not say how long they were.
        removed = getattr(lm, "think_end_token", None) is not None
        found = None if removed else self._tokenizer(lm)
        # API models may have another library's tokenizer, without a name.
        self._counts = PromptTokenizer(found) if hasattr(found, "name_or_path") else None

    def apply_filters(self) -> Any:  # noqa: ANN401 (lm-eval's)
        """Count each reply, then filter."""
        counts = self._count([each.resps[0] for each in self.instances])
        done = super().apply_filters()
        for instance, tokens in zip(self.instances, counts, strict=True):
            for (read,) in instance.filtered_resps.values():
                read.tokens = tokens
                read.cut = None if tokens is None else tokens >= longest_reply(instance.args[1])
        return done

    def _count(self, replies: Sequence[str]) -> Sequence[int | None]:
        """Tokens of each reply as its text is encoded again; None where no tokenizer is known."""
        return self._counts.count(replies) if self._counts else [None] * len(replies)
