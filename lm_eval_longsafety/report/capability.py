"""Section: SR beside capability, and the other safety and bias tasks that the models ran.

Data flow: models, their `Average` -> one point a model, one sentence; tables of all other tasks.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from lm_eval_longsafety.analysis.models import Model
from lm_eval_longsafety.analysis.other_tasks import (
    Average,
    all_values,
    below_groups,
    interval,
    is_share,
    other_tasks,
    value_of,
)
from lm_eval_longsafety.analysis.safety_tasks import direction, is_safety
from lm_eval_longsafety.analysis.stats import TINY, Z95, Estimate
from lm_eval_longsafety.public import clean
from lm_eval_longsafety.report import drawing
from lm_eval_longsafety.report.content import (
    BESIDE,
    Cell,
    Column,
    Figure,
    Section,
    Table,
    in_words,
    joined,
    score,
    text,
    words,
)
from lm_eval_longsafety.report.points import cross, name_points
from lm_eval_longsafety.results import Metric

if TYPE_CHECKING:
    from matplotlib.figure import Figure as MatplotlibFigure

_NAMED = 12
"""So many tasks are named in a caption."""


class Point(NamedTuple):
    """One model's capability and safety."""

    label: str
    place: int
    """Of the model, which gives its colour."""
    capability: Estimate
    safety: Estimate


def section(models: Sequence[Model], found: Average) -> Section | None:
    """Safety beside capability; None where the runs hold no other task."""
    runs = [run for model in models for run in model.runs]
    names, below = other_tasks(runs), below_groups(runs)
    if not names:
        return None
    main = [name for name in names if name not in below]
    kinds = {
        ("capability-table", "Capability tasks"): [n for n in main if not is_safety(n)],
        ("safety-table", "Other safety and bias tasks"): [n for n in main if is_safety(n)],
        ("capability-leaves", "Subtasks of these groups"): [n for n in names if n in below],
    }
    tables = [_table(*kind, own, models, found) for kind, own in kinds.items() if own]
    if len(models) > BESIDE:
        tables.append(_metrics_table(names, models))
    points = _points(models, found)
    return Section(
        id="capability",
        title="Safety beside capability",
        answer=answer(points),
        figures=(_figure(points, found.names),) if len(points) > 1 else (),
        tables=tuple(tables),
        notes=tuple(_notes(models, names, found)),
        details=_DETAILS,
    )


def fact(models: Sequence[Model], found: Average) -> str | None:
    """The section's answer; None for less than two models with both values."""
    points = _points(models, found)
    return answer(points) if len(points) > 1 else None


def column(models: Sequence[Model], found: Average) -> tuple[str, dict[int, Cell]] | None:
    """What was averaged and each model's mean, for the verdict; None unless all models have it."""
    if not found.names or any(model.index not in found.means for model in models):
        return None
    return _short(found.names), {index: score(mean) for index, mean in found.means.items()}


def answer(points: Sequence[Point]) -> str:
    """Which model is the most capable and which has the highest SR."""
    if not points:
        return "No capability task has a value of every model, so SR stands alone."
    if len(points) == 1:
        (only,) = points
        return f"{only.label}: capability {in_words(only.capability)}, SR {in_words(only.safety)}."
    able = _highest(points, [point.capability.value for point in points])
    safe = _highest(points, [point.safety.value for point in points])
    capability, sr = in_words(able[0].capability), in_words(safe[0].safety)
    if able == safe and len(able) == 1:
        return (
            f"{able[0].label} has the highest capability, {capability}, and the highest SR, "
            f"{sr}, of {len(points)} models."
        )
    # Of one model alone its other value is given too.
    further = [
        f" (SR {in_words(able[0].safety)})" if len(able) == 1 else "",
        f" (capability {in_words(safe[0].capability)})" if len(safe) == 1 else "",
    ]
    return (
        f"{_have(able)} the highest capability, {capability}{further[0]}; "
        f"{_have(safe)} the highest SR, {sr}{further[1]}."
    )


_DETAILS = (
    "Other tasks that lm-eval ran for the same models, each with one metric: acc_norm if the task "
    "has it, else acc, else another common one, else the first listed; the strict filter if there "
    "are several. n/a if this metric has no number: no other metric replaces it.",
    "Values are lm-eval's own, shares in percent and others in their own unit. The interval of a "
    "task is ± 1.96 of lm-eval's standard errors, shown where it reported one. Capability is the "
    "plain mean over the tasks that are named, with the interval combined from theirs.",
    "Safety, truthfulness and bias tasks of lm-eval are never part of it unless --capability names "
    "them.",
)


def _points(models: Sequence[Model], found: Average) -> list[Point]:
    return [
        Point(model.label, model.index, found.means[model.index], safety)
        for model in models
        if model.index in found.means and model.main and (safety := model.main.mean("sr"))
    ]


def _highest(points: Sequence[Point], values: Sequence[float]) -> list[Point]:
    most = max(values) - TINY
    return [point for point, value in zip(points, values, strict=True) if value > most]


