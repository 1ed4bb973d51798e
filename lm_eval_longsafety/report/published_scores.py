"""The published scores, which models of a report are the same ones, and whether they compare.

Data flow: `published_scores.csv` -> scores; `published_models.csv`, a model's name -> its score.
"""

import csv
from dataclasses import dataclass
from importlib.resources import files
from pathlib import PurePath

from lm_eval_longsafety.analysis import facts
from lm_eval_longsafety.analysis.models import Model
from lm_eval_longsafety.public import path_tail

TEMPLATES = "other templates"
"""The doubt about runs that asked with other texts than the benchmark's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedScore:
    """One model's score in the paper."""

    model: str
    value: float
    """In [0, 1]."""
    kind: str
    """`open`, `closed` or `longsafety-tuned`."""


def published_scores() -> list[PublishedScore]:
    """All published scores, best first."""
    return [
        PublishedScore(
            model=row["model"], value=float(row["score_percent"]) / 100, kind=row["kind"]
        )
        for row in _rows("published_scores.csv")
    ]


def published_score(model: Model) -> PublishedScore | None:
    """The published score of this very model; None if it has none.

    Recognised by its name on the hub or at an API, or by a local folder with the hub's name of it.
    A model with an adapter is another model.
    """
    run = model.runs[0]
    names = {row["name"]: row["model"] for row in _rows("published_models.csv")}
    name = run.model
    # A shortened path, as in compact files, begins with an ellipsis.
    if path_tail(name) is not None or name.startswith("…/"):
        names = {PurePath(known).name: own for known, own in names.items()}
        name = PurePath(name).name
    own = names.get(name)
    if own is None or run.adapter:
        return None
    return next(score for score in published_scores() if score.model == own)


def _rows(name: str) -> list[dict[str, str]]:
    path = files("lm_eval_longsafety.report").joinpath(name)
    lines = path.read_text(encoding="utf-8").splitlines()
    return list(csv.DictReader(line for line in lines if not line.startswith("#")))


def doubts(model: Model) -> list[str]:
    """Why the model's score cannot be compared with the published ones."""
    if model.main is None:
        return []
    found = {
        "sample data": facts.on_sample_data(model.main),
        TEMPLATES: bool(model.main.run.other_templates),
        "limited run": model.main.run.limited,
        "not all ten tasks": not model.main.complete,
    }
    return [doubt for doubt, holds in found.items() if holds]
