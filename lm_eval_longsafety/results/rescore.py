"""Read logged replies again with this release's filter, without a model.

Data flow: sample -> reply -> `replies.read_choice` -> metrics -> a new sample. The files of a new
run give the same scores again; those of an older release give the scores of this release.
"""

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lm_eval_longsafety.benchmark import is_ours
from lm_eval_longsafety.errors import ResultsError
from lm_eval_longsafety.results import Run, Sample, SampleText, TaskResult
from lm_eval_longsafety.results.results_file import run_from

if TYPE_CHECKING:
    from lm_eval_longsafety.replies import Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Rescored:
    """A run whose samples were scored again."""

    run: Run
    """The run with the new samples and scores."""
    old: dict[str, tuple[Sample, ...]]
    """The samples as logged, by task, in the same order."""

    def changed(self, task: str) -> list[tuple[Sample, Sample]]:
        """(old, new) of the task's samples whose scores or letters differ."""
        pairs = zip(self.old[task], self.run.samples[task], strict=True)
        return [(old, new) for old, new in pairs if old != new]


def rescore(runs: Iterable[Run]) -> list[Rescored]:
    """Score every logged reply again.

    Args:
        runs: read with `keep_text`; runs without samples are left out.

    Raises:
        ResultsError: there are no samples or no replies, as in compact files, or the reply for one
            of several orders of the choices is missing.
    """
    rescored = []
    for run in runs:
        if run.samples:
            new = {task: tuple(map(rescore_sample, own)) for task, own in run.samples.items()}
            old = {
                task: tuple(replace(sample, text=None) for sample in own)
                for task, own in run.samples.items()
            }
            rescored.append(Rescored(run=_with_new_rows(run, old, new), old=old))
    if not rescored:
        raise ResultsError("no LongSafetyBench samples found; give the samples_*.jsonl of a run")
    return rescored


def rescore_sample(sample: Sample) -> Sample:
    """The sample as this release scores it.

    A letter chosen by log-probability does not change, since there is no reply to read.

    Raises:
        ResultsError: the reply was not kept, or there is not one for each order of the choices.
    """
    from lm_eval_longsafety.metrics import score_choice
    from lm_eval_longsafety.variants.rotations import score_orders

    if sample.text is None:
        raise ResultsError(
            f"{sample.task}: the reply to document {sample.id!r} was not kept, as in "
            "compact files; give lm-eval's own samples_*.jsonl"
        )
    if not sample.text.replies:
        return replace(sample, text=None)
    readings, chosen = _read(sample, sample.text)
    doc = {"letters": sample.letters, "truncated": sample.truncated}
    orders = [
        score_choice(doc, choice, refused=reading.refused)
        for choice, reading in zip(chosen, readings, strict=True)
    ]
    scores = score_orders(chosen, orders)
    return replace(
        sample,
        picks=tuple(map(str, readings)),
        ha=scores["ha"],
        sr=scores["sr"],
        answered=scores["answered"],
        refused=scores["refused"],
        extra={name: scores.get(name, value) for name, value in sample.extra.items()},
        text=None,
    )


def _read(sample: Sample, text: SampleText) -> "tuple[list[Reading], list[int | None]]":
    """The letter read from each reply and the index of its choice, in the order that was shown."""
    from lm_eval_longsafety.replies import read_choice
    from lm_eval_longsafety.variants.rotations import cyclic_deals, shown_choices, speaks_of_others

    several = len(text.replies) > 1
    deals = cyclic_deals(sample.letters) if several else [list(sample.letters)]
    if len(deals) != len(text.replies):
        raise ResultsError(
            f"{sample.task}: document {sample.id!r} has {len(text.replies)} replies for "
            f"{len(deals)} orders of the choices; give the samples_*.jsonl as lm-eval wrote them"
        )
    kept = several and speaks_of_others(text.choices)
    readings = []
    for reply, letters in zip(text.replies, deals, strict=True):
        shown = shown_choices(text.choices, letters, kept=kept)
        in_letter_order = [choice for _, choice in sorted(zip(letters, shown, strict=True))]
        readings.append(read_choice(reply, in_letter_order, sorted(letters)))
    chosen = [
        letters.index(str(reading)) if reading else None
        for reading, letters in zip(readings, deals, strict=True)
    ]
    return readings, chosen


def _with_new_rows(
    run: Run, old: Mapping[str, Sequence[Sample]], new: Mapping[str, tuple[Sample, ...]]
) -> Run:
    """The run with new samples, and with their scores in lm-eval's rows.

    A row that differs from the logged samples is not changed. Groups are removed, since their
    scores are computed from the tasks.
    """
    old_rows = run.summary.get("results", {})
    rows = {
        name: old_rows.get(name, {}) | _row(task, new[name])
        for name, task in run.tasks.items()
        if name in new and new[name] != old[name] and task.contradiction(old[name]) is None
    }
    if rows:
        groups = {name for name, task in run.tasks.items() if task.is_group and is_ours(name)}
        kept = {name: row for name, row in {**old_rows, **rows}.items() if name not in groups}
        fresh = run_from({**run.summary, "results": kept, "groups": {}}, run.source)
        run = replace(run, tasks=fresh.tasks, summary=fresh.summary)
    return replace(run, samples=new)


def _row(task: TaskResult, samples: Sequence[Sample]) -> dict[str, float | str]:
    """The task's metrics over the samples, with the keys of its row."""
    row: dict[str, float | str] = {}
    for metric in task.metrics:
        values = [
            sample.extra.get(metric.name, getattr(sample, metric.name, None)) for sample in samples
        ]
        known = [value for value in values if value is not None]
        if len(known) == len(samples):
            key, filter_ = metric.name, f",{metric.filter}" * bool(metric.filter)
            spread = statistics.stdev(known) / math.sqrt(len(known)) if len(known) > 1 else "N/A"
            row |= {key + filter_: statistics.fmean(known), f"{key}_stderr{filter_}": spread}
    return row
