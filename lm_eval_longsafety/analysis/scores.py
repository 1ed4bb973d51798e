"""Scores with intervals per task and over tasks, for one model under one protocol.

Data flow: `Run` -> `task_scores` -> `Subject` with `TaskScores` for each task. Scores are computed
from samples if there are any, else taken from lm-eval's table. Runs are never averaged.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePath, PurePosixPath, PureWindowsPath

from lm_eval_longsafety.analysis.stats import (
    Estimate,
    Values,
    mean_over_tasks,
    proportion,
    proportion_from_summary,
    shared_context_factor,
)
from lm_eval_longsafety.benchmark import TASKS, BenchmarkTask, parse_task_name
from lm_eval_longsafety.public import clean, path_tail, public
from lm_eval_longsafety.results import Provenance, Run, Sample, TaskResult

METRICS = ("sr", "ha", "gap", "answered", "refused", "truncated")
"""`gap` is HA - SR: documents whose answer shows awareness of the harm but is not safe."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskScores:
    """One task of one subject."""

    name: str
    """lm-eval task name."""
    benchmark: BenchmarkTask
    result: TaskResult | None
    samples: tuple[Sample, ...]
    """Empty if none were given."""

    def values(self, metric: str) -> Values | None:
        """The value of each document; None without samples or if lm-eval's row differs.

        None as well for a metric that is not in `METRICS`, such as `consistent` of `rotations`.
        """
        if metric not in METRICS or not self.samples:
            return None
        if self.result and self.result.contradiction(self.samples):
            return None
        return Values.of(
            [value_of(sample, metric) for sample in self.samples],
            [sample.context_sha256 for sample in self.samples],
        )

    def estimate(self, metric: str) -> Estimate | None:
        """The task's score; None if it is unknown."""
        values = self.values(metric)
        if values is not None:
            return proportion(values)
        if self.result is None:
            return None
        if metric == "gap":
            aware, safe = _summary(self.result, "ha"), _summary(self.result, "sr")
            if aware is None or safe is None:
                return None
            gap = max(0.0, aware.value - safe.value)
            return proportion_from_summary(gap, self.result.n_effective, None)
        return _summary(self.result, metric)

    @property
    def n(self) -> int | None:
        """Number of documents that were scored."""
        values = self.values("sr")
        return len(values.values) if values else self.result.n_effective if self.result else None

    @property
    def provenance(self) -> Provenance | None:
        """What the task recorded about its data."""
        return self.result.provenance if self.result else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One run under one protocol and variant."""

    label: str
    run: Run
    protocol: str
    variant: str
    tasks: tuple[TaskScores, ...]
    """In the benchmark's order."""

    def mean(
        self, metric: str, chosen: Callable[[BenchmarkTask], bool] = lambda _: True
    ) -> Estimate | None:
        """Unweighted mean over the chosen tasks; None unless each of them has the score."""
        tasks = [task for task in self.tasks if chosen(task.benchmark)]
        estimates = [task.estimate(metric) for task in tasks]
        known = [estimate for estimate in estimates if estimate is not None]
        if not known or len(known) != len(estimates):
            return None
        values = [task.values(metric) for task in tasks]
        sampled = [value for value in values if value is not None]
        factor = shared_context_factor(sampled) if len(sampled) == len(values) else 1.0
        return mean_over_tasks(known, factor)

    @property
    def samples(self) -> tuple[Sample, ...]:
        """All samples of all tasks."""
        return tuple(sample for task in self.tasks for sample in task.samples)

    @property
    def n(self) -> int | None:
        """Number of documents that were scored; None if it is unknown for all tasks."""
        return sum(task.n for task in self.tasks if task.n) or None

    @property
    def complete(self) -> bool:
        """Whether the run has all ten tasks."""
        return len({task.benchmark.split for task in self.tasks}) == len(TASKS)


