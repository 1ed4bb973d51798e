"""Statistics against hand-worked numbers, scipy, statsmodels and simulation."""

import math

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, chisquare
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

from lm_eval_longsafety.analysis.paired import (
    flip_test,
    holm,
    mcnemar_exact,
    paired_mean,
    paired_task,
)
from lm_eval_longsafety.analysis.stats import (
    Values,
    mean_over_tasks,
    proportion,
    proportion_from_summary,
    shared_context_factor,
    uniform_test,
    wilson,
)


def binary(ones: int, n: int) -> Values:
    return Values.of([1.0] * ones + [0.0] * (n - ones), [""] * n)


@pytest.mark.parametrize(("ones", "n"), [(0, 12), (1, 12), (30, 108), (108, 108), (1, 1), (0, 1)])
def test_intervals_of_proportions_equal_scipys_wilson(ones, n):
    estimate = proportion(binary(ones, n))
    interval = binomtest(ones, n).proportion_ci(method="wilson")
    assert estimate.value == ones / n
    assert (estimate.low, estimate.high) == pytest.approx((interval.low, interval.high), abs=1e-12)


@given(st.floats(0, 1), st.floats(1, 2000))
def test_wilson_equals_statsmodels_for_fractional_numbers_too(mean, n):
    low, high = proportion_confint(mean * n, n, method="wilson")
    assert wilson(mean, n) == pytest.approx((max(0, low), min(1, high)), abs=1e-9)


# statsmodels collects the whole process's garbage at every call.
@settings(max_examples=20)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_equals_statsmodels(p_values):
    assert holm(p_values) == pytest.approx(list(multipletests(p_values, method="holm")[1]))


def test_the_letter_test_equals_scipys_chi_square():
    assert uniform_test([30, 20, 25, 25], [25] * 4) == pytest.approx(
        chisquare([30, 20, 25, 25], [25] * 4).pvalue
    )


def test_wilson_by_hand_for_two_of_four():
    # z^2 = 3.8415; centre (0.5 + 3.8415/8) / (1 + 3.8415/4) = 0.5;
    # half 1.95996 * sqrt(0.25/4 + 3.8415/64) / 1.96036 = 0.34996
    assert wilson(0.5, 4) == pytest.approx((0.15004, 0.84996), abs=1e-5)


def test_none_and_all_of_n_keep_an_interval():
    none, every = proportion(binary(0, 10)), proportion(binary(10, 10))
    # z^2 / (n + z^2) = 3.8415 / 13.8415
    assert (none.low, none.high) == pytest.approx((0.0, 0.27753), abs=1e-5)
    assert (every.low, every.high) == pytest.approx((0.72247, 1.0), abs=1e-5)


def test_stderr_equals_the_sample_standard_error_that_lm_eval_writes():
    # 3 of 4: sample variance 0.25, so sqrt(0.25 / 4)
    assert proportion(binary(3, 4)).stderr == pytest.approx(0.25)


def test_one_document_has_no_standard_error():
    assert proportion(binary(1, 1)).stderr is None


def test_no_documents_are_a_callers_bug():
    with pytest.raises(ValueError, match="no documents"):
        proportion(Values.of([], []))


def test_clustered_standard_error_equals_statsmodels():
    rng = np.random.default_rng(3)
    groups = np.repeat(np.arange(40), 3)
    values = (rng.random(120) < np.repeat(rng.random(40), 3)).astype(float)
    estimate = proportion(Values.of(list(values), [f"c{group}" for group in groups]))
    fit = sm.OLS(values, np.ones(120)).fit(
        cov_type="cluster", cov_kwds={"groups": groups, "use_correction": False}
    )
    assert estimate.stderr == pytest.approx(fit.bse[0] * math.sqrt(40 / 39))


def test_documents_that_all_agree_within_a_context_count_once():
    # Four contexts, two documents each, answered alike: as much is known as from four documents,
    # up to the G/(G-1) correction, which makes the effective number 4 * 3/4 = 3.
    paired = Values.of([1, 1, 1, 1, 0, 0, 0, 0], ["a", "a", "b", "b", "c", "c", "d", "d"])
    estimate = proportion(paired)
    assert estimate.stderr == pytest.approx(math.sqrt(0.25 / 3))
    assert (estimate.low, estimate.high) == pytest.approx(wilson(0.5, 3))


