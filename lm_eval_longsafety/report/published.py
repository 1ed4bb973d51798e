"""Published scores of other models, to compare a model's own with."""

import csv
from dataclasses import dataclass
from importlib.resources import files

SOURCE = "Figure 1 of arXiv 2411.06899"
READING = "SR averaged over the ten tasks by our reading of that figure, which does not state it"


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
    path = files("lm_eval_longsafety.report").joinpath("published_scores.csv")
    lines = path.read_text(encoding="utf-8").splitlines()
    rows = csv.DictReader(line for line in lines if not line.startswith("#"))
    return [
        PublishedScore(
            model=row["model"], value=float(row["score_percent"]) / 100, kind=row["kind"]
        )
        for row in rows
    ]
