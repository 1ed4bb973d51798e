"""Section: published scores of other models, and where this report's models stand among them."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from lm_eval_longsafety.analysis.models import Model
from lm_eval_longsafety.report import drawing
from lm_eval_longsafety.report.content import (
    Cell,
    Column,
    Figure,
    Section,
    Table,
    percent,
    points,
    score,
    share,
    text,
    words,
)
from lm_eval_longsafety.report.published_scores import (
    TEMPLATES,
    PublishedScore,
    doubts,
    published_score,
    published_scores,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure as MatplotlibFigure

SOURCE = "Figure 1 of arXiv 2411.06899"
READING = "SR averaged over the ten tasks by our reading of that figure, which does not state it"


def section(models: Sequence[Model]) -> Section | None:
    """The published scores beside the models' own; None without an overall SR."""
    own = [(model, mean.value) for model in models if (mean := model.mean("sr"))]
    if not own:
        return None
    fit = [(model, value) for model, value in own if not doubts(model)]
    if all(TEMPLATES in doubts(model) for model, _ in own):
        return Section(id="published", title="Published scores", answer=_answer(fit, own))
    entries = [(score.value, score.model, score.kind) for score in published_scores()]
    entries += [(value, model.label, "this report") for model, value in fit]
    entries.sort(key=lambda entry: -entry[0])
    again = [(model, score) for model, _ in own if (score := published_score(model))]
    return Section(
        id="published",
        title="Published scores",
        answer=" ".join([_answer(fit, own), *_agreement(again)]),
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
            *([_again_table(again)] if again else []),
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
        reasons = sorted({doubt for model, _ in own for doubt in doubts(model)})
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


_Again = Sequence[tuple[Model, PublishedScore]]
"""Models of the report that the paper has too."""


def _agreement(again: _Again) -> list[str]:
    """How many of the paper's scores lie inside the interval of ours; none without any."""
    found = [_inside(model, published) for model, published in again if not doubts(model)]
    known = [inside for inside in found if inside is not None]
    if not known:
        return []
    if len(known) == 1:
        return [f"Its published score is {'inside' if known[0] else 'outside'} our 95 % interval."]
    return [
        f"Inside our 95 % intervals: {sum(known)} of {len(known)} published scores of the same "
        "models."
    ]


def _inside(model: Model, score: PublishedScore) -> bool | None:
    """Whether the published score is inside our interval; None if there is no interval."""
    own = model.mean("sr")
    if own is None or own.low is None or own.high is None:
        return None
    return own.low <= score.value <= own.high


def _again_table(again: _Again) -> Table:
    """Published and own score of each model that the paper has too."""
    rows = []
    for model, score_ in again:
        own = model.mean("sr")
        fit = own is not None and not doubts(model)
        change = own.value - score_.value if own and fit else None
        inside = {True: "yes", False: "no", None: "n/a"}[_inside(model, score_)]
        rows.append(
            (
                text(model.label),
                share(score_.value),
                score(own),
                Cell(text="n/a" if change is None else points(change), value=change),
                text(inside if fit else f"not comparable: {', '.join(doubts(model))}"),
            )
        )
    heads = ("Published SR %", "Our SR %", "Difference, points")
    return Table(
        id="published-again",
        caption=f"The same models in {SOURCE} and here [95 % interval]",
        columns=(
            words("Model"),
            *(Column(title=head) for head in heads),
            words("Published one inside our interval?"),
        ),
        rows=tuple(rows),
    )


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
