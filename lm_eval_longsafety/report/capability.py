"""Section: every other task found in the runs, and SR against it.

lm-eval does not name one main metric per task; `headline_metric` chooses it, and the table names
it.
"""

import re
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from lm_eval_longsafety.analysis.scores import Subject, run_labels
from lm_eval_longsafety.analysis.stats import Z95
from lm_eval_longsafety.benchmark import PREFIX, TASKS, parse_task_name
from lm_eval_longsafety.report import drawing
from lm_eval_longsafety.report.content import (
    Cell,
    Column,
    Figure,
    Section,
    Table,
    percent,
    text,
    words,
)
from lm_eval_longsafety.results import Metric, Run, TaskResult

if TYPE_CHECKING:
    from matplotlib.figure import Figure as MatplotlibFigure

_PREFERRED = (
    *("acc_norm", "acc", "exact_match", "prompt_level_strict_acc", "pass@1", "pass_at_1", "mcc"),
    *("f1", "macro_f1", "rougeL", "bleu", "chrf", "mc2"),
)
_SCOPES = {
    *(task.scenario for task in TASKS),
    *(task.harm for task in TASKS),
    *("in_domain", "out_of_domain"),
}
_OWN_GROUP = re.compile(
    rf"{PREFIX}(_({'|'.join(sorted(_SCOPES))}))?"
    r"(_(rotations|no_context|open|judge|length(_[\d.]+)*))?(_logits)?"
)
_STRICT = ("strict-match", "strict", "flexible-extract", "none", "")


def section(subjects: Sequence[Subject], runs: Sequence[Run]) -> Section | None:
    """Safety beside capability; None where the runs hold no other task."""
    labels = run_labels(runs)
    names = other_tasks(runs)
    if not names:
        return None
    groups = [task for run in runs for task in run.tasks.values() if task.name in names]
    below = {child for group in groups for child in group.subtasks if child != group.name}
    main = [name for name in names if name not in below]
    leaves = [name for name in names if name not in main]
    tables = [_table("capability-table", "Other tasks of the same runs", main, runs, labels)]
    if leaves:
        table = _table("capability-leaves", "Subtasks of these groups", leaves, runs, labels, True)
        tables.append(table)
    points, shared = _points(subjects, main, runs)
    figures: tuple[Figure, ...] = ()
    if len(points) > 1:
        figures = (_figure(points, shared),)
    return Section(
        id="capability",
        title="Safety beside capability",
        paragraphs=(
            "Other tasks that lm-eval ran for the same models, each with one metric: acc_norm if "
            "the task has it, else acc, else another common one, else the first listed; the "
            "strict filter if there are several. n/a if this metric has no number: no other "
            "metric replaces it. Values are lm-eval's own, shares in percent and others in their "
            "own unit. The interval is ± 1.96 standard errors, shown where lm-eval wrote one.",
        ),
        figures=figures,
        tables=tuple(tables),
    )


def other_tasks(runs: Sequence[Run]) -> list[str]:
    """Names of all tasks and groups that are not this plugin's, in order of appearance."""
    names = [name for run in runs for name in run.tasks if not _is_own(name)]
    return list(dict.fromkeys(names))


def _is_own(name: str) -> bool:
    """Whether it is a LongSafetyBench task or group, which other sections show."""
    return parse_task_name(name) is not None or _OWN_GROUP.fullmatch(name) is not None


def headline_metric(task: TaskResult) -> Metric | None:
    """The metric to show for a task; None where it has none.

    Chosen by name alone: a metric without a number must not be replaced by a more favourable one.
    """
    for name in _PREFERRED:
        named = [metric for metric in task.metrics if metric.name == name]
        if named:
            return min(named, key=lambda metric: _filter_rank(metric.filter))
    return task.metrics[0] if task.metrics else None


def _filter_rank(name: str) -> int:
    return _STRICT.index(name) if name in _STRICT else len(_STRICT)


def _table(
    id_: str,
    caption: str,
    names: Sequence[str],
    runs: Sequence[Run],
    labels: Sequence[str],
    folded: bool = False,
) -> Table:
    shown = [i for i, run in enumerate(runs) if any(name in run.tasks for name in names)]
    rows = []
    for name in names:
        metrics = [_metric(runs[i], name) for i in shown]
        described = list(dict.fromkeys(_describe(metric) for metric in metrics if metric))
        rows.append((text(name), text(" / ".join(described)), *(_cell(m) for m in metrics)))
    return Table(
        id=id_,
        caption=caption,
        columns=(words("Task"), words("Metric, filter"), *(Column(title=labels[i]) for i in shown)),
        rows=tuple(rows),
        folded=folded,
    )


