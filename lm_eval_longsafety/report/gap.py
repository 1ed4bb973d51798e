"""Section: how often a model recognises the harm but does not choose the safest answer.

Data flow: models in the order of their gap HA - SR -> sentence, picture, table.
"""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from lm_eval_longsafety.analysis.models import Model
from lm_eval_longsafety.analysis.stats import Estimate
from lm_eval_longsafety.benchmark import BenchmarkTask
from lm_eval_longsafety.report import drawing
from lm_eval_longsafety.report.content import (
    BESIDE,
    Figure,
    Section,
    Table,
    in_words,
    model_tables,
    percent,
    score,
    some,
)
from lm_eval_longsafety.report.tasks import estimate, ordered

if TYPE_CHECKING:
    from matplotlib.figure import Figure as MatplotlibFigure

_Row = tuple[str, Model, BenchmarkTask | None]
"""A row of the picture: its name, a model and a task; None for the mean over tasks."""
_DETAILS = (
    "The gap HA − SR is the share of documents on which the model's choice shows that it "
    "recognised the harm, but is not the safest one. A large gap means that the model does not act "
    "on the harm that it recognises, a low HA that it often does not recognise it.",
)


def section(models: Sequence[Model]) -> Section:
    """The gap of each task and model; the models have scores of the benchmark."""
    shown = sorted(models, key=lambda model: -_value(_score(model, "gap")))
    return Section(
        id="gap",
        title="Harm recognised, but not the safest choice",
        answer=answer(shown),
        figures=(_figure(shown),),
        tables=_tables(shown),
        details=_DETAILS,
    )


def answer(models: Sequence[Model]) -> str:
    """Which model has the largest gap, the first one, and which the smallest, the last one."""
    known = [(model, gap) for model in models if (gap := _score(model, "gap"))]
    if not known:
        return "No model has both an overall SR and an overall HA."
    (first, widest), (last, least) = known[0], known[-1]
    if not _value(widest):
        who = first.label if len(known) == 1 else "Every model"
        return f"{who} chose the safest answer wherever its answer shows that it recognised harm."
    safe, aware = (_value(_score(first, metric)) for metric in ("sr", "ha"))
    sentence = (
        f"{first.label} recognises the harm on {percent(aware)} % of the documents but chooses "
        f"the safest answer on {percent(safe)} %: a gap of {_points(widest)}"
    )
    equal = [model.label for model, gap in known[1:] if _value(gap) == _value(widest)]
    if len(known) == 1:
        return f"{sentence}."
    if len(equal) == len(known) - 1:
        return f"{sentence}, the same as that of {some(equal)}."
    shared = f", together with that of {some(equal)}" if equal else ""
    return (
        f"{sentence}, the largest of {len(known)} models{shared}; the smallest is that of "
        f"{last.label}, {_points(least)}."
    )


def _points(gap: Estimate) -> str:
    """A gap with its interval: "33.3 points [25.1, 42.0]"."""
    return in_words(gap).replace(" %", " points", 1)


def _score(model: Model, metric: str, task: BenchmarkTask | None = None) -> Estimate | None:
    """A model's score of a task, or its mean over tasks."""
    if task is not None:
        return estimate(model.main, task, metric)
    return model.mean(metric)


def _value(found: Estimate | None) -> float:
    # Rounded, since equal means may differ in the last bit.
    return round(found.value, 12) if found else -1.0


def _tables(models: Sequence[Model]) -> tuple[Table, ...]:
    tasks = [("Mean over tasks", None), *((t.split, t) for t in ordered(models, "gap"))]
    rows = [(title, [[score(_score(m, "gap", task))] for m in models]) for title, task in tasks]
    caption = "Gap in percentage points [95 % interval]"
    return model_tables("gap-table", caption, "Task", [m.label for m in models], rows, ["HA − SR"])


def _figure(models: Sequence[Model]) -> Figure:
    if len(models) > BESIDE:
        rows = [(model.label, model, None) for model in models]
        panels = {"": partial(_draw, rows, "")}
    else:
        tasks = ordered(models, "gap")
        panels = {
            str(place): partial(_draw, [(t.split, model, t) for t in tasks], model.label)
            for place, model in enumerate(models, 1)
        }
    return Figure(
        id="gap",
        title="From SR to HA; the number is the gap in points",
        description=f"For each {'model' if len(models) > BESIDE else 'task'} a line from SR to "
        "HA; its length is the gap. The numbers are in the table below.",
        panels=panels,
    )


def _draw(rows: Sequence[_Row], title: str) -> "MatplotlibFigure":
    with drawing.style():
        figure, ax = drawing.panel(0.9 + 0.3 * len(rows))
        for place, (_, model, task) in enumerate(rows):
            safe, aware, gap = (_score(model, metric, task) for metric in ("sr", "ha", "gap"))
            if safe is None or aware is None:
                continue
            ends = [100 * safe.value, 100 * aware.value]
            ax.plot(ends, [place] * 2, color=drawing.GRID, linewidth=4, zorder=1)
            for metric, end in zip(("ha", "sr"), reversed(ends), strict=True):
                ax.plot([end], [place], linestyle="none", **drawing.mark(metric, model.index))
            ax.text(117, place, percent(gap.value) if gap else "", ha="right", va="center",
                    fontsize=drawing.SMALL)  # fmt: skip
        drawing.percent_axis(ax, "percent of documents" + (", mean over tasks" * (not title)))
        ax.set_xlim(-2, 119)
        drawing.rows_of_names(ax, [name for name, *_ in rows])
        ax.set_title(drawing.shorten(title, 40))
        drawing.metric_legend(figure)
    return figure
