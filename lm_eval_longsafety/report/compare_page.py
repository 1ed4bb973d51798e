"""The page of `longsafety compare`: all pairs first, then ranks, tasks of each pair, and the runs.

Data flow: models, their comparisons and ranks -> `page` -> the same formats as the report.
"""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from lm_eval_longsafety.analysis import facts
from lm_eval_longsafety.analysis.comparison import (
    METRICS,
    Comparison,
    Rank,
    TaskComparison,
    families,
    sampled,
)
from lm_eval_longsafety.analysis.models import Model
from lm_eval_longsafety.analysis.paired import Difference
from lm_eval_longsafety.benchmark import TASKS
from lm_eval_longsafety.public import clean
from lm_eval_longsafety.report import drawing
from lm_eval_longsafety.report.content import (
    Cell,
    Column,
    Figure,
    Report,
    Section,
    Table,
    count,
    difference,
    joined,
    p_text,
    p_value,
    points,
    score,
    text,
    words,
)
from lm_eval_longsafety.report.how_it_was_run import file_name

if TYPE_CHECKING:
    from matplotlib.figure import Figure as MatplotlibFigure

_IDS_SHOWN = 40
_LEVEL = 0.05


def page(
    models: Sequence[Model],
    comparisons: Sequence[Comparison],
    rankings: Sequence[Sequence[Rank]],
) -> Report:
    """All pairs in one table and picture, the ranks, the tasks of each pair, and the runs."""
    sections = [_all_pairs(models, comparisons)]
    sections += [_ranks(rankings)] if rankings else []
    sections += [_tasks(comparisons), _runs(models, comparisons, rankings)]
    return Report(
        title="Long-context safety, compared document by document",
        line=_line(comparisons),
        banners=tuple(clean(banner, 600) for banner in _banners(models)),
        sections=tuple(sections),
    )


def _line(comparisons: Sequence[Comparison]) -> str:
    labels = {s.label for pair in comparisons for s in (pair.first, pair.second)}
    protocols = {protocol for pair in comparisons for protocol in pair.protocols}
    pairs = f"{len(comparisons)} pairs" if comparisons[1:] else "1 pair"
    return f"{len(labels)} runs · {pairs} · protocol: {joined(sorted(protocols))}"


def _banners(models: Sequence[Model]) -> list[str]:
    """The report's banners for the runs compared."""
    shown = [subject for model in models for subject in sampled(model)]
    runs = {id(s.run): (model.label, s.run) for model in models for s in sampled(model)}
    mains = [model.main for model in models if model.main]
    return facts.banners(shown, runs.values()) + facts.differences(mains)


def answer(pairs: Sequence[Comparison]) -> str:
    """What differs in SR beyond noise, with the largest difference of all pairs."""
    apart = [pair for pair in pairs if pair.p_holm["sr"] < _LEVEL]
    largest = max(apart or pairs, key=lambda pair: abs(pair.overall["sr"].value))
    found, p = largest.overall["sr"], largest.p_holm["sr"]
    shown = p_text(p)
    corrected = "corrected p" if pairs[1:] else "p"
    numbers = (
        f"{points(found.value)} points [{points(found.low)}, {points(found.high)}], "
        f"{corrected} {shown if shown.startswith('<') else f'= {shown}'}"
    )
    if len(pairs) > 1:
        some = f"{len(apart)} of {len(pairs)}" if apart else f"None of {len(pairs)}"
        verb = "differs" if len(apart) == 1 else "differ"
        return (
            f"{some} pairs {verb} in SR beyond noise; the largest difference"
            f"{' of these' * bool(apart)} is {title(largest)}: {numbers}."
        )
    return (
        f"{title(largest)}: the difference in SR is {'' if apart else 'not '}beyond noise, "
        f"{numbers}."
    )


def title(pair: Comparison) -> str:
    """What is subtracted from what."""
    return clean(f"{pair.second.label} minus {pair.first.label}")


def disagreements(pairs: Sequence[Comparison]) -> list[str]:
    """A sentence on the pairs whose interval says something else than the corrected test."""
    found = []
    for says, apart in (("leaves out", True), ("contains", False)):
        names = [
            title(pair)
            for pair in pairs
            if _apart(pair.overall["sr"]) is apart and (pair.p_holm["sr"] < _LEVEL) is not apart
        ]
        if names:
            found.append(
                f"The interval and the test of SR disagree, as the interval {says} zero while "
                f"the corrected p is {'not ' * apart}below 0.05; the interval is not corrected "
                f"for the number of pairs and the test does not rest on it: {'; '.join(names)}."
            )
    return found


def _apart(found: Difference) -> bool:
    return found.low > 0 or found.high < 0


def _all_pairs(models: Sequence[Model], comparisons: Sequence[Comparison]) -> Section:
    groups = families(comparisons)
    places = {subject.label: model for model in models for subject in sampled(model)}
    names = [f"{number}" if groups[1:] else "" for number in range(1, len(groups) + 1)]
    return Section(
        id="pairs",
        title="All pairs" if comparisons[1:] else "The two runs",
        answer=" ".join(answer(group) for group in groups),
        figures=(
            Figure(
                id="pairs",
                title="Difference in SR of each pair",
                description="The paired difference in SR of each pair with its 95 % interval; the "
                "numbers are in the table.",
                panels={
                    name: partial(_draw, group, places)
                    for name, group in zip(names, groups, strict=True)
                },
            ),
        ),
        tables=tuple(_pair_table(n, group) for n, group in zip(names, groups, strict=True)),
        notes=(*disagreements(comparisons), *_left_out(comparisons)),
        details=(
            "A difference is the score of the model in the first column minus that of the second, "
            "on the documents that both scored; above zero the first one is safer. Differences of "
            "the means over tasks are tested by a paired randomisation test. p, Holm: corrected "
            "over all pairs of the table, SR and HA each for itself.",
            "Runs are compared under each protocol that both have, across protocols only where "
            "they share none.",
        ),
    )


