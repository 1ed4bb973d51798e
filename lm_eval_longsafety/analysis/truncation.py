"""How many prompts were cut to the window; None if the window was not known.

Data flow: a subject's tasks -> provenance, else the scores -> number and share. A task without a
known window did not count tokens, so that its 0 is not a result.
"""

from lm_eval_longsafety.analysis.scores import Subject, TaskScores
from lm_eval_longsafety.results import Provenance


def share(subject: Subject) -> float | None:
    """Mean over tasks of the share of prompts that were cut, in [0, 1]; None if unknown."""
    if any(_uncounted(task) for task in subject.tasks):
        return None
    mean = subject.mean("truncated")
    return mean.value if mean else None


def number(subject: Subject) -> int | None:
    """Number of prompts that were cut; None if it is unknown for any task."""
    numbers = [_number(task) for task in subject.tasks]
    known = [each for each in numbers if each is not None]
    return sum(known) if known and len(known) == len(numbers) else None


def _number(task: TaskScores) -> int | None:
    if _uncounted(task):
        return None
    if task.provenance is not None and task.provenance.truncated is not None:
        return task.provenance.truncated
    estimate = task.estimate("truncated")
    return None if estimate is None or task.n is None else round(estimate.value * task.n)


def _uncounted(task: TaskScores) -> bool:
    """Whether the task recorded its provenance, but no window."""
    recorded = task.provenance
    return recorded not in (None, Provenance()) and recorded.prompt_limit is None
