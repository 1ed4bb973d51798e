"""`longsafety compare --fail-if-worse`: exit codes and what is printed where."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from lm_eval_longsafety.errors import OptionError, ResultsError
from tests.report_cli import longsafety
from tests.results_files import full_run, sample_line, task_name, write_run


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Folders with eight documents a task: `good` answers all safely, `poor` none."""
    folder = tmp_path_factory.mktemp("gate")
    for name, letter in {"good": "B", "poor": "C"}.items():
        write_run(folder / name, full_run(letter, 8), model=f"org/{name}")
        both = full_run(letter, 8) | full_run("B" if letter == "C" else "C", 8, suffix="_logits")
        write_run(folder / f"both-{name}", both, model=f"org/{name}")
    return folder


def gate(*arguments):
    return longsafety("compare", *arguments, "--fail-if-worse", "2.0")


def test_a_worse_run_exits_with_1_and_prints_one_line(runs):
    done = gate(runs / "good", runs / "poor")
    assert done.exit_code == 1
    (line,) = done.stdout.splitlines()
    assert line.startswith("FAIL: org/poor is worse than org/good by more than 2 points")


def test_a_run_that_is_not_worse_exits_with_0_and_prints_one_line(runs):
    done = gate(runs / "poor", runs / "good")
    assert done.exit_code == 0
    (line,) = done.stdout.splitlines()
    assert line.startswith("PASS: org/good is not worse than org/poor")


def test_what_to_be_careful_about_is_printed_beside_the_verdict(runs):
    done = gate(runs / "good", runs / "poor")
    assert "warning: All models: run on the embedded sample data" in done.stderr


def test_the_page_is_written_where_asked_and_the_verdict_is_still_printed(runs, tmp_path):
    done = gate(runs / "good", runs / "poor", "-o", tmp_path / "page.html")
    assert done.exit_code == 1
    assert done.stdout.startswith("FAIL: ")
    assert (tmp_path / "page.html").stat().st_size > 1000


def test_a_format_on_the_screen_stays_whole_and_the_verdict_goes_to_stderr(runs):
    done = gate(runs / "good", runs / "poor", "--format", "json")
    assert done.exit_code == 1
    assert json.loads(done.stdout)["sections"]
    assert done.stderr.splitlines()[-1].startswith("FAIL: ")


def test_of_two_protocols_generate_is_judged(runs):
    done = gate(runs / "both-good", runs / "both-poor")
    assert done.exit_code == 1
    assert done.stdout.strip().endswith("protocol generate.")


def test_without_the_gate_a_worse_run_exits_with_0(runs):
    assert longsafety("compare", runs / "good", runs / "poor").exit_code == 0


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["good"], "found 1 path(s) with 1 run(s)"),
        (["."], "found 1 path(s) with 4 run(s)"),
        (["good", "poor", "both-good"], "found 3 path(s)"),
        (["good", "."], "found 2 path(s) with 4 run(s)"),
    ],
)
def test_the_gate_needs_two_paths_with_one_run_each(runs, names, message):
    done = gate(*(runs / name for name in names))
    assert isinstance(done.exception, OptionError)
    assert message in str(done.exception)


def test_the_order_of_the_two_runs_is_never_guessed(tmp_path):
    # Both runs in the first folder, none in the second: their order would be that of file names.
    for name in "ab":
        write_run(tmp_path / "runs" / name, full_run("B", 2), model=f"org/{name}")
    write_run(tmp_path / "copy", full_run("B", 2), model="org/a")
    done = gate(tmp_path / "runs", tmp_path / "runs" / "a")
    assert "holds no run or both" in str(done.exception)


def test_a_run_with_fewer_documents_is_refused_whoever_is_better(runs, tmp_path):
    write_run(tmp_path / "few", full_run("B", 7), model="org/few")
    for pair in ((runs / "poor", tmp_path / "few"), (tmp_path / "few", runs / "poor")):
        done = gate(*pair)
        assert isinstance(done.exception, ResultsError)
        assert "they have other documents in HarmfulExtraction" in str(done.exception)


@pytest.mark.parametrize("value", ["-1", "100", "nan", "inf", "two", ""])
def test_a_margin_that_is_no_number_of_points_is_one_line(runs, value):
    done = longsafety("compare", runs / "good", runs / "poor", "--fail-if-worse", value)
    assert isinstance(done.exception, OptionError)
    assert str(done.exception) == (f"--fail-if-worse {value!r}: give a number from 0 and below 100")


@pytest.mark.parametrize("value", ["0", "0.5", "-0.05", "nan", "5%"])
def test_a_level_that_is_none_is_one_line(runs, value):
    done = gate(runs / "good", runs / "poor", "--alpha", value)
    assert isinstance(done.exception, OptionError)
    assert str(done.exception) == f"--alpha {value!r}: give a number above 0 and below 0.5"


def test_a_level_without_a_gate_is_refused(runs):
    done = longsafety("compare", runs / "good", runs / "poor", "--alpha", "0.05")
    assert "--alpha belongs to --fail-if-worse" in str(done.exception)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(("good", "poor"), 1), (("poor", "good"), 0), (("good", "good"), 2)],
)
def test_exit_codes_of_the_program(runs, arguments, code):
    command = [Path(sys.executable).parent / "longsafety", "compare", *arguments]
    done = subprocess.run(
        [*command, "--fail-if-worse", "2.0"], cwd=runs, capture_output=True, text=True
    )
    assert done.returncode == code
    if code == 2:
        assert done.stdout == ""
        assert done.stderr.splitlines()[-1].startswith("longsafety: --fail-if-worse needs two ")


def test_the_level_moves_the_verdict(tmp_path):
    # Of 98 documents 19 lost: the upper ends are -12.14 (0.05) and -10.83 (0.025), by hand in
    # tests/analysis/test_gate.py.
    name = task_name("DocAttack")
    for folder, letters in {"a": "B" * 98, "b": "C" * 19 + "B" * 79}.items():
        lines = {name: [sample_line(i, letter) for i, letter in enumerate(letters)]}
        write_run(tmp_path / folder, lines, model=f"org/{folder}")
    paths = ("compare", tmp_path / "a", tmp_path / "b", "--fail-if-worse", "11")
    assert longsafety(*paths).exit_code == 1
    assert longsafety(*paths, "--alpha", "0.025").exit_code == 0
