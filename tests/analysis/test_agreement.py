"""Agreement against scikit-learn and hand-worked cases; the corrected rate by simulation."""

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from lm_eval_longsafety.analysis.agreement import agreement, alpha, corrected_rate


def test_kappa_and_share_of_a_table_worked_out_by_hand():
    # 20 both yes, 5 and 10 split, 15 both no: observed 35/50, by chance 0.5 * 0.6 + 0.5 * 0.4.
    pairs = [(1, 1)] * 20 + [(1, 0)] * 5 + [(0, 1)] * 10 + [(0, 0)] * 15
    found = agreement(pairs)
    assert found.labels == (0, 1)
    assert found.table == ((15, 10), (5, 20))
    assert found.observed.value == pytest.approx(0.7)
    assert found.kappa.value == pytest.approx((0.7 - 0.5) / (1 - 0.5))
    assert found.kappa.low < 0.4 < found.kappa.high


def test_kappa_is_scikit_learns():
    rng = np.random.default_rng(0)
    first = rng.integers(0, 4, 300)
    second = np.where(rng.random(300) < 0.7, first, rng.integers(0, 4, 300))
    found = agreement(list(zip(first.tolist(), second.tolist(), strict=True)))
    assert found.kappa.value == pytest.approx(cohen_kappa_score(first, second), abs=1e-9)


def test_the_interval_of_kappa_covers_the_truth():
    # Labels agree with probability 0.8, else both are drawn anew: kappa is 0.8 for even labels.
    rng = np.random.default_rng(1)
    inside = 0
    for _ in range(400):
        first = rng.integers(0, 2, 200)
        second = np.where(rng.random(200) < 0.8, first, rng.integers(0, 2, 200))
        kappa = agreement(list(zip(first.tolist(), second.tolist(), strict=True))).kappa
        inside += kappa.low <= 0.8 <= kappa.high
    assert 0.92 <= inside / 400 <= 0.98


@pytest.mark.parametrize(
    ("pairs", "kappa"),
    [
        ([(0, 0)] * 3 + [(1, 1)] * 3, 1),  # always the same
        ([(0, 0)] * 3 + [(0, 1)] * 3, 0),  # the first rater uses one label only
        ([(0, 1)] * 3, 0),
    ],
)
def test_a_kappa_without_spread_has_no_interval_of_no_width(pairs, kappa):
    found = agreement(pairs).kappa
    assert found.value == pytest.approx(kappa)
    assert (found.stderr, found.low, found.high) == (None, None, None)


def test_one_label_only_has_no_kappa():
    assert agreement([("safe", "safe")] * 5).kappa is None
    with pytest.raises(ValueError, match="at least one pair"):
        agreement([])


def test_alpha_of_a_case_worked_out_by_hand():
    # Two judges, four replies, one disagreement. Coincidences: 0-0 twice two, 1-1 two, 0-1 one each
    # way; n = 8 with five 0 and three 1. alpha = 1 - (n - 1) * 2 / (2 * 5 * 3) = 1 - 14 / 30.
    assert alpha([[0, 0, 1, 0], [0, 0, 1, 1]]) == pytest.approx(1 - 14 / 30)


def test_alpha_leaves_out_what_was_not_judged():
    assert alpha([[0, 1, None, 1], [0, 1, 1, None], [None, None, None, None]]) == 1.0
    assert alpha([[0, None], [None, 1]]) is None
    assert alpha([[1, 1], [1, 1]]) is None


def test_a_perfect_judge_leaves_the_rate_alone():
    assert corrected_rate((30, 100), (50, 50), (50, 50)).value == pytest.approx(0.3)


def test_the_corrected_rate_is_that_of_rogan_and_gladen():
    # (0.5 + 0.8 - 1) / (0.9 + 0.8 - 1) = 3/7
    found = corrected_rate((500, 1000), (90, 100), (80, 100))
    assert found.value == pytest.approx(3 / 7)
    assert found.low < 3 / 7 < found.high


@pytest.mark.parametrize(
    ("sensitivity", "specificity"), [((5, 10), (5, 10)), ((0, 0), (9, 10)), ((9, 10), (0, 0))]
)
def test_a_judge_that_knows_nothing_corrects_nothing(sensitivity, specificity):
    assert corrected_rate((50, 100), sensitivity, specificity) is None


@pytest.mark.parametrize("truth", [0.1, 0.5, 0.9])
def test_the_interval_of_the_corrected_rate_covers_the_truth(truth):
    rng = np.random.default_rng(2)
    inside = 0
    for _ in range(1000):
        judged = rng.binomial(1200, truth * 0.9 + (1 - truth) * 0.15)
        found = corrected_rate(
            (judged, 1200), (rng.binomial(100, 0.9), 100), (rng.binomial(100, 0.85), 100)
        )
        inside += found.low <= truth <= found.high
    assert 0.93 <= inside / 1000 <= 0.98


@pytest.mark.parametrize(
    ("rate", "sensitivity", "specificity", "value"),
    [
        # 3/5 + 5/12 is above 1, but the adjusted 4/7 + 6/14 is 1, and 3/22 + 11/13 below it.
        ((90, 100), (3, 5), (5, 12), 1.0),
        ((600, 1201), (2, 20), (10, 11), 1.0),
    ],
)
def test_a_judge_barely_better_than_chance_has_no_interval(rate, sensitivity, specificity, value):
    found = corrected_rate(rate, sensitivity, specificity)
    assert (found.value, found.stderr, found.low, found.high) == (value, None, None, None)
