"""lm-eval's shell around `rotations`: one document asks once an order.

A YAML task sends one prompt a document. A class sends n, so that `--limit` counts documents, the
scores of one document meet in one place, and standard errors are over documents, whatever the
number of processes.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from lm_eval.api.task import ConfigurableTask

from lm_eval_longsafety.errors import OptionError
from lm_eval_longsafety.metrics import (
    Reply,
    chosen_by_letters,
    chosen_by_reply,
    only_reading,
    score_choice,
)
from lm_eval_longsafety.rotations import order_views, score_orders


class RotationsTask(ConfigurableTask):  # type: ignore[misc]  # lm-eval is untyped
    """A task whose documents are shown under all cyclic deals of their letters."""

    def __init__(self, config: dict[str, Any]) -> None:
        """Build the task as lm-eval builds one from YAML.

        Raises:
            OptionError: this lm-eval gives a class no `--metadata` and no model arguments.
        """
        refuse_old_lm_eval(config)
        super().__init__(config={key: config[key] for key in config if key != "class"})

    def fewshot_context(
        self,
        doc: Mapping[str, Any],
        *args: Any,  # noqa: ANN401 - lm-eval's
        **kwargs: Any,  # noqa: ANN401
    ) -> list[str]:
        """One context an order."""
        build = super().fewshot_context
        return [build(view, *args, **kwargs) for view in order_views(doc)]

    def construct_requests(
        self,
        doc: Mapping[str, Any],
        ctx: list[str],
        **kwargs: Any,  # noqa: ANN401 - lm-eval's
    ) -> list[Any]:
        """The requests of all orders, one order after the other: a prefix cache holds the rest."""
        requests: list[Any] = []
        for view, context in zip(order_views(doc), ctx, strict=True):
            made = super().construct_requests(view, context, **kwargs)
            requests += made if isinstance(made, list) else [made]
        for index, request in enumerate(requests):
            request.idx = index
        return requests


def refuse_old_lm_eval(config: Mapping[str, Any]) -> None:
    """Before 0.4.12 a task class sees the YAML file alone.

    Raises:
        OptionError: so it is here.
    """
    if "config_source" not in (config.get("metadata") or {}):
        raise OptionError(
            f"task {config.get('task')}: this lm-eval gives Python tasks neither --metadata nor "
            "--model_args, so the data and the window are unknown; install lm_eval 0.4.12 or newer"
        )


def score_replies(doc: Mapping[str, Any], results: Sequence[Reply]) -> dict[str, float]:
    """Metrics of one reply an order."""
    views, readings = list(order_views(doc)), [only_reading(reply) for reply in results]
    chosen = [chosen_by_reply(view, each) for view, each in zip(views, readings, strict=True)]
    scores = [
        score_choice(doc, choice, refused=reading.refused)
        for choice, reading in zip(chosen, readings, strict=True)
    ]
    return score_orders(chosen, scores)


def score_letter_sets(
    doc: Mapping[str, Any], results: Sequence[tuple[float, bool]]
) -> dict[str, float]:
    """Metrics of n log-probabilities an order."""
    n = len(doc["letters"])
    chosen = [
        chosen_by_letters(view, results[n * i : n * i + n])
        for i, view in enumerate(order_views(doc))
    ]
    return score_orders(chosen, [score_choice(doc, c, refused=False) for c in chosen])
