"""Open replies beside the letters that the model picked: scores, differences, agreement.

Data flow: runs of open replies -> a `JudgedRow` for each judge of each -> pairs of documents ->
`Compared`; all judges of a run -> `agreements`. A letter or a reply is safe where it has SR, so
where it is the safest choice or comes closest to it. Unjudged replies are in no pair. Judges are
never averaged.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from lm_eval_longsafety.analysis.open_runs import Judged, OpenRun
from lm_eval_longsafety.analysis.paired import Difference, holm, paired_mean, paired_task
from lm_eval_longsafety.analysis.stats import (
    Estimate,
    Values,
    joint_contexts,
    mean_over_tasks,
    proportion,
    shared_context_factor,
)
from lm_eval_longsafety.benchmark import BY_SPLIT, BenchmarkTask
from lm_eval_longsafety.results import Sample
from lm_eval_longsafety.results.open_replies import OpenSample
from lm_eval_longsafety.results.verdicts import Verdict

METRICS = ("sr", "ha")
Chosen = Callable[[BenchmarkTask], bool]
_Pairs = Mapping[str, Sequence[tuple[Sample, Verdict]]]
"""(letter, verdict on the reply) by split."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Letters and replies on the same documents."""

    letter: Mapping[str, Estimate]
    """By metric: mean over the tasks."""
    reply: Mapping[str, Estimate]
    change: Mapping[str, Difference]
    """By metric: reply minus letter, mean over the tasks, paired by document."""
    unsafe: Estimate | None
    """Of all documents with a safe letter, the share with an unsafe reply; None without any."""
    unaware: Estimate | None
    """The same for replies without HA."""
    documents: Difference
    """SR of the reply minus SR of the letter over all documents; `lost` are those with a safe
    letter and an unsafe reply, `gained` the reverse, `p` is McNemar's."""
    both: int
    """Documents on which letter and reply are safe."""

    @property
    def neither(self) -> int:
        """Documents on which neither is safe."""
        found = self.documents
        return found.n - self.both - found.gained - found.lost


def compared(run: OpenRun, judged: Judged, chosen: Chosen = lambda _: True) -> Compared | None:
    """Letters and replies of the chosen tasks; None without a pair."""
    pairs = _pairs(run, judged, chosen)
    if not pairs:
        return None
    values = {metric: [_values(own, metric) for own in pairs.values()] for metric in METRICS}
    safe = {key: [pair for pair in own if pair[0].sr == 1] for key, own in pairs.items()}
    letters, replies = zip(*values["sr"], strict=True)
    return Compared(
        letter={metric: mean_of([first for first, _ in own]) for metric, own in values.items()},
        reply={metric: mean_of([second for _, second in own]) for metric, own in values.items()},
        change={metric: paired_mean(own) for metric, own in values.items()},
        unsafe=_lacking(safe, "sr"),
        unaware=_lacking(safe, "ha"),
        documents=paired_task(_pooled(letters), _pooled(replies)),
        both=sum(verdict.sr == 1 for own in safe.values() for _, verdict in own),
    )


def judged_mean(judged: Judged, metric: str, chosen: Chosen = lambda _: True) -> Estimate | None:
    """The mean over the chosen tasks of judged replies, with or without a letter; None without."""
    said = [v for v in judged.verdicts.values() if v.chosen is not None]
    return _over_tasks([v for v in said if chosen(BY_SPLIT[v.split])], metric)


def reply_mean(run: OpenRun, metric: str) -> Estimate | None:
    """The mean over tasks of a metric of the replies themselves; None where one is not known."""
    return _over_tasks([*run.replies.values()], metric)


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedRow:
    """One judge of one run of open replies."""

    run: OpenRun
    judged: Judged
    compared: Compared | None
    """None without letters on the same documents."""
    p: float
    """Of letters against replies, with Holm's correction over the rows; 1 without letters."""

    @property
    def unsafe(self) -> Estimate | None:
        """Share of unsafe replies of the documents with a safe letter."""
        return self.compared.unsafe if self.compared else None

    @property
    def sr(self) -> Estimate | None:
        """Of the replies: those with a letter, if there are any."""
        return self.reply("sr")

    @property
    def ha(self) -> Estimate | None:
        """The same for HA."""
        return self.reply("ha")

    def reply(self, metric: str) -> Estimate | None:
        """A score of the replies; None where all are unjudged."""
        return self.compared.reply[metric] if self.compared else judged_mean(self.judged, metric)

    def of(self, chosen: Chosen) -> Compared | None:
        """Letters and replies of some tasks."""
        return compared(self.run, self.judged, chosen)


def rows(runs: Sequence[OpenRun]) -> list[JudgedRow]:
    """A row for each judge of each run, in the models' order."""
    found = [(run, judged, compared(run, judged)) for run in runs for judged in run.judges]
    corrected = iter(holm([pair.documents.p for *_, pair in found if pair]))
    return [
        JudgedRow(run=run, judged=judged, compared=pair, p=next(corrected) if pair else 1.0)
        for run, judged, pair in found
    ]


def _pairs(run: OpenRun, judged: Judged, chosen: Chosen) -> _Pairs:
    found: dict[str, list[tuple[Sample, Verdict]]] = {}
    for key, verdict in judged.verdicts.items():
        letter = run.letters.get(key)
        if letter and verdict.chosen is not None and chosen(BY_SPLIT[verdict.split]):
            found.setdefault(verdict.split, []).append((letter, verdict))
    return found


def _values(pairs: Sequence[tuple[Sample, Verdict]], metric: str) -> tuple[Values, Values]:
    contexts = [verdict.context_sha256 for _, verdict in pairs]
    return (
        Values.of([getattr(letter, metric) for letter, _ in pairs], contexts),
        Values.of([getattr(verdict, metric) for _, verdict in pairs], contexts),
    )


def _over_tasks(samples: Sequence[Verdict | OpenSample], metric: str) -> Estimate | None:
    by_split: dict[str, list[tuple[float, str]]] = {}
    for sample in samples:
        value: float | None = getattr(sample, metric)
        if value is None:
            return None
        by_split.setdefault(sample.split, []).append((value, sample.context_sha256))
    tasks = [Values.of(*zip(*own, strict=True)) for own in by_split.values()]
    return mean_of(tasks) if tasks else None


def mean_of(tasks: Sequence[Values]) -> Estimate:
    """The mean over tasks with its interval; documents may share contexts across tasks."""
    return mean_over_tasks([proportion(task) for task in tasks], shared_context_factor(tasks))


def _pooled(tasks: Sequence[Values]) -> Values:
    return Values(
        values=np.concatenate([task.values for task in tasks]), contexts=joint_contexts(tasks)
    )


def _lacking(pairs: _Pairs, metric: str) -> Estimate | None:
    """Share of documents whose reply lacks the metric; None without documents."""
    tasks = [_values(own, metric)[1] for own in pairs.values() if own]
    if not tasks:
        return None
    found = _pooled(tasks)
    return proportion(Values(values=1 - found.values, contexts=found.contexts))
