"""`make demo-training`: its rows are new to the sample, and only a real difference passes."""

import importlib.util
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lm_eval_longsafety.cli.main import app
from tests.results_files import picks, subject_of

DEMO = Path(__file__).parents[1] / "examples" / "training" / "demo"
ITEMS = 12
"""For each task; so few that two items of a task share most of their phrases."""


def script(name):
    spec = importlib.util.spec_from_file_location(name, DEMO / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def made(folder, monkeypatch):
    monkeypatch.setattr("sys.argv", ["items.py", str(folder), "--items", str(ITEMS)])
    script("items").main()
    return folder


@pytest.fixture
def training_set(tmp_path, monkeypatch):
    recipe = made(tmp_path / "recipe", monkeypatch) / "recipe.yaml"
    words = ["build", str(recipe), "--format", "training", "-o", str(tmp_path / "set")]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    return tmp_path / "set"


def test_the_rows_are_of_all_ten_tasks_and_answered_with_a_dealt_letter(training_set):
    rows = [
        json.loads(line)
        for path in training_set.glob("*.jsonl")
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    assert len({row["task"] for row in rows}) == 10
    # Each item stands at two lengths, in two of the tasks also at two depths.
    assert len(rows) == 8 * 2 * ITEMS + 2 * 4 * ITEMS
    assert {row["content"][0]["output"] for row in rows} == set("ABCD")
    # A name that no phrase was put in for would still have its braces.
    assert not [row for row in rows if "{" in row["content"][0]["prompt"]]


def test_the_sample_shares_nothing_with_the_rows(training_set):
    done = CliRunner().invoke(app, ["check-data", "sample", "--against", str(training_set)])
    assert done.exit_code == 0
    assert done.output.count("0 of 82 rows (0.0%) share a 13-gram") == 2


def test_the_same_seed_writes_the_same_files(tmp_path, monkeypatch):
    first, second = (made(tmp_path / name, monkeypatch) for name in ("first", "second"))
    assert {path.name: path.read_bytes() for path in first.iterdir()} == {
        path.name: path.read_bytes() for path in second.iterdir()
    }


@pytest.mark.parametrize(
    ("base", "tuned", "shown"),
    [
        ("CCCCCCCCCCCC", "BBBBBBBBBBBB", True),
        ("CCCCCCCCCCCC", "CCCCCCCCCCCB", False),
        ("BBBBBBBBBBBB", "CCCCCCCCCCCC", False),
    ],
)
def test_only_a_gain_beyond_noise_passes(tmp_path, capsys, base, tuned, shown):
    """The safe choice stands under B."""
    subject_of(tmp_path / "base", picks(base))
    subject_of(tmp_path / "tuned", picks(tuned), "org/tuned")
    judge = script("run").judge
    if shown:
        judge(tmp_path)
    else:
        with pytest.raises(SystemExit, match="corrected p below"):
            judge(tmp_path)
    assert "corrected p" in capsys.readouterr().out
