"""The section on tasks: its sentence, tables and pictures, from records made by hand."""

import pytest

from lm_eval_longsafety.analysis.models import models
from lm_eval_longsafety.report.tasks import answer, by_sr, section
from lm_eval_longsafety.results import read
from tests.hand_made import run_of, scored
from tests.results_files import full_run, write_run

ONE, TWO, THREE = [1, 0, 0, 0], [1, 1, 0, 0], [1, 1, 1, 0]
"""SR 25 % [4.6, 69.9], 50 % [15.0, 85.0], 75 % [30.1, 95.4]: Wilson intervals of four documents."""


def shown(*runs):
    return by_sr(models(runs))


def tables(*runs):
    return {table.id: table for table in section(models(runs)).tables}


def rows(table):
    return [[cell.text for cell in row] for row in table.rows]


def test_a_model_alone_is_weakest_and_strongest_somewhere():
    a = run_of(DocAttack=scored(ONE), MedicalQuiz=scored(THREE, "MedicalQuiz"))
    assert answer(shown(a)) == (
        "org/a is weakest on DocAttack (SR 25.0 % [4.6, 69.9]) and strongest on MedicalQuiz "
        "(SR 75.0 % [30.1, 95.4])."
    )


def test_of_several_models_the_safest_is_named_and_the_task_that_is_hardest_for_all():
    a = run_of("org/a", DocAttack=scored(ONE), MedicalQuiz=scored(TWO, "MedicalQuiz"))
    b = run_of("org/b", DocAttack=scored(TWO), MedicalQuiz=scored(THREE, "MedicalQuiz"))
    # DocAttack: (25 + 50) / 2.
    assert answer(shown(a, b)) == (
        "org/b, with the highest overall SR, is weakest on DocAttack (SR 50.0 % [15.0, 85.0]) and "
        "strongest on MedicalQuiz (SR 75.0 % [30.1, 95.4]); over all models the hardest task is "
        "DocAttack (mean SR 37.5 %)."
    )


def test_tasks_with_equal_scores_are_all_named_up_to_three():
    splits = ("DocAttack", "MedicalQuiz", "HarmfulAdvice", "HarmfulTendency")
    low = {split: scored(ONE, split) for split in splits}
    found = answer(shown(run_of(**low, LeadingQuestion=scored(TWO, "LeadingQuestion"))))
    assert "HarmfulTendency (SR 25.0 % [4.6, 69.9]), DocAttack (" in found
    assert " and 1 more and strongest on LeadingQuestion (" in found


def test_a_model_with_the_same_score_everywhere_is_nowhere_weakest():
    a = run_of(DocAttack=scored(ONE), MedicalQuiz=scored(ONE, "MedicalQuiz"))
    assert answer(shown(a)) == "org/a has the same SR on each of its 2 tasks, 25.0 %."


def test_no_task_is_the_hardest_where_the_means_are_equal():
    a = run_of("org/a", DocAttack=scored(ONE), MedicalQuiz=scored(THREE, "MedicalQuiz"))
    b = run_of("org/b", DocAttack=scored(THREE), MedicalQuiz=scored(ONE, "MedicalQuiz"))
    assert "hardest" not in answer(shown(a, b))


def test_only_tasks_that_all_models_ran_are_compared_over_models():
    a = run_of(
        "org/a",
        DocAttack=scored(TWO),
        MedicalQuiz=scored(THREE, "MedicalQuiz"),
        HarmfulAdvice=scored([0, 0], "HarmfulAdvice"),
    )
    b = run_of("org/b", DocAttack=scored(ONE), MedicalQuiz=scored(ONE, "MedicalQuiz"))
    assert answer(shown(a, b)).endswith(
        "; of the 2 tasks that all models ran the hardest task is DocAttack (mean SR 37.5 %)."
    )


def test_a_single_task_is_said_to_be_the_only_one():
    assert answer(shown(run_of(DocAttack=scored(TWO)))) == (
        "org/a has an SR of 50.0 % [15.0, 85.0] on DocAttack, its only task."
    )


def test_without_any_score_the_section_says_so():
    assert answer(shown(run_of(DocAttack=()))) == "No task has an SR."
    for figure in section(models([run_of(DocAttack=())])).figures:
        assert all(draw().axes for draw in figure.panels.values())


def test_a_few_models_stand_beside_each_other_in_the_order_of_their_sr():
    a = run_of("org/a", DocAttack=scored(ONE, ha=TWO), MedicalQuiz=scored(TWO, "MedicalQuiz"))
    b = run_of("org/b", DocAttack=scored(TWO), MedicalQuiz=scored(THREE, "MedicalQuiz"))
    table = tables(a, b)["per-task"]
    heads = [(column.group, column.title) for column in table.columns[1:]]
    assert heads == [(m, t) for m in ("org/b", "org/a") for t in ("SR %", "HA %")]
    # The tasks in the order of their mean SR: 62.5 and 37.5.
    assert [row[0] for row in rows(table)] == ["MedicalQuiz", "DocAttack"]
    assert rows(table)[1][3:] == ["25.0 [4.6, 69.9]", "50.0 [15.0, 85.0]"]


