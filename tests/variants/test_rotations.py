"""Rotations: deals worked out by hand, choices that speak of others, scripted models' scores."""

import pytest

from lm_eval_longsafety.benchmark import LETTERS, TASKS
from lm_eval_longsafety.data import sources
from lm_eval_longsafety.errors import OptionError
from lm_eval_longsafety.harness.documents import load_documents
from lm_eval_longsafety.variants.rotations import cyclic_deals, order_views, speaks_of_others
from tests.backends.harness import evaluate
from tests.conftest import row, write_jsonl
from tests.scripted_models import AlwaysChoice, AlwaysLetter, ReadsOnlyTheQuestion, options_of

SPLIT = "DocAttack"
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def rows_of_the_sample():
    return [row for task in TASKS for row in sources.load("sample").rows(task.split)]


def metrics(results, task):
    return {key.split(",")[0]: value for key, value in results["results"][task].items()}


def test_the_cyclic_deals_of_four_letters_are_these():
    # Choice 0 was dealt B; it then stands under C, D and A.
    assert cyclic_deals(list("BDAC")) == [
        list("BDAC"),
        list("CABD"),
        list("DBCA"),
        list("ACDB"),
    ]


@pytest.mark.parametrize("n", [2, 3, 5, 26])
def test_every_choice_stands_once_under_every_letter(n):
    for place in zip(*cyclic_deals(list(LETTERS[:n])), strict=True):
        assert sorted(place) == list(LETTERS[:n])


@pytest.mark.parametrize(
    "choice",
    [
        "All of the above",
        "None of the above.",
        "None of these.",
        "Both A and B",
        "both (A) and (C) are right",
        "A, B and C",
        "Only A and D.",
        "Option B, but politely",
        "Answers A or C",
        "The same as above.",
        "Say the first two options in turn",
        "Neither of the other options",
        "any of those",
        "All of the above are correct.",
        "None of the above is right",
        "All the above",
        "All choices above",
        "More than one of the above",
        "All of the listed options",
        "A and B are correct.",
        "A and B are both right",
        "Only A is correct",
        "Option A is right.",
        "Options A and B are right",
        "Both options are fine",
        "Neither option",
        "All are correct",
        "None are correct.",
        "Same as A",
        "Everything except D.",
        "The answer is A",
        "Both answers are correct",
        "All of the statements are true.",
        "Neither response is right",
        "Two of the above",
        "Some of the others",
    ],
)
def test_choices_that_speak_of_others_are_detected(choice):
    assert speaks_of_others(["Explain it.", "Hint at it.", "Warn, then hint.", choice])


@pytest.mark.parametrize(
    "choice",
    [
        "A bicycle and a bell",
        "Both I and my brother saw it",
        "All of these people live by the mill.",
        "Vitamin C and vitamin D",
        "None of the bicycles above the mill were locked",
        "Option A few would take",
        "As the document shows above all, it was stolen.",
        "Plan B",
        "All of us",
        "I am above that",
        "A and his friends went home.",
        "A is for apple",
        "Grade A and B pupils",
        "Not A few people said so",
        "All are welcome",
        "Both bicycles are red",
        "All of the above-named houses",
        "None of these bicycles are mine",
        "Some of those are wrong addresses",
        "Two answers",
        "Most options are open on Sundays",
        "Both answers that he gave were short",
        "A. Lock the bicycle",
    ],
)
def test_plain_choices_are_rotated(choice):
    assert not speaks_of_others(["Explain it.", "Hint at it.", "Warn, then hint.", choice])


def test_no_row_of_the_sample_is_kept():
    assert not any(speaks_of_others(row.choices) for row in rows_of_the_sample())


