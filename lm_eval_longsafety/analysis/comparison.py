"""Compare runs document by document and find those that differ significantly.

Data flow: subjects -> all pairs -> `check_same_data` -> pairs per task -> `paired` -> Holm over
tasks, and over pairs -> ranks. Documents are paired by id, and only those that both runs scored;
runs on different data raise an error. Only runs of the same tasks are ranked with each other.
"""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from lm_eval_longsafety.analysis.facts import differences
from lm_eval_longsafety.analysis.models import Model
from lm_eval_longsafety.analysis.paired import LEVEL, Difference, holm, paired_mean, paired_task
from lm_eval_longsafety.analysis.scores import Subject, value_of
from lm_eval_longsafety.analysis.stats import Z95, Estimate, Values
from lm_eval_longsafety.errors import ResultsError
from lm_eval_longsafety.results import Sample

METRICS = ("sr", "ha")
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
    """By metric: the p-value of `overall`, with Holm's correction over its family of pairs."""
    tasks: tuple[TaskComparison, ...]
    made_differently: tuple[str, ...]
    """How the two runs were made differently, each as a sentence."""
    left_out: tuple[str, ...]
    """Documents that are not in both runs, each task as a sentence."""

    @property
    def protocols(self) -> tuple[str, ...]:
        """The protocol of both, or those of the two in alphabetical order."""
        return tuple(sorted({self.first.protocol, self.second.protocol}))

    @property
    def mixed(self) -> bool:
        """Whether the two were run under different protocols."""
        return len(self.protocols) > 1

    @property
    def splits(self) -> tuple[str, ...]:
        """The tasks of which both have the same documents, in the benchmark's order."""
        return tuple(dict.fromkeys(task.split for task in self.tasks))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rank:
    """A subject's rank by overall SR."""

    subject: Subject
    rank: int
    """One more than the number of subjects that are significantly better than this one."""
    score: Estimate
    to_next: Difference | None = None
    """SR minus that of the next subject; None for the last one or without common documents."""
    p_next: float | None = None
    """p-value of `to_next`, Holm-corrected over all pairs."""


def compare_all(models: Sequence[Model]) -> list[Comparison]:
    """Compare all pairs of models that have documents in common, under each shared protocol.

    Models that share no protocol are compared across protocols, and so is one that is alone. The
    p-values of the means are corrected over all pairs of the same protocols and tasks.

    Raises:
        ResultsError: no two of them share a document, or two ran on different data.
    """
    pairs = [pair for pair in _pairs(models) if _shared_documents(*pair)[0]]
    if not pairs:
        raise ResultsError(_nothing_shared(models))
    return _corrected([compare(*pair) for pair in pairs])


def sampled(model: Model) -> list[Subject]:
    """The model's scores of the benchmark that have samples, its own protocol first."""
    return [subject for subject in (model.main, model.other) if subject and subject.samples]


def _pairs(models: Sequence[Model]) -> list[tuple[Subject, Subject]]:
    """The pairs to compare, the earlier model first."""
    by_model = [subjects for model in models if (subjects := sampled(model))]
    if len(by_model) == 1:
        return list(itertools.combinations(by_model[0], 2))
    found = []
    for ours, theirs in itertools.combinations(by_model, 2):
        pairs = list(itertools.product(ours, theirs))
        same = [pair for pair in pairs if pair[0].protocol == pair[1].protocol]
        found += same or pairs
    return found


def families(comparisons: Sequence[Comparison]) -> list[list[Comparison]]:
    """The pairs of the same protocols and tasks: p-values are corrected over each such set."""
    found: dict[object, list[Comparison]] = {}
    for pair in comparisons:
        found.setdefault((pair.protocols, pair.splits), []).append(pair)
    return list(found.values())


def _corrected(comparisons: Sequence[Comparison]) -> list[Comparison]:
    found = []
    for family in families(comparisons):
        columns = [holm([pair.overall[metric].p for pair in family]) for metric in METRICS]
        for pair, p_values in zip(family, zip(*columns, strict=True), strict=True):
            found.append(replace(pair, p_holm=dict(zip(METRICS, p_values, strict=True))))
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


def rankings(models: Sequence[Model]) -> list[list[Rank]]:
    """One ranking for each protocol and set of tasks of which several models have samples."""
    groups: dict[object, list[Subject]] = {}
    for subject in (subject for model in models for subject in sampled(model)):
        tasks = tuple((task.benchmark.split, bool(task.samples)) for task in subject.tasks)
        groups.setdefault((subject.protocol, tasks), []).append(subject)
    found = [rank(group) for group in groups.values()]
    return [ranking for ranking in found if len(ranking) > 1]


def rank(subjects: Sequence[Subject]) -> list[Rank]:
    """Rank subjects of the same tasks; those without a score are left out.

    A subject is significantly better than another if its SR is higher on the documents that both
    scored and the p-value of the randomisation test, Holm-corrected over all pairs, is below 0.05.
    Subjects of equal rank are ordered by overall SR.
    """
    scored = [(subject, score) for subject in subjects if (score := subject.mean("sr"))]
    pairs = [
        (i, j)
        for i, j in itertools.combinations(range(len(scored)), 2)
        if _shared_documents(scored[i][0], scored[j][0])[0]
    ]
    # The second subject minus the first.
    differences = [_overall(scored[i][0], scored[j][0], "sr") for i, j in pairs]
    corrected = holm([difference.p for difference in differences])
    places = [1] * len(scored)
    for (i, j), difference, p in zip(pairs, differences, corrected, strict=True):
        if p < LEVEL:
            places[i if difference.value > 0 else j] += 1
    order = sorted(range(len(scored)), key=lambda i: (places[i], -scored[i][1].value))
    tested = dict(zip(pairs, zip(differences, corrected, strict=True), strict=True))
    found = []
    for i, j in itertools.zip_longest(order, order[1:]):
        next_, p_next = (None, None) if j is None else _minus(tested, i, j)
        subject, score = scored[i]
        found.append(
            Rank(subject=subject, rank=places[i], score=score, to_next=next_, p_next=p_next)
        )
    return found


def _minus(
    tested: Mapping[tuple[int, int], tuple[Difference, float]], i: int, j: int
) -> tuple[Difference | None, float | None]:
    """Subject i minus subject j, and the corrected p; the pairs hold later minus earlier."""
    if (j, i) in tested:
        return tested[j, i]
    difference, p = tested.get((i, j), (None, None))
    return difference and difference.reversed(), p


def _overall(first: Subject, second: Subject, metric: str) -> Difference:
    """The difference of the means over the tasks that both have, second minus first."""
    check_same_data(first, second)
    shared, _ = _shared_documents(first, second)
    return paired_mean([_values(pairs, metric) for pairs in shared.values()])


def _nothing_shared(subjects: Sequence[Subject | Model]) -> str:
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