def test_many_models_have_a_table_for_each_metric():
    runs = [run_of(f"org/{name}", DocAttack=scored(ONE, ha=TWO)) for name in "abcd"]
    found = tables(*runs)
    assert rows(found["per-task"]) == [["DocAttack", *["25.0 [4.6, 69.9]"] * 4]]
    assert rows(found["per-task-1"]) == [["DocAttack", *["50.0 [15.0, 85.0]"] * 4]]
    assert not found["per-task"].folded
    assert all(table.folded for id_, table in found.items() if id_ != "per-task")


def test_equal_numbers_of_documents_stand_once():
    a, b = (run_of(name, DocAttack=scored(ONE)) for name in ("org/a", "org/b"))
    assert rows(tables(a, b)["per-task-documents"]) == [["DocAttack", "4"]]
    other = run_of("org/b", DocAttack=scored([1, 0]))
    table = tables(a, other)["per-task-documents"]
    assert [column.title for column in table.columns] == ["Task", "org/b", "org/a"]
    assert rows(table) == [["DocAttack", "2", "4"]]


def test_the_second_protocol_has_a_table_of_its_own():
    both = [
        run_of(suffix=suffix, DocAttack=scored(sr))
        for suffix, sr in {"": ONE, "_logits": TWO}.items()
    ]
    found = tables(*both)
    assert rows(found["per-task"])[0][1] == "25.0 [4.6, 69.9]"
    other = found["per-task-other"]
    assert rows(other) == [["DocAttack", "50.0 [15.0, 85.0]"]]
    assert "second protocol, logits" in other.caption
    assert other.folded
    assert "per-task-other" not in tables(both[0])


def test_groups_are_means_over_the_tasks_that_were_run():
    # Both tasks are about misinformation; only one has a harmless context.
    a = run_of(DocAttack=scored(ONE), MedicalQuiz=scored(THREE, "MedicalQuiz"))
    found = {row[0].text: row[1].value for row in tables(a)["per-group"].rows}
    assert found == {
        "Partially harmful context": 0.25,
        "Harmless context, harmful query": 0.75,
        "Misinformation": 0.5,
        "In-domain": 0.75,
        "Out-of-domain": 0.25,
    }


def test_scores_of_files_are_those_worked_out_by_hand(tmp_path):
    # Documents answer B, D, A, C, B, D, A, C: B is safe, D aware; per task SR 2/8 and HA 4/8.
    write_run(tmp_path, full_run("BDAC", 8))
    found = {
        t.id: {row[0]: row[1:] for row in rows(t)}
        for t in section(models(read([tmp_path]).runs)).tables
    }
    assert found["per-task"]["DocAttack"] == ["25.0 [7.1, 59.1]", "50.0 [21.5, 78.5]"]
    assert found["per-task-documents"]["DocAttack"] == ["8"]
    # Three equal tasks: 0.25 - 0.1785/sqrt(3), 0.25 + 0.3407/sqrt(3)
    assert found["per-group"]["Fully harmful context"][0] == "25.0 [14.7, 44.7]"


def test_a_few_models_have_a_panel_each_with_sr_and_ha():
    a = run_of("org/a", DocAttack=scored(ONE, ha=TWO))
    b = run_of("org/b", DocAttack=scored(TWO))
    (figure,) = section(models([a, b])).figures
    first, second = (draw().axes[0] for draw in figure.panels.values())
    assert [ax.get_title(loc="left") for ax in (first, second)] == ["org/b", "org/a"]
    # The interval and the mark of SR, then those of HA.
    assert [line.get_marker() for line in second.lines] == ["None", "o", "None", "D"]
    assert [list(line.get_xdata()) for line in second.lines[1::2]] == [[25.0], [50.0]]
    assert {line.get_color() for ax in (first,) for line in ax.lines}.isdisjoint(
        {line.get_color() for line in second.lines}
    )


@pytest.mark.parametrize("number", [4, 8])
def test_many_models_become_one_map(number):
    runs = [run_of(f"org/{i}", DocAttack=scored(TWO)) for i in range(number - 1)]
    runs.append(run_of("org/best", MedicalQuiz=scored(THREE, "MedicalQuiz")))
    (figure,) = section(models(runs)).figures
    (draw,) = figure.panels.values()
    ax = draw().axes[0]
    assert ax.get_yticklabels()[0].get_text() == "org/best"
    assert [label.get_text() for label in ax.get_xticklabels()] == ["MedicalQuiz", "DocAttack"]
    # Tasks that were not run stay empty.
    assert sorted(text.get_text() for text in ax.texts) == ["50"] * (number - 1) + ["75"]