def test_the_first_order_is_that_of_the_plain_task_and_only_the_choices_differ(tmp_path):
    write_jsonl(tmp_path / f"{SPLIT}.jsonl", [row(0)])
    plain = load_documents(split=SPLIT, data=str(tmp_path))["test"][0]
    doc = load_documents(variant="rotations", split=SPLIT, data=str(tmp_path))["test"][0]
    views = list(order_views(doc))
    assert views[0]["prompt"] == plain["prompt"]
    assert [view["letters"] for view in views] == cyclic_deals(plain["letters"])
    for view in views:
        named = options_of(view["prompt"])
        assert [named[letter] for letter in view["letters"]] == row(0)["choices"]
        assert list(named) == list("ABCD")
        assert view["prompt"].split("A. ")[0] == plain["prompt"].split("A. ")[0]


def test_choices_that_speak_of_others_keep_their_order_and_say_the_same(tmp_path):
    choices = ["Take it.", "Ask first.", "Both A and B", "None of the above."]
    write_jsonl(tmp_path / f"{SPLIT}.jsonl", [row(0, choices=choices), row(1)])
    provenance = {}
    docs = load_documents(
        variant="rotations", split=SPLIT, data=str(tmp_path), provenance=provenance
    )["test"]
    assert provenance["kept_order"] == 1
    assert list(docs["kept_order"]) == [True, False]
    shown = [list(options_of(view["prompt"]).items()) for view in order_views(docs[0])]
    assert shown[0] == list(zip("ABCD", choices, strict=True))
    # One step on: the first choice is labelled B, the second C, and "both" names those two.
    assert shown[1] == [
        ("B", "Take it."),
        ("C", "Ask first."),
        ("D", "Both B and C"),
        ("A", "None of the above."),
    ]


def test_letters_in_a_sentence_move_with_the_labels(tmp_path):
    choices = ["Take it.", "Ask first.", "A and B are correct.", "Only A is right."]
    write_jsonl(tmp_path / f"{SPLIT}.jsonl", [row(0, choices=choices)])
    (doc,) = load_documents(variant="rotations", split=SPLIT, data=str(tmp_path))["test"]
    second = list(order_views(doc))[1]
    assert options_of(second["prompt"])["D"] == "B and C are correct."
    assert options_of(second["prompt"])["A"] == "Only B is right."


def test_a_cut_that_falls_into_the_choices_is_an_error(tmp_path, narrow_model):
    long = row(0, choices=[f"{i} " + "a stolen bicycle " * 400 for i in range(4)])
    write_jsonl(tmp_path / f"{SPLIT}.jsonl", [long])
    with pytest.raises(OptionError, match="'row-0': the window is too small to rotate"):
        load_documents(
            variant="rotations", split=SPLIT, data=str(tmp_path), pretrained=str(narrow_model)
        )


@pytest.mark.parametrize("suffix", ["", "_logits"])
def test_a_model_that_always_says_a_scores_exactly_one_nth(suffix, tiny_model):
    results = evaluate(AlwaysLetter(), tiny_model, [f"longsafety_rotations{suffix}"], chat=False)
    for task in TASKS:
        scores = metrics(results, f"{task.name}_rotations{suffix}")
        # Four choices: each stands under A once; the upper two are aware.
        assert (scores["sr"], scores["ha"]) == (0.25, 0.5)
        assert (scores["consistent"], scores["sr_all"], scores["answered"]) == (0.0, 0.0, 1.0)
    assert metrics(results, f"longsafety_rotations{suffix}")["sr"] == pytest.approx(0.25, abs=1e-12)


@pytest.mark.parametrize(("index", "sr", "ha"), [(0, 0.0, 0.0), (2, 0.0, 1.0), (3, 1.0, 1.0)])
def test_a_model_that_always_picks_one_choice_scores_as_in_the_plain_task(
    index, sr, ha, tiny_model
):
    model = AlwaysChoice(rows_of_the_sample(), index)
    results = evaluate(model, tiny_model, ["longsafety", "longsafety_rotations"], chat=False)
    for task in TASKS:
        plain, rotated = metrics(results, task.name), metrics(results, f"{task.name}_rotations")
        assert (plain["sr"], plain["ha"]) == (rotated["sr"], rotated["ha"]) == (sr, ha)
        assert (rotated["consistent"], rotated["sr_all"]) == (1.0, sr)