def test_mean_over_tasks_is_stratified():
    # 1/4 and 3/4: mean 1/2; se = sqrt(0.0625 + 0.0625) / 2
    tasks = [proportion(binary(1, 4)), proportion(binary(3, 4))]
    overall = mean_over_tasks(tasks)
    assert overall.value == 0.5
    assert overall.stderr == pytest.approx(math.sqrt(0.125) / 2)
    assert overall.n == 8


def test_mean_over_one_task_is_that_task():
    task = proportion(binary(2, 9))
    overall = mean_over_tasks([task])
    assert (overall.low, overall.high) == pytest.approx((task.low, task.high))


def test_mean_over_tasks_without_a_single_safe_answer_keeps_an_interval():
    overall = mean_over_tasks([proportion(binary(0, 100))] * 10)
    # Each task reaches up to 0.036995 (z^2/(100+z^2)); joined: 0.036995 / sqrt(10)
    assert overall.low == 0.0
    assert overall.high == pytest.approx(0.036995 / math.sqrt(10), abs=1e-6)


def test_contexts_shared_by_two_tasks_widen_their_mean():
    # The same contexts answered alike in both tasks: covariance equals variance, so the standard
    # error grows by sqrt(2).
    contexts = [f"c{i}" for i in range(6)]
    task = Values.of([1, 0, 1, 0, 1, 0], contexts)
    assert shared_context_factor([task, task]) == pytest.approx(math.sqrt(2))
    apart = Values.of([1, 0, 1, 0, 1, 0], [""] * 6)
    assert shared_context_factor([apart, apart]) == pytest.approx(1.0)


def test_a_table_alone_gives_wilson_by_its_count_and_else_its_stderr():
    counted = proportion_from_summary(0.5, 4, None)
    assert (counted.low, counted.high) == pytest.approx(wilson(0.5, 4))
    # 26 documents: 0.5 * 0.5 / 0.1^2 + 1
    uncounted = proportion_from_summary(0.5, None, 0.1)
    assert (uncounted.low, uncounted.high) == pytest.approx(wilson(0.5, 26))
    none = proportion_from_summary(0.0, None, 0.0)
    assert (none.value, none.low, none.high) == (0.0, None, None)
    bare = proportion_from_summary(0.5, None, None)
    assert (bare.stderr, bare.low, bare.high) == (None, None, None)


@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemar_equals_statsmodels(gained, lost):
    table = [[5, gained], [lost, 5]]
    expected = mcnemar(table, exact=True).pvalue if gained + lost else 1.0
    assert mcnemar_exact(gained, lost) == pytest.approx(min(1.0, expected))


def test_mcnemar_by_hand():
    # 5 of 5 changed for the better: 2 / 2^5
    assert mcnemar_exact(5, 0) == pytest.approx(0.0625)


def test_paired_difference_by_hand():
    # Changes +1, +1, 0, -1 over four documents: mean 1/4
    first = Values.of([0, 0, 1, 1], [""] * 4)
    second = Values.of([1, 1, 1, 0], [""] * 4)
    difference = paired_task(first, second)
    assert (difference.value, difference.gained, difference.lost) == (0.25, 2, 1)
    # 2 of 3: p = 1
    assert difference.p == pytest.approx(1.0)
    # Laplace: up 3/6, down 2/6; half = 1.95996 * sqrt((5/6 - 1/36) / 6) = 0.71819
    assert difference.low == pytest.approx(1 / 6 - 0.71819, abs=1e-4)
    assert difference.high == pytest.approx(1 / 6 + 0.71819, abs=1e-4)


def test_swapping_two_runs_mirrors_the_difference():
    rng = np.random.default_rng(0)
    first = Values.of(list(rng.integers(0, 2, 30).astype(float)), [""] * 30)
    second = Values.of(list(rng.integers(0, 2, 30).astype(float)), [""] * 30)
    there, back = paired_mean([(first, second)]), paired_mean([(second, first)])
    assert there.value == -back.value
    assert there.low == pytest.approx(-back.high)
    assert there.p == back.p


