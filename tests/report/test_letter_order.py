"""Letter order: sentences on hand-made numbers, tables and pictures from records made by hand."""

import json
from dataclasses import replace

import pytest

from lm_eval_longsafety.analysis.effects import letter_effects
from lm_eval_longsafety.analysis.models import models
from lm_eval_longsafety.benchmark import BY_SPLIT
from lm_eval_longsafety.report import letter_order, letters
from lm_eval_longsafety.report.changes import Change
from lm_eval_longsafety.report.letters import Preference
from lm_eval_longsafety.report.sections import build
from lm_eval_longsafety.results import Provenance, read
from lm_eval_longsafety.results.samples import sample_from
from tests.hand_made import DOC_ATTACK, cells, difference, run, sample, share
from tests.results_files import document, full_run, write_run

TURNED = f"{DOC_ATTACK}_rotations"


def section(found):
    return letter_order.section(found, letter_effects(found))


def fact(found):
    return letter_order.fact(found, letter_effects(found))


def turned(name="m", plain=(1, 1, 1, 1, 1, 1), turned=(0.5,) * 6, kept=0.25):
    """Plain scores, mean scores over the orders, and lm-eval's `consistent`."""
    rows = {TURNED: {"consistent": kept, "sr_all": 0.125}}
    return run(
        name,
        rows,
        **{
            DOC_ATTACK: [sample(number, sr) for number, sr in enumerate(plain)],
            TURNED: [sample(number, sr, picks="ABCD") for number, sr in enumerate(turned)],
        },
    )


def test_one_model_has_its_change_and_how_often_it_keeps_its_choice():
    change = Change("a", difference(-0.012, -0.034, 0.01), 0.3)
    assert letter_order.answer([change], [("a", share(0.723, 0.6, 0.8))]) == (
        "Moving the letters changes the SR of a by −1.2 points [−3.4, +1.0], within noise "
        "(p = 0.3); under every order the model keeps its choice on 72.3 % [60.0, 80.0] of the "
        "documents."
    )


def test_of_several_models_the_most_affected_and_the_range_are_named():
    found = [
        Change("a", difference(-0.012, -0.034, 0.01), 0.3),
        Change("b", difference(-0.1, -0.15, -0.05), 0.00001),
    ]
    kept = [("a", share(0.7)), ("b", share(0.2)), ("c", share(0.7))]
    assert letter_order.answer(found, kept) == (
        "Moving the letters lowers the SR of 1 of 2 models beyond noise, most that of b, −10.0 "
        "points [−15.0, −5.0] (corrected p < 0.0001); under every order models keep their choice "
        "on 20.0 % (b) to 70.0 % (a and c) of the documents."
    )


def test_parts_that_are_missing_are_left_out_of_the_sentence():
    change = Change("a", difference(0.0, -0.01, 0.01), 1.0)
    assert letter_order.answer([change], []).endswith("within noise (p = 1).")
    assert letter_order.answer([], [("a", share(0.5))]) == (
        "Under every letter order a keeps its choice on 50.0 % of the documents."
    )
    assert letter_order.answer([], [("a", share(0.5)), ("b", share(0.5))]) == (
        "Under every letter order each model keeps its choice on 50.0 % of the documents."
    )
    assert letter_order.answer([], []) == (
        "All rotations of the letters were run, but their scores are missing."
    )


def test_a_doubtful_interval_follows_the_sentence():
    change = Change("a", difference(-0.1, -0.21, 0.01), 0.01)
    assert "(p = 0.01). The interval of the difference, [−21.0, +1.0], contains zero" in (
        letter_order.answer([change], [])
    )


def test_all_orders_are_paired_with_the_plain_run():
    shown = section(models([turned()]))
    # Each of six documents loses half a point: 2 of 64 flips are as extreme, 0.03125.
    assert shown.answer == (
        "Moving the letters changes the SR of m by −50.0 points [−50.0, −50.0], beyond noise "
        "(p = 0.031); under every order the model keeps its choice on 25.0 % [6.0, 63.5] of the "
        "documents."
    )
    plain, all_, change, p, kept, safe = cells(shown.tables[0], "m")
    assert plain.startswith("100.0 [")
    assert all_.startswith("50.0 [")
    assert (change, p) == ("−50.0 [−50.0, −50.0]", "0.031")
    # lm-eval's share of six documents; Wilson of 0.25 with n = 6 is 0.3476 -+ 0.2876.
    assert kept == "25.0 [6.0, 63.5]"
    assert safe.startswith("12.5 [")


