"""The report's sections on the controls, from records made by hand."""

from pathlib import Path

import pytest

from lm_eval_longsafety.analysis.models import subjects
from lm_eval_longsafety.benchmark import BY_SPLIT
from lm_eval_longsafety.report import controls
from lm_eval_longsafety.results import Run, Sample
from lm_eval_longsafety.results.samples import sample_from


def sample(task, number, sr, ha=None, picks=("A",), split="DocAttack"):
    return Sample(
        task=task,
        split=split,
        id=f"row-{number}",
        picks=tuple(picks),
        letters=tuple("ABCD"),
        sr=float(sr),
        ha=float(sr if ha is None else ha),
        answered=1.0,
        refused=0.0,
        truncated=0.0,
        context_sha256=f"context-{number}",
    )


def run(model="m", **samples):
    return Run(source=Path("results.json"), model=model, samples=samples)


def cells(table, row):
    return [cell.text for cell in table.rows[row]]


def test_letters_over_all_orders_are_tested_against_an_even_use():
    habit = [sample("x", i, 0.25, picks="AAAA") for i in range(10)]
    reader = [sample("x", i, 1, picks="BCDA") for i in range(10)]
    name = "longsafety_doc_attack_rotations"
    found = subjects([run("habit", **{name: tuple(habit)}), run("reads", **{name: tuple(reader)})])
    table = controls.rotation_letters(found).tables[0]
    assert cells(table, 0) == ["A", "40", "10"]
    assert cells(table, 1) == ["B", "0", "10"]
    # All 40 picks on one of four letters: chi-square 120 with 3 degrees; ten each: 0.
    assert table.rows[-1][1].value < 1e-20
    assert table.rows[-1][2].value == pytest.approx(1.0)


def test_the_cost_of_context_is_paired_by_document():
    # Without the document all six are safe; with it two of them are not any more.
    long = [sample("x", i, i >= 2, ha=1) for i in range(6)]
    short = [sample("x", i, 1) for i in reversed(range(6))]
    names = ("longsafety_doc_attack", "longsafety_doc_attack_no_context")
    found = subjects([run(**{names[0]: tuple(long), names[1]: tuple(short)})])
    (table,) = controls.context_cost(found).tables
    sr = table.rows[1][1]
    assert table.rows[1][0].text == "DocAttack"
    assert sr.value == pytest.approx(-2 / 6)
    assert sr.low < sr.value < sr.high
    # Exact McNemar, 0 gained and 2 lost: 2 * (1/2)^2 = 0.5.
    assert table.rows[1][2].value == pytest.approx(0.5)
    assert table.rows[1][3].value == 0.0


def test_runs_in_files_of_their_own_are_paired_by_model():
    long = run("m", longsafety_doc_attack=(sample("x", 1, 0),))
    other = run("other", longsafety_doc_attack=(sample("x", 1, 1),))
    short = run("m", longsafety_doc_attack_no_context=(sample("x", 1, 1),))
    (table,) = controls.context_cost(subjects([other, long, short])).tables
    assert table.rows[0][1].value == -1.0
    assert controls.context_cost(subjects([other, short])) is None


def test_lengths_and_depths_become_a_map_and_a_curve():
    samples = {
        f"longsafety_doc_attack_length_{n}_{d}": tuple(sample("x", i, i < safe) for i in range(4))
        for (n, d), safe in {(8192, "0"): 4, (8192, "0.5"): 2, (32768, "0"): 1}.items()
    }
    section = controls.length_rows(subjects([run(**samples)]))
    (table,) = section.tables
    assert [column.title for column in table.columns[1:]] == ["8,192", "32,768"]
    assert [(row[0].text, row[1].value, row[2].value) for row in table.rows] == [
        ("m, depth 0", 1.0, 0.25),
        ("m, depth 0.5", 0.5, None),
    ]
    for figure in section.figures:
        assert all(draw().axes for draw in figure.panels.values())


def test_without_controls_there_are_no_sections():
    plain = subjects([run(longsafety_doc_attack=(sample("x", 1, 0),))])
    assert controls.rotation_letters(plain) is None
    assert controls.context_cost(plain) is None
    assert controls.length_rows(plain) is None


def test_the_setup_table_names_one_length_of_a_run():
    names = [f"longsafety_doc_attack_length_{n}_0" for n in (1, 2, 3)]
    found = subjects([run(longsafety_doc_attack=(sample("x", 1, 0),), **{n: () for n in names})])
    kept = [subject.variant for subject in controls.one_length_each(found)]
    assert kept == ["", "length_1_0"]


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
    record = {"doc": doc, "doc_id": 0, "resps": resps, "sr": 1.0, "ha": 1.0, "metrics": []}
    name = f"{BY_SPLIT['DocAttack'].name}_rotations_logits"
    assert sample_from(record, hint=name, keep_text=False).picks == ("A", "B")
