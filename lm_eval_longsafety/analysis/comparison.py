"""Compare runs document by document and find those that differ significantly.

Data flow: subjects -> all pairs -> `check_same_data` -> pairs per task -> `paired` -> Holm over
tasks, and over pairs -> ranks. Documents are paired by id, and only those that both runs scored;
runs on different data raise an error. Only runs of the same tasks are ranked with each other.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace

from lm_eval_longsafety.analysis.facts import differences
from lm_eval_longsafety.analysis.paired import Difference, holm, paired_mean, paired_task
from lm_eval_longsafety.analysis.scores import Subject, value_of
from lm_eval_longsafety.analysis.stats import Z95, Estimate, Values
from lm_eval_longsafety.errors import ResultsError
from lm_eval_longsafety.results import Sample

METRICS = ("sr", "ha")
_LEVEL = 0.05
_Pairs = dict[str, list[tuple[Sample, Sample]]]
"""(first, second) by split, documents in the first run's order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskComparison:
    """The difference of two subjects in one metric of one task."""

    split: str
    metric: str
    difference: Difference
    p_holm: float
    """p-value with Holm's correction over the tasks of this metric."""
    gained: tuple[str, ...]
    """Ids of documents on which the second subject scores higher."""
    lost: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """All differences of two subjects, second minus first."""

    first: Subject
    second: Subject
    overall: dict[str, Difference]
    """By metric: the difference of the unweighted means over the shared tasks."""
    p_holm: dict[str, float]
    """By metric: the p-value of `overall`, with Holm's correction over all pairs of the same
    protocols that are compared together."""
    tasks: tuple[TaskComparison, ...]
    made_differently: tuple[str, ...]
    """How the two runs were made differently, each as a sentence."""
    left_out: tuple[str, ...]
    """Documents that are not in both runs, each task as a sentence."""

    @property
    def protocols(self) -> tuple[str, ...]:
        """The protocol of both, or those of the two in alphabetical order."""
        return tuple(sorted({self.first.protocol, self.second.protocol}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rank:
    """A subject's rank by overall SR."""

    subject: Subject
    rank: int
    """One more than the number of subjects that are significantly better than this one."""
    score: Estimate


def compare_all(subjects: Sequence[Subject]) -> list[Comparison]:
    """Compare all pairs of runs that have documents in common, each under one protocol.

    Runs that share no protocol are compared across protocols, and so are the protocols of one run
    that is alone. The p-values of the means are corrected over all pairs of the same protocols.

    Raises:
        ResultsError: no two of them share a document, or two ran on different data.
    """
    pairs = [pair for pair in _pairs(subjects) if _shared_documents(*pair)[0]]
    if not pairs:
        raise ResultsError(_nothing_shared(subjects))
    return _corrected([compare(*pair) for pair in pairs])


def _pairs(subjects: Sequence[Subject]) -> list[tuple[Subject, Subject]]:
    """The pairs to compare, the earlier subject first."""
    protocols: dict[int, set[str]] = {}
    for subject in subjects:
        protocols.setdefault(id(subject.run), set()).add(subject.protocol)
    pairs = list(itertools.combinations(subjects, 2))
    kept = [
        (first, second)
        for first, second in pairs
        if first.run is not second.run
        and (
            first.protocol == second.protocol
            or not protocols[id(first.run)] & protocols[id(second.run)]
        )
    ]
    return pairs if len(protocols) == 1 else kept


def _corrected(comparisons: Sequence[Comparison]) -> list[Comparison]:
    """With Holm's correction of each metric over the pairs of the same protocols."""
    families: dict[tuple[str, ...], list[int]] = {}
    for index, pair in enumerate(comparisons):
        families.setdefault(pair.protocols, []).append(index)
    found = list(comparisons)
    for family in families.values():
        by_metric = {
            metric: holm([comparisons[index].overall[metric].p for index in family])
            for metric in METRICS
        }
        for place, index in enumerate(family):
            p_holm = {metric: corrected[place] for metric, corrected in by_metric.items()}
            found[index] = replace(comparisons[index], p_holm=p_holm)
    return found


def compare(first: Subject, second: Subject, z: float = Z95) -> Comparison:
    """Compare two subjects on the documents that both scored.

    Args:
        first: the base of the differences.
        second: the subject whose scores count positive.
        z: half the width of the means' intervals in standard errors; the default is that of 95 %.

    Raises:
        ResultsError: the subjects share no sampled document, or ran on different data.
    """
    check_same_data(first, second)
    shared, left_out = _shared_documents(first, second)
    if not shared:
        raise ResultsError(_nothing_shared([first, second]))
    comparisons: list[TaskComparison] = []
    for metric in METRICS:
        comparisons += _compare_tasks(shared, metric)
    overall = {
        metric: paired_mean([_values(pairs, metric) for pairs in shared.values()], z)
        for metric in METRICS
    }
    return Comparison(
        first=first,
        second=second,
        overall=overall,
        p_holm={metric: difference.p for metric, difference in overall.items()},
        tasks=tuple(comparisons),
        made_differently=tuple(differences([first, second])),
        left_out=tuple(left_out),
    )


def check_same_data(first: Subject, second: Subject) -> None:
    """Check that two subjects ran on the same data.

    Raises:
        ResultsError: the hash of a task's data differs, or the context or the number of choices of
            a document.
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
                    f"{sample.id!r} of {split} has another context or number of choices; run both "
                    "on the same data"
                )


def rankings(subjects: Sequence[Subject], comparisons: Sequence[Comparison]) -> list[list[Rank]]:
    """One ranking for each protocol and set of tasks that several subjects have with samples."""
    groups: dict[tuple[object, ...], list[Subject]] = {}
    for subject in subjects:
        tasks = tuple((task.benchmark.split, bool(task.samples)) for task in subject.tasks)
        groups.setdefault((subject.protocol, tasks), []).append(subject)
    found = [rank(group, comparisons) for group in groups.values()]
    return [ranking for ranking in found if len(ranking) > 1]


def rank(subjects: Sequence[Subject], comparisons: Sequence[Comparison]) -> list[Rank]:
    """Rank subjects of the same tasks; those without a score are left out.

    A subject is significantly better than another if its SR is higher on the documents that both
    scored and the corrected p-value of their comparison is below 0.05. Subjects of equal rank are
    ordered by overall SR.

    Args:
        subjects: the subjects to rank.
        comparisons: of all pairs of them, others are ignored.
    """
    scores = {subject.label: score for subject in subjects if (score := subject.mean("sr"))}
    places = dict.fromkeys(scores, 1)
    for pair in comparisons:
        first, second = pair.first.label, pair.second.label
        if first in scores and second in scores and pair.p_holm["sr"] < _LEVEL:
            places[first if pair.overall["sr"].value > 0 else second] += 1
    ordered = [
        Rank(subject=subject, rank=places[subject.label], score=scores[subject.label])
        for subject in subjects
        if subject.label in scores
    ]
    return sorted(ordered, key=lambda entry: (entry.rank, -entry.score.value))


def _nothing_shared(subjects: Sequence[Subject]) -> str:
    names = " and ".join(subject.label for subject in subjects[:2])
    more = f" and {len(subjects) - 2} more" if len(subjects) > 2 else ""
    return (
        f"{names}{more} share no sampled document; give runs of the same tasks, made with "
        "--log_samples"
    )


def _shared_documents(first: Subject, second: Subject) -> tuple[_Pairs, list[str]]:
    """Pairs of samples by split, and notes on documents that only one run has."""
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
