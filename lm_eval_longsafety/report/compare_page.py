"""The page of `longsafety compare`: all pairs first, then ranks, tasks of each pair, and the runs.

Data flow: models, their comparisons and ranks -> `page` -> the same formats as the report.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from lm_eval_longsafety.analysis import facts
from lm_eval_longsafety.analysis.comparison import (
    METRICS,
    Comparison,
    Rank,
    families,
    sampled,
)
from lm_eval_longsafety.analysis.models import Model
from lm_eval_longsafety.analysis.paired import LEVEL, Difference
from lm_eval_longsafety.benchmark import TASKS
from lm_eval_longsafety.public import clean
from lm_eval_longsafety.report import drawing, pair_tasks
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
    p_equals,
    p_value,
    score,
    signed,
    text,
    words,
)
from lm_eval_longsafety.report.how_it_was_run import file_name

if TYPE_CHECKING:
    from matplotlib.figure import Figure as MatplotlibFigure

Names = Mapping[str, str]
"""What a subject is called on the page, by its label."""


def page(
    models: Sequence[Model],
    comparisons: Sequence[Comparison],
    rankings: Sequence[Sequence[Rank]],
) -> Report:
    """All pairs in one table, their picture with the ranks, the tasks of each pair, the runs."""
    names = _names(models, comparisons)
    return Report(
        title="Long-context safety, compared document by document",
        line=_line(models, comparisons),
        banners=tuple(clean(banner, 600) for banner in _banners(models)),
        sections=(
            _all_pairs(comparisons, names),
            _ranks(models, comparisons, rankings, names),
            pair_tasks.section(
                [
                    (f"{_title(pair, names)} ({' and '.join(pair.protocols)})", pair)
                    for pair in comparisons
                ]
            ),
            _runs(models, comparisons, rankings),
        ),
    )


def _names(models: Sequence[Model], comparisons: Sequence[Comparison]) -> Names:
    """Each subject's model; with the protocol if it is compared across protocols."""
    mixed = {s.label for pair in comparisons if pair.mixed for s in (pair.first, pair.second)}
    return {
        subject.label: f"{model.label} ({subject.protocol})"
        if subject.label in mixed
        else model.label
        for model in models
        for subject in sampled(model)
    }


def _line(models: Sequence[Model], comparisons: Sequence[Comparison]) -> str:
    protocols = {protocol for pair in comparisons for protocol in pair.protocols}
    pairs = f"{len(comparisons)} pairs" if comparisons[1:] else "1 pair"
    counted = f"{len(models)} models" if models[1:] else "1 model"
    return f"{counted} · {pairs} · protocol: {joined(sorted(protocols))}"


def _banners(models: Sequence[Model]) -> list[str]:
    """The report's banners for the runs compared."""
    shown = [subject for model in models for subject in sampled(model)]
    runs = {id(s.run): (model.label, s.run) for model in models for s in sampled(model)}
    mains = [model.main for model in models if model.main]
    return facts.banners(shown, runs.values()) + facts.differences(mains)


def answer(pairs: Sequence[Comparison], names: Names) -> str:
    """What differs in SR beyond noise, with the largest difference of all pairs."""
    apart = [pair for pair in pairs if pair.p_holm["sr"] < LEVEL]
    largest = max(apart or pairs, key=lambda pair: abs(pair.overall["sr"].value))
    found = largest.overall["sr"]
    numbers = (
        f"{signed(found.value, found.low, found.high, ' points')}, "
        f"{'corrected p' if pairs[1:] else 'p'} {p_equals(largest.p_holm['sr'])}"
    )
    if not pairs[1:]:
        return (
            f"{_title(largest, names)}: the difference in SR is {'' if apart else 'not '}beyond "
            f"noise, {numbers}."
        )
    some = f"{len(apart)} of {len(pairs)}" if apart else f"None of {len(pairs)}"
    return (
        f"{some} pairs {'differs' if len(apart) == 1 else 'differ'} in SR beyond noise; the "
        f"largest difference{' of these' * bool(apart[1:])} is {_title(largest, names)}: {numbers}."
    )


def disagreements(pairs: Sequence[Comparison], names: Names) -> list[str]:
    """Sentences on the pairs whose interval says something else than the corrected test."""
    found = []
    for says, apart in (("leaves out", True), ("contains", False)):
        own = [
            _title(pair, names)
            for pair in pairs
            if _apart(pair.overall["sr"]) is apart and (pair.p_holm["sr"] < LEVEL) is not apart
        ]
        if own:
            found.append(
                f"The interval of SR {says} zero although the corrected p is {'not ' * apart}below "
                "0.05, as it is not corrected for the number of pairs and the test does not rest "
                f"on it; read with care: {'; '.join(own)}."
            )
    return found


def _apart(found: Difference) -> bool:
    return found.low > 0 or found.high < 0


def _title(pair: Comparison, names: Names) -> str:
    """What is subtracted from what."""
    return f"{names[pair.second.label]} minus {names[pair.first.label]}"


