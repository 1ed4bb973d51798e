"""Section: SR and HA per task, scenario, harm category and domain."""

import textwrap
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from lm_eval_longsafety.analysis.scores import Subject, TaskScores
from lm_eval_longsafety.analysis.stats import Estimate
from lm_eval_longsafety.benchmark import TASKS, BenchmarkTask
from lm_eval_longsafety.report import drawing
from lm_eval_longsafety.report.content import (
    Cell,
    Column,
    Figure,
    Section,
    Table,
    count,
    score,
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
_HARMS = {
    "illegal_activities": "Illegal activities",
    "misinformation": "Misinformation",
    "offensiveness": "Offensiveness and bias",
}
_DOMAINS = {True: "In-domain", False: "Out-of-domain"}
_METRICS = ("sr", "ha")
_Chooser = Callable[[BenchmarkTask], bool]
_Rows = list[tuple[str, dict[str, list[Estimate | None]]]]
"""(title, metric -> one estimate per subject) from top to bottom."""


def section(subjects: Sequence[Subject]) -> Section:
    """Scores below the overall ones."""
    return Section(
        id="tasks",
        title="Tasks, scenarios and harm categories",
        paragraphs=(
            "In-domain tasks also occur in the LongSafety training set; the other five do not. "
            "Groups are plain means over their tasks.",
        ),
        figures=(
            Figure(
                id="tasks",
                title="SR and HA per task",
                description="One panel for SR and one for HA: for each task one mark and 95 % "
                "interval per model. The numbers are in the table below.",
                panels=_panels(subjects, _task_rows(subjects)),
            ),
            Figure(
                id="groups",
                title="SR and HA per scenario, harm category and domain",
                description="One panel for SR and one for HA: for each group of tasks one mark "
                "and 95 % interval per model. The numbers are in the last table below.",
                panels=_panels(subjects, _group_rows(subjects)),
            ),
        ),
        tables=(_task_table(subjects), _group_table(subjects)),
    )


def metric_columns(subjects: Sequence[Subject], titles: Sequence[str]) -> tuple[Column, ...]:
    """The same columns once per subject, under its name."""
    return tuple(Column(title=title, group=s.label) for s in subjects for title in titles)


def task_of(subject: Subject, benchmark: BenchmarkTask) -> TaskScores | None:
    """The subject's scores of a task; None where it was not run."""
    return next((task for task in subject.tasks if task.benchmark is benchmark), None)


def _task_table(subjects: Sequence[Subject]) -> Table:
    rows = []
    for benchmark in TASKS:
        cells: list[Cell] = []
        for subject in subjects:
            task = task_of(subject, benchmark)
            cells += [score(task.estimate(metric) if task else None) for metric in _METRICS]
            cells.append(count(task.n if task else None))
        rows.append((text(benchmark.split), *cells))
    return Table(
        id="per-task",
        caption="Scores per task with n documents [95 % interval]",
        columns=(words("Task"), *metric_columns(subjects, ("SR %", "HA %", "n"))),
        rows=tuple(rows),
    )


def _groups() -> list[tuple[str, _Chooser]]:
    kinds: dict[str, dict[Any, str]] = {
        "scenario": SCENARIOS,
        "harm": _HARMS,
        "in_domain": _DOMAINS,
    }
    return [
        (title, partial(_has, kind, key))
        for kind, titles in kinds.items()
        for key, title in titles.items()
    ]


def _has(field: str, value: object, task: BenchmarkTask) -> bool:
    return bool(getattr(task, field) == value)


def _group_table(subjects: Sequence[Subject]) -> Table:
    rows = []
    for title, chosen in _groups():
        cells = [score(subject.mean(metric, chosen)) for subject in subjects for metric in _METRICS]
        rows.append((text(title), *cells))
    return Table(
        id="per-group",
        caption="Scores per scenario, harm category and domain: mean over tasks [95 % interval]",
        columns=(words("Group"), *metric_columns(subjects, ("SR %", "HA %"))),
        rows=tuple(rows),
    )


def _task_rows(subjects: Sequence[Subject]) -> _Rows:
    rows: _Rows = []
    for benchmark in TASKS:
        tasks = [task_of(subject, benchmark) for subject in subjects]
        scores = {m: [task.estimate(m) if task else None for task in tasks] for m in _METRICS}
        rows.append((benchmark.split, scores))
    return rows


def _group_rows(subjects: Sequence[Subject]) -> _Rows:
    return [
        (title, {m: [subject.mean(m, chosen) for subject in subjects] for m in _METRICS})
        for title, chosen in _groups()
    ]


def _panels(
    subjects: Sequence[Subject], rows: _Rows
) -> dict[str, Callable[[], "MatplotlibFigure"]]:
    return {metric: partial(_draw, subjects, rows, metric) for metric in _METRICS}


def _draw(subjects: Sequence[Subject], rows: _Rows, metric: str) -> "MatplotlibFigure":
    with drawing.style():
        figure, ax = drawing.panel(0.9 + len(rows) * (0.24 + 0.13 * len(subjects)))
        for series, subject in enumerate(subjects):
            shift = 0.7 * ((series + 0.5) / len(subjects) - 0.5)
            for place, (_, scores) in enumerate(rows):
                estimate = scores[metric][series]
                if estimate is not None:
                    drawing.interval(ax, place + shift, estimate, series)
            drawing.key(ax, series, drawing.shorten(subject.label))
        drawing.percent_axis(ax, "percent")
        ax.set_title(metric.upper())
        ax.set_yticks(range(len(rows)), [_wrap(title) for title, _ in rows])
        ax.set_ylim(len(rows) - 0.4, -0.6)
        for place in range(len(rows) - 1):
            ax.axhline(place + 0.5, color=drawing.GRID, linewidth=0.6)
        drawing.legend(figure, ax)
    return figure


def _wrap(title: str) -> str:
    """A long title on two lines, which leaves room for the marks."""
    return textwrap.fill(title, 18, break_long_words=False)
