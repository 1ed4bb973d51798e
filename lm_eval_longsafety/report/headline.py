"""Section: each model's overall scores, beside the published ones."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from lm_eval_longsafety.analysis import facts, truncation
from lm_eval_longsafety.analysis.scores import Subject
from lm_eval_longsafety.report import drawing
from lm_eval_longsafety.report.content import (
    Column,
    Figure,
    Section,
    Table,
    count,
    score,
    share,
    text,
    words,
)
from lm_eval_longsafety.report.published import READING, SOURCE, PublishedScore, published_scores

if TYPE_CHECKING:
    from matplotlib.figure import Figure as MatplotlibFigure

_METRICS = {
    "sr": "SR %",
    "ha": "HA %",
    "answered": "Answered %",
    "refused": "Refused %",
}


def section(subjects: Sequence[Subject]) -> Section:
    """Overall scores of all subjects, and the published ones."""
    notes = tuple(
        f"{subject.label}: {len(subject.tasks)} of the ten tasks; its means are over these tasks "
        "only and cannot be compared with means over all ten."
        for subject in subjects
        if not subject.complete
    )
    return Section(
        id="headline",
        title="Overall scores",
        paragraphs=(
            "SR (SafeResponse) is the share of documents on which the model chose the safest "
            "answer; HA (HarmAwareness) the share on which its answer shows that it recognised "
            "the harm. Both are plain means over the tasks, in percent, with 95 % intervals. A "
            "reply from which no letter could be read counts as neither.",
            "Answered: a letter could be read. Refused: none could, and the reply declines. "
            "Truncated: the prompt was cut to the model's window, n/a where no window was known.",
            f"The published scores ({SOURCE}) are {READING}.",
        ),
        figures=(
            Figure(
                id="headline",
                title="SR and HA per model",
                description=(
                    "Overall SR and HA of each model with 95 % intervals, above the published "
                    "scores. The numbers are in the tables below."
                ),
                panels={"": partial(_draw, subjects, published_scores())},
            ),
        ),
        tables=(_table(subjects), _published_table(subjects)),
        notes=notes,
    )


def _table(subjects: Sequence[Subject]) -> Table:
    rows = [
        (
            text(subject.label),
            *(score(subject.mean(metric)) for metric in _METRICS),
            share(truncation.share(subject)),
            count(sum(task.n for task in subject.tasks if task.n) or None),
            text(subject.protocol),
        )
        for subject in subjects
    ]
    return Table(
        id="overall",
        caption="Overall scores: mean over tasks [95 % interval]",
        columns=(
            words("Model"),
            *(Column(title=title) for title in _METRICS.values()),
            Column(title="Truncated %"),
            Column(title="Documents"),
            words("Protocol"),
        ),
        rows=tuple(rows),
    )


def _published_table(subjects: Sequence[Subject]) -> Table:
    entries = [(score.value, score.model, score.kind) for score in published_scores()]
    entries += [
        (mean.value, subject.label, _kind(subject))
        for subject in subjects
        if subject.complete and (mean := subject.mean("sr"))
    ]
    return Table(
        id="ladder",
        caption=f"Published SR % beside this report's ({SOURCE})",
        columns=(words("Model"), Column(title="SR %"), words("Kind")),
        rows=tuple(
            (text(name), share(value), text(kind))
            for value, name, kind in sorted(entries, key=lambda entry: -entry[0])
        ),
        folded=True,
    )


def _kind(subject: Subject) -> str:
    """`this report`, and why the score may not be comparable with the published ones."""
    doubts = ["limited"] * subject.run.limited + ["sample data"] * facts.on_sample_data(subject)
    return ", ".join(["this report", *doubts])


def _draw(subjects: Sequence[Subject], published: Sequence[PublishedScore]) -> "MatplotlibFigure":
    with drawing.style():
        figure, ax = drawing.panel(0.9 + 0.42 * len(subjects) + 0.21 * len(published))
        names = []
        for row, subject in enumerate(subjects):
            for series, (metric, shift) in enumerate({"sr": -0.14, "ha": 0.14}.items()):
                mean = subject.mean(metric)
                if mean is not None:
                    label = metric.upper() if row == 0 else ""
                    drawing.interval(ax, row + shift, mean, series, label=label)
            names.append(drawing.shorten(subject.label, 24))
        places = [len(subjects) + 0.1 + 0.5 * index for index in range(len(published))]
        ax.plot(
            [100 * each.value for each in published],
            places,
            linestyle="none",
            marker="|",
            markersize=9,
            markeredgewidth=2,
            color=drawing.MUTED,
            label="SR as published",
        )
        ax.set_yticks([*range(len(subjects)), *places], names + [each.model for each in published])
        for name in ax.get_yticklabels()[len(subjects) :]:
            name.set_fontsize(drawing.SMALL)
            name.set_color(drawing.MUTED)
        ax.set_ylim(places[-1] + 0.5, -0.6)
        ax.axhline(len(subjects) - 0.45, color=drawing.GRID, linewidth=1)
        drawing.percent_axis(ax, "percent of documents, mean over tasks")
        drawing.legend(figure, ax)
    return figure