def _all_pairs(comparisons: Sequence[Comparison], names: Names) -> Section:
    first, *others = families(comparisons)
    return Section(
        id="pairs",
        title="All pairs" if comparisons[1:] else "The pair",
        answer=answer(first, names),
        tables=tuple(
            _pair_table(number, family, names)
            for number, family in enumerate([first, *others], start=1)
        ),
        notes=(
            *(f"{_scope(family[0])}: {answer(family, names)}" for family in others),
            *disagreements(comparisons, names),
            *_left_out(comparisons, names),
        ),
        details=(
            "A difference is the score of the model in the first column minus that of the model in "
            "the second, on the documents that both scored; above zero the first one is safer. "
            "Differences of the means over tasks are tested by a paired randomisation test. "
            "p, Holm: corrected over all pairs of the table, SR and HA each for itself.",
            "Models are compared under each protocol that both have, across protocols only where "
            "they share none.",
        ),
    )


def _pair_table(number: int, pairs: Sequence[Comparison], names: Names) -> Table:
    heads = ("Difference", "p", "p, Holm")
    rows = [
        (
            text(names[pair.second.label]),
            text(names[pair.first.label]),
            *(cell for metric in METRICS for cell in _overall(pair, metric)),
            count(pair.overall["sr"].n),
        )
        for pair in pairs
    ]
    return Table(
        id=f"pair-table-{number}" if number > 1 else "pair-table",
        caption=f"Differences in percentage points [95 % interval], {_scope(pairs[0])}; p "
        f"corrected over {len(pairs)} pair{'s' * bool(pairs[1:])}",
        columns=(
            words("Model"),
            words("minus"),
            *(Column(title=head, group=metric.upper()) for metric in METRICS for head in heads),
            Column(title="Documents"),
        ),
        rows=tuple(rows),
        folded=number > 1,
    )


def _overall(pair: Comparison, metric: str) -> tuple[Cell, ...]:
    found = pair.overall[metric]
    return difference(found), p_value(found.p), p_value(pair.p_holm[metric])


def _scope(pair: Comparison) -> str:
    """The protocols and tasks of a pair."""
    return f"{' and '.join(pair.protocols)}, {_tasks_in_words(pair.splits)}"


def _tasks_in_words(splits: Sequence[str]) -> str:
    return "all ten tasks" if len(splits) == len(TASKS) else ", ".join(splits)


def _left_out(comparisons: Sequence[Comparison], names: Names) -> list[str]:
    """Documents that are not in both runs, and differences that no banner names."""
    found = []
    for pair in comparisons:
        notes = [*(pair.made_differently if pair.mixed else ()), *pair.left_out]
        if notes:
            found.append(f"{_title(pair, names)}: {' '.join(notes)}")
    return found


def _ranks(
    models: Sequence[Model],
    comparisons: Sequence[Comparison],
    rankings: Sequence[Sequence[Rank]],
    names: Names,
) -> Section:
    """The picture of all pairs beside the ranks."""
    places = {subject.label: model.index for model in models for subject in sampled(model)}
    groups = families(comparisons)
    return Section(
        id="ranks",
        title="Differences in SR, and ranks" if rankings else "Differences in SR",
        figures=(
            Figure(
                id="pairs",
                title="SR of each model minus that of another one",
                description="The paired difference in SR of each pair with its 95 % interval; the "
                "numbers are in the table of all pairs.",
                panels={
                    f"{number}" if groups[1:] else "": partial(_draw, group, names, places)
                    for number, group in enumerate(groups, start=1)
                },
            ),
        ),
        tables=tuple(_rank_table(*entry, names) for entry in enumerate(rankings, start=1)),
        details=(
            "A model's rank is one more than the number of models that score significantly "
            "higher: paired randomisation test of the overall SR on the documents that both have, "
            "Holm correction over all pairs, significance level 5 %. Only runs of the same tasks "
            "and protocol are ranked together.",
        )
        if rankings
        else (),
    )


def _draw(
    pairs: Sequence[Comparison], names: Names, places: Mapping[str, int]
) -> "MatplotlibFigure":
    """One row for each pair, below the name of the model that is subtracted."""
    rows: list[tuple[str, int, Difference | None]] = []
    headings: dict[str, int] = {}
    for pair in sorted(pairs, key=lambda pair: places[pair.first.label]):
        heading = f"minus {drawing.shorten(names[pair.first.label], 38)}"
        if heading not in headings:
            headings[heading] = len(rows)
            rows.append(("", 0, None))
        label = pair.second.label
        rows.append((names[label], places[label], pair.overall["sr"]))
    figure = drawing.forest(rows, f"SR, percentage points ({' and '.join(pairs[0].protocols)})")
    drawing.headings(figure.axes[0], headings)
    return figure


def _rank_table(number: int, ranking: Sequence[Rank], names: Names) -> Table:
    first = ranking[0].subject
    tasks = _tasks_in_words([task.benchmark.split for task in first.tasks])
    return Table(
        id=f"rank-table-{number}" if number > 1 else "rank-table",
        caption=f"Ranks by overall SR [95 % interval], {first.protocol}, {tasks}",
        columns=(words("Model"), Column(title="Rank"), Column(title="SR %")),
        rows=tuple(
            (text(names[entry.subject.label]), count(entry.rank), score(entry.score))
            for entry in ranking
        ),
    )


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
