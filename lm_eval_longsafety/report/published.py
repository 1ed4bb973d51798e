"""Section: published scores of other models, and where this report's models stand among them."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from importlib.resources import files
from typing import TYPE_CHECKING

from lm_eval_longsafety.analysis import facts
from lm_eval_longsafety.analysis.models import Model
from lm_eval_longsafety.report import drawing
from lm_eval_longsafety.report.content import (
    Column,
    Figure,
    Section,
    Table,
    percent,
    share,
    text,
    words,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure as MatplotlibFigure

SOURCE = "Figure 1 of arXiv 2411.06899"
_TEMPLATES = "other templates"
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


def section(models: Sequence[Model]) -> Section | None:
    """The published scores beside the models' own; None without an overall SR."""
    own = [(model, mean.value) for model in models if (mean := model.mean("sr"))]
    if not own:
        return None
    fit = [(model, value) for model, value in own if not _doubts(model)]
    if all(_TEMPLATES in _doubts(model) for model, _ in own):
        return Section(id="published", title="Published scores", answer=_answer(fit, own))
    entries = [(score.value, score.model, score.kind) for score in published_scores()]
    entries += [(value, model.label, "this report") for model, value in fit]
    entries.sort(key=lambda entry: -entry[0])
    return Section(
        id="published",
        title="Published scores",
        answer=_answer(fit, own),
        figures=(
            Figure(
                id="published",
                title="SR of published models",
                description="The published SR of other models, and that of this report's models "
                "where they ran on the same data.",
                panels={"": partial(_draw, fit)},
            ),
        ),
        tables=(
            Table(
                id="ladder",
                caption=f"Published SR % ({SOURCE}), and this report's on the same data",
                columns=(words("Model"), Column(title="SR %"), words("Kind")),
                rows=tuple((text(name), share(value), text(kind)) for value, name, kind in entries),
                folded=True,
            ),
        ),
        details=(f"The published scores ({SOURCE}) are {READING}.",),
    )


def _answer(fit: Sequence[tuple[Model, float]], own: Sequence[tuple[Model, float]]) -> str:
    if not fit:
        reasons = sorted({doubt for model, _ in own for doubt in _doubts(model)})
        return (
            f"This report's scores cannot be compared with the published ones: "
            f"{', '.join(reasons)}."
        )
    published = [score.value for score in published_scores()]
    model, value = max(fit, key=lambda pair: pair[1])
    above = sum(value > other for other in published)
    return (
        f"{model.label} scores {percent(value)} %, above {above} of the {len(published)} "
        "published models; the published scores have no interval."
    )


def _doubts(model: Model) -> list[str]:
    """Why the model's score cannot be compared with the published ones."""
    if model.main is None:
        return []
    found = {
        "sample data": facts.on_sample_data(model.main),
        _TEMPLATES: bool(model.main.run.other_templates),
        "limited run": model.main.run.limited,
        "not all ten tasks": not model.main.complete,
    }
    return [doubt for doubt, holds in found.items() if holds]


def _draw(own: Sequence[tuple[Model, float]]) -> "MatplotlibFigure":
    entries: list[tuple[float, str, int | None]]
    entries = [(score.value, score.model, None) for score in published_scores()]
    entries += [(value, model.label, model.index) for model, value in own]
    entries.sort(key=lambda entry: -entry[0])
    with drawing.style():
        figure, ax = drawing.panel(0.9 + 0.21 * len(entries))
        for row, (value, _, index) in enumerate(entries):
            if index is None:
                ax.plot([100 * value], [row], marker="|", markersize=9, markeredgewidth=2,
                        color=drawing.MUTED)  # fmt: skip
            else:
                ax.plot([100 * value], [row], **drawing.mark("sr", index))
        drawing.percent_axis(ax, "SR, percent, mean over tasks")
        drawing.rows_of_names(ax, [name for _, name, _ in entries])
        for name in ax.get_yticklabels():
            name.set_fontsize(drawing.SMALL)
        if not own:
            ax.set_title("Other data than this report's:\nnot comparable")
    return figure
