"""Read logged replies again with the present filter, without a model.

Data flow: `samples_*.jsonl` -> reply (or log-probabilities) -> `answers.read_choice` -> metrics ->
a new sample. On the files of a fresh run nothing changes; on those of an older release the scores
become what this release gives.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from lm_eval_longsafety.errors import ResultsError
from lm_eval_longsafety.results import Run, Sample, SampleText, read

if TYPE_CHECKING:
    from lm_eval_longsafety.answers import Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Rescored:
    """A run with its samples scored anew."""

    run: Run
    """With the new samples."""
    old: dict[str, tuple[Sample, ...]]
    """The samples as logged, by task, in the same order."""

    def changed(self, task: str) -> list[tuple[Sample, Sample]]:
        """(old, new) of the task's samples whose scores or letters are others now."""
        pairs = zip(self.old[task], self.run.samples[task], strict=True)
        return [(old, new) for old, new in pairs if _outcome(old) != _outcome(new)]


def rescore(
    paths: Sequence[Path], progress: Callable[[int, int], None] | None = None
) -> list[Rescored]:
    """Score every logged reply under the paths again.

    Raises:
        ResultsError: there are no replies, as in compact files, or one of several option orders is
            missing.
    """
    rescored = []
    for run in read(paths, keep_text=True, progress=progress).runs:
        if run.samples:
            anew = {task: tuple(map(rescore_sample, own)) for task, own in run.samples.items()}
            old = {task: _without_text(own) for task, own in run.samples.items()}
            rescored.append(Rescored(run=replace(run, samples=anew), old=old))
    if not rescored:
        raise ResultsError("no LongSafetyBench samples here; give the samples_*.jsonl of a run")
    return rescored


def rescore_sample(sample: Sample) -> Sample:
    """The sample as this release scores it.

    A letter chosen by log-probability stands: there is nothing to read.

    Raises:
        ResultsError: the reply was not kept, or not one for each option order.
    """
    from lm_eval_longsafety.metrics import score_choice
    from lm_eval_longsafety.rotations import score_orders

    if sample.text is None:
        raise ResultsError(
            f"{sample.task}: the reply to document {sample.id!r} was not kept (a compact file?); "
            "give lm-eval's own samples_*.jsonl"
        )
    if not sample.text.replies:
        return replace(sample, text=None)
    readings, chosen = _read(sample, sample.text)
    doc = {"letters": sample.letters, "truncated": sample.truncated}
    scores = score_orders(
        chosen,
        [
            score_choice(doc, choice, refused=reading.refused)
            for choice, reading in zip(chosen, readings, strict=True)
        ],
    )
    return replace(
        sample,
        picks=tuple(str(letter) for letter in readings),
        ha=scores["ha"],
        sr=scores["sr"],
        answered=scores["answered"],
        refused=scores["refused"],
        extra={name: scores.get(name, value) for name, value in sample.extra.items()},
        text=None,
    )


def _read(sample: Sample, text: SampleText) -> "tuple[list[Reading], list[int | None]]":
    """Each reply's letter and the choice behind it, under the order that the reply answered."""
    from lm_eval_longsafety.answers import read_choice
    from lm_eval_longsafety.rotations import cyclic_deals, shown_choices, speaks_of_others

    several = len(text.replies) > 1
    deals = cyclic_deals(sample.letters) if several else [list(sample.letters)]
    if len(deals) != len(text.replies):
        raise ResultsError(
            f"{sample.task}: document {sample.id!r} has {len(text.replies)} replies for "
            f"{len(deals)} option orders; give the samples_*.jsonl as lm-eval wrote them"
        )
    kept = several and speaks_of_others(text.choices)
    readings: list[Reading] = []
    chosen: list[int | None] = []
    for reply, letters in zip(text.replies, deals, strict=True):
        shown = shown_choices(text.choices, letters, kept=kept)
        in_letter_order = [choice for _, choice in sorted(zip(letters, shown, strict=True))]
        reading = read_choice(reply, in_letter_order, sorted(letters))
        readings.append(reading)
        chosen.append(letters.index(str(reading)) if reading else None)
    return readings, chosen


def _without_text(samples: Sequence[Sample]) -> tuple[Sample, ...]:
    return tuple(replace(sample, text=None) for sample in samples)


def _outcome(sample: Sample) -> tuple[object, ...]:
    scores = (sample.ha, sample.sr, sample.answered, sample.refused)
    return (sample.picks, *scores, *sorted(sample.extra.items()))
