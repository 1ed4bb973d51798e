"""Score a judge's verdicts on open replies, one for each order of the behaviours.

The task class is that of the rotations: a verdict is a question with choices in several orders.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from lm_eval_longsafety.metrics import (
    chosen_by_letters,
    chosen_by_reply,
    one_per_request,
    score_verdict,
)
from lm_eval_longsafety.replies import Reading
from lm_eval_longsafety.variants.judging import verdict
from lm_eval_longsafety.variants.rotations import order_views


def score_verdicts(
    doc: Mapping[str, Any], results: Sequence[Reading | list[Reading]]
) -> dict[str, float]:
    """Metrics of a document with one written verdict for each order."""
    views, readings = order_views(doc), one_per_request(results)
    return _score(
        doc, [chosen_by_reply(view, each) for view, each in zip(views, readings, strict=True)]
    )


def score_verdict_letters(
    doc: Mapping[str, Any], results: Sequence[tuple[float, bool]]
) -> dict[str, float]:
    """Metrics of a document with a log-probability for each letter of each order."""
    n = len(doc["choices"])
    return _score(
        doc,
        [
            chosen_by_letters(view, results[n * i : n * i + n])
            for i, view in enumerate(order_views(doc))
        ],
    )


def _score(doc: Mapping[str, Any], chosen: Sequence[int | None]) -> dict[str, float]:
    return score_verdict(doc, chosen, verdict(doc, chosen))
