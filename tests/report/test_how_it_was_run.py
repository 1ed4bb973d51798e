"""Settings: what all runs share stands once, what differs stands by run."""

from lm_eval_longsafety.analysis.models import models
from lm_eval_longsafety.report import how_it_was_run
from lm_eval_longsafety.results import read
from tests.results_files import full_run, write_run


def section(folder):
    return how_it_was_run.section(models(read([folder]).runs))


def titles(table):
    return [row[0].text for row in table.rows]


def test_one_run_has_one_table_of_all_its_settings(tmp_path):
    write_run(tmp_path, full_run())
    found = section(tmp_path)
    (table,) = found.tables
    assert found.answer == ""
    assert {"Window, tokens", "Data", "Letter order seed", "Results file"} <= set(titles(table))


def test_only_settings_that_differ_are_columns(tmp_path):
    for number, window in enumerate((8000, 32000)):
        path = write_run(
            tmp_path / str(number), full_run(), model=f"org/{number}", max_length=window
        )
        path.rename(path.with_name("results.json"))
    found = section(tmp_path)
    differing, shared = found.tables
    assert [column.title for column in differing.columns] == [
        "Run",
        "Window, tokens",
        "Results file",
    ]
    assert [cell.text for cell in differing.rows[0]] == ["org/0", "8,000", "0/results.json"]
    assert "Backend" in titles(shared)
    assert "not made in the same way" in found.answer


def test_variants_of_a_run_get_no_row_of_their_own(tmp_path):
    write_run(tmp_path / "a", full_run() | full_run(suffix="_rotations"), model="org/a")
    write_run(tmp_path / "b", full_run(), model="org/b")
    assert titles(section(tmp_path).tables[0]) == ["org/a", "org/b"]


def test_runs_of_one_model_are_named_by_their_tasks(tmp_path):
    write_run(tmp_path / "a", full_run(), date=1.0)
    write_run(tmp_path / "b", full_run(suffix="_rotations"), date=2.0)
    assert titles(section(tmp_path).tables[0]) == ["org/model-one", "org/model-one (rotations)"]
