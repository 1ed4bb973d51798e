"""What a variant changes: sentences on hand-made numbers, pairs on hand-made records."""

import pytest

from lm_eval_longsafety.analysis.effects import context_effects, letter_effects
from lm_eval_longsafety.analysis.models import models
from lm_eval_longsafety.report.changes import Change, doubts, sentence
from tests.hand_made import DOC_ATTACK, difference, run, sample

SHORT = f"{DOC_ATTACK}_no_context"


def change(label, value, p, low=None, high=None):
    """By default with an interval that agrees with p."""
    half = abs(value) / 2 if p < 0.05 else abs(value) + 0.01
    low, high = (value - half if low is None else low), (value + half if high is None else high)
    return Change(label, difference(value, low, high), p)


def test_one_model_is_named_with_interval_and_p():
    assert sentence("The context", [change("a", -0.12, 0.001, -0.18, -0.06)]) == (
        "The context changes the SR of a by −12.0 points [−18.0, −6.0], beyond noise (p = 0.001)"
    )
    assert sentence("The context", [change("a", 0.031, 0.4, -0.02, 0.08)]) == (
        "The context changes the SR of a by +3.1 points [−2.0, +8.0], within noise (p = 0.4)"
    )


def test_no_change_at_all_has_no_sign():
    assert "by 0.0 points [−1.0, +1.0], within noise (p = 1)" in sentence(
        "The context", [change("a", 0.0, 1.0)]
    )


def test_where_nothing_is_beyond_noise_the_largest_change_is_named():
    found = [change("a", 0.02, 0.9, -0.01, 0.05), change("b", -0.03, 0.4, -0.07, 0.01)]
    assert sentence("Moving the letters", found) == (
        "Moving the letters changes no model's SR beyond noise; the largest change is that of "
        "b, −3.0 points [−7.0, +1.0] (corrected p = 0.4)"
    )


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ((-0.1, -0.2, 0.3), "lowers the SR of 2 of 3 models beyond noise, most that of b, −20.0"),
        ((0.1, 0.2, 0.3), "raises the SR of 2 of 3 models beyond noise, most that of b, +20.0"),
        ((0.1, -0.2, 0.3), "lowers the SR of 1 and raises that of 1 of 3 models beyond noise"),
    ],
)
def test_changes_beyond_noise_are_counted_by_direction(values, words):
    # The third change is the largest but within noise.
    found = [change(*each) for each in zip("abc", values, (0.01, 0.02, 0.3), strict=True)]
    assert words in sentence("The context", found)


def test_changes_of_equal_size_are_both_named():
    found = [change("a", -0.1, 0.01, -0.15, -0.05), change("b", 0.1, 0.01, 0.05, 0.15)]
    assert sentence("The context", found).endswith(
        "most that of a, −10.0 points [−15.0, −5.0] (corrected p = 0.01) and "
        "b, +10.0 points [+5.0, +15.0] (corrected p = 0.01)"
    )


def test_an_interval_that_contradicts_its_test_is_explained():
    only = [change("a", -0.1, 0.01, -0.21, 0.01)]
    assert doubts(only, named=True)[0].startswith(
        "The interval of the difference, [−21.0, +1.0], contains zero:"
    )
    assert doubts(only, named=False) == []
    several = [change("a", -0.1, 0.01), change("b", -0.05, 0.2, -0.09, -0.01)]
    assert doubts(several, named=True) == []
    (other,) = doubts(several, named=False)
    assert other.startswith("b: The interval of the difference, [−9.0, −1.0], leaves out zero:")


def six(*scores):
    return [sample(number, sr) for number, sr in enumerate(scores)]


def test_p_is_corrected_over_the_models():
    # All six change: 2 of 64 flips are as extreme. None changes: p = 1.
    changed, same = {SHORT: six(1, 1, 1, 1, 1, 1)}, {SHORT: six(0, 0, 0, 0, 0, 0)}
    plain = {DOC_ATTACK: six(0, 0, 0, 0, 0, 0)}
    found, notes = context_effects(
        models([run("a", **plain, **changed), run("b", **plain, **same)])
    )
    assert [(effect.sr.value, effect.p) for effect in found] == [(-1.0, 2 * 2 / 64), (0.0, 1.0)]
    assert notes == []


def test_the_context_is_added_and_the_letter_orders_too():
    names = (DOC_ATTACK, SHORT, f"{DOC_ATTACK}_rotations")
    found = models([run(**dict(zip(names, (six(1, 0), six(1, 1), six(0, 0)), strict=True)))])
    assert [effects(found)[0][0].sr.value for effects in (context_effects, letter_effects)] == [
        -0.5,
        -0.5,
    ]


def test_runs_in_files_of_their_own_are_paired_by_model():
    runs = [
        run("other", **{DOC_ATTACK: six(1, 1)}),
        run("m", **{DOC_ATTACK: six(0, 0)}),
        run("m", **{SHORT: six(1, 1)}),
    ]
    (effect,), _ = context_effects(models(runs))
    assert (effect.model.label, effect.sr.value) == ("m", -1.0)


def test_models_that_cannot_be_paired_are_noted():
    logits = run("m", **{DOC_ATTACK: six(0), f"{SHORT}_logits": six(1)})
    elsewhere = [sample(0, 1, context_sha256="another document")]
    other = run("n", **{DOC_ATTACK: six(0), SHORT: elsewhere})
    bare = run("o", rows={SHORT: {"sr": 1.0}}, **{DOC_ATTACK: six(0)})
    found, notes = context_effects(models([logits, other, bare]))
    assert found == []
    assert notes[0].startswith("m: the plain tasks were not run under the protocol logits")
    assert "ran on different data" in notes[1]
    assert "share no sampled document" in notes[2]


def test_documents_that_only_one_of_the_two_has_are_noted():
    runs = [run("m", **{DOC_ATTACK: six(0, 0, 0), SHORT: six(1, 1)})]
    (effect,), notes = context_effects(models(runs))
    assert effect.sr.n == 2
    assert notes == ["m: DocAttack: 2 of 3 documents are in both runs."]


def test_that_a_variant_has_other_prompts_is_no_note():
    long, short = ([sample(0, 1, prompt_hash=text)] for text in ("a", "b"))
    (_,), notes = context_effects(models([run("m", **{DOC_ATTACK: long, SHORT: short})]))
    assert notes == []
