"""Section: the controls (all letter orders, no context), one table per variant.

Scores of variants are shown here and never enter the overall scores.
"""

from collections.abc import Sequence

from lm_eval_longsafety.analysis.scores import Subject
from lm_eval_longsafety.report.content import (
    Cell,
    Column,
    Section,
    Table,
    count,
    score,
    share,
    text,
    words,
)
from lm_eval_longsafety.results.samples import SCORES

_TITLES = {"rotations": "All letter orders", "no_context": "Without the context"}


def section(subjects: Sequence[Subject]) -> Section | None:
    """Overall scores of every variant that was run; None without any."""
    # Lengths have their own section, with a cell for each length and depth.
    names = sorted({s.variant for s in subjects if not s.variant.startswith("length_")} - {""})
    if not names:
        return None
    return Section(
        id="variants",
        title="Controls",
        paragraphs=(
            "The same questions under other conditions. These are not LongSafetyBench scores: "
            "they show how much those depend on the letter order, the context and its length.",
        ),
        tables=tuple(_table(name, [s for s in subjects if s.variant == name]) for name in names),
    )


def _table(variant: str, subjects: Sequence[Subject]) -> Table:
    extra = extra_metrics(subjects)
    rows = []
    for subject in subjects:
        cells = [score(subject.mean(metric)) for metric in ("sr", "ha", "answered")]
        cells += [_extra_mean(subject, name) for name in extra]
        documents = sum(task.n for task in subject.tasks if task.n) or None
        rows.append((text(subject.label), *cells, count(documents), text(subject.protocol)))
    return Table(
        id=f"variant-{variant.replace('_', '-')}",
        caption=f"{_TITLES.get(variant, variant)}: mean over tasks [95 % interval]",
        columns=(
            words("Model"),
            *(Column(title=title) for title in ("SR %", "HA %", "Answered %")),
            *(Column(title=f"{name} %") for name in extra),
            Column(title="Documents"),
            words("Protocol"),
        ),
        rows=tuple(rows),
    )


def extra_metrics(subjects: Sequence[Subject]) -> list[str]:
    """Names of the metrics that only these variants have, in order of appearance."""
    results = (task.result for subject in subjects for task in subject.tasks)
    names = [metric.name for result in results if result for metric in result.metrics]
    return [name for name in dict.fromkeys(names) if name not in SCORES]


def _extra_mean(subject: Subject, name: str) -> Cell:
    """Plain mean over tasks of lm-eval's own values."""
    found = [task.result.metric(name) for task in subject.tasks if task.result]
    values = [metric.value for metric in found if metric and metric.value is not None]
    complete = values and len(values) == len(subject.tasks)
    return share(sum(values) / len(values) if complete else None)
