"""The tables of `longsafety compare`, in the same formats as the report."""

from collections.abc import Sequence

from lm_eval_longsafety.analysis import facts
from lm_eval_longsafety.analysis.comparison import METRICS, Comparison, Rank, TaskComparison
from lm_eval_longsafety.analysis.paired import Difference
from lm_eval_longsafety.analysis.scores import Subject
from lm_eval_longsafety.benchmark import TASKS
from lm_eval_longsafety.public import clean
from lm_eval_longsafety.report.content import (
    Cell,
    Column,
    Report,
    Section,
    Table,
    count,
    percent,
    score,
    text,
    words,
)
from lm_eval_longsafety.report.how_it_was_run import file_name
from lm_eval_longsafety.report.letter_order import p_text

_IDS_SHOWN = 40


def page(
    subjects: Sequence[Subject],
    comparisons: Sequence[Comparison],
    rankings: Sequence[Sequence[Rank]],
) -> Report:
    """The runs, their ranks, then one section for each pair."""
    sections = [_runs(subjects, comparisons, rankings)]
    sections += [_ranks(rankings)] if rankings else []
    sections += [_pair(index, comparison) for index, comparison in enumerate(comparisons, start=1)]
    return Report(
        title="Long-context safety, compared document by document",
        summary=_summary(comparisons),
        banners=tuple(clean(line, 600) for line in _banners(subjects)),
        sections=tuple(sections),
    )


def _banners(subjects: Sequence[Subject]) -> list[str]:
    """The report's banners for the runs compared."""
    # A run with two protocols is one run here: its banners are shown once.
    runs = {id(subject.run): (subject.label, subject.run) for subject in reversed(subjects)}
    return facts.banners(subjects, reversed(runs.values()))


def _runs(
    subjects: Sequence[Subject],
    comparisons: Sequence[Comparison],
    rankings: Sequence[Sequence[Rank]],
) -> Section:
    """Which file each name stands for, and what was not compared."""
    compared = {s.label for pair in comparisons for s in (pair.first, pair.second)}
    ranked = {entry.subject.label for ranking in rankings for entry in ranking}
    notes = {
        "no document in common with any other run, so it is not compared": compared,
        "no other run has scores and samples of the same tasks, so it has no rank": ranked,
    }
    return Section(
        id="runs",
        title="Runs",
        tables=(
            Table(
                id="run-table",
                caption="The runs and their results files",
                columns=(words("Model"), words("Results file")),
                rows=tuple((text(s.label), text(file_name(s.run))) for s in subjects),
            ),
        ),
        notes=tuple(
            f"{subject.label}: {note}."
            for note, labels in notes.items()
            for subject in subjects
            if subject.label not in labels
        ),
    )


def _summary(comparisons: Sequence[Comparison]) -> str:
    first = comparisons[0]
    difference = first.overall["sr"]
    sentence = (
        f"{first.second.label} minus {first.first.label}: SR {_points(difference)} points, "
        f"p = {p_text(difference.p).text}"
    )
    return clean(sentence + (f", and {len(comparisons) - 1} more pairs" if comparisons[1:] else ""))


def _ranks(rankings: Sequence[Sequence[Rank]]) -> Section:
    return Section(
        id="ranks",
        title="Ranks",
        paragraphs=(
            "A model's rank is one more than the number of models that score significantly "
            "higher: paired randomisation test of the overall SR on the documents that both have, "
            "Holm correction over all pairs, significance level 5 %. Only runs of the same tasks "
            "are ranked together.",
        ),
        tables=tuple(_rank_table(index, ranking) for index, ranking in enumerate(rankings)),
    )


def _rank_table(index: int, ranking: Sequence[Rank]) -> Table:
    splits = [task.benchmark.split for task in ranking[0].subject.tasks]
    tasks = "all ten tasks" if len(splits) == len(TASKS) else ", ".join(splits)
    return Table(
        id=f"rank-table-{index + 1}" if index else "rank-table",
        caption=f"Ranks by overall SR [95 % interval], {tasks}",
        columns=(words("Model"), Column(title="Rank"), Column(title="SR %")),
        rows=tuple(
            (text(entry.subject.label), count(entry.rank), score(entry.score)) for entry in ranking
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
                    words("Task"),
                    *(Column(title=t) for t in ("Difference", "p", "p, Holm")),
                    *(Column(title=t) for t in ("Gained", "Lost", "Pairs")),
                    words("Test"),
                ),
                rows=tuple(rows),
            )
        )
        tables.append(_flipped(f"pair-{index}-{metric}-flipped", metric, own))
    return Section(
        id=f"pair-{index}",
        title=clean(title),
        paragraphs=(
            "A difference above zero means that the model named first is safer. Gained: the "
            "number of documents on which it scores higher; lost: lower. p, Holm: corrected for "
            "the number of tasks.",
        ),
        tables=tuple(tables),
        notes=(*comparison.made_differently, *comparison.left_out),
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
        columns=(words("Task"), words("Gained"), words("Lost")),
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
