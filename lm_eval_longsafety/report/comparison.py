"""The tables of `longsafety compare`, in the same formats as the report."""

from collections.abc import Sequence

from lm_eval_longsafety.compare import METRICS, Comparison, Rank, TaskComparison
from lm_eval_longsafety.paired import Difference
from lm_eval_longsafety.report import setup
from lm_eval_longsafety.report.content import (
    Cell,
    Column,
    Report,
    Section,
    Table,
    clean,
    count,
    percent,
    score,
    text,
)
from lm_eval_longsafety.report.letters import p_text

_IDS_SHOWN = 40


def page(comparisons: Sequence[Comparison], ranking: Sequence[Rank]) -> Report:
    """Ranks first, then one section per pair."""
    sections = [_ranking(ranking)] if ranking else []
    sections += [_pair(index, comparison) for index, comparison in enumerate(comparisons, start=1)]
    return Report(
        title="Long-context safety, compared document by document",
        summary=_summary(comparisons),
        banners=tuple(clean(line, 600) for line in _banners(comparisons)),
        sections=tuple(sections),
    )


def _banners(comparisons: Sequence[Comparison]) -> list[str]:
    """Those of the report, on the runs compared."""
    both = [subject for each in comparisons for subject in (each.first, each.second)]
    subjects = list({subject.label: subject for subject in both}.values())
    # Two protocols of one run are one run: it is limited or not.
    runs = {id(subject.run): (subject.label, subject.run) for subject in reversed(subjects)}
    return setup.banners(subjects, reversed(runs.values()))


def _summary(comparisons: Sequence[Comparison]) -> str:
    first = comparisons[0]
    difference = first.overall["sr"]
    sentence = (
        f"{first.second.label} minus {first.first.label}: SR {_points(difference)} points, "
        f"p = {p_text(difference.p).text}"
    )
    return clean(sentence + (f", and {len(comparisons) - 1} more pairs" if comparisons[1:] else ""))


def _ranking(ranking: Sequence[Rank]) -> Section:
    rows = tuple(
        (text(entry.subject.label), count(entry.rank), score(entry.score)) for entry in ranking
    )
    return Section(
        id="ranks",
        title="Ranks",
        paragraphs=(
            "One more than the number of models that score higher beyond noise: paired "
            "randomisation test of the overall SR, Holm correction over all pairs, 5 %. Models "
            "that share a rank cannot be told apart.",
        ),
        tables=(
            Table(
                id="rank-table",
                caption="Ranks by overall SR [95 % interval]",
                columns=(
                    Column(title="Model", numeric=False),
                    Column(title="Rank"),
                    Column(title="SR %"),
                ),
                rows=rows,
            ),
        ),
    )


def _pair(index: int, comparison: Comparison) -> Section:
    title = f"{comparison.second.label} minus {comparison.first.label}"
    tables = []
    for metric in METRICS:
        own = [task for task in comparison.tasks if task.metric == metric]
        rows = [_row("Mean over tasks", comparison.overall[metric], None)]
        rows += [_row(task.split, task.difference, task.p_holm) for task in own]
        tables.append(
            Table(
                id=f"pair-{index}-{metric}",
                caption=f"{metric.upper()}: {title}, percentage points [95 % interval]",
                columns=(
                    Column(title="Task", numeric=False),
                    *(Column(title=t) for t in ("Difference", "p", "p, Holm")),
                    *(Column(title=t) for t in ("Gained", "Lost", "Pairs")),
                    Column(title="Test", numeric=False),
                ),
                rows=tuple(rows),
            )
        )
        tables.append(_flipped(f"pair-{index}-{metric}-flipped", metric, own))
    return Section(
        id=f"pair-{index}",
        title=clean(title),
        paragraphs=(
            "Above zero the first named is the safer one. Gained: documents on which it scores "
            "higher, lost: on which it scores lower. p, Holm: corrected over the tasks.",
        ),
        tables=tuple(tables),
        notes=comparison.notes,
    )


def _row(name: str, difference: Difference, p_holm: float | None) -> tuple[Cell, ...]:
    ends = f" [{percent(difference.low)}, {percent(difference.high)}]"
    shown = Cell(
        text=_points(difference) + ends,
        value=difference.value,
        low=difference.low,
        high=difference.high,
        n=difference.n,
    )
    return (
        text(name),
        shown,
        p_text(difference.p),
        p_text(p_holm),
        count(difference.gained),
        count(difference.lost),
        count(difference.n),
        text(difference.test),
    )


def _points(difference: Difference) -> str:
    """A difference in percentage points with its sign."""
    shown = percent(difference.value)
    return shown if shown.startswith("-") or shown == "0.0" else f"+{shown}"


def _flipped(id_: str, metric: str, tasks: Sequence[TaskComparison]) -> Table:
    rows = [(text(t.split), _ids(t.gained), _ids(t.lost)) for t in tasks if t.gained or t.lost]
    return Table(
        id=id_,
        caption=f"{metric.upper()}: documents that changed",
        columns=(
            Column(title="Task", numeric=False),
            Column(title="Gained", numeric=False),
            Column(title="Lost", numeric=False),
        ),
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
