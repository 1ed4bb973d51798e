"""Base and tuned models: changes by group, at lengths, and whether the document is used."""

import pytest

from lm_eval_longsafety.analysis.document_use import document_use
from lm_eval_longsafety.analysis.models import models
from lm_eval_longsafety.analysis.tuning import tunings
from tests.hand_made import run_of, scored

BASE, TUNED = (0, 0, 0, 1, 1, 1), (1, 1, 0, 1, 1, 1)


def pair(base, tuned, trained_at=None, **more):
    """The tuning of two models; each has samples by split."""
    found = models(
        [run_of("org/base", **base), run_of("org/tuned", **tuned), *more.get("runs", ())]
    )
    (each,), notes = tunings([(found[0], found[1])], trained_at)
    return each, notes


def test_each_group_of_tasks_has_its_own_change():
    # In-domain: 2 of 6 documents gained. Out-of-domain: DocAttack 2 of 6, HarmfulAdvice 0 of 6,
    # so 1/6 on average. Over the three tasks: (1/3 + 1/3 + 0) / 3 = 2/9.
    each, notes = pair(
        {s: scored(BASE, s) for s in ("MedicalQuiz", "DocAttack", "HarmfulAdvice")},
        {
            **{s: scored(TUNED, s) for s in ("MedicalQuiz", "DocAttack")},
            "HarmfulAdvice": scored(BASE, "HarmfulAdvice"),
        },
    )
    inside, outside = each.domains.groups
    assert (inside.title, outside.title) == ("In-domain tasks", "Out-of-domain tasks")
    assert inside.difference.value == pytest.approx(2 / 6)
    assert outside.difference.value == pytest.approx(1 / 6)
    assert each.effect.sr.value == pytest.approx(2 / 9)
    # Two flips, of 4 patterns two are as extreme: p = 0.5 for both, times two groups.
    assert (inside.p, outside.p) == (1.0, 1.0)
    value, low, high = each.domains.contrast
    assert value == pytest.approx(1 / 6)
    one, other = inside.difference, outside.difference
    # Zou & Donner: the lower end has the distances downwards of the first, upwards of the second.
    below = ((one.value - one.low) ** 2 + (other.high - other.value) ** 2) ** 0.5
    above = ((one.high - one.value) ** 2 + (other.value - other.low) ** 2) ** 0.5
    assert (low, high) == pytest.approx((1 / 6 - below, 1 / 6 + above))
    assert notes == []


def test_prompts_are_inside_or_beyond_the_training_length_by_the_tuned_models_tokens():
    def of(values, tokens):
        return {"DocAttack": [s for i, v in enumerate(values) for s in [one(i, v, tokens[i])]]}

    def one(number, sr, tokens):
        return scored((0,) * number + (sr,), prompt_tokens=tokens)[number]

    # The base counts other tokens: what counts is what the tuned model saw.
    each, _ = pair(
        of((0, 0, 0, 0), (1, 1, 1, 1)), of((1, 1, 1, 0), (100, 101, 300, None)), trained_at=100
    )
    beyond, inside = each.prompts.groups
    assert beyond.title == "Prompts of more than 100 tokens"
    assert (beyond.difference.n, beyond.difference.value) == (2, 1.0)
    assert (inside.difference.n, inside.difference.value) == (1, 1.0)


def test_without_a_training_length_prompts_are_not_divided():
    each, _ = pair({"DocAttack": scored(BASE)}, {"DocAttack": scored(TUNED)})
    assert each.prompts.groups == ()
    assert each.lengths == {}


def test_at_each_length_a_document_counts_once_with_its_mean_over_the_depths():
    def at(model, length, depth, values):
        return run_of(model, suffix=f"_length_{length}_{depth}", DocAttack=scored(values))

    runs = [
        at("org/base", "0001000", "0.00", (0, 0)),
        at("org/base", "0001000", "1.00", (0, 0)),
        at("org/tuned", "0001000", "0.00", (1, 0)),
        at("org/tuned", "0001000", "1.00", (0, 0)),
        at("org/tuned", "0002000", "0.00", (1, 1)),
    ]
    each, notes = pair({"DocAttack": scored(BASE)}, {"DocAttack": scored(TUNED)}, runs=runs)
    # Document 0 gains 1 at depth 0 and nothing at depth 1, document 1 nothing: (0.5 + 0) / 2.
    assert {length: group.difference.value for length, group in each.lengths.items()} == {
        1000: 0.25
    }
    assert notes == [
        "org/base: not run at 2,000 tokens and depth 0, so there is no change of org/tuned there."
    ]


def test_p_is_corrected_over_the_pairs_and_a_model_with_two_bases_names_them():
    runs = [run_of(f"org/{n}", DocAttack=scored(TUNED if n == "c" else BASE)) for n in "abc"]
    a, b, c = models(runs)
    found, notes = tunings([(a, c), (b, c)], None)
    assert [each.tuned.label for each in found] == ["org/c from org/a", "org/c from org/b"]
    assert [each.effect.comparison.overall["sr"].p for each in found] == [0.5, 0.5]
    assert [each.effect.p for each in found] == [1.0, 1.0]
    assert notes == []


def test_pairs_that_cannot_be_compared_are_named():
    a = run_of("org/a", DocAttack=scored(BASE))
    b = run_of("org/b", suffix="_logits", DocAttack=scored(BASE))
    c = run_of("org/c", DocAttack=scored(BASE, context_sha256="other"))
    a, b, c = models([a, b, c])
    found, notes = tunings([(a, b), (a, c)], None)
    assert found == []
    assert notes[0] == (
        "org/b and org/a have no samples under the same protocol, so what fine-tuning changed "
        "cannot be shown."
    )
    assert notes[1].startswith("org/c: no difference can be shown: org/a and org/c ran on differ")


def use(with_, without, split="DocAttack"):
    plain = run_of(**{split: scored(with_, split)})
    short = run_of(suffix="_no_context", **{split: scored(without, split)})
    (model,) = models([plain, short])
    return document_use(model)


def test_the_document_is_not_used_if_scores_without_it_are_as_good_within_ten_points():
    # 58 documents, none changed: b' = c' = 1/60, +- 1.645 * sqrt((2/60) / 60) = +- 3.9 points.
    found = use((1,) * 58, (1,) * 58)
    assert (found.difference.low, found.difference.high) == pytest.approx(
        (-0.0388, 0.0388), abs=1e-4
    )
    assert found.none
    assert found.contexts == 58


def test_few_documents_do_not_show_that_the_document_is_not_used():
    # +- 1.645 * sqrt((2/12) / 12) = +- 19 points.
    assert not use((1,) * 10, (1,) * 10).none


def test_a_small_but_clear_cost_or_gain_of_the_document_shows_that_it_is_used():
    # 20 of 400 lost: −5 points, and within ±10 with its interval, which leaves out zero.
    found = use((0,) * 20 + (1,) * 380, (1,) * 400)
    assert -0.1 < found.difference.low < found.difference.high < 0
    assert not found.none


def test_tasks_whose_context_is_harmless_do_not_say_whether_the_document_is_used():
    assert use((1,) * 58, (1,) * 58, "MedicalQuiz") is None


def test_repeated_contexts_are_counted_once_for_what_is_called_equal():
    samples = scored((1,) * 58, context_sha256="same")
    (model,) = models([run_of(DocAttack=samples), run_of(suffix="_no_context", DocAttack=samples)])
    assert document_use(model).contexts == 1
    assert not document_use(model).none
