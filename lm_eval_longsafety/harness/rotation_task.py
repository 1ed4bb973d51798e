"""The lm-eval class of the rotations: it sends one prompt per order of a document's choices.

A task without a class sends one prompt per document. The class sends n, so that `--limit` counts
documents, the scores of one document are combined in one place, and standard errors are over
documents, whatever the number of processes.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from lm_eval_longsafety.harness.task import LongSafetyTask
from lm_eval_longsafety.metrics import (
    chosen_by_letters,
    chosen_by_reply,
    one_per_request,
    score_choice,
)
from lm_eval_longsafety.replies import Reading
from lm_eval_longsafety.variants.rotations import order_views, score_orders


class RotationsTask(LongSafetyTask):
    """A task whose documents are shown with all rotations of their letters."""

    def fewshot_context(
        self,
        doc: Mapping[str, Any],
        *args: Any,  # noqa: ANN401 - lm-eval's
        **kwargs: Any,  # noqa: ANN401
    ) -> list[str]:
        """One context per order."""
        build = super().fewshot_context
        return [build(view, *args, **kwargs) for view in order_views(doc)]

    def construct_requests(
        self,
        doc: Mapping[str, Any],
        ctx: list[str],
        **kwargs: Any,  # noqa: ANN401 - lm-eval's
    ) -> list[Any]:
        """The requests of all orders, one order after the other, for the sake of a prefix cache."""
        requests: list[Any] = []
        for view, context in zip(order_views(doc), ctx, strict=True):
            made = super().construct_requests(view, context, **kwargs)
            requests += made if isinstance(made, list) else [made]
        for index, request in enumerate(requests):
            request.idx = index
        return requests


def score_replies(
    doc: Mapping[str, Any], results: Sequence[Reading | list[Reading]]
) -> dict[str, float]:
    """Metrics of a document with one reply per order."""
    views, readings = list(order_views(doc)), one_per_request(results)
    chosen = [chosen_by_reply(view, each) for view, each in zip(views, readings, strict=True)]
    scores = [
        score_choice(doc, choice, refused=reading.refused)
        for choice, reading in zip(chosen, readings, strict=True)
    ]
    return score_orders(chosen, scores)


def score_letter_sets(
    doc: Mapping[str, Any], results: Sequence[tuple[float, bool]]
) -> dict[str, float]:
    """Metrics of a document with n log-probabilities per order."""
    n = len(doc["letters"])
    chosen = [
        chosen_by_letters(view, results[n * i : n * i + n])
        for i, view in enumerate(order_views(doc))
    ]
    return score_orders(chosen, [score_choice(doc, c, refused=False) for c in chosen])
