"""SR by length, depth and filler: buckets of tokens, grid tasks, documents in longer contexts.

Data flow: samples -> cells of depth and length -> means, paired changes. A document that was asked
several times (in contexts of several lengths or depths) counts once, with the mean of its values.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from lm_eval_longsafety.analysis.models import Model
from lm_eval_longsafety.analysis.paired import Difference, paired_mean
from lm_eval_longsafety.analysis.scores import Subject
from lm_eval_longsafety.analysis.stats import (
    Estimate,
    Values,
    mean_over_tasks,
    proportion,
    shared_context_factor,
)
from lm_eval_longsafety.benchmark import BenchmarkTask
from lm_eval_longsafety.results import Sample

_EDGES = tuple(1024 * 2**power for power in range(0, 12))
_LENGTH = "length_"

Bucket = tuple[int, int | None]
"""[from, below) in tokens; None for the last one, which has no end."""
Place = tuple[float, float]
"""(depth, length)."""
_Documents = dict[str, dict[str, list[Sample]]]
"""Samples by split and id of their document."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LengthChange:
    """SR of the same documents in the shortest and in the longest contexts."""

    shortest: float
    longest: float
    """Prompt tokens."""
    first: Estimate
    last: Estimate
    difference: Difference
    """Longest minus shortest, paired by document."""


def sampled(subject: Subject, benchmark: BenchmarkTask | None = None) -> list[Sample]:
    """The samples of one task, or of all tasks, without those that the results file contradicts."""
    tasks = [task for task in subject.tasks if benchmark in (None, task.benchmark)]
    return [s for task in tasks if task.values("sr") is not None for s in task.samples]


def by_bucket(samples: Iterable[Sample]) -> dict[Bucket, Estimate]:
    """SR by prompt tokens, documents of all tasks pooled; unknown lengths are left out."""
    buckets: dict[Bucket, list[Sample]] = defaultdict(list)
    for sample in samples:
        if sample.prompt_tokens is not None:
            below = next((edge for edge in _EDGES if sample.prompt_tokens < edge), None)
            start = 0 if below == _EDGES[0] else below // 2 if below else _EDGES[-1]
            buckets[start, below].append(sample)
    return {key: _share(buckets[key]) for key in sorted(buckets, key=lambda key: key[0])}


def grid(subject: Subject, benchmark: BenchmarkTask) -> dict[Place, list[Sample]]:
    """The samples of a grid task by their own depth and length."""
    cells: dict[Place, list[Sample]] = defaultdict(list)
    for sample in sampled(subject, benchmark):
        if sample.depth is not None and sample.length is not None:
            cells[sample.depth, sample.length].append(sample)
    return {place: cells[place] for place in sorted(cells)}


def embedded(model: Model) -> dict[Place, Subject]:
    """The subjects of `longsafety_length`, all under one protocol: the model's own if it has it."""
    own = [(place, s) for s in model.subjects if (place := _place(s.variant))]
    protocols = [subject.protocol for _, subject in own]
    protocol = model.protocol if model.protocol in protocols else next(iter(protocols), "")
    return {place: s for place, s in sorted(own, key=lambda x: x[0]) if s.protocol == protocol}


def pooled(samples: Iterable[Sample]) -> Estimate | None:
    """SR, plain mean over the tasks; None without samples."""
    tasks = [_values(own, list(own)) for own in _documents(samples).values()]
    return _mean(tasks) if tasks else None


def by_first(cells: Mapping[tuple[float, float], Sequence[Sample]]) -> dict[float, Estimate]:
    """SR by the first number of the cells, such as depth, pooled over the second one.

    Only where there are all tasks and second numbers that occur: others would differ by these too.
    """
    kinds: dict[float, set[tuple[str, float]]] = defaultdict(set)
    for (first, second), samples in cells.items():
        kinds[first] |= {(sample.split, second) for sample in samples}
    every = set().union(*kinds.values())
    means = {
        first: pooled(s for (at, _), samples in cells.items() if at == first for s in samples)
        for first in sorted(kinds)
        if kinds[first] == every
    }
    return {first: mean for first, mean in means.items() if mean}