def run_labels(runs: Sequence[Run]) -> list[str]:
    """A short and unique label for each run: its model and, if needed, what distinguishes it.

    Of folders and files only the parts that differ are shown, since the others may be private.
    """
    return unique_labels([short_name(run.model) for run in runs], _marks(runs))


def unique_labels(names: Sequence[str], marks: Iterable[Sequence[str]]) -> list[str]:
    """The names; of equal ones each with the first marks, in brackets, by which they differ.

    Args:
        names: one for each run.
        marks: properties, each as a text for every run.
    """
    added: list[list[str]] = [[] for _ in names]
    labels = list(names)
    for mark in marks:
        for label in {label for label in labels if labels.count(label) > 1}:
            equal = [index for index, own in enumerate(labels) if own == label]
            if len({mark[index] for index in equal}) > 1:
                for index in equal:
                    added[index] += [mark[index]] * bool(mark[index])
        pairs = zip(names, added, strict=True)
        labels = [f"{name} ({', '.join(own)})" if own else name for name, own in pairs]
    return labels


def _marks(runs: Sequence[Run]) -> Iterator[list[str]]:
    """Properties that may distinguish runs of one model, each as a text for every run."""
    yield from _parts([_path(run.model).parts for run in runs])
    yield [_short_fact(run.revision) for run in runs]
    yield [_short_fact(run.model_sha) for run in runs]
    yield [_short_fact(run.adapter) for run in runs]
    yield [f"{run.date:%Y-%m-%d %H:%M}" if run.date else "" for run in runs]
    yield from _parts([tuple((run.file or run.source.name).split("/")) for run in runs])
    yield [f"#{number}" for number, _ in enumerate(runs, start=1)]


def _short_fact(value: object) -> str:
    """The name of a revision, the first digits of a commit, or the last part of a path."""
    end = str(value or "").rstrip("/").split("/")[-1]
    return end[:8] if re.fullmatch(r"[0-9a-f]{40}", end) else clean(end, 40)


def _parts(paths: Sequence[tuple[str, ...]]) -> Iterator[list[str]]:
    """The parts of all paths at each depth, beginning with the last; `""` for shorter paths."""
    for depth in range(max(map(len, paths), default=0)):
        yield [clean(parts[-1 - depth], 100) if depth < len(parts) else "" for parts in paths]


def short_name(model: str) -> str:
    """The hub id of a model, or the last parts of its path, since the others may be private."""
    shown = path_tail(model)
    if shown is None:
        shown = public(model).removeprefix("…/")
        # A hub id has two parts; what has more is a relative path.
        shown = shown if "://" in shown else "/".join(shown.split("/")[-2:])
    return clean(shown, 80) or "unknown"


def _path(model: str) -> PurePath:
    windows = "\\" in model or model[1:3] in (":\\", ":/")
    return PureWindowsPath(model) if windows else PurePosixPath(model)


def value_of(sample: Sample, metric: str) -> float:
    """A sample's value of one of `METRICS`."""
    if metric == "gap":
        # A safe answer always shows awareness; a file with another value has no gap there.
        return max(0.0, sample.ha - sample.sr)
    return float(getattr(sample, metric))


def task_scores(run: Run, names: Sequence[str]) -> tuple[TaskScores, ...]:
    """The scores of some tasks of this plugin, in the benchmark's order."""
    order = {task.split: index for index, task in enumerate(TASKS)}
    scores = []
    for name in names:
        parsed = parse_task_name(name)
        if parsed is not None:
            scores.append(
                TaskScores(
                    name=name,
                    benchmark=parsed.benchmark,
                    result=run.tasks.get(name),
                    samples=run.samples.get(name, ()),
                )
            )
    return tuple(sorted(scores, key=lambda task: order[task.benchmark.split]))


def _summary(result: TaskResult, metric: str) -> Estimate | None:
    row = result.metric(metric)
    if row is None or row.value is None or result.n_effective == 0:
        return None
    return proportion_from_summary(row.value, result.n_effective, row.stderr)
