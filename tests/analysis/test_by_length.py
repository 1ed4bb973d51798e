"""SR by length and depth: buckets, cells, means and changes, worked out by hand."""

from functools import partial

import pytest

from lm_eval_longsafety.analysis import by_length
from lm_eval_longsafety.analysis.models import models
from lm_eval_longsafety.analysis.stats import Values, proportion
from lm_eval_longsafety.benchmark import BY_SPLIT
from tests.hand_made import DOC_ATTACK, run_of, scored


def lengths(**cells):
    """A model's `longsafety_length`: SR of the documents by `n<length>_<depth in percent>`."""
    runs = []
    for place, sr in cells.items():
        length, depth = (int(part) for part in place.removeprefix("n").split("_"))
        suffix = f"_length_{length:07d}_{depth / 100:.2f}"
        runs.append(run_of(suffix=suffix, DocAttack=scored(sr)))
    (model,) = models(runs)
    return model


def cells_of(model):
    return {place: by_length.sampled(s) for place, s in by_length.embedded(model).items()}


def share(values):
    return proportion(Values.of(values, [""] * len(values)))


def test_buckets_are_powers_of_two_and_the_last_has_no_end():
    tokens = [0, 1023, 1024, 5000, 2**21, 2**23, None]
    samples = [s for n in tokens for s in scored([1], prompt_tokens=n)]
    found = {key: mean.n for key, mean in by_length.by_bucket(samples).items()}
    assert found == {(0, 1024): 2, (1024, 2048): 1, (4096, 8192): 1, (2**21, None): 2}


def test_samples_that_the_results_file_contradicts_are_left_out():
    both = {"DocAttack": scored([1, 0]), "MedicalQuiz": scored([1], "MedicalQuiz")}
    (model,) = models([run_of(rows={DOC_ATTACK: {"sr": 0.9}}, **both)])
    assert [sample.split for sample in by_length.sampled(model.main)] == ["MedicalQuiz"]
    assert by_length.sampled(model.main, BY_SPLIT["DocAttack"]) == []


def test_a_grid_task_is_divided_by_its_own_depth_and_length():
    own = (*scored([1], "HarmfulNIAH", depth=0.5, length=2000.0),)
    own += scored([0], "HarmfulNIAH", depth=0.0, length=1000.0)
    own += scored([0], "HarmfulNIAH", depth=0.0)
    (model,) = models([run_of(HarmfulNIAH=own)])
    found = by_length.grid(model.main, BY_SPLIT["HarmfulNIAH"])
    assert {place: [s.sr for s in samples] for place, samples in found.items()} == {
        (0.0, 1000.0): [0.0],
        (0.5, 2000.0): [1.0],
    }


def test_lengths_of_two_protocols_are_never_mixed():
    logits = run_of(suffix="_length_0001024_0.50_logits", DocAttack=scored([1, 1]))
    generate = run_of(suffix="_length_0004096_0.50", DocAttack=scored([0, 0]))
    (model,) = models([logits, generate])
    assert list(by_length.embedded(model)) == [(0.5, 4096.0)]
    (model,) = models([logits])
    assert list(by_length.embedded(model)) == [(0.5, 1024.0)]


def test_a_document_that_was_asked_several_times_counts_once():
    # Document means 1, 0.5: as two documents, not as four.
    samples = (*scored([1, 1]), *scored([1, 0]))
    found = by_length.pooled(samples)
    assert (found.value, found.n) == (0.75, 2)
    assert by_length.pooled([]) is None


def test_the_change_is_that_of_each_documents_mean_over_the_depths():
    model = lengths(
        n1024_0=[1, 1, 1, 1], n1024_100=[1, 1, 1, 1], n4096_0=[1, 1, 0, 0], n4096_100=[1, 1, 1, 1]
    )
    found = by_length.change(cells_of(model))
    assert (found.shortest, found.longest) == (1024, 4096)
    # The means at 4,096 are 1, 1, 0.5, 0.5.
    assert (found.first.value, found.last.value) == (1.0, 0.75)
    assert found.difference.value == -0.25
    assert found.difference.low < -0.25 < found.difference.high
    # Two documents changed, by the same amount: two of the four signs are as extreme.
    assert found.difference.p == 0.5
    assert (found.difference.n, found.difference.lost) == (4, 2)


def test_the_change_is_between_the_depths_that_both_lengths_have():
    model = lengths(n1024_0=[1, 1], n1024_50=[0, 0], n2048_50=[1, 1], n4096_0=[0, 1])
    found = by_length.change(cells_of(model))
    assert (found.first.value, found.last.value) == (1.0, 0.5)


def test_without_the_same_documents_at_two_lengths_there_is_no_change():
    assert by_length.change({}) is None
    assert by_length.change(cells_of(lengths(n1024_0=[1], n1024_50=[1]))) is None
    assert by_length.change(cells_of(lengths(n1024_0=[1], n4096_50=[1]))) is None
    other = {(0.0, 1024.0): scored([1]), (0.0, 4096.0): scored([1], "MedicalQuiz")}
    assert by_length.change(other) is None


def test_depths_are_compared_only_over_the_same_lengths_and_tasks():
    cells = {
        (0.0, 1024.0): scored([1, 0]),
        (0.0, 4096.0): scored([0, 0]),
        (0.5, 1024.0): scored([1, 1]),
        (0.5, 4096.0): scored([1, 0]),
        (1.0, 1024.0): scored([0, 0]),
    }
    found = by_length.by_first(cells)
    # Depth 1 lacks the longer prompts.
    assert {depth: mean.value for depth, mean in found.items()} == {0.0: 0.25, 0.5: 0.75}
    turned = by_length.by_first({(b, a): samples for (a, b), samples in cells.items()})
    assert list(turned) == [1024.0]


def test_the_interval_of_an_unpaired_difference_is_newcombes():
    # 56/70 minus 48/80: [0.0524, 0.3339] by method 10 of Newcombe (Statistics in Medicine 1998).
    first, second = share([1] * 48 + [0] * 32), share([1] * 56 + [0] * 14)
    assert by_length.unpaired(first, second) == pytest.approx((0.0524, 0.3339), abs=5e-5)
    low, high = by_length.unpaired(second, first)
    assert (low, high) == pytest.approx((-0.3339, -0.0524), abs=5e-5)


def test_fillers_are_compared_over_the_tasks_depths_and_lengths_that_all_have():
    niah = partial(scored, split="HarmfulNIAH", length=1000.0)
    samples = (
        *niah([1, 1], depth=0.0, filler="village"),
        *niah([1, 0], depth=0.0, filler="court"),
        *niah([0, 0], depth=0.5, filler="village"),  # No court at this depth.
        *scored([0], filler="court"),  # No village in this task.
        *niah([0], depth=0.0),
    )
    (found,) = by_length.by_filler(samples)
    assert {name: (mean.value, mean.n) for name, mean in found.items()} == {
        "court": (0.5, 2),
        "village": (1.0, 2),
    }


def test_one_filler_or_fillers_of_different_tasks_are_not_compared():
    assert by_length.by_filler(scored([1, 0], filler="village")) == []
    apart = (*scored([1], filler="a"), *scored([1], "MedicalQuiz", filler="b"))
    assert by_length.by_filler(apart) == []


def test_fillers_of_different_tasks_are_sets_of_their_own():
    names = {"HarmfulNIAH": "ab", "CountingCrimes": "a", "ManyShotJailbreak": "cd"}
    samples = [s for split, own in names.items() for f in own for s in scored([1], split, filler=f)]
    assert [list(found) for found in by_length.by_filler(samples)] == [["a", "b"], ["c", "d"]]
