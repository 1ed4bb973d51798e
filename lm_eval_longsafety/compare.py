"""Pair runs document by document and say which differ beyond noise.

Data flow: subjects -> `check_same_data` -> pairs per task -> `paired` -> Holm over tasks -> ranks.
Only documents that both runs scored are paired; runs on different data are refused, never lined up
by position.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from lm_eval_longsafety.errors import ResultsError
from lm_eval_longsafety.paired import Difference, holm, paired_mean, paired_task, ranks
from lm_eval_longsafety.report.scores import Subject, value_of
from lm_eval_longsafety.results import Sample
from lm_eval_longsafety.stats import Estimate, Values

METRICS = ("sr", "ha")
_LEVEL = 0.05
_Pairs = dict[str, list[tuple[Sample, Sample]]]
"""(first, second) by split, documents in the first run's order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskComparison:
    """One metric of one task, two subjects."""

    split: str
    metric: str
    difference: Difference
    p_holm: float
    """Corrected over the tasks of this metric."""
    gained: tuple[str, ...]
    """Ids of documents on which the second subject scores higher."""
    lost: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two subjects, second minus first."""

    first: Subject
    second: Subject
    overall: dict[str, Difference]
    """By metric, over the plain mean of the shared tasks."""
    tasks: tuple[TaskComparison, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rank:
    """A subject's place by overall SR."""

    subject: Subject
    rank: int
    """Shared by all that nobody beats beyond noise."""
    score: Estimate


def compare(first: Subject, second: Subject) -> Comparison:
    """Compare two subjects on the documents that both scored.

    Raises:
        ResultsError: no samples, no shared documents, or different data.
    """
    check_same_data(first, second)
    shared, notes = _shared_documents(first, second)
    if not shared:
        raise ResultsError(
            f"{first.label} and {second.label} share no sampled document; give runs of the same "
            "tasks, made with --log_samples"
        )
    comparisons: list[TaskComparison] = []
    for metric in METRICS:
        comparisons += _compare_tasks(shared, metric)
    overall = {
        metric: paired_mean([_values(pairs, metric) for pairs in shared.values()])
        for metric in METRICS
    }
    return Comparison(
        first=first,
        second=second,
        overall=overall,
        tasks=tuple(comparisons),
        notes=(*_protocol_notes(first, second), *notes),
    )


def check_same_data(first: Subject, second: Subject) -> None:
    """Refuse runs whose data differ: by fingerprint, and by each document's context and options.

    Raises:
        ResultsError: naming the task and what differs.
    """
    theirs = {task.benchmark.split: task for task in second.tasks}
    for task in first.tasks:
        split = task.benchmark.split
        if split not in theirs:
            continue
        ours, other = task.provenance, theirs[split].provenance
        hashes = [p.data_sha256 for p in (ours, other) if p is not None and p.data_sha256]
        if len(set(hashes)) > 1:
            raise ResultsError(
                f"{first.label} and {second.label} ran on different data: {split} has fingerprints "
                f"{hashes[0][:16]} and {hashes[1][:16]}; run both on the same data set and revision"
            )
        contexts = {s.id: (s.context_sha256, len(s.letters)) for s in theirs[split].samples}
        for sample in task.samples:
            mine = (sample.context_sha256, len(sample.letters))
            if contexts.get(sample.id, mine) != mine:
                raise ResultsError(
                    f"{first.label} and {second.label} ran on different data: document "
                    f"{sample.id!r} of {split} has another context or other options; run both on "
                    "the same data"
                )


def rank(subjects: Sequence[Subject]) -> list[Rank]:
    """Order by overall SR; models that noise may separate share a rank, unscored ones have none.

    A pair differs if its randomisation p over their shared documents, Holm-corrected over all
    pairs, is below 0.05.
    """
    scored = [(subject, score) for subject in subjects if (score := subject.mean("sr"))]
    subjects = [subject for subject, _ in scored]
    pairs = list(combinations(range(len(subjects)), 2))
    p_values = [compare(subjects[i], subjects[j]).overall["sr"].p for i, j in pairs]
    distinct = [[False] * len(subjects) for _ in subjects]
    for (i, j), p in zip(pairs, holm(p_values), strict=True):
        distinct[i][j] = distinct[j][i] = p < _LEVEL
    places = ranks([score.value for _, score in scored], distinct)
    ordered = [
        Rank(subject=subject, rank=place, score=score)
        for (subject, score), place in zip(scored, places, strict=True)
    ]
    return sorted(ordered, key=lambda entry: (entry.rank, -entry.score.value))


def _shared_documents(first: Subject, second: Subject) -> tuple[_Pairs, list[str]]:
    """Pairs of samples by split, and what is in one run only."""
    theirs = {task.benchmark.split: task for task in second.tasks}
    own = {task.benchmark.split: task for task in first.tasks}
    shared: _Pairs = {}
    notes = []
    for split in dict.fromkeys((*own, *theirs)):
        mine = own[split].samples if split in own else ()
        other = {s.id: s for s in theirs[split].samples} if split in theirs else {}
        pairs = [(sample, other[sample.id]) for sample in mine if sample.id in other]
        total = max(len(mine), len(other))
        if pairs:
            shared[split] = pairs
            if len(pairs) < total:
                notes.append(f"{split}: {len(pairs)} of {total} documents are in both runs.")
        else:
            notes.append(f"{split}: not in both runs, left out.")
    return shared, notes


def _compare_tasks(shared: _Pairs, metric: str) -> list[TaskComparison]:
    differences = {split: paired_task(*_values(pairs, metric)) for split, pairs in shared.items()}
    corrected = holm([difference.p for difference in differences.values()])
    found = []
    for (split, difference), p_holm in zip(differences.items(), corrected, strict=True):
        changes = [(a.id, value_of(b, metric) - value_of(a, metric)) for a, b in shared[split]]
        found.append(
            TaskComparison(
                split=split,
                metric=metric,
                difference=difference,
                p_holm=p_holm,
                gained=tuple(name for name, change in changes if change > 0),
                lost=tuple(name for name, change in changes if change < 0),
            )
        )
    return found


def _values(pairs: Sequence[tuple[Sample, Sample]], metric: str) -> tuple[Values, Values]:
    contexts = [first.context_sha256 for first, _ in pairs]
    return (
        Values.of([value_of(first, metric) for first, _ in pairs], contexts),
        Values.of([value_of(second, metric) for _, second in pairs], contexts),
    )


def _protocol_notes(first: Subject, second: Subject) -> list[str]:
    from lm_eval_longsafety.report.setup import differences

    return differences([first, second])
