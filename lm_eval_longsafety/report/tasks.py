"""Section: SR and HA of each task, scenario, harm category and domain.

Data flow: models in the order of their SR, tasks in the order of their mean SR -> sentence,
picture, tables.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from lm_eval_longsafety.analysis.models import Model
from lm_eval_longsafety.analysis.scores import Subject, TaskScores
from lm_eval_longsafety.analysis.stats import Estimate
from lm_eval_longsafety.benchmark import TASKS, BenchmarkTask
from lm_eval_longsafety.report import drawing
from lm_eval_longsafety.report.content import (
    BESIDE,
    Cell,
    Column,
    Figure,
    Section,
    Table,
    count,
    in_words,
    joined,
    model_tables,
    percent,
    score,
    some,
    text,
    words,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure as MatplotlibFigure

SCENARIOS = {
    "fully_harmful": "Fully harmful context",
    "partially_harmful": "Partially harmful context",
    "query_harmful": "Harmless context, harmful query",
}
_GROUPS: dict[str, dict[Any, str]] = {
    "scenario": SCENARIOS,
    "harm": {
        "illegal_activities": "Illegal activities",
        "misinformation": "Misinformation",
        "offensiveness": "Offensiveness and bias",
    },
    "in_domain": {True: "In-domain", False: "Out-of-domain"},
}
"""Titles of the groups of tasks, by field of `BenchmarkTask` and its value."""
_METRICS = {"sr": "SR %", "ha": "HA %"}
_DETAILS = (
    "In-domain tasks also occur in the LongSafety training set; the other five do not. Groups are "
    "plain means over their tasks.",
    "Models stand in the order of their overall SR, tasks in the order of their mean SR.",
)


def section(models: Sequence[Model]) -> Section:
    """Where each model is weak; the models have scores of the benchmark."""
    shown = by_sr(models)
    tasks = ordered(shown, "sr")
    return Section(
        id="tasks",
        title="Tasks",
        answer=answer(shown),
        figures=(_figure(shown, tasks),),
        tables=(*_task_tables(shown, tasks), *_group_tables(shown), *_other_tables(shown, tasks)),
        details=_DETAILS,
    )


def by_sr(models: Sequence[Model]) -> list[Model]:
    """The models by overall SR, highest first, those without one last."""
    means = {model.index: model.mean("sr") for model in models}
    return sorted(models, key=lambda model: -mean.value if (mean := means[model.index]) else 1.0)


def estimate(subject: Subject | None, task: BenchmarkTask, metric: str) -> Estimate | None:
    """A subject's score of a task; None if it is unknown or the task was not run."""
    found = _task_of(subject, task)
    return found.estimate(metric) if found else None


def ordered(models: Sequence[Model], metric: str) -> list[BenchmarkTask]:
    """The tasks that any model ran, by their mean over the models, highest first."""
    run = [task for task in TASKS if any(_task_of(model.main, task) for model in models)]
    return sorted(run, key=lambda task: -_mean(models, task, metric))


def answer(models: Sequence[Model]) -> str:
    """Where the first model, of the highest SR, is weak and strong, and the hardest task."""
    best = models[0]
    own = [(task.split, found) for task in TASKS if (found := estimate(best.main, task, "sr"))]
    if not own:
        return "No task has an SR."
    name = f"{best.label}, with the highest overall SR," if len(models) > 1 else best.label
    values = [found.value for _, found in own]
    if len(own) == 1:
        sentence = f"{name} has an SR of {in_words(own[0][1])} on {own[0][0]}, its only task"
    elif min(values) == max(values):
        sentence = f"{name} has the same SR on each of its {len(own)} tasks, {percent(values[0])} %"
    else:
        sentence = (
            f"{name} is weakest on {_with_value(own, min(values))} and strongest on "
            f"{_with_value(own, max(values))}"
        )
    hardest = _hardest(models) if len(models) > 1 else ""
    return sentence + hardest + "."


def _with_value(own: Sequence[tuple[str, Estimate]], value: float) -> str:
    named = [f"{split} (SR {in_words(found)})" for split, found in own if found.value == value]
    return some(named)


def _hardest(models: Sequence[Model]) -> str:
    """The task with the lowest mean over all models; empty where that is no single place."""
    all_ran = [task for task in TASKS if all(estimate(m.main, task, "sr") for m in models)]
    means = {task.split: _mean(models, task, "sr") for task in all_ran}
    low = min(means.values(), default=0.0)
    hardest = [split for split, mean in means.items() if mean == low]
    if len(hardest) == len(means):
        return ""
    some_tasks = len(means) < len(ordered(models, "sr"))
    of = f"of the {len(means)} tasks that all models ran" if some_tasks else "over all models"
    verb = "the hardest task is" if len(hardest) == 1 else "the hardest tasks are"
    return f"; {of} {verb} {some(hardest)} (mean SR {percent(low)} %)"


def _mean(models: Sequence[Model], task: BenchmarkTask, metric: str) -> float:
    """Mean over the models that have the score; -1 if none has it, to sort by."""
    found = [each.value for m in models if (each := estimate(m.main, task, metric))]
    # Rounded, since equal means may differ in the last bit.
    return round(sum(found) / len(found), 12) if found else -1.0


