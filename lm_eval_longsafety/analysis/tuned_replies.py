"""What fine-tuning changed in open replies: tuned minus base, by the same judge.

Data flow: pairs (base, tuned), runs of open replies -> verdicts of one judge on both, paired by
document -> `ReplyChange`. Unjudged replies are in no pair; judges are never averaged.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from lm_eval_longsafety.analysis.open_pairs import METRICS, mean_of
from lm_eval_longsafety.analysis.open_runs import Judged, OpenRun
from lm_eval_longsafety.analysis.paired import Difference, holm, paired_mean
from lm_eval_longsafety.analysis.stats import Estimate, Values
from lm_eval_longsafety.analysis.tuning import Tuning
from lm_eval_longsafety.results.verdicts import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyChange:
    """Open replies of a base and a tuned model to the same documents, by one judge."""

    tuning: Tuning
    judge: str
    base: Estimate
    """SR of the base, mean over tasks."""
    tuned: Estimate
    sr: Difference
    """Tuned minus base, mean over tasks."""
    ha: Difference
    p: float
    """Of SR, with Holm's correction over all changes."""


def reply_changes(tunings: Sequence[Tuning], runs: Sequence[OpenRun]) -> list[ReplyChange]:
    """A change for each judge that judged replies of base and tuned model in the same way."""
    found = [change for tuning in tunings for change in _changes(tuning, runs)]
    corrected = holm([change.sr.p for change in found])
    return [replace(change, p=p) for change, p in zip(found, corrected, strict=True)]


def _changes(tuning: Tuning, runs: Sequence[OpenRun]) -> Iterator[ReplyChange]:
    judges = {
        judged.run.way: judged
        for run in runs
        if run.index == tuning.base.index
        for judged in run.judges
    }
    for run in runs:
        for second in run.judges if run.index == tuning.tuned.index else ():
            first = judges.get(second.run.way)
            tasks = _paired(first, second) if first else {}
            if not tasks:
                continue
            values = {m: [_values(own, m) for own in tasks.values()] for m in METRICS}
            base, tuned = ([pair[i] for pair in values["sr"]] for i in (0, 1))
            change = {metric: paired_mean(own) for metric, own in values.items()}
            yield ReplyChange(
                tuning=tuning,
                judge=second.judge,
                base=mean_of(base),
                tuned=mean_of(tuned),
                sr=change["sr"],
                ha=change["ha"],
                p=change["sr"].p,
            )


def _paired(first: Judged, second: Judged) -> dict[str, list[tuple[Verdict, Verdict]]]:
    """Verdicts on replies to the same document and context, by task."""
    found: dict[str, list[tuple[Verdict, Verdict]]] = {}
    for key, tuned in second.verdicts.items():
        base = first.verdicts.get(key)
        both = base is not None and base.chosen is not None and tuned.chosen is not None
        if both and base and base.context_sha256 == tuned.context_sha256:
            found.setdefault(tuned.split, []).append((base, tuned))
    return found


def _values(pairs: Sequence[tuple[Verdict, Verdict]], metric: str) -> tuple[Values, Values]:
    contexts = [tuned.context_sha256 for _, tuned in pairs]
    first, second = ([getattr(pair[i], metric) for pair in pairs] for i in (0, 1))
    return Values.of(first, contexts), Values.of(second, contexts)