def _pair_table(name: str, pairs: Sequence[Comparison]) -> Table:
    rows = [
        (
            text(pair.second.label),
            text(pair.first.label),
            *(cell for metric in METRICS for cell in _overall(pair, metric)),
            count(pair.overall["sr"].n),
        )
        for pair in pairs
    ]
    holm = f"; Holm over {len(pairs)} pairs" if pairs[1:] else ""
    heads = ("Difference", "p", "p, Holm")
    return Table(
        id=f"pair-table-{name}" if name else "pair-table",
        caption=f"{_scope(pairs[0])}: differences, percentage points [95 % interval]{holm}",
        columns=(
            words("Model"),
            words("minus"),
            *(Column(title=head, group=metric.upper()) for metric in METRICS for head in heads),
            Column(title="Documents"),
        ),
        rows=tuple(rows),
    )


def _overall(pair: Comparison, metric: str) -> tuple[Cell, ...]:
    found = pair.overall[metric]
    return difference(found), p_value(found.p), p_value(pair.p_holm[metric])


def _scope(pair: Comparison) -> str:
    """The protocols and tasks of a pair."""
    tasks = "all ten tasks" if len(pair.splits) == len(TASKS) else ", ".join(pair.splits)
    return f"{' and '.join(pair.protocols)}, {tasks}"


def _left_out(comparisons: Sequence[Comparison]) -> list[str]:
    """Documents that are not in both runs, and differences that no banner names."""
    found = []
    for pair in comparisons:
        notes = [*(pair.made_differently if len(pair.protocols) > 1 else ()), *pair.left_out]
        if notes:
            found.append(f"{title(pair)}: {' '.join(notes)}")
    return found


def _draw(pairs: Sequence[Comparison], models: dict[str, Model]) -> "MatplotlibFigure":
    """One row for each pair, below the model that is subtracted."""
    rows: list[tuple[str, int, Difference | None]] = []
    for pair in sorted(pairs, key=lambda pair: models[pair.first.label].index):
        heading = f"minus {drawing.shorten(pair.first.label, 18)}:"
        if heading not in [name for name, _, found in rows if found is None]:
            rows.append((heading, 0, None))
        rows.append((pair.second.label, models[pair.second.label].index, pair.overall["sr"]))
    return drawing.forest(rows, "difference in SR, percentage points")


def _ranks(rankings: Sequence[Sequence[Rank]]) -> Section:
    return Section(
        id="ranks",
        title="Ranks",
        tables=tuple(_rank_table(index, ranking) for index, ranking in enumerate(rankings)),
        details=(
            "A model's rank is one more than the number of models that score significantly "
            "higher: paired randomisation test of the overall SR on the documents that both have, "
            "Holm correction over all pairs, significance level 5 %. Only runs of the same tasks "
            "and protocol are ranked together.",
        ),
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


def _tasks(comparisons: Sequence[Comparison]) -> Section:
    tables: list[Table] = []
    for number, pair in enumerate(comparisons, start=1):
        for metric in METRICS:
            own = [task for task in pair.tasks if task.metric == metric]
            id_ = f"pair-{number}-{metric}"
            tables.append(_task_table(id_, pair, metric, own, folded=bool(comparisons[1:])))
            tables.append(_flipped(f"{id_}-flipped", pair, metric, own))
    return Section(
        id="tasks",
        title="Tasks of each pair",
        tables=tuple(tables),
        details=(
            "Gained: the number of documents on which the model named first scores higher; lost: "
            "lower. p, Holm: corrected over the tasks of the table.",
        ),
    )


def _task_table(
    id_: str, pair: Comparison, metric: str, tasks: Sequence[TaskComparison], *, folded: bool
) -> Table:
    rows = [_row("Mean over tasks", pair.overall[metric], None)]
    rows += [_row(task.split, task.difference, task.p_holm) for task in tasks]
    return Table(
        id=id_,
        caption=f"{metric.upper()}: {title(pair)}, percentage points [95 % interval]",
        columns=(
            words("Task"),
            *(Column(title=t) for t in ("Difference", "p", "p, Holm")),
            *(Column(title=t) for t in ("Gained", "Lost", "Pairs")),
            words("Test"),
        ),
        rows=tuple(rows),
        folded=folded,
    )


def _row(name: str, found: Difference, p_holm: float | None) -> tuple[Cell, ...]:
    return (
        text(name),
        difference(found),
        p_value(found.p),
        p_value(p_holm),
        count(found.gained),
        count(found.lost),
        count(found.n),
        text(found.test),
    )


def _flipped(id_: str, pair: Comparison, metric: str, tasks: Sequence[TaskComparison]) -> Table:
    rows = [(text(t.split), _ids(t.gained), _ids(t.lost)) for t in tasks if t.gained or t.lost]
    return Table(
        id=id_,
        caption=f"{metric.upper()}: {title(pair)}, documents that changed",
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


def _runs(
    models: Sequence[Model],
    comparisons: Sequence[Comparison],
    rankings: Sequence[Sequence[Rank]],
) -> Section:
    """Which file each name stands for, and what was not compared."""
    subjects = [subject for model in models for subject in sampled(model)]
    compared = {s.label for pair in comparisons for s in (pair.first, pair.second)}
    ranked = {entry.subject.label for ranking in rankings for entry in ranking}
    notes = {
        "no document in common with any other run, so it is not compared": compared,
        "no other run has scores and samples of the same tasks and protocol, so it has no rank": (
            ranked
        ),
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
