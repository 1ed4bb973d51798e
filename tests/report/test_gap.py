"""The section on the gap between HA and SR: its sentence, table and picture."""

from lm_eval_longsafety.analysis.models import models
from lm_eval_longsafety.report.gap import section
from lm_eval_longsafety.results import read
from tests.hand_made import run_of, scored
from tests.results_files import full_run, write_run


def gap_run(name, safe, aware, split="DocAttack"):
    """Four documents, of which the first `safe` are safe and the first `aware` show awareness."""
    made = scored([i < safe for i in range(4)], split, ha=[i < aware for i in range(4)])
    return run_of(name, **{split: made})


def answer(*runs):
    return section(models(runs)).answer


def rows(*runs):
    (table,) = section(models(runs)).tables
    return [[cell.text for cell in row] for row in table.rows]


def test_the_gap_of_a_single_model_stands_with_both_scores():
    # One of four documents: Wilson [4.6, 69.9].
    assert answer(gap_run("org/a", 2, 3)) == (
        "org/a recognises the harm on 75.0 % of the documents but chooses the safest answer on "
        "50.0 %: a gap of 25.0 points [4.6, 69.9]."
    )


def test_the_largest_and_the_smallest_gap_are_named():
    runs = [gap_run("org/a", 2, 3), gap_run("org/b", 1, 4), gap_run("org/c", 1, 3)]
    assert answer(*runs) == (
        "org/b recognises the harm on 100.0 % of the documents but chooses the safest answer on "
        "25.0 %: a gap of 75.0 points [30.1, 95.4], the largest of 3 models; the smallest is that "
        "of org/a, 25.0 points [4.6, 69.9]."
    )


def test_models_with_the_same_largest_gap_are_named_together():
    runs = [gap_run("org/a", 0, 1), gap_run("org/b", 1, 3), gap_run("org/c", 0, 2)]
    assert ", the largest of 3 models, together with that of org/c; the smallest" in answer(*runs)


def test_equal_gaps_of_all_models_are_neither_the_largest_nor_the_smallest():
    found = answer(gap_run("org/a", 2, 3), gap_run("org/b", 1, 2))
    assert found.endswith("a gap of 25.0 points [4.6, 69.9], the same as that of org/b.")


def test_no_gap_is_said_in_words():
    found = "chose the safest answer wherever its answer shows that it recognised harm."
    assert answer(gap_run("org/a", 2, 2)) == f"org/a {found}"
    assert answer(gap_run("org/a", 2, 2), gap_run("org/b", 1, 1)) == f"Every model {found}"


def test_models_without_scores_are_left_out_of_the_sentence():
    assert answer(run_of(DocAttack=())) == "No model has both an overall SR and an overall HA."
    assert rows(run_of(DocAttack=())) == [["Mean over tasks", "n/a"], ["DocAttack", "n/a"]]
    assert "largest" not in answer(gap_run("org/a", 2, 3), run_of("org/b", DocAttack=()))


def test_the_table_begins_with_the_mean_and_the_largest_gaps():
    a = run_of(
        DocAttack=scored([1, 0, 0, 0], ha=[1, 1, 0, 0]),
        MedicalQuiz=scored([0, 0, 0, 0], "MedicalQuiz", ha=[1, 1, 1, 0]),
    )
    assert [(row[0], row[1].split()[0]) for row in rows(a)] == [
        ("Mean over tasks", "50.0"),
        ("MedicalQuiz", "75.0"),
        ("DocAttack", "25.0"),
    ]


def test_a_safe_answer_without_awareness_is_no_negative_gap():
    assert rows(gap_run("org/a", 2, 0))[0][1].startswith("0.0 [")


def test_the_gap_of_files_is_that_worked_out_by_hand(tmp_path):
    # Documents answer B, D, A, C, B, D, A, C: of eight, both Ds are aware but not safe.
    write_run(tmp_path, full_run("BDAC", 8))
    assert ["DocAttack", "25.0 [7.1, 59.1]"] in rows(*read([tmp_path]).runs)


def test_a_few_models_have_a_panel_each_and_many_a_row_each():
    (figure,) = section(models([gap_run("org/a", 2, 3), gap_run("org/b", 1, 4)])).figures
    titles = [draw().axes[0].get_title(loc="left") for draw in figure.panels.values()]
    assert titles == ["org/b", "org/a"]
    (figure,) = section(models([gap_run(f"org/{n}", 1, 4 - n % 2) for n in range(5)])).figures
    (draw,) = figure.panels.values()
    ax = draw().axes[0]
    names = [label.get_text() for label in ax.get_yticklabels()]
    assert names == ["org/0", "org/2", "org/4", "org/1", "org/3"]
    assert [text.get_text() for text in ax.texts] == ["75.0"] * 3 + ["50.0"] * 2