def _metric(run: Run, name: str) -> Metric | None:
    return headline_metric(run.tasks[name]) if name in run.tasks else None


def _describe(metric: Metric) -> str:
    lower = "; lower is better" if metric.higher_is_better is False else ""
    plain = metric.filter in ("", "none")
    return metric.name + ("" if plain else f", {metric.filter}") + lower


def _cell(metric: Metric | None) -> Cell:
    """Percent for what looks like a share, else the number in the metric's own unit."""
    if metric is None or metric.value is None:
        return Cell(text="n/a")
    value = metric.value
    # No standard error is negative, and lm-eval writes 0 for a single document.
    half = Z95 * metric.stderr if metric.stderr and metric.stderr > 0 else None
    share = _is_share(metric)
    shown = f"{percent(value)} %" if share else f"{value:,.6g}"
    if half is None:
        return Cell(text=shown, value=value)
    if not share:
        return Cell(text=f"{shown} ± {half:,.2g}", value=value, low=value - half, high=value + half)
    low, high = max(0.0, value - half), min(1.0, value + half)
    return Cell(text=f"{shown} [{percent(low)}, {percent(high)}]", value=value, low=low, high=high)


def _is_share(metric: Metric) -> bool:
    """Judged by the value, as lm-eval does not say; a loss, such as bits per byte, is no share."""
    if metric.value is None or metric.higher_is_better is False:
        return False
    return 0 <= metric.value <= 1


def _share(subject: Subject, name: str, runs: Sequence[Run]) -> float | None:
    """The task's value for the subject's model, where it is a share and higher is better.

    Read from the subject's run, else from another run of its model if exactly one has the task.
    """
    own = _metric(subject.run, name)
    others = [run for run in runs if run.model == subject.run.model and name in run.tasks]
    metric = own or (_metric(others[0], name) if len(others) == 1 else None)
    return metric.value if metric is not None and _is_share(metric) else None


def _points(
    subjects: Sequence[Subject], names: Sequence[str], runs: Sequence[Run]
) -> tuple[list[tuple[Subject, float]], list[str]]:
    """Subjects with their mean over the tasks that all of them have, and those tasks."""
    shares = {name: [_share(subject, name, runs) for subject in subjects] for name in names}
    known = {
        name: [value for value in values if value is not None] for name, values in shares.items()
    }
    shared = [name for name in names if subjects and len(known[name]) == len(subjects)]
    if not shared:
        return [], []
    means = [sum(known[name][i] for name in shared) / len(shared) for i in range(len(subjects))]
    return list(zip(subjects, means, strict=True)), shared


def _figure(points: Sequence[tuple[Subject, float]], shared: Sequence[str]) -> Figure:
    named = ", ".join(shared[:6]) + (f" and {len(shared) - 6} more" if len(shared) > 6 else "")
    return Figure(
        id="capability",
        title="SR against capability",
        description=(
            f"Each model's overall SR with its 95 % interval, against its mean over {named}."
        ),
        panels={"": partial(_draw, points, f"mean over {len(shared)} shared task(s), percent")},
    )


def _draw(points: Sequence[tuple[Subject, float]], title: str) -> "MatplotlibFigure":
    with drawing.style():
        figure, ax = drawing.panel(3.4)
        for series, (subject, capability) in enumerate(points):
            safe = subject.mean("sr")
            if safe is None or safe.low is None or safe.high is None:
                continue
            color = drawing.color_of(series)
            at = [100 * capability] * 2
            ax.plot(at, [100 * safe.low, 100 * safe.high], color=color, linewidth=2)
            drawing.key(ax, series, drawing.shorten(subject.label), linewidth=0)
            ax.plot(
                at[:1],
                [100 * safe.value],
                marker=drawing.marker_of(series),
                color=color,
            )
        ax.set(xlabel=title, ylabel="SR, percent", ylim=(-2, 102))
        drawing.legend(figure, ax)
    return figure
