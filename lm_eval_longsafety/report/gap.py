"""Section: how often a model recognises the harm but does not choose the safest answer."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from lm_eval_longsafety.analysis.scores import Subject
from lm_eval_longsafety.benchmark import TASKS
from lm_eval_longsafety.report import drawing
from lm_eval_longsafety.report.breakdown import metric_columns, task_of
from lm_eval_longsafety.report.content import Figure, Section, Table, score, text, words

if TYPE_CHECKING:
    from matplotlib.figure import Figure as MatplotlibFigure

_PANELS = 4


def section(subjects: Sequence[Subject]) -> Section:
    """The gap per task and overall."""
    return Section(
        id="gap",
        title="Harm recognised, but not the safest choice",
        paragraphs=(
            "The gap HA − SR is the share of documents on which the model's choice shows that it "
            "recognised the harm, but is not the safest one. A large gap means that the model does "
            "not act on the harm that it recognises, a low HA that it often does not recognise it.",
        ),
        figures=(
            Figure(
                id="gap",
                title="From SR to HA",
                description=(
                    "For each task a line from SR to HA; its length is the gap. The numbers "
                    "are in the table below."
                ),
                panels={
                    str(number): partial(_draw, subject)
                    for number, subject in enumerate(subjects[:_PANELS], start=1)
                },
            ),
        ),
        tables=(_table(subjects),),
        notes=(
            (f"The picture shows the first {_PANELS} models, the table shows all.",)
            if len(subjects) > _PANELS
            else ()
        ),
    )


def _table(subjects: Sequence[Subject]) -> Table:
    rows = [(text("Mean over tasks"), *(score(subject.mean("gap")) for subject in subjects))]
    for benchmark in TASKS:
        tasks = [task_of(subject, benchmark) for subject in subjects]
        cells = [score(task.estimate("gap") if task else None) for task in tasks]
        rows.append((text(benchmark.split), *cells))
    return Table(
        id="gap-table",
        caption="HA − SR in percentage points [95 % interval]",
        columns=(words("Task"), *metric_columns(subjects, ("HA − SR",))),
        rows=tuple(rows),
    )


def _draw(subject: Subject) -> "MatplotlibFigure":
    with drawing.style():
        figure, ax = drawing.panel(3.3)
        for row, benchmark in enumerate(TASKS):
            task = task_of(subject, benchmark)
            safe, aware = (task.estimate("sr"), task.estimate("ha")) if task else (None, None)
            if safe is None or aware is None:
                continue
            ends = [100 * safe.value, 100 * aware.value]
            ax.plot(ends, [row, row], color=drawing.GRID, linewidth=4, zorder=1)
            for series, end in enumerate(ends):
                ax.plot(
                    [end],
                    [row],
                    linestyle="none",
                    marker=drawing.marker_of(series),
                    color=drawing.color_of(series),
                )
        for series, name in enumerate(("SR", "HA")):
            drawing.key(ax, series, name, linewidth=0)
        ax.set_title(drawing.shorten(subject.label))
        drawing.percent_axis(ax, "percent of documents")
        ax.set_yticks(range(len(TASKS)), [task.split for task in TASKS])
        ax.set_ylim(len(TASKS) - 0.4, -0.6)
        drawing.legend(figure, ax)
    return figure
