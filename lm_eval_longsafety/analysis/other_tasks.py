"""Other tasks that lm-eval ran for the same models, and each model's mean over those of capability.

Data flow: models -> names of other tasks -> one metric each -> `average` over the tasks that all
models have, or over chosen ones. lm-eval does not name one main metric per task: `headline_metric`
chooses it. Safety and bias tasks are never averaged unless they are chosen.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from lm_eval_longsafety.analysis.models import Model
from lm_eval_longsafety.analysis.safety_tasks import is_safety
from lm_eval_longsafety.analysis.stats import Z95, Estimate, mean_over_tasks
from lm_eval_longsafety.benchmark import PREFIX, TASKS, parse_task_name
from lm_eval_longsafety.errors import OptionError, meant
from lm_eval_longsafety.results import Metric, Run, TaskResult

_PREFERRED = (
    *("acc_norm", "acc", "exact_match", "prompt_level_strict_acc", "pass@1", "pass_at_1", "mcc"),
    *("f1", "macro_f1", "rougeL", "bleu", "chrf", "mc2", "pct_stereotype", "pct_male_preferred"),
)
_SCOPES = {
    *(task.scenario for task in TASKS),
    *(task.harm for task in TASKS),
    *("in_domain", "out_of_domain"),
}
_OWN_GROUP = re.compile(
    rf"{PREFIX}(_({'|'.join(sorted(_SCOPES))}))?"
    r"(_(rotations|no_context|open|judge|ask|length(_[\d.]+)*))?(_logits)?"
)
_STRICT = ("strict-match", "strict", "flexible-extract", "none", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Average:
    """Each model's mean over some tasks."""

    names: tuple[str, ...]
    """The tasks and groups; empty if there are none that can be averaged."""
    means: Mapping[int, Estimate]
    """By the model's place; only of models with a value of every task."""


def other_tasks(runs: Iterable[Run]) -> list[str]:
    """Names of all tasks and groups that are not this plugin's, in order of appearance."""
    names = [name for run in runs for name in run.tasks if not _is_own(name)]
    return list(dict.fromkeys(names))


def below_groups(runs: Iterable[Run]) -> set[str]:
    """Names of the tasks whose group has a row with its own mean."""
    groups = [task for run in runs for task in run.tasks.values() if not _is_own(task.name)]
    return {child for group in groups for child in group.subtasks if child != group.name}


def headline_metric(task: TaskResult) -> Metric | None:
    """The metric to show for a task; None where it has none.

    Chosen by name alone: a metric without a number must not be replaced by a more favourable one.
    """
    for name in _PREFERRED:
        named = [metric for metric in task.metrics if metric.name == name]
        if named:
            return min(named, key=lambda metric: _filter_rank(metric.filter))
    return task.metrics[0] if task.metrics else None


def all_values(model: Model, name: str) -> list[Metric]:
    """The task's metric in every run of the model, without equal ones; several if they differ."""
    found = [headline_metric(run.tasks[name]) for run in model.runs if name in run.tasks]
    metrics = {(m.name, m.filter, m.value): m for m in found if m is not None}
    known = [metric for metric in metrics.values() if metric.value is not None]
    return known or list(metrics.values())[:1]


def value_of(model: Model, name: str) -> Metric | None:
    """The task's metric; None where it was not run, or with different values in several runs."""
    found = all_values(model, name)
    return found[0] if len(found) == 1 else None


def is_share(metric: Metric) -> bool:
    """Judged by the value, as lm-eval does not say; a loss, such as bits per byte, is no share."""
    loss = metric.higher_is_better is False and not metric.name.startswith("pct_")
    return metric.value is not None and not loss and 0 <= metric.value <= 1


