"""Section of `compare`: the tasks of each pair, and the documents that changed.

Data flow: comparisons with their titles -> two tables for each.
"""

from collections.abc import Sequence

from lm_eval_longsafety.analysis.comparison import METRICS, Comparison, TaskComparison
from lm_eval_longsafety.analysis.paired import Difference
from lm_eval_longsafety.public import clean
from lm_eval_longsafety.report.content import (
    Cell,
    Column,
    Section,
    Table,
    count,
    difference,
    p_value,
    text,
    words,
)

_IDS_SHOWN = 40


def section(pairs: Sequence[tuple[str, Comparison]]) -> Section:
    """The tables of each (what is subtracted from what, comparison), folded if several."""
    tables: list[Table] = []
    for number, (title, pair) in enumerate(pairs, start=1):
        tables.append(_task_table(number, pair, title, folded=bool(pairs[1:])))
        tables.append(_changed(number, pair, title))
    return Section(
        id="tasks",
        title="Tasks of each pair",
        tables=tuple(tables),
        details=(
            "Gained: the number of documents on which the model named first scores higher; lost: "
            "lower. p, Holm: corrected over the tasks of the table, SR and HA each for itself.",
            "Tasks are tested by the exact McNemar test, or by a randomisation over contexts where "
            "documents share contexts; so is the mean.",
        ),
    )


def _task_table(number: int, pair: Comparison, title: str, *, folded: bool) -> Table:
    heads = ("Difference", "p", "p, Holm", "Gained", "Lost")
    rows = [_row("Mean over tasks", [(pair.overall[metric], None) for metric in METRICS])]
    rows += [
        _row(split, [(task.difference, task.p_holm) for task in both])
        for split, both in _by_split(pair).items()
    ]
    return Table(
        id=f"pair-{number}",
        caption=f"{title}: percentage points [95 % interval]",
        columns=(
            words("Task"),
            *(Column(title=head, group=metric.upper()) for metric in METRICS for head in heads),
            Column(title="Documents"),
        ),
        rows=tuple(rows),
        folded=folded,
    )


def _by_split(pair: Comparison) -> dict[str, list[TaskComparison]]:
    """The comparisons of each task, in the order of the metrics."""
    return {split: [task for task in pair.tasks if task.split == split] for split in pair.splits}


def _row(name: str, both: Sequence[tuple[Difference, float | None]]) -> tuple[Cell, ...]:
    cells = [
        cell
        for found, p_holm in both
        for cell in (
            difference(found),
            p_value(found.p),
            p_value(p_holm),
            count(found.gained),
            count(found.lost),
        )
    ]
    return (text(name), *cells, count(both[0][0].n))


def _changed(number: int, pair: Comparison, title: str) -> Table:
    """Which documents gained and lost."""
    rows = [
        (text(split), *(_ids(ids) for task in both for ids in (task.gained, task.lost)))
        for split, both in _by_split(pair).items()
        if any(task.gained or task.lost for task in both)
    ]
    heads = [f"{metric.upper()} {word}" for metric in METRICS for word in ("gained", "lost")]
    return Table(
        id=f"pair-{number}-changed",
        caption=f"{title}: documents that changed",
        columns=(words("Task"), *map(words, heads)),
        rows=tuple(rows),
        folded=True,
    )


def _ids(ids: Sequence[str]) -> Cell:
    """Ids of documents; all of them in `value`, the first ones in the text."""
    if not ids:
        return Cell(text="none")
    cleaned = [clean(name, 60) for name in ids]
    rest = f" and {len(ids) - _IDS_SHOWN} more" if len(ids) > _IDS_SHOWN else ""
    return Cell(text=", ".join(cleaned[:_IDS_SHOWN]) + rest, value=" ".join(cleaned))