def _task_of(subject: Subject | None, benchmark: BenchmarkTask) -> TaskScores | None:
    tasks = subject.tasks if subject else ()
    return next((task for task in tasks if task.benchmark is benchmark), None)


def _task_tables(models: Sequence[Model], tasks: Sequence[BenchmarkTask]) -> list[Table]:
    rows = [(t.split, [_cells(model.main, t) for model in models]) for t in tasks]
    tables = model_tables(
        "per-task",
        "Scores per task [95 % interval]",
        "Task",
        _labels(models),
        rows,
        list(_METRICS.values()),
    )
    return [*tables, _documents_table(models, tasks)]


def _documents_table(models: Sequence[Model], tasks: Sequence[BenchmarkTask]) -> Table:
    """How many documents were scored, once for all models that have the same numbers."""
    numbers = {m.label: [_documents(m.main, task) for task in tasks] for m in models}
    if len(set(map(tuple, numbers.values()))) == 1:
        numbers = {"Documents": next(iter(numbers.values()))}
    return Table(
        id="per-task-documents",
        caption="Documents per task",
        columns=(words("Task"), *(Column(title=title) for title in numbers)),
        rows=tuple(
            (text(task.split), *map(count, own))
            for task, *own in zip(tasks, *numbers.values(), strict=True)
        ),
        folded=True,
    )


def _documents(subject: Subject | None, task: BenchmarkTask) -> int | None:
    found = _task_of(subject, task)
    return found.n if found else None


def _cells(subject: Subject | None, task: BenchmarkTask) -> list[Cell]:
    return [score(estimate(subject, task, metric)) for metric in _METRICS]


def _group_tables(models: Sequence[Model]) -> tuple[Table, ...]:
    rows = []
    for kind, titles in _GROUPS.items():
        for key, title in titles.items():
            chosen = partial(_has, kind, key)
            found = [[m.main.mean(x, chosen) if m.main else None for x in _METRICS] for m in models]
            if any(each for own in found for each in own):
                rows.append((title, [[score(each) for each in own] for own in found]))
    return model_tables(
        "per-group",
        "Scores per scenario, harm category and domain: mean over tasks [95 % interval]",
        "Group",
        _labels(models),
        rows,
        list(_METRICS.values()),
        folded=True,
    )


def _has(field: str, value: object, task: BenchmarkTask) -> bool:
    return bool(getattr(task, field) == value)


def _other_tables(models: Sequence[Model], tasks: Sequence[BenchmarkTask]) -> tuple[Table, ...]:
    """SR under the second protocol; nothing where no model has it."""
    both = [model for model in models if model.other]
    if not both:
        return ()
    rows = [
        (task.split, [[score(estimate(model.other, task, "sr"))] for model in both])
        for task in tasks
    ]
    protocols = joined(sorted({model.other.protocol for model in both if model.other}))
    caption = f"Scores per task under the second protocol, {protocols} [95 % interval]"
    return model_tables(
        "per-task-other", caption, "Task", _labels(both), rows, ["SR %"], folded=True
    )


def _labels(models: Sequence[Model]) -> list[str]:
    return [model.label for model in models]


def _figure(models: Sequence[Model], tasks: Sequence[BenchmarkTask]) -> Figure:
    panels: dict[str, Callable[[], MatplotlibFigure]]
    if len(models) > BESIDE:
        title = "SR of each model and task, in percent"
        description = "A map with a row for each model, a column for each task, and SR in percent."
        panels = {"": partial(_draw_map, models, tasks)}
    else:
        title = "SR and HA of each task"
        description = "A panel for each model: SR and HA of each task with 95 % intervals."
        panels = {
            str(place): partial(_draw_model, model, tasks) for place, model in enumerate(models, 1)
        }
    return Figure(
        id="tasks",
        title=title,
        description=f"{description} The numbers are in the table below.",
        panels=panels,
    )


def _draw_map(models: Sequence[Model], tasks: Sequence[BenchmarkTask]) -> "MatplotlibFigure":
    values = {
        (row, column): found.value
        for row, model in enumerate(models)
        for column, task in enumerate(tasks)
        if (found := estimate(model.main, task, "sr"))
    }
    with drawing.style():
        figure, ax = drawing.panel(1.2 + 0.34 * len(models))
        drawing.fields(ax, _labels(models), [task.split for task in tasks], values)
    return figure


def _draw_model(model: Model, tasks: Sequence[BenchmarkTask]) -> "MatplotlibFigure":
    with drawing.style():
        figure, ax = drawing.panel(0.9 + 0.36 * len(tasks))
        for row, task in enumerate(tasks):
            for metric, shift in {"sr": -0.15, "ha": 0.15}.items():
                found = estimate(model.main, task, metric)
                if found is not None:
                    drawing.interval(ax, row + shift, found, model.index, metric)
        drawing.percent_axis(ax, "percent of documents")
        drawing.rows_of_names(ax, [task.split for task in tasks])
        ax.set_title(drawing.shorten(model.label, 40))
        drawing.metric_legend(figure)
    return figure
