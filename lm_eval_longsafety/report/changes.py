"""Shared by sections on a change: its sentence, its picture and its tables.

Data flow: `Effect` of each model -> one sentence, a forest of differences, tables by task.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from lm_eval_longsafety.analysis.effects import Effect
from lm_eval_longsafety.analysis.paired import LEVEL, Difference, holm
from lm_eval_longsafety.analysis.stats import TINY
from lm_eval_longsafety.benchmark import TASKS
from lm_eval_longsafety.report import drawing
from lm_eval_longsafety.report.content import (
    Cell,
    Table,
    difference,
    disagreement,
    joined,
    model_tables,
    p_equals,
    p_value,
    signed,
    some,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure as MatplotlibFigure


class Change(NamedTuple):
    """A model's difference in SR over all tasks."""

    label: str
    difference: Difference
    p: float
    """Corrected for the number of models."""


def changes(effects: Sequence[Effect]) -> list[Change]:
    """The differences in SR, in the models' order."""
    return [Change(effect.model.label, effect.sr, effect.p) for effect in effects]


def sentence(cause: str, found: Sequence[Change]) -> str:
    """How much a cause changes SR and whether that is beyond noise, without a full stop.

    Args:
        cause: begins the sentence, such as "The context".
        found: at least one change.
    """
    if len(found) == 1:
        (only,) = found
        noise = "beyond" if only.p < LEVEL else "within"
        return (
            f"{cause} changes the SR of {only.label} by {_points(only.difference)}, {noise} noise "
            f"(p {p_equals(only.p)})"
        )
    named = some(
        [
            f"{c.label}, {_points(c.difference)} (corrected p {p_equals(c.p)})"
            for c in largest(found)
        ]
    )
    beyond = [change for change in found if change.p < LEVEL]
    if not beyond:
        return f"{cause} changes no model's SR beyond noise; the largest change is that of {named}"
    lower = sum(change.difference.value < 0 for change in beyond)
    verbs = [f"lowers the SR of {lower}"] * bool(lower)
    if higher := len(beyond) - lower:
        verbs.append(f"raises {'that' if lower else 'the SR'} of {higher}")
    return f"{cause} {joined(verbs)} of {len(found)} models beyond noise, most that of {named}"


def largest(found: Sequence[Change]) -> list[Change]:
    """The largest change, with those of equal size, of those beyond noise if there are any."""
    pool = [change for change in found if change.p < LEVEL] or found
    size = max(abs(change.difference.value) for change in pool)
    return [change for change in pool if abs(change.difference.value) > size - TINY]


def doubts(found: Sequence[Change], *, named: bool) -> list[str]:
    """A sentence for each interval that disagrees with its test, with the model's name.

    Args:
        found: all changes.
        named: of those that `sentence` names, else of the others.
    """
    sentences = []
    for change in found:
        between = change.difference
        doubt = disagreement(between.low, between.high, change.p)
        if doubt and (change in largest(found)) == named:
            sentences.append(doubt.strip() if len(found) == 1 else f"{change.label}:{doubt}")
    return sentences


def forest(effects: Sequence[Effect], title: str) -> "MatplotlibFigure":
    """Differences in SR by model; of one model alone, by task too."""
    rows = [(effect.model.label, effect.model.index, effect.sr) for effect in effects]
    if len(effects) == 1:
        ((_, index, overall),) = rows
        tasks = [task for task in effects[0].comparison.tasks if task.metric == "sr"]
        rows = [("Mean over tasks", index, overall)]
        rows += [(task.split, index, task.difference) for task in tasks]
    return drawing.forest(rows, title)


def task_tables(id_: str, caption: str, found: Sequence[Effect], metric: str) -> tuple[Table, ...]:
    """Differences by task, and of the mean with p corrected over the models.

    Args:
        id_: the start of the tables' ids.
        caption: what is subtracted from what.
        found: the effects; the tables of HA are folded.
        metric: `sr` or `ha`.
    """
    by_model = [
        {task.split: task for task in effect.comparison.tasks if task.metric == metric}
        for effect in found
    ]
    overall = [effect.comparison.overall[metric] for effect in found]
    corrected = holm([mean.p for mean in overall])
    means = [[difference(mean), p_value(p)] for mean, p in zip(overall, corrected, strict=True)]
    rows: list[tuple[str, Sequence[Sequence[Cell]]]] = [("Mean over tasks", means)]
    for split in (task.split for task in TASKS):
        own = [tasks.get(split) for tasks in by_model]
        if any(own):
            rows.append(
                (
                    split,
                    [
                        [difference(t.difference if t else None), p_value(t.p_holm if t else None)]
                        for t in own
                    ],
                )
            )
    return model_tables(
        f"{id_}-{metric}",
        f"{metric.upper()} {caption} [95 % interval]",
        "Task",
        [effect.model.label for effect in found],
        rows,
        ("points", "corrected p"),
        folded=metric == "ha",
    )


def _points(found: Difference) -> str:
    """As "−1.2 points [−3.4, +1.0]"."""
    return signed(found.value, found.low, found.high, " points")
