"""`longsafety training-data` as it is typed: what it prints, and one line for each mistake."""

import os
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from lm_eval_longsafety.cli.main import app
from tests.training.chat_templates import words
from tests.training.rows import folder_of, raw


@pytest.fixture
def place(tmp_path):
    words(tmp_path / "words")
    folder_of(tmp_path, [raw(0), raw(1, task="poetry"), raw(2, words=5)])
    return tmp_path


def longsafety(place, *options):
    words = ["training-data", str(place / "data"), "-o", str(place / "rows.parquet")]
    return CliRunner().invoke(app, [*words, "--tokenizer", str(place / "words"), *options])


def test_it_ends_with_a_table_and_the_sha256(place):
    done = longsafety(place, "--max-tokens", "20")
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["task", "scenario", "read", "refused", "kept", "cut", "tokens"]
    assert lines[1].split() == ["LawQA", "query_harmful", "2", "0", "2", "1", "35"]
    assert lines[2].split() == ["poetry", "-", "1", "0", "1", "1", "20"]
    assert lines[3].split() == ["all", "3", "0", "3", "2", "55"]
    assert "rows.parquet: 3 rows, SHA-256 " in lines[4]
    assert "scenario not known, rows kept: 'poetry'" in done.stderr


def test_no_column_is_cut_where_the_output_is_no_terminal(place):
    done = longsafety(place, "--hold-out", "0.4", "--tasks", "LawQA", "--short")
    assert "query_harmful" in done.stdout
    assert "not chosen" in done.stdout
    assert "rows.held_out.parquet: 1 rows" in done.stdout


def test_rows_that_do_not_fit_are_listed(place):
    row = raw(3, task="poetry", content=[{"prompt": "why " * 30, "output": "No."}])
    folder_of(place, [raw(0), row])
    done = longsafety(place, "--max-tokens", "20")
    assert "left out: 'r3' ('poetry'): 35 tokens without its context, above 20" in done.stderr


def test_control_characters_in_names_do_not_reach_the_terminal(place):
    folder_of(place, [raw(0, task="\x1b[31mred\n"), raw(1, id="\x1b[2J", words=5)])
    done = longsafety(place, "--max-tokens", "20", "--tasks", "\x1b[31mred\n")
    assert done.exit_code == 0
    assert "\x1b" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (["--tokenizer", "/no/such/folder"], "--tokenizer '/no/such/folder': cannot be loaded"),
        (["--max-tokens", "3"], "--max-tokens 3: smaller than"),
        (["--mix", "nothing.jsonl", "--mix-ratio", "1"], "nothing.jsonl: found a folder, a pipe"),
    ],
)
def test_a_mistake_is_one_line(place, options, line):
    arguments = ["training-data", "data", "-o", "rows.parquet", "--tokenizer", "words", *options]
    done = program(place, *arguments)
    assert done.returncode == 2
    (shown,) = done.stderr.strip().splitlines()
    assert shown.startswith(f"longsafety: {line}")
    assert not (place / "rows.parquet").exists()


def test_a_hub_id_that_cannot_be_reached_is_one_line(place):
    done = program(place, "training-data", "-o", "rows.parquet", "--tokenizer", "words")
    assert done.returncode == 2
    (shown,) = done.stderr.strip().splitlines()
    assert shown.startswith("longsafety: hub data set 'LutherXD/LongSafety-17k' cannot be loaded")


def program(place, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "lm_eval_longsafety", *arguments],
        cwd=place,
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
