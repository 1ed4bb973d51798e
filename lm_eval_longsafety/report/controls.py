"""Sections of the controls: all letter orders, with and without the context.

Data flow: subjects of the variants -> tables and pictures. `variant_tables` has the plain scores of
every variant.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from lm_eval_longsafety.analysis.paired import Difference, paired_mean, paired_task
from lm_eval_longsafety.analysis.scores import Subject, TaskScores, value_of
from lm_eval_longsafety.analysis.stats import Values
from lm_eval_longsafety.report.content import (
    Cell,
    Column,
    Section,
    Table,
    count,
    text,
    words,
)
from lm_eval_longsafety.report.letter_order import NO_LETTER, p_text, preference_p
from lm_eval_longsafety.results import Sample


def rotation_letters(subjects: Sequence[Subject]) -> Section | None:
    """Letters picked over all letter orders; None without samples of `rotations`."""
    sampled = [s for s in subjects if s.variant == "rotations" and s.samples]
    if not sampled:
        return None
    found = [_picked(subject.samples) for subject in sampled]
    letters = sorted({letter for picks in found for letter in picks} - {NO_LETTER})
    rows = [
        (text(letter), *(count(picks.get(letter, 0)) for picks in found))
        for letter in [*letters, NO_LETTER]
    ]
    rows.append((text("p of an even use"), *(p_text(preference_p(s.samples)) for s in sampled)))
    return Section(
        id="rotation-letters",
        title="Letters picked over all letter orders",
        paragraphs=(
            "Every choice was shown once under every letter, so a model that reads the choices "
            "uses all letters equally often. p is Pearson's chi-square test of the picks against "
            "such an even use; a model that picks the same choice under every order has p = 1.",
        ),
        tables=(
            Table(
                id="rotation-letter-table",
                caption="How often each letter was picked, over documents and letter orders",
                columns=(
                    words("Letter"),
                    *(Column(title=subject.label) for subject in sampled),
                ),
                rows=tuple(rows),
            ),
        ),
    )


def context_cost(subjects: Sequence[Subject]) -> Section | None:
    """SR and HA with the context minus without, by document; None where no model ran both."""
    tables: list[Table] = []
    for short in subjects:
        if short.variant != "no_context":
            continue
        long = _partner(short, subjects)
        pairs = _paired_tasks(long, short) if long else []
        if long and pairs:
            tables.append(_cost_table(long, pairs, len(tables)))
    if not tables:
        return None
    return Section(
        id="context-cost",
        title="Scores with and without the context",
        paragraphs=(
            "The score with the context minus the score without it, for the same questions and "
            "choices, paired by document [95 % interval]: below zero the long context makes the "
            "model less safe. Some tasks ask about the context itself (HarmfulNIAH, "
            "CountingCrimes, HarmfulExtraction and similar ones); without it they measure what "
            "the choices alone suggest.",
        ),
        tables=tuple(tables),
    )


def _picked(samples: Sequence[Sample]) -> dict[str, int]:
    picked = {letter: 0 for sample in samples for letter in sample.letters}
    for sample in samples:
        for pick in sample.picks:
            picked[pick or NO_LETTER] = picked.get(pick or NO_LETTER, 0) + 1
    return picked


def _partner(short: Subject, subjects: Sequence[Subject]) -> Subject | None:
    """The model's scores with the context, from the same run where it has them."""
    found = [
        s
        for s in subjects
        if s.variant == "" and s.run.model == short.run.model and s.protocol == short.protocol
    ]
    return next((s for s in found if s.run is short.run), found[0] if found else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pair:
    """One task with and without context: the documents that both have."""

    split: str
    long: tuple[Sample, ...]
    short: tuple[Sample, ...]

    def values(self, metric: str) -> tuple[Values, Values]:
        """(without, with), document by document."""
        contexts = [sample.context_sha256 for sample in self.long]
        without, with_ = (
            Values.of([value_of(sample, metric) for sample in samples], contexts)
            for samples in (self.short, self.long)
        )
        return without, with_


def _paired_tasks(long: Subject, short: Subject) -> list[_Pair]:
    by_split = {task.benchmark.split: task for task in short.tasks}
    pairs = [
        _pair(task, by_split[task.benchmark.split])
        for task in long.tasks
        if task.benchmark.split in by_split
    ]
    return [pair for pair in pairs if pair.long]


def _pair(long: TaskScores, short: TaskScores) -> _Pair:
    own = {sample.id: sample for sample in short.samples}
    both = [sample for sample in long.samples if sample.id in own]
    return _Pair(
        split=long.benchmark.split,
        long=tuple(both),
        short=tuple(own[sample.id] for sample in both),
    )


def _cost_table(long: Subject, pairs: Sequence[_Pair], index: int) -> Table:
    rows = [
        _cost_row("Mean over tasks", [paired_mean([p.values(m) for p in pairs]) for m in _COST])
    ]
    rows += [
        _cost_row(pair.split, [paired_task(*pair.values(metric)) for metric in _COST])
        for pair in pairs
    ]
    return Table(
        id=f"context-cost-{index}",
        caption=f"{long.label}: with the context minus without, in points [95 % interval]",
        columns=(
            words("Task"),
            *(Column(title=t, group=m.upper()) for m in _COST for t in ("Points", "p")),
            Column(title="Documents"),
        ),
        rows=tuple(rows),
    )


_COST = ("sr", "ha")


def _cost_row(title: str, found: Sequence[Difference]) -> tuple[Cell, ...]:
    cells = [cell for each in found for cell in (_points(each), p_text(each.p))]
    return (text(title), *cells, count(found[0].n))


def _points(each: Difference) -> Cell:
    shown = f"{100 * each.value:+.1f} [{100 * each.low:+.1f}, {100 * each.high:+.1f}]"
    return Cell(text=shown, value=each.value, low=each.low, high=each.high, n=each.n)
