"""Section: SR beside capability, and the other safety and bias tasks that the models ran.

Data flow: models, their `Average` -> one point a model, one sentence; tables of all other tasks.
"""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from lm_eval_longsafety.analysis.models import Model
from lm_eval_longsafety.analysis.other_tasks import (
    Average,
    all_values,
    other_tasks,
    value_of,
)
from lm_eval_longsafety.analysis.stats import TINY, Estimate
from lm_eval_longsafety.public import clean
from lm_eval_longsafety.report import drawing
from lm_eval_longsafety.report.capability_tables import NAMED, mean_of, named, reading, tables
from lm_eval_longsafety.report.content import Cell, Figure, Section, in_words, joined, share
from lm_eval_longsafety.report.points import cross, name_points

if TYPE_CHECKING:
    from matplotlib.figure import Figure as MatplotlibFigure


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
    names = other_tasks(runs)
    if not names:
        return None
    points = _points(models, found)
    return Section(
        id="capability",
        title="Safety beside capability",
        answer=answer(points) if any(m.main for m in models) else _alone(models, found),
        figures=(_figure(points, found.names),) if len(points) > 1 else (),
        tables=tables(models, names, found),
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
    return _short(found.names), {index: share(mean.value) for index, mean in found.means.items()}


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


def _alone(models: Sequence[Model], found: Average) -> str:
    """Which model is the most capable where none ran the benchmark; `""` without a mean."""
    means = [(model, found.means.get(model.index)) for model in models]
    points = [Point(model.label, model.index, mean, mean) for model, mean in means if mean]
    if not points:
        return ""
    able = _highest(points, [point.capability.value for point in points])
    capability = in_words(able[0].capability)
    if len(points) == 1:
        return f"{able[0].label}: capability {capability}."
    return f"{_have(able)} the highest capability, {capability}."


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
        if model.index in found.means and (safety := model.mean("sr"))
    ]


def _highest(points: Sequence[Point], values: Sequence[float]) -> list[Point]:
    most = max(values) - TINY
    return [point for point, value in zip(points, values, strict=True) if value > most]


def _have(points: Sequence[Point]) -> str:
    return f"{joined([p.label for p in points])} {'has' if len(points) == 1 else 'have'}"


def _short(names: Sequence[str]) -> str:
    return clean(names[0], 60) if len(names) == 1 else f"mean of {len(names)} tasks"


def _notes(models: Sequence[Model], names: Sequence[str], found: Average) -> list[str]:
    readings = {name: reading(name, models) for name in names}
    directions = [f"{clean(name, 60)}: {read}" for name, read in readings.items() if read]
    notes = [f"{'; '.join(directions[:NAMED])}."] if directions else []
    for model in models:
        twice = [name for name in names if len(all_values(model, name)) > 1]
        if twice:
            notes.append(
                f"{model.label}: several of its runs have different values of {named(twice)}, so "
                "none is shown."
            )
        missing = [name for name in found.names if value_of(model, name) is None]
        if missing and model.main:
            notes.append(f"{model.label}: no value of {named(missing)}, so it has no point.")
    return notes


def _figure(points: Sequence[Point], names: Sequence[str]) -> Figure:
    return Figure(
        id="capability",
        title=f"SR against capability: {mean_of(names)}",
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