def by_filler(samples: Iterable[Sample]) -> list[dict[str, Estimate]]:
    """SR by the filler of the context, for each set of fillers that have tasks in common.

    Each is pooled over the tasks, depths and lengths that all fillers of its set have. Sets with
    one filler, and those that share none of these, are left out.
    """
    kinds: dict[str, dict[object, list[Sample]]] = defaultdict(lambda: defaultdict(list))
    tasks: dict[str, set[str]] = defaultdict(set)
    for sample in samples:
        if sample.filler is not None:
            kinds[sample.filler][sample.split, sample.depth, sample.length].append(sample)
            tasks[sample.split].add(sample.filler)
    sets: list[set[str]] = []
    for names in tasks.values():
        joined = names.union(*(other for other in sets if other & names))
        sets = [other for other in sets if not other & names] + [joined]
    found = [_pooled_alike({name: kinds[name] for name in sorted(names)}) for names in sets]
    return [means for means in found if len(means) > 1]


def _pooled_alike(kinds: Mapping[str, Mapping[object, Sequence[Sample]]]) -> dict[str, Estimate]:
    """SR by name, over the kinds of documents that all names have."""
    every = set.intersection(*map(set, kinds.values()))
    means = {
        name: pooled(s for kind, alike in own.items() if kind in every for s in alike)
        for name, own in kinds.items()
    }
    return {name: mean for name, mean in means.items() if mean}


def change(cells: Mapping[Place, Sequence[Sample]]) -> LengthChange | None:
    """The change from the shortest to the longest contexts at the depths that both have.

    None with one length only, or if no document was asked at both.
    """
    lengths = sorted({length for _, length in cells})
    if len(lengths) < 2:
        return None
    shortest, longest = lengths[0], lengths[-1]
    depths = [d for d in {depth for depth, _ in cells} if {(d, shortest), (d, longest)} <= {*cells}]
    short, long = (
        _documents(sample for depth in depths for sample in cells[depth, length])
        for length in (shortest, longest)
    )
    pairs = []
    for split in short:
        both = [id_ for id_ in short[split] if id_ in long.get(split, {})]
        if both:
            pairs.append((_values(short[split], both), _values(long[split], both)))
    if not pairs:
        return None
    return LengthChange(
        shortest=shortest,
        longest=longest,
        first=_mean([first for first, _ in pairs]),
        last=_mean([last for _, last in pairs]),
        difference=paired_mean(pairs),
    )


def unpaired(first: Estimate, second: Estimate) -> tuple[float, float] | None:
    """95 % interval of second minus first, for scores of different documents; None if unknown.

    From the two intervals (Zou & Donner, Statistics in Medicine 2008).
    """
    if first.low is None or first.high is None or second.low is None or second.high is None:
        return None
    difference = second.value - first.value
    below = math.hypot(second.value - second.low, first.high - first.value)
    above = math.hypot(second.high - second.value, first.value - first.low)
    return difference - below, difference + above


def _documents(samples: Iterable[Sample]) -> _Documents:
    found: _Documents = defaultdict(lambda: defaultdict(list))
    for sample in samples:
        found[sample.split][sample.id].append(sample)
    return found


def _values(documents: Mapping[str, Sequence[Sample]], ids: Sequence[str]) -> Values:
    """Each document's mean SR."""
    return Values.of(
        [sum(s.sr for s in documents[id_]) / len(documents[id_]) for id_ in ids],
        [documents[id_][0].context_sha256 for id_ in ids],
    )


def _mean(tasks: Sequence[Values]) -> Estimate:
    return mean_over_tasks([proportion(task) for task in tasks], shared_context_factor(tasks))


def _share(samples: Sequence[Sample]) -> Estimate:
    return proportion(
        Values.of([sample.sr for sample in samples], [sample.context_sha256 for sample in samples])
    )


def _place(variant: str) -> Place | None:
    """(depth, length) of `length_0008192_0.50`."""
    parts = variant.removeprefix(_LENGTH).split("_") if variant.startswith(_LENGTH) else []
    try:
        length, depth = (float(part) for part in parts)
    except ValueError:
        return None
    return depth, length