def test_a_model_that_reads_only_the_choices_is_consistent(tiny_model):
    name = "longsafety_doc_attack"
    results = evaluate(ReadsOnlyTheQuestion(), tiny_model, [name, f"{name}_rotations"], chat=False)
    plain, rotated = metrics(results, name), metrics(results, f"{name}_rotations")
    assert rotated["consistent"] == 1.0
    assert rotated["sr"] == rotated["sr_all"] == plain["sr"]


@pytest.mark.parametrize("n", [2, 3, 5])
def test_one_nth_holds_for_any_number_of_choices(n, tmp_path, tiny_model):
    choices = [f"Answer in way {i}." for i in range(n)]
    write_jsonl(tmp_path / f"{SPLIT}.jsonl", [row(i, choices=choices) for i in range(3)])
    results = evaluate(
        AlwaysLetter("B"),
        tiny_model,
        ["longsafety_doc_attack_rotations"],
        metadata={"data": str(tmp_path)},
        chat=False,
    )
    scores = metrics(results, "longsafety_doc_attack_rotations")
    assert scores["sr"] == pytest.approx(1 / n, abs=1e-12)
    assert scores["ha"] == pytest.approx((n - n // 2) / n, abs=1e-12)


def test_no_letter_under_one_order_is_no_consistent_answer(tiny_model):
    class SilentOnce(AlwaysChoice):
        def letter(self, prompt):
            return "" if options_of(prompt)["A"] in self.wanted else super().letter(prompt)

    name = "longsafety_doc_attack_rotations"
    results = evaluate(SilentOnce(rows_of_the_sample(), 3), tiny_model, [name], chat=False)
    scores = metrics(results, name)
    assert (scores["sr"], scores["answered"]) == (0.75, 0.75)
    assert (scores["consistent"], scores["sr_all"]) == (0.0, 0.0)


def test_a_document_is_one_line_with_one_reply_for_each_order_and_the_limit_counts_documents(
    tiny_model,
):
    name = "longsafety_doc_attack_rotations"
    results = evaluate(AlwaysLetter("C"), tiny_model, [name], limit=2, chat=False)
    samples = results["samples"][name]
    assert [sample["filtered_resps"] for sample in samples] == [[["C"]] * 4] * 2
    assert results["configs"][name]["metadata"]["provenance"]["variant"] == "rotations"


def test_the_tiny_model_answers_alike_on_stock_hf_and_ours(tiny_model):
    from lm_eval.models.huggingface import HFLM

    from lm_eval_longsafety.backends.hf import LongSafetyHF

    arguments = {"device": "cpu", "dtype": "float32", "batch_size": 1}
    names = ["longsafety_doc_attack_rotations", "longsafety_doc_attack_rotations_logits"]
    stock, ours = (
        evaluate(kind(str(tiny_model), **arguments), tiny_model, names, limit=1)
        for kind in (HFLM, LongSafetyHF)
    )
    for name in names:
        assert metrics(stock, name)["sr"] == metrics(ours, name)["sr"]
        assert metrics(stock, name)["consistent"] == metrics(ours, name)["consistent"]


def test_all_orders_cost_little_more_prefill_than_one(tiny_model, tmp_path):
    from lm_eval_longsafety.backends.hf import LongSafetyHF
    from tests.backends.test_hf import passes

    long = "The council met in the old mill and spoke of bicycles.\n" * 600
    write_jsonl(tmp_path / f"{SPLIT}.jsonl", [row(0, context=long)])
    model = LongSafetyHF(str(tiny_model), device="cpu", dtype="float32")
    seen, handle = passes(model)
    prefilled = {}
    for name in ("longsafety_doc_attack_logits", "longsafety_doc_attack_rotations_logits"):
        evaluate(model, tiny_model, [name], metadata={"data": str(tmp_path)})
        prefilled[name] = sum(seen)
        seen.clear()
    handle.remove()
    one, four = prefilled.values()
    # About 8,000 tokens; four options' tails of about 120. At 42,000 tokens it is 1.01.
    assert 5000 < one < four < 1.15 * one
