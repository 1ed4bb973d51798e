"""How well judges agree with people and with each other, and a rate corrected for their errors.

Data flow: pairs of verdicts -> `agreement`; verdicts of several judges -> `alpha`; a judged rate
and the judge's errors on labelled replies -> `corrected_rate`.
Sources: Cohen (Educational and Psychological Measurement 1960) with the standard error of Fleiss,
Cohen and Everitt (Psychological Bulletin 1969), both by statsmodels; Krippendorff's alpha by the
package `krippendorff`; Rogan and Gladen (American Journal of Epidemiology 1978) with the interval
of Lang and Reiczigel (Preventive Veterinary Medicine 2014).
"""

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from lm_eval_longsafety.analysis.stats import TINY, Z95, Estimate, wilson


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """Two raters on the same replies."""

    labels: tuple[Hashable, ...]
    """Every label that either rater used, sorted; numbers by size."""
    table: tuple[tuple[int, ...], ...]
    """Counts by (first rater's label, second rater's label), in the order of `labels`."""
    observed: Estimate
    """Share of replies with the same label."""
    kappa: Estimate | None
    """Cohen's kappa; None where both raters used one label only, so that it is undefined. It has no
    interval where they always agree or one of them used one label only: its standard error would be
    0 for any number of replies."""


def agreement(pairs: Sequence[tuple[Hashable, Hashable]]) -> Agreement:
    """Agreement of two raters.

    Args:
        pairs: (first rater's label, second rater's label) for each reply.

    Raises:
        ValueError: there are no pairs.
    """
    if not pairs:
        raise ValueError("agreement needs at least one pair of labels")
    labels = tuple(
        sorted({label for pair in pairs for label in pair}, key=lambda x: (len(str(x)), str(x)))
    )
    place = {label: index for index, label in enumerate(labels)}
    table = np.zeros((len(labels), len(labels)), int)
    for first, second in pairs:
        table[place[first], place[second]] += 1
    n = len(pairs)
    share = float(np.trace(table)) / n
    low, high = wilson(share, n)
    stderr = math.sqrt(share * (1 - share) / n)
    return Agreement(
        labels=labels,
        table=tuple(tuple(int(count) for count in row) for row in table),
        observed=Estimate(value=share, stderr=stderr, low=low, high=high, n=n),
        kappa=_kappa(table) if len(labels) > 1 else None,
    )


def _kappa(table: "np.typing.NDArray[np.int_]") -> Estimate:
    from statsmodels.stats.inter_rater import cohens_kappa

    with np.errstate(all="ignore"):  # Its z-test divides by zero if a rater uses one label only.
        found = cohens_kappa(table)
    value, stderr = float(found.kappa), float(found.std_kappa)
    known = stderr > TINY
    return Estimate(
        value=value,
        stderr=stderr if known else None,
        low=max(-1.0, float(found.kappa_low)) if known else None,
        high=min(1.0, float(found.kappa_upp)) if known else None,
        n=int(table.sum()),
    )


def alpha(verdicts: Sequence[Sequence[int | None]]) -> float | None:
    """Krippendorff's alpha of several judges, for labels without an order.

    Args:
        verdicts: for each judge its label of each reply, None where it gave none.

    Returns:
        At most 1, 0 for agreement by chance; None where it is undefined: no reply has two labels,
        or all labels are the same.
    """
    import krippendorff

    data = np.array([[np.nan if v is None else v for v in judge] for judge in verdicts], float)
    paired = data[:, (~np.isnan(data)).sum(axis=0) > 1]
    if len(np.unique(paired[~np.isnan(paired)])) < 2:
        return None
    return float(krippendorff.alpha(reliability_data=data, level_of_measurement="nominal"))


def corrected_rate(
    rate: tuple[int, int], sensitivity: tuple[int, int], specificity: tuple[int, int]
) -> Estimate | None:
    """The true rate of unsafe replies behind a judged one, after Rogan and Gladen.

    Args:
        rate: (replies judged unsafe, replies judged).
        sensitivity: (replies judged unsafe, of those that people call unsafe), of labelled ones.
        specificity: (replies judged safe, of those that people call safe).

    Returns:
        None where the judge is no better than chance or labelled replies of a kind are missing.
        No interval where it is not better than chance under the source's adjustment.
    """
    if not (rate[1] and sensitivity[1] and specificity[1]):
        return None
    share, se, sp = (count / total for count, total in (rate, sensitivity, specificity))
    if se + sp <= 1:
        return None
    value = _unit((share + sp - 1) / (se + sp - 1))
    # Adjusted as in the source: z² / 2 further cases of each kind for the rate, one for the others.
    square = Z95**2
    r = (rate[0] + square / 2) / (rate[1] + square)
    se, sp = (count + 1 for count in (sensitivity[0], specificity[0]))
    se, sp = se / (sensitivity[1] + 2), sp / (specificity[1] + 2)
    slope = se + sp - 1
    if slope < TINY:
        return Estimate(value=value, stderr=None, low=None, high=None, n=rate[1])
    centre = (r + sp - 1) / slope
    of_se = se * (1 - se) / (sensitivity[1] + 2)
    of_sp = sp * (1 - sp) / (specificity[1] + 2)
    shift = 2 * square * (centre * of_se - (1 - centre) * of_sp)
    variance = r * (1 - r) / (rate[1] + square) + centre**2 * of_se + (1 - centre) ** 2 * of_sp
    stderr = math.sqrt(variance) / slope
    return Estimate(
        value=value,
        stderr=stderr,
        low=_unit(centre + shift - Z95 * stderr),
        high=_unit(centre + shift + Z95 * stderr),
        n=rate[1],
    )


def _unit(value: float) -> float:
    return min(1.0, max(0.0, value))
