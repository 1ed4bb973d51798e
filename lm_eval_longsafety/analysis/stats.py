"""Scores with 95 % intervals, for documents that may share a context.

Data flow: per-document values and context labels -> `proportion` per task -> `mean_over_tasks`.
Sources: Wilson (JASA 1927), Miller (arXiv 2411.00640) for clustered standard errors, Zou & Donner
(Statistics in Medicine 2008) for joining intervals.
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
    """Same unit as `value`; None where only one document, or an unknown number, was seen."""
    low: float | None
    high: float | None
    """Ends of the 95 % interval; None where it cannot be known."""
    n: int | None
    """Documents."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """One task's scores in [0, 1] and, for each, the label of the context it was asked on."""

    values: Floats
    contexts: NDArray[np.str_]

    @classmethod
    def of(cls, values: Sequence[float], contexts: Sequence[str]) -> "Values":
        """From plain sequences; an empty label is a context of its own."""
        labels = [label or f"#{index}" for index, label in enumerate(contexts)]
        return cls(values=np.asarray(values, float), contexts=np.asarray(labels, str))


def wilson(mean: float, n: float) -> tuple[float, float]:
    """Wilson score interval of a proportion; `n` may be an effective, fractional number.

    In closed form, since importing statsmodels takes longer than reading a run; the tests hold it
    to scipy's and statsmodels' numbers.
    """
    square = Z95**2 / n
    centre = (mean + square / 2) / (1 + square)
    half = Z95 * math.sqrt(mean * (1 - mean) / n + square / (4 * n)) / (1 + square)
    # Rounding may leave 0 and 1 by 1e-17.
    return max(0.0, min(centre - half, mean)), min(1.0, max(centre + half, mean))


def proportion(sample: Values) -> Estimate:
    """Mean of one task, its interval widened where documents share contexts.

    Wilson with the effective number of documents p(1-p)/se^2, se being the cluster-robust standard
    error over contexts; exactly n where each context is asked once.

    Raises:
        ValueError: no documents.
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
    """The same where only lm-eval's table is known.

    Args:
        mean: in [0, 1].
        n: documents, at least 1; None where lm-eval did not count them (before 0.4.3). Their number
            then follows from the standard error, which is sqrt(p(1-p)/(n-1)).
        stderr: as lm-eval wrote it; None where it wrote none.
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
    """Plain mean over tasks; tasks are strata.

    The standard error is sqrt(sum se^2) / T. The interval joins the tasks' own intervals (Zou &
    Donner), so that tasks at 0 or 1 keep their width.

    Args:
        tasks: one estimate per task.
        inflation: `shared_context_factor` of the same tasks, where documents of two tasks share
            contexts.

    Raises:
        ValueError: no tasks.
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
    """How much wider the mean over tasks gets where tasks ask about the same contexts, else 1."""
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
    """Context labels of all tasks in a row; an unlabelled context is only its own task's."""
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
    """Pearson's chi-square p; None where fewer than 5 are expected somewhere."""
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
    """Cluster-robust, with the G/(G-1) correction; None for a single context.

    Args:
        sums: centred values summed per context.
        n: documents.
    """
    count = len(sums)
    if count < 2:
        return None
    return float((sums**2).sum()) / n**2 * count / (count - 1)