def test_all_orders_stay_out_of_the_verdicts_scores(tmp_path):
    turned = full_run("BD", 4, suffix="_rotations")
    data = document(full_run("B", 4) | turned)
    for name in turned:
        data["results"][name]["consistent,letter"] = 0.5
    (tmp_path / "r.json").write_text(json.dumps(data))
    sections = {each.id: each for each in build(read([tmp_path])).sections}
    (row,) = sections["verdict"].tables[0].rows
    assert [row[0].text, row[1].value] == ["org/model-one", 1.0]
    # B, D, B, D: SR 2/4; consistent as lm-eval wrote it. Results alone cannot be paired.
    order = cells(sections["letter-order"].tables[0], "org/model-one")
    assert [cell.split(" [")[0] for cell in order] == ["100.0", "50.0", "n/a", "n/a", "50.0", "n/a"]
    assert "share no sampled document" in sections["letter-order"].notes[0]


def test_letters_are_folded_where_all_orders_were_run():
    shown = section(models([turned("a"), turned("b")]))
    assert [(table.id, table.folded) for table in shown.tables] == [
        ("letter-order-table", False),
        ("letter-order-scores", True),
        ("rotation-letter-table", True),
        ("letter-table", True),
    ]
    (ax,) = shown.figures[0].panels[""]().axes
    assert [label.get_text() for label in ax.get_yticklabels()] == ["a", "b"]


def test_the_verdicts_fact_is_the_sections_answer_if_all_orders_were_run():
    found = models([turned("a"), turned("b", kept=0.5)])
    assert fact(found) == section(found).answer


def test_all_orders_without_a_plain_run_have_no_difference():
    found = models([run(rows={TURNED: {"consistent": 0.5}}, **{TURNED: [sample(0, 1)]})])
    shown = section(found)
    assert shown.answer.startswith("Under every letter order m keeps its choice on 50.0 %")
    assert shown.figures == ()
    assert "nothing to compare with" in shown.notes[0]
    assert cells(shown.tables[0], "m")[2:4] == ["n/a", "n/a"]


def test_models_without_samples_have_no_section():
    found = models([run(rows={DOC_ATTACK: {"sr": 1.0}})])
    assert section(found) is None
    assert fact(found) is None


def picking(name, picks, **changes):
    """Plain runs of documents whose letters are turned, so that the safe one is never the same."""
    dealt = ("ABCD", "BCDA", "CDAB", "DABC")
    own = [
        sample(number, 0, picks=[pick], letters=dealt[number % 4])
        for number, pick in enumerate(picks)
    ]
    return replace(run(name, **{DOC_ATTACK: own}), **changes)


def test_letters_picked_stand_beside_letters_that_were_safe(tmp_path):
    write_run(tmp_path, full_run("BDAC", 8))
    shown = section(models(read([tmp_path]).runs))
    assert shown.answer == "org/model-one shows no preference for a letter (p = 1)."
    (table,) = shown.tables
    assert [(column.group, column.title) for column in table.columns[1:]] == [
        *(("Picked", letter) for letter in ("A", "B", "C", "D", "none")),
        *(("Safe", letter) for letter in "ABCD"),
        ("", "p of an even use"),
    ]
    # Each letter is picked twice a task; B is always the safe one.
    picked, safe = ["20", "20", "20", "20", "0"], ["0", "80", "0", "0"]
    assert cells(table, "org/model-one") == [*picked, *safe, "1"]


def test_a_model_that_prefers_a_letter_is_named_in_the_verdict():
    found = models([picking("habit", "A" * 30 + "BBCCDD " + " " * 3), picking("even", "ABCD" * 10)])
    # 30 of 36 letters are A, of which 9 are expected: p < 0.0001.
    assert fact(found) == (
        "1 of 2 models prefers a letter beyond noise: habit, A on 75.0 % of the documents "
        "(corrected p < 0.0001)."
    )
    assert fact(models([picking("even", "ABCD" * 10)])) is None


