"""`longsafety run`: which summary or tables end a run."""

import pytest
from typer.testing import CliRunner

from lm_eval_longsafety.cli.main import app
from lm_eval_longsafety.harness import launch
from tests.harness.test_launch import own_task
from tests.terminal import terminal

__all__ = ["own_task"]

SAMPLE = ("--metadata", '{"data": "sample"}')


@pytest.fixture(autouse=True)
def few_tasks():
    """lm-eval reads only our task files and the user's: all of its own take many seconds."""
    import lm_eval.tasks

    def leave_out(arguments):
        arguments["include_defaults"] = False
        launch._add_our_tasks(arguments)

    with launch._first(lm_eval.tasks.TaskManager, leave_out):
        yield


def run(*arguments: str) -> list[str]:
    done = CliRunner().invoke(app, ["run", "--model", "dummy", *arguments])
    assert done.exit_code == 0, done.output
    return done.stdout.splitlines()


def test_a_run_of_other_tasks_ends_with_lm_evals_tables(own_task):
    lines = run("--tasks", "harbour", "--include_path", str(own_task))
    assert [line for line in lines if line.startswith("|harbour|")]
    assert "LongSafetyBench" not in "".join(lines)


def test_tables_prints_lm_evals_tables_before_the_summary():
    words = ("--tasks", "longsafety_fully_harmful", *SAMPLE, "--limit", "1")
    short, long = run(*words), run(*words, "--tables")
    headings = [line.split("|")[1].strip() for line in long if line.startswith("|  ")]
    assert "Tasks" in headings and "Groups" in headings
    assert [line for line in long if line.startswith("|fully harmful")]
    assert not [line for line in short if line.startswith("|")]
    assert short[-3:] == long[-3:]


def test_documents_that_both_protocols_ask_about_are_logged_once(caplog):
    run("--tasks", "longsafety_doc_attack,longsafety_doc_attack_logits", *SAMPLE)
    assert caplog.text.count("LongSafetyBench DocAttack from sample: 8 of 8 documents") == 1


def test_without_a_place_for_results_the_summary_names_the_options():
    lines = run("--tasks", "longsafety_doc_attack", *SAMPLE, "--limit", "1")
    assert lines[-1] == "nothing was written; for a report add --output_path results --log_samples"


def test_without_samples_the_summary_names_the_option(tmp_path):
    place = tmp_path / "out" / "run.json"
    words = ("--tasks", "longsafety_doc_attack", *SAMPLE, "--output_path", str(place))
    *_, results, command = run(*words)
    (path,) = place.parent.glob("run_*.json")
    assert results == f"results: {path}; without samples; add --log_samples to compare documents"
    assert command == f"next: longsafety report {place.parent} -o report.html"


def test_replies_that_are_only_collected_end_with_lm_evals_tables(tmp_path):
    words = ("--tasks", "longsafety_doc_attack", *SAMPLE, "--output_path", str(tmp_path))
    lines = run(*words, "--predict_only")
    assert [line for line in lines if line.startswith("|DocAttack|")]


def test_the_help_names_the_one_option_that_is_not_lm_evals():
    done = CliRunner().invoke(app, ["run", "--help"])
    assert done.exit_code == 0
    assert done.output.startswith("--tables: ") and "usage: lm-eval run" in done.output


def test_a_terminal_shows_how_far_lm_eval_has_read_its_tasks(monkeypatch):
    monkeypatch.setattr("lm_eval_longsafety.data.progress.PATIENCE_S", 0)
    # Not by CliRunner, which puts a file in place of stderr.
    with terminal(monkeypatch) as shown:
        launch.run_lm_eval(["--model", "dummy", "--tasks", "longsafety_doc_attack", *SAMPLE])
    assert "reading lm-eval's tasks:   0%" in shown[0]
    assert "checking data:   0%" in shown[0]
