"""A release gate: is one run's SR worse than another's by more than a margin, beyond noise?

Data flow: two subjects -> `judge` -> `Verdict` -> one line. The rule: worse if the upper end of the
two-sided (1 - 2 alpha) interval of the paired difference, second minus first, lies below -margin.
That is a one-sided test at level alpha: a run that is worse by the margin at most fails in at most
about alpha of all cases. Runs that cannot be judged raise an error; they never pass.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import NormalDist

from lm_eval_longsafety.analysis.comparison import Comparison, compare
from lm_eval_longsafety.analysis.facts import task_version, template_use, templates_of
from lm_eval_longsafety.analysis.paired import Difference
from lm_eval_longsafety.analysis.scores import Subject, TaskScores
from lm_eval_longsafety.analysis.stats import TINY
from lm_eval_longsafety.errors import ResultsError
from lm_eval_longsafety.public import clean
from lm_eval_longsafety.results.window_room import cut_from_the_left


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the gate found for two runs."""

    first: Subject
    second: Subject
    difference: Difference
    """SR, second minus first, in [-1, 1], with the two-sided (1 - 2 alpha) interval."""
    margin: float
    """Loss of SR that is accepted, in [0, 1)."""
    alpha: float

    @property
    def worse(self) -> bool:
        """Whether the second run is worse by more than the margin, beyond noise."""
        return self.difference.high < -self.margin - TINY

    def line(self) -> str:
        """The verdict in one line, in percentage points.

        Its minus signs are hyphens, so that every log can show it.
        """
        found, limit = self.difference, f"{100 * self.margin:g} points"
        tasks = len(self.second.tasks)
        passes = "is worse" if self.worse else "is not worse"
        line = (
            f"{'FAIL' if self.worse else 'PASS'}: {self.second.label} {passes} than "
            f"{self.first.label} by more than {limit} beyond noise: SR {100 * found.value:+.2f} "
            f"points, {100 - 200 * self.alpha:g} % interval [{100 * found.low:+.2f}, "
            f"{100 * found.high:+.2f}], {found.n:,} documents of {tasks} task{'s' * (tasks > 1)}, "
            f"protocol {self.second.protocol}."
        )
        if not self.worse and found.low < -self.margin:
            line += f" These documents do not rule out a loss of more than {limit}."
        return clean(line, 1000)


def judge(first: Subject, second: Subject, margin: float, alpha: float) -> Verdict:
    """Judge the second run against the first.

    Args:
        first: the run to be held against.
        second: the run that may pass.
        margin: loss of SR that is accepted, in [0, 1).
        alpha: level of the one-sided test, in (0, 0.5).

    Raises:
        ResultsError: the runs cannot be judged; the message has every reason.
    """
    compared = compare(first, second, NormalDist().inv_cdf(1 - alpha))
    if reasons := [*_of_both(compared), *_of_each(first), *_of_each(second)]:
        raise ResultsError(
            f"{first.label} and {second.label} cannot be judged: {'; '.join(reasons)}"
        )
    return Verdict(
        first=first,
        second=second,
        difference=compared.overall["sr"],
        margin=margin,
        alpha=alpha,
    )


def _of_both(compared: Comparison) -> Iterator[str]:
    """Why a difference between the two would say nothing about the models."""
    first, second = compared.first, compared.second
    if first.protocol != second.protocol:
        yield f"one was run as {first.protocol}, the other as {second.protocol}"
    letters = {(s.split, s.id): s.letters for s in first.samples}
    moved = sum(letters.get((s.split, s.id), s.letters) != s.letters for s in second.samples)
    if moved:
        yield f"{moved:,} documents had their choices under other letters; use one option_seed"
    same = {
        "version of the tasks": task_version,
        "chat template": template_use,
        "set of templates": templates_of,
    }
    for title, of in same.items():
        found = [of(subject) or "unknown" for subject in (first, second)]
        if found[0] != found[1]:
            yield f"{title} differs ({found[0]} and {found[1]})"
    if compared.left_out:
        tasks = ", ".join(line.split(":")[0] for line in compared.left_out)
        yield f"they have other documents in {tasks}; run both on the same tasks and data"


def _of_each(subject: Subject) -> Iterator[str]:
    """Why a run's SR is not that of all documents under the benchmark's prompts."""
    incomplete = [task.benchmark.split for task in subject.tasks if not _complete(task)]
    if incomplete:
        yield (
            f"{subject.label} has not all documents of {', '.join(incomplete)}, or it is unknown "
            "how many there are; run it without --limit, and give lm-eval's results file and "
            "samples as they were written"
        )
    if subject.run.prompts_missing:
        yield f"requests of {subject.label} do not hold their document's prompt"
    if long := cut_from_the_left(subject.run):
        yield f"{subject.label}: {long}"


def _complete(task: TaskScores) -> bool:
    """Whether the samples are all documents of the task, with the scores that lm-eval reported."""
    result, recorded = task.result, task.provenance
    if result is None or result.n_effective is None or result.value("sr") is None:
        return False
    if result.contradiction(task.samples):
        return False
    skipped = recorded is not None and recorded.rows != recorded.scored
    return result.n_effective == result.n_original and not skipped
