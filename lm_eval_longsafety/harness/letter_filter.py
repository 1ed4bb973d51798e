"""lm-eval's filter `longsafety_letter`: the replies to a document -> one `Reading`."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lm_eval.api.filter import Filter
from lm_eval.api.registry import register_filter

from lm_eval_longsafety.replies import Reading, read_choice


@register_filter("longsafety_letter")
class LetterFilter(Filter):  # type: ignore[misc]  # lm-eval ships no types
    """Reads a letter from the first reply to each document."""

    def apply(
        self, resps: Iterable[Sequence[Any]], docs: Iterable[Mapping[str, Any]]
    ) -> list[list[Reading]]:
        """A list with one reading for each document; lm-eval 0.5 would split a bare string."""
        return [
            [read_choice(replies[0] if replies else None, doc["choices"], doc["letters"])]
            for replies, doc in zip(resps, docs, strict=True)
        ]