def interval(metric: Metric) -> Estimate | None:
    """A share with ± 1.96 of lm-eval's standard errors, at most from 0 to 1; None for others."""
    value, error = metric.value, metric.stderr
    if value is None or not is_share(metric):
        return None
    # No standard error is negative, and lm-eval writes 0 for a single document.
    if error is None or error <= 0:
        return Estimate(value=value, stderr=None, low=None, high=None, n=None)
    low, high = max(0.0, value - Z95 * error), min(1.0, value + Z95 * error)
    return Estimate(value=value, stderr=error, low=low, high=high, n=None)


def average(models: Sequence[Model], chosen: Sequence[str] | None = None) -> Average:
    """The mean of each model over capability tasks, each counting the same.

    Args:
        models: all models of a report.
        chosen: tasks or groups; None for all capability tasks that every model has which has any,
            in the same metric, without those below a group.

    Raises:
        OptionError: a chosen task is unknown, is no share, or has different metrics.
    """
    runs = [run for model in models for run in model.runs]
    scored = [model for model in models if model.main] or models
    if chosen is not None:
        names = list(dict.fromkeys(each for name in chosen for each in _expanded(name, runs)))
        for name in names:
            _check(name, models)
    else:
        below = below_groups(runs)
        names = [name for name in other_tasks(runs) if name not in below and not is_safety(name)]
        able = [model for model in scored if any(_fit(model, name) for name in names)]
        kinds = {name: {_fit(model, name) for model in able} for name in names}
        names = [name for name in names if len(kinds[name]) == 1 and None not in kinds[name]]
    means = {}
    for model in scored:
        found = [interval(metric) for name in names if (metric := value_of(model, name))]
        known = [estimate for estimate in found if estimate is not None]
        if names and len(known) == len(names):
            means[model.index] = mean_over_tasks(known)
    return Average(names=tuple(names), means=means)


def _fit(model: Model, name: str) -> tuple[str, str] | None:
    """Name and filter of a metric that can be averaged; None for others."""
    metric = value_of(model, name)
    if metric is None or metric.higher_is_better is False or not is_share(metric):
        return None
    return metric.name, metric.filter


def _expanded(name: str, runs: Sequence[Run]) -> Iterator[str]:
    """The task or group itself; of a group without a row of its own, its members that have one."""
    known = other_tasks(runs)
    groups: dict[str, list[str]] = {}
    for run in runs:
        members = run.summary.get("group_subtasks")
        for group, own in members.items() if isinstance(members, dict) else ():
            groups.setdefault(group, [str(each) for each in own] if isinstance(own, list) else [])
    open_, seen = [name], set()
    found = []
    while open_:
        each = open_.pop(0)
        if each in seen:
            continue
        seen.add(each)
        if each in known:
            found.append(each)
        else:
            open_ += groups.get(each, [])
    if not found:
        hint = meant(name, [*known, *groups]) or f"; found: {', '.join(known[:8]) or 'none'}"
        raise OptionError(f"--capability: no other task or group {name!r} in these results{hint}")
    yield from found


def _check(name: str, models: Sequence[Model]) -> None:
    """Check that a chosen task can be averaged.

    Raises:
        OptionError: it is no share that is better when higher, or has different metrics.
    """
    metrics = [metric for model in models for metric in all_values(model, name)]
    kinds = {(metric.name, metric.filter) for metric in metrics}
    if len(kinds) > 1:
        shown = " and ".join(sorted(", ".join(filter(None, kind)) for kind in kinds))
        raise OptionError(f"--capability: {name} has different metrics ({shown}); leave it out")
    for metric in metrics:
        if metric.value is not None and (metric.higher_is_better is False or not is_share(metric)):
            raise OptionError(
                f"--capability: {name}: {metric.name} is {metric.value:g}, not a share from 0 to 1 "
                "that is better when higher, so it cannot be averaged; leave it out"
            )


def _is_own(name: str) -> bool:
    """Whether it is a LongSafetyBench task or group, which other sections show."""
    return parse_task_name(name) is not None or _OWN_GROUP.fullmatch(name) is not None


def _filter_rank(name: str) -> int:
    return _STRICT.index(name) if name in _STRICT else len(_STRICT)
