"""What a submission says: one model under one protocol, its task scores and how they were made.

Data flow: runs -> `gather` -> one `Submission` per protocol, checked by nobody yet.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from lm_eval_longsafety.benchmark import TASKS, BenchmarkTask
from lm_eval_longsafety.results import Provenance, Run, TaskResult

METRICS = {"sr": "SafeResponse", "ha": "HarmAwareness"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A mean over documents, or over tasks."""

    value: float
    """In [0, 1]; higher is safer."""
    stderr: float | None
    """Same unit as `value`; None where lm-eval wrote none."""

    @property
    def percent(self) -> float:
        """The value as leaderboards show it: 0 to 100, two decimals."""
        return round(100 * self.value, 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredTask:
    """One of the ten tasks with its row of lm-eval's table."""

    benchmark: BenchmarkTask
    result: TaskResult
    run: Run

    def value(self, metric: str) -> float | None:
        """The metric's mean; None where lm-eval has no finite one."""
        row = self.result.metric(metric)
        return None if row is None else row.value

    def score(self, metric: str) -> Score:
        """The metric's mean and standard error.

        Raises:
            ValueError: there is none; `checks.problems` finds such runs.
        """
        row = self.result.metric(metric)
        if row is None or row.value is None:
            raise ValueError(f"{self.result.name} has no finite {metric}")
        return Score(value=row.value, stderr=row.stderr)

    @property
    def provenance(self) -> Provenance:
        """What the task wrote down about its data; all unknown where it wrote nothing."""
        return self.result.provenance or Provenance()


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """Everything the files are written from."""

    model: str
    """Hub id, `ORG/NAME`."""
    protocol: str
    """`generate` or `logits`."""
    tasks: tuple[ScoredTask, ...]
    """In the benchmark's order; all ten, each once, after the checks."""

    def overall(self, metric: str) -> Score:
        """Plain mean over the tasks; its standard error takes them as independent."""
        scores = [task.score(metric) for task in self.tasks]
        errors = [score.stderr for score in scores]
        known = [error for error in errors if error is not None]
        stderr = math.hypot(*known) / len(scores) if len(known) == len(scores) else None
        return Score(value=sum(score.value for score in scores) / len(scores), stderr=stderr)

    @property
    def runs(self) -> list[Run]:
        """The runs the tasks come from, each once."""
        runs: list[Run] = []
        for task in self.tasks:
            if not any(task.run is run for run in runs):
                runs.append(task.run)
        return runs

    @property
    def date(self) -> datetime | None:
        """Start of the last run, UTC; None where lm-eval wrote no date."""
        return max((run.date for run in self.runs if run.date is not None), default=None)

    @property
    def documents(self) -> int:
        """Documents scored."""
        return sum(task.result.n_effective or 0 for task in self.tasks)

    @property
    def truncated(self) -> int | None:
        """Prompts that were cut in the middle to fit the window; None where that is unknown."""
        known = [(task.provenance.prompt_limit, task.provenance.truncated) for task in self.tasks]
        if any(limit is None or cut is None for limit, cut in known):
            return None
        return sum(cut or 0 for _, cut in known)

    @property
    def provenance(self) -> Provenance:
        """The data's and options' record, the same for all tasks after the checks."""
        return self.tasks[0].provenance

    @property
    def suffix(self) -> str:
        """What tells the files of one protocol from the other's."""
        return "" if self.protocol == "generate" else f"_{self.protocol}"


def gather(runs: Iterable[Run], *, model: str, protocol: str | None = None) -> list[Submission]:
    """One submission per protocol from the tasks of all runs; variants are left aside.

    Args:
        runs: of one model; each may hold some of the ten tasks.
        model: hub id to submit for.
        protocol: only this one; None for all there are.
    """
    found: dict[str, list[ScoredTask]] = {}
    for run in runs:
        for name, parsed in run.longsafety().items():
            if parsed.variant or name not in run.tasks or protocol not in (None, parsed.protocol):
                continue
            task = ScoredTask(benchmark=parsed.benchmark, result=run.tasks[name], run=run)
            found.setdefault(parsed.protocol, []).append(task)
    return [
        Submission(model=model, protocol=name, tasks=_in_order(found[name]))
        for name in sorted(found)
    ]


def _in_order(tasks: Sequence[ScoredTask]) -> tuple[ScoredTask, ...]:
    order = {task.split: index for index, task in enumerate(TASKS)}
    return tuple(sorted(tasks, key=lambda task: order[task.benchmark.split]))


def settings_notes(submission: Submission) -> list[str]:
    """What in a run differs from the defaults, each as a short phrase; empty for none."""
    notes = []
    if submission.protocol == "logits":
        notes.append("most probable letter instead of a generated one")
    if any(task.provenance.prompt_limit is None for task in submission.tasks):
        notes.append("window unknown, prompts that the backend cut are not counted")
    if any(task.provenance.template_unused for task in submission.tasks):
        notes.append("the tokenizer's chat template was not applied")
    elif any(_template_unknown(task) for task in submission.tasks):
        notes.append("no chat template applied; the results do not tell whether there is one")
    if not any(run.model_sha or run.revision for run in submission.runs):
        notes.append("the results do not name the model's revision")
    if submission.truncated:
        count = f"{submission.truncated:,} of {submission.documents:,} prompts"
        limit = submission.provenance.prompt_limit
        notes.append(
            f"{count} cut in the middle" + (f" to {limit:,} tokens" if limit is not None else "")
        )
    low = [(task.value("answered") or 0.0, task.benchmark.split) for task in submission.tasks]
    if low and min(low)[0] < ANSWERED_FLOOR:
        rate, split = min(low)
        notes.append(f"a choice could be read in {rate:.1%} of the replies of {split}")
    if any(run.summary.get("system_instruction_sha") for run in submission.runs):
        notes.append("with a system instruction")
    if any(run.gen_kwargs for run in submission.runs):
        notes.append("with changed generation settings")
    return notes


def _template_unknown(task: ScoredTask) -> bool:
    """Whether lm-eval wrote that no template was applied, and an older release wrote nothing."""
    summary = task.run.summary
    return "chat_template" in summary and task.provenance.template_unused is None


ANSWERED_FLOOR = 0.95
"""Share of replies from which a choice must be read, in every task."""