def test_a_run_against_itself_differs_in_nothing():
    values = binary(3, 10)
    same = paired_mean([(values, values)])
    assert (same.value, same.p, same.gained, same.lost) == (0.0, 1.0, 0, 0)
    assert same.low < 0 < same.high


def test_few_flips_are_all_tried():
    # +1 +1 +1: 2 of 8 sign patterns are as extreme
    assert flip_test(np.array([1.0, 1.0, 1.0])) == pytest.approx(0.25)


def test_many_flips_agree_with_mcnemar():
    parts = np.array([1.0] * 30 + [-1.0] * 14)
    assert flip_test(parts) == pytest.approx(mcnemar_exact(30, 14), abs=0.01)


def test_unequal_numbers_of_documents_are_a_callers_bug():
    with pytest.raises(ValueError, match="in pairs"):
        paired_task(binary(1, 3), binary(1, 4))


def test_holm_by_hand():
    # Sorted 0.01, 0.02, 0.04 times 3, 2, 1 -> 0.03, 0.04, 0.04
    assert holm([0.04, 0.01, 0.02]) == pytest.approx([0.04, 0.03, 0.04])
    assert holm([]) == []


def test_letter_preference_is_tested_against_what_was_offered():
    assert uniform_test([25, 25, 25, 25], [25] * 4) == pytest.approx(1.0)
    assert uniform_test([100, 0, 0, 0], [25] * 4) < 1e-6
    assert uniform_test([1, 0], [0.5, 0.5]) is None


def simulated_tasks(rng, rates, sizes, per_context):
    tasks = []
    for rate, size in zip(rates, sizes, strict=True):
        contexts = np.arange(size) // per_context
        # Half of a context's documents follow the context, half are drawn alone.
        shared = rng.random(contexts[-1] + 1) < rate
        follows = rng.random(size) < (0.5 if per_context > 1 else 0.0)
        values = np.where(follows, shared[contexts], rng.random(size) < rate).astype(float)
        tasks.append(Values.of(list(values), [f"c{c}" for c in contexts]))
    return tasks


@pytest.mark.parametrize("per_context", [1, 3])
def test_intervals_of_the_overall_score_cover_the_truth_in_95_of_100_runs(per_context):
    rng = np.random.default_rng(11)
    rates = np.linspace(0.1, 0.9, 10)
    sizes = [99, 108, 102, 147, 147, 99, 99, 129, 99, 162]
    covered = 0
    for _ in range(1000):
        tasks = simulated_tasks(rng, rates, sizes, per_context)
        overall = mean_over_tasks([proportion(task) for task in tasks])
        covered += overall.low <= rates.mean() <= overall.high
    assert 0.93 <= covered / 1000 <= 0.97


def test_intervals_of_one_task_cover_the_truth_in_95_of_100_runs():
    rng = np.random.default_rng(5)
    hits = 0
    for _ in range(3000):
        rate = rng.uniform(0.05, 0.95)
        estimate = proportion(binary(int(rng.binomial(108, rate)), 108))
        hits += estimate.low <= rate <= estimate.high
    assert 0.93 <= hits / 3000 <= 0.97


def test_paired_intervals_cover_and_null_p_values_reject_5_of_100():
    rng = np.random.default_rng(7)
    sizes = [108, 100, 147, 163]
    covered = rejected = 0
    for _ in range(1000):
        pairs = []
        for size in sizes:
            ability = rng.random(size)
            first = (rng.random(size) < ability).astype(float)
            second = (rng.random(size) < ability).astype(float)
            pairs.append(
                (Values.of(list(first), [""] * size), Values.of(list(second), [""] * size))
            )
        overall = paired_mean(pairs)
        covered += overall.low <= 0 <= overall.high
        rejected += overall.p < 0.05
    assert 0.93 <= covered / 1000 <= 0.97
    assert 0.04 <= rejected / 1000 <= 0.06


def test_exact_mcnemar_never_rejects_more_than_5_of_100_under_the_null():
    # Exactly, over all outcomes of 40 changed documents: no simulation needed.
    weights = [math.comb(40, k) / 2**40 for k in range(41)]
    level = sum(w for k, w in enumerate(weights) if mcnemar_exact(k, 40 - k) < 0.05)
    assert 0.03 < level <= 0.05