def _have(points: Sequence[Point]) -> str:
    return f"{joined([p.label for p in points])} {'has' if len(points) == 1 else 'have'}"


def _share(estimate: Estimate | None) -> Cell:
    """A cell with "%": other tasks are not all in percent."""
    return score(None) if estimate is None else replace(score(estimate), text=in_words(estimate))


def _short(names: Sequence[str]) -> str:
    return clean(names[0], 60) if len(names) == 1 else f"mean of {len(names)} tasks"


def _mean_of(names: Sequence[str]) -> str:
    return _long(names) if len(names) == 1 else f"mean of {_long(names)}"


def _long(names: Sequence[str]) -> str:
    """All names, or the first ones of many."""
    shown = [clean(name, 60) for name in names[:_NAMED]]
    shown += [f"{len(names) - _NAMED} more"] * (len(names) > _NAMED)
    return joined(shown)


def _notes(models: Sequence[Model], names: Sequence[str], found: Average) -> list[str]:
    directions = [
        f"{clean(name, 60)}: {read}" for name in names if (read := _reading(name, models))
    ]
    notes = ["; ".join(directions[:_NAMED]) + "."] if directions else []
    for model in models:
        twice = [name for name in names if len(all_values(model, name)) > 1]
        if twice:
            notes.append(
                f"{model.label}: several of its runs have different values of {_long(twice)}, so "
                "none is shown."
            )
        missing = [name for name in found.names if value_of(model, name) is None]
        if missing and model.main:
            notes.append(f"{model.label}: no value of {_long(missing)}, so it has no point.")
    return notes


def _table(
    id_: str, caption: str, names: Sequence[str], models: Sequence[Model], found: Average
) -> Table:
    shown = [m for m in models if any(all_values(m, name) for name in names)]
    beside = len(models) <= BESIDE
    rows = []
    if id_ == "capability-table" and found.means:
        means = [_share(found.means.get(model.index)) for model in shown]
        rows.append((text("Capability"), *[text(_mean_of(found.names))] * beside, *means))
    for name in names:
        cells = [_cell(value_of(model, name)) for model in shown]
        rows.append((text(name), *[text(_described(name, models))] * beside, *cells))
    return Table(
        id=id_,
        caption=f"{caption} [95 % interval]",
        columns=(
            words("Task"),
            *[words("Metric")] * beside,
            *(Column(title=m.label) for m in shown),
        ),
        rows=tuple(rows),
        folded=id_ == "capability-leaves",
    )


def _metrics_table(names: Sequence[str], models: Sequence[Model]) -> Table:
    """The metric of each task, where the tables of many models have no room for it."""
    return Table(
        id="capability-metrics",
        caption="Metrics of these tasks",
        columns=(words("Task"), words("Metric")),
        rows=tuple((text(name), text(_described(name, models))) for name in names),
        folded=True,
    )


def _described(name: str, models: Sequence[Model]) -> str:
    """Metric and filter, and in which direction it is to be read."""
    metrics = [metric for model in models for metric in all_values(model, name)]
    filters = [f", {m.filter}" if m.filter not in ("", "none") else "" for m in metrics]
    named = dict.fromkeys(m.name + own for m, own in zip(metrics, filters, strict=True))
    read = _reading(name, models)
    return " / ".join(named) + (f"; {read}" if read else "")


def _reading(name: str, models: Sequence[Model]) -> str:
    """In which direction a task's values are to be read; `""` where higher is better."""
    metrics = [metric for model in models for metric in all_values(model, name)]
    lower = any(metric.higher_is_better is False for metric in metrics)
    return direction(name) or ("lower is better" if lower else "")


def _cell(metric: Metric | None) -> Cell:
    """Percent for what looks like a share, else the number in the metric's own unit."""
    if metric is None or metric.value is None:
        return Cell(text="n/a")
    if is_share(metric):
        return _share(interval(metric))
    shown = f"{metric.value:,.6g}"
    if not metric.stderr or metric.stderr < 0:
        return Cell(text=shown, value=metric.value)
    half = Z95 * metric.stderr
    low, high = metric.value - half, metric.value + half
    return Cell(text=f"{shown} ± {half:,.2g}", value=metric.value, low=low, high=high)


def _figure(points: Sequence[Point], names: Sequence[str]) -> Figure:
    return Figure(
        id="capability",
        title=f"SR against capability: {_mean_of(names)}",
        description="Each model's SR against its capability, both with 95 % intervals.",
        panels={"": partial(_draw, points, f"capability, percent ({_short(names)})")},
    )


def _draw(points: Sequence[Point], title: str) -> "MatplotlibFigure":
    with drawing.style():
        figure, ax = drawing.panel(4.0)
        for point in points:
            cross(ax, point.capability, point.safety, point.place)
        ax.set(xlabel=title, ylabel="SR, percent", xlim=(-2, 102), ylim=(-2, 102))
        name_points(
            figure,
            ax,
            [(100 * p.capability.value, 100 * p.safety.value, p.label, p.place) for p in points],
        )
    return figure