def test_one_model_with_a_preference_has_its_letter_in_the_sentence():
    found = models([picking("habit", "A" * 40)])
    assert section(found).answer == (
        "habit prefers a letter: it picked A on 100.0 % of the documents (p < 0.0001)."
    )


def test_of_several_preferences_the_strongest_is_named_with_its_equals():
    rows = [("a", "A", 0.5, 0.01), ("b", "B", 0.5, 0.02), ("c", "C", 0.4, 0.03), ("d", "D", 0.9, 1)]
    assert letters.sentence([Preference(*row) for row in rows]) == (
        "3 of 4 models prefer a letter beyond noise, most a, A on 50.0 % of the documents "
        "(corrected p = 0.01) and b, B on 50.0 % of the documents (corrected p = 0.02)."
    )
    assert letters.sentence([Preference(*row) for row in rows[3:] * 2]) == (
        "No model shows a preference for a letter beyond noise (smallest corrected p = 1, d)."
    )


def test_letters_picked_equally_often_are_both_named():
    (found,) = letters.preferences(models([picking("two", "AB" * 20)]))
    assert (found.letter, found.share) == ("A and B", 0.5)


def test_too_few_letters_and_letters_in_their_order_are_not_tested():
    few = models([picking("few", "ABCD")])
    assert "cannot be tested" in section(few).answer
    ordered = run(
        "m", rows={DOC_ATTACK: {}}, **{DOC_ATTACK: [sample(i, 1, picks="D") for i in range(40)]}
    )
    task = replace(ordered.tasks[DOC_ATTACK], provenance=Provenance(option_order="original"))
    shown = section(models([replace(ordered, tasks={DOC_ATTACK: task})]))
    assert "cannot be tested" in shown.answer
    assert cells(shown.tables[0], "m")[-1] == "n/a"


def test_letters_over_all_orders_are_tested_against_an_even_use():
    habit = run("habit", **{TURNED: [sample(i, 0.25, picks="AAAA") for i in range(10)]})
    reader = run("reads", **{TURNED: [sample(i, 1, picks="BCDA") for i in range(10)]})
    shown = section(models([habit, reader]))
    (table,) = [table for table in shown.tables if table.id == "rotation-letter-table"]
    assert cells(table, "habit")[:5] == ["40", "0", "0", "0", "0"]
    assert cells(table, "reads")[:5] == ["10", "10", "10", "10", "0"]
    # All 40 picks on one of four letters: chi-square 120 with 3 degrees; ten each: 0.
    assert table.rows[0][-1].value < 1e-20
    assert table.rows[1][-1].value == pytest.approx(1.0)


def test_letters_are_drawn_in_one_panel_a_model_with_its_name():
    names = [f"model-{number}" for number in range(8)]
    shown = section(models([picking(name, "ABCD" * 10) for name in names]))
    figure = shown.figures[0].panels[""]()
    assert [ax.get_title(loc="left") for ax in figure.axes] == names
    # Four letters picked, none, and four that were safe.
    assert [len(ax.patches) for ax in figure.axes] == [9] * 8


def test_letters_of_log_probabilities_are_read_once_an_order():
    doc = {
        "id": "row-1",
        "task": "DocAttack",
        "letters": ["B", "A"],
        "choices": ["x", "y"],
        "orders": [["B", "A"], ["A", "B"]],
    }
    # Order 1: A wins (-1 over -2); order 2: B wins.
    resps = [[["-1.0", "True"]], [["-2.0", "False"]], [["-3.0", "False"]], [["-0.5", "True"]]]
    scores = dict.fromkeys(("sr", "ha", "answered"), 1.0) | {"refused": 0.0, "truncated": 0.0}
    record = {"doc": doc, "doc_id": 0, "resps": resps, "metrics": [], **scores}
    name = f"{BY_SPLIT['DocAttack'].name}_rotations_logits"
    assert sample_from(record, hint=name, keep_text=False).picks == ("A", "B")
