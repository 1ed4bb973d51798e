"""Scores with 95 % intervals, for documents that may share a context.

Data flow: values and context labels of documents -> `proportion` per task -> `mean_over_tasks`.
Sources: Wilson (JASA 1927), Miller (arXiv 2411.00640) for clustered standard errors, Zou & Donner
(Statistics in Medicine 2008) for combining intervals.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Z95 = 1.959963984540054
TINY = 1e-12

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A score with its uncertainty."""

    value: float
    stderr: float | None
    """Same unit as `value`; None if there is only one document, or an unknown number of them."""
    low: float | None
    high: float | None
    """Ends of the 95 % interval; None if it cannot be computed."""
    n: int | None
    """Number of documents; None if unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """One task's scores in [0, 1] and, for each of them, the label of its document's context."""

    values: Floats
    contexts: NDArray[np.str_]

    @classmethod
    def of(cls, values: Sequence[float], contexts: Sequence[str]) -> "Values":
        """From plain sequences; each empty label stands for a different context."""
        labels = [label or f"#{index}" for index, label in enumerate(contexts)]
        return cls(values=np.asarray(values, float), contexts=np.asarray(labels, str))


def wilson(mean: float, n: float) -> tuple[float, float]:
    """Wilson score interval of a proportion; `n` may be an effective, fractional number.

    In closed form, since importing statsmodels takes longer than reading a run; tests compare it
    with scipy and statsmodels.
    """
    square = Z95**2 / n
    centre = (mean + square / 2) / (1 + square)
    half = Z95 * math.sqrt(mean * (1 - mean) / n + square / (4 * n)) / (1 + square)
    # Rounding errors may give values outside [0, 1] or exclude the mean.
    return max(0.0, min(centre - half, mean)), min(1.0, max(centre + half, mean))


def proportion(sample: Values) -> Estimate:
    """Mean of one task, with a wider interval if documents share contexts.

    The Wilson interval for an effective number of documents p(1-p)/se^2, where se is the
    cluster-robust standard error over contexts; for n documents if no context is repeated.

    Raises:
        ValueError: there are no documents.
    """
    values = sample.values
    n = len(values)
    if n == 0:
        raise ValueError("a proportion of no documents")
    mean = float(values.mean())
    sums = cluster_sums(values - mean, sample.contexts)
    variance = variance_of_mean(sums, n)
    binary = bool(np.isin(values, (0.0, 1.0)).all())
    effective = float(len(sums))
    if binary and len(sums) == n:
        effective = float(n)
    elif variance is not None and variance > TINY:
        effective = mean * (1 - mean) / variance
        effective = min(effective, float(n)) if binary else effective
    low, high = wilson(mean, effective)
    stderr = None if variance is None else math.sqrt(variance)
    return Estimate(value=mean, stderr=stderr, low=low, high=high, n=n)


def proportion_from_summary(mean: float, n: int | None, stderr: float | None) -> Estimate:
    """The same from lm-eval's table, without samples.

    Args:
        mean: in [0, 1].
        n: number of documents, at least 1; None if lm-eval did not count them (before 0.4.3). It is
            then computed from the standard error, which is sqrt(p(1-p)/(n-1)).
        stderr: as lm-eval reported it; None if it reported none.
    """
    spread = mean * (1 - mean)
    if n is None:
        # At 0 and 1 the standard error is 0 for any number of documents.
        if not stderr or spread <= TINY:
            return Estimate(value=mean, stderr=stderr, low=None, high=None, n=None)
        low, high = wilson(mean, 1 + spread / stderr**2)
        return Estimate(value=mean, stderr=stderr, low=low, high=high, n=None)
    low, high = wilson(mean, n)
    if stderr is None and n > 1:
        stderr = math.sqrt(spread / (n - 1))
    return Estimate(value=mean, stderr=stderr, low=low, high=high, n=n)


def mean_over_tasks(tasks: Sequence[Estimate], inflation: float = 1.0) -> Estimate:
    """Unweighted mean over tasks; tasks are strata.

    The standard error is sqrt(sum se^2) / T. The interval combines the intervals of the tasks (Zou
    & Donner), so that tasks with a score of 0 or 1 contribute the width of theirs.

    Args:
        tasks: one estimate per task.
        inflation: `shared_context_factor` of the same tasks, if documents of different tasks share
            contexts.

    Raises:
        ValueError: there are no tasks.
    """
    if not tasks:
        raise ValueError("a mean over no tasks")
    count = len(tasks)
    mean = sum(task.value for task in tasks) / count
    n = sum(task.n for task in tasks if task.n) if all(task.n for task in tasks) else None
    errors = [task.stderr for task in tasks]
    stderr = None
    if None not in errors:
        stderr = inflation * math.sqrt(sum(error**2 for error in errors if error)) / count
    low = high = None
    if all(task.low is not None and task.high is not None for task in tasks):
        below = sum((task.value - task.low) ** 2 for task in tasks if task.low is not None)
        above = sum((task.high - task.value) ** 2 for task in tasks if task.high is not None)
        low = max(0.0, mean - inflation * math.sqrt(below) / count)
        high = min(1.0, mean + inflation * math.sqrt(above) / count)
    return Estimate(value=mean, stderr=stderr, low=low, high=high, n=n)


def shared_context_factor(tasks: Sequence[Values]) -> float:
    """Factor by which shared contexts widen the interval of the mean over tasks; 1 without any."""
    influence = [
        (task.values - task.values.mean()) / (len(task.values) * len(tasks)) for task in tasks
    ]
    apart = sum(
        float((cluster_sums(part, task.contexts) ** 2).sum())
        for part, task in zip(influence, tasks, strict=True)
    )
    if apart < TINY:
        return 1.0
    together = (cluster_sums(np.concatenate(influence), joint_contexts(tasks)) ** 2).sum()
    return math.sqrt(float(together) / apart)


def joint_contexts(tasks: Sequence[Values]) -> NDArray[np.str_]:
    """Context labels of all tasks, one after the other; unlabelled contexts stay different."""
    return np.concatenate(
        [
            np.where(
                np.char.startswith(task.contexts, "#"),
                np.char.add(str(index), task.contexts),
                task.contexts,
            )
            for index, task in enumerate(tasks)
        ]
    )


def uniform_test(observed: Sequence[float], expected: Sequence[float]) -> float | None:
    """p-value of Pearson's chi-square test; None if any expected count is below 5."""
    if len(observed) < 2 or min(expected) < 5:
        return None
    from scipy.special import chdtrc

    terms = zip(observed, expected, strict=True)
    statistic = sum((seen - due) ** 2 / due for seen, due in terms)
    return float(chdtrc(len(observed) - 1, statistic))


def cluster_sums(values: Floats, labels: NDArray[np.str_]) -> Floats:
    """Sum of the values of each label, in the labels' sorted order."""
    _, inverse = np.unique(labels, return_inverse=True)
    return np.asarray(np.bincount(inverse, weights=values), float)


def variance_of_mean(sums: Floats, n: int) -> float | None:
    """Cluster-robust variance with the G/(G-1) correction; None for a single context.

    Args:
        sums: sum of the centred values of each context.
        n: number of documents.
    """
    count = len(sums)
    if count < 2:
        return None
    return float((sums**2).sum()) / n**2 * count / (count - 1)
