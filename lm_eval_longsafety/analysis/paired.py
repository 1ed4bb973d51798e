"""Compare two runs on the same documents: differences, intervals, p-values.

Data flow: paired `Values` -> `paired_task` -> `paired_mean`; p-values -> `holm`.
Sources: McNemar (Psychometrika 1947), Bonett & Price (Journal of Educational and Behavioral
Statistics 2012) for the interval, Miller (arXiv 2411.00640) for paired clustered standard errors,
Fisher's randomisation test, Holm (Scandinavian Journal of Statistics 1979).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from lm_eval_longsafety.analysis.stats import (
    TINY,
    Z95,
    Floats,
    Values,
    cluster_sums,
    joint_contexts,
    shared_context_factor,
    variance_of_mean,
)

LEVEL = 0.05
"""A corrected p-value below it is called beyond noise."""
_FLIPS = 10_000
_EXACT_UP_TO = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Paired difference, second run minus first."""

    value: float
    low: float
    high: float
    p: float
    """Two-sided, before any correction."""
    n: int
    """Pairs of documents."""
    gained: int
    """Documents on which the second run scores higher."""
    lost: int

    def reversed(self) -> "Difference":
        """First run minus second."""
        return replace(
            self,
            value=-self.value,
            low=-self.high,
            high=-self.low,
            gained=self.lost,
            lost=self.gained,
        )


def paired_task(first: Values, second: Values, z: float = Z95) -> Difference:
    """Difference of two runs on the same documents of one task.

    If all scores are 0 or 1 and no context is repeated: exact McNemar test, interval of Bonett &
    Price. Otherwise a randomisation test over contexts and the cluster-robust interval, which is
    [-1, 1] for a single context, as nothing is known about others.

    Args:
        first: scores of the first run.
        second: scores of the second run, document by document in the same order.
        z: half the width of the interval in standard errors; the default is that of 95 %.

    Raises:
        ValueError: there are no values, or the numbers of values differ.
    """
    if len(first.values) != len(second.values) or len(first.values) == 0:
        raise ValueError("paired values must come in pairs")
    change = second.values - first.values
    n = len(change)
    gained, lost = int((change > 0).sum()), int((change < 0).sum())
    mean = float(change.mean())
    sums = cluster_sums(change - mean, first.contexts)
    variance = variance_of_mean(sums, n)
    if len(sums) == n and bool(np.isin(change, (-1.0, 0.0, 1.0)).all()):
        low, high = _bonett_price(gained, lost, n, z)
        p = mcnemar_exact(gained, lost)
    else:
        half = 2.0 if variance is None else z * math.sqrt(variance)
        low, high = max(-1.0, mean - half), min(1.0, mean + half)
        p = flip_test(cluster_sums(change, first.contexts))
    return Difference(value=mean, low=low, high=high, p=p, n=n, gained=gained, lost=lost)


def paired_mean(pairs: Sequence[tuple[Values, Values]], z: float = Z95) -> Difference:
    """Difference of the means over tasks; randomisation test over contexts.

    Args:
        pairs: (first, second) per task.
        z: as for `paired_task`.
    """
    tasks = [paired_task(first, second, z) for first, second in pairs]
    changes = [
        Values(values=second.values - first.values, contexts=first.contexts)
        for first, second in pairs
    ]
    count = len(tasks)
    factor = shared_context_factor(changes)
    mean = sum(task.value for task in tasks) / count
    below = math.sqrt(sum((task.value - task.low) ** 2 for task in tasks)) / count
    above = math.sqrt(sum((task.high - task.value) ** 2 for task in tasks)) / count
    weighted = np.concatenate([task.values / (len(task.values) * count) for task in changes])
    return Difference(
        value=mean,
        low=max(-1.0, mean - factor * below),
        high=min(1.0, mean + factor * above),
        p=flip_test(cluster_sums(weighted, joint_contexts(changes))),
        n=sum(task.n for task in tasks),
        gained=sum(task.gained for task in tasks),
        lost=sum(task.lost for task in tasks),
    )


def mcnemar_exact(gained: int, lost: int) -> float:
    """Two-sided p-value of the exact McNemar test; 1 if no document changed.

    Args:
        gained: documents on which the second run scores higher.
        lost: documents on which the first run scores higher.
    """
    if gained + lost == 0:
        return 1.0
    from scipy.special import bdtr

    return min(1.0, 2 * float(bdtr(min(gained, lost), gained + lost, 0.5)))


def flip_test(sums: Floats) -> float:
    """Two-sided p-value of Fisher's randomisation test over signs.

    If the two models are equally good, the difference of each context is equally likely to be
    positive or negative. For up to 12 differences other than 0 all combinations of signs
    are tried, for more of them 10,000 random ones.

    Args:
        sums: the difference of each context.
    """
    parts = np.abs(sums[np.abs(sums) > TINY])
    observed = abs(float(sums.sum())) - TINY
    if len(parts) == 0:
        return 1.0
    if len(parts) <= _EXACT_UP_TO:
        bits = (np.arange(2 ** len(parts))[:, None] >> np.arange(len(parts))) & 1
        flipped = np.abs((2.0 * bits - 1.0) @ parts)
        return float((flipped >= observed).mean())
    rng = np.random.default_rng(0)
    sizes, counts = np.unique(parts.round(15), return_counts=True)
    plus = rng.binomial(counts, 0.5, size=(_FLIPS, len(counts)))
    flipped = np.abs((2.0 * plus - counts) @ sizes)
    return float((1 + (flipped >= observed).sum()) / (_FLIPS + 1))


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's step-down adjusted p-values, in the order of the given ones."""
    adjusted = [0.0] * len(p_values)
    largest = 0.0
    for step, index in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        largest = max(largest, min(1.0, (len(p_values) - step) * p_values[index]))
        adjusted[index] = largest
    return adjusted


def _bonett_price(gained: int, lost: int, n: int, z: float) -> tuple[float, float]:
    up, down = (gained + 1) / (n + 2), (lost + 1) / (n + 2)
    half = z * math.sqrt((up + down - (up - down) ** 2) / (n + 2))
    return max(-1.0, up - down - half), min(1.0, up - down + half)
