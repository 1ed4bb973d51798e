import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lm_eval_longsafety.benchmark import TASKS
from lm_eval_longsafety.cli.main import app, main
from lm_eval_longsafety.harness.discovery import tasks_path
from tests.conftest import row, write_jsonl


def longsafety(*arguments: str):
    return CliRunner().invoke(app, list(arguments))


def test_help_imports_none_of_the_heavy_libraries():
    script = (
        "import sys, lm_eval_longsafety.cli.main\n"
        "heavy = {'torch', 'lm_eval', 'datasets', 'transformers', 'matplotlib', 'scipy', 'numpy',"
        " 'pyarrow', 'pandas', 'jinja2', 'huggingface_hub', 'tqdm'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.strip() == "[]"


def test_help_names_every_command():
    text = longsafety("--help").output
    for command in ("demo", "tasks", "link", "unlink", "status", "tasks-path", "check-data"):
        assert command in text


def test_the_version_is_that_of_the_package():
    done = longsafety("--version")
    assert (done.exit_code, done.output) == (0, f"longsafety {version('lm-eval-longsafety')}\n")


def in_bash(line: str) -> str:
    """What bash prints for a line, with this environment's programs."""
    bin_ = str(Path(sys.executable).parent)
    environment = os.environ | {"PATH": f"{bin_}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_bash_completes_commands_and_their_options():
    ask = 'COMP_WORDS="{}" COMP_CWORD={} _LONGSAFETY_COMPLETE=complete_bash longsafety'
    assert in_bash(ask.format("longsafety comp", 1)).split() == ["compare", "compact"]
    assert in_bash(ask.format("longsafety check-data --t", 2)).split() == ["--tasks"]


def test_the_lines_that_install_completion_are_shown():
    # The second command keeps bash from replacing itself, by which the shell is recognised.
    shown = in_bash("longsafety --show-completion; true")
    assert "complete -o default -F _longsafety_completion longsafety" in shown


def test_tasks_path_prints_the_folder_and_nothing_else():
    assert longsafety("tasks-path").output == f"{tasks_path()}\n"


def test_check_data_prints_a_table_of_splits(tmp_path):
    done = longsafety("check-data", "sample")
    assert done.exit_code == 0
    lines = done.output.splitlines()
    headings = "split rows expected choices words min/median/max depths x lengths problems"
    assert lines[0].split() == headings.split()
    assert lines[-1] == "no problems"
    (niah,) = [line.split() for line in lines if line.startswith("HarmfulNIAH ")]
    assert niah[:4] == ["HarmfulNIAH", "9", "147", "4"]
    assert "3 x 3" in " ".join(niah)


def test_check_data_lists_problems_and_exits_with_1(tmp_path):
    write_jsonl(tmp_path / "DocAttack.jsonl", [row(0), row(1, id="")])
    done = longsafety("check-data", str(tmp_path))
    assert done.exit_code == 1
    assert "split DocAttack: 1 of 2 rows are malformed: row 1 (id ''): an empty id" in done.output
    assert "no split 'MedicalQuiz'; found DocAttack" in done.output
    assert done.output.splitlines()[-1] == "10 splits with problems"


def test_check_data_warns_of_another_number_of_rows(tmp_path):
    write_jsonl(tmp_path / "DocAttack.jsonl", [row(0)])
    done = longsafety("check-data", str(tmp_path))
    assert "warning: " in done.output
    assert "1 rows, the published data has 100" in done.output


@pytest.mark.parametrize(
    ("names", "splits"),
    [
        ("longsafety_doc_attack", ["DocAttack"]),
        ("longsafety_doc_attack_rotations_logits", ["DocAttack"]),
        (
            "longsafety_medical_quiz, longsafety_fully_harmful",
            ["HarmfulExtraction", "HarmfulTendency", "ManyShotJailbreak", "MedicalQuiz"],
        ),
        ("longsafety_length", [task.split for task in TASKS]),
    ],
)
def test_check_data_of_named_tasks_checks_only_their_splits(names, splits):
    lines = longsafety("check-data", "sample", "--tasks", names).output.splitlines()
    assert [line.split()[0] for line in lines[1:-1]] == splits
    assert lines[-1] == "no problems"


def test_check_data_against_other_data_counts_shared_13_grams(tmp_path):
    words = [f"w{i}" for i in range(40)]
    own = [row(0, context=" ".join(words)), row(1, id="row\x1b[31m", context=" ".join(words[:14]))]
    write_jsonl(tmp_path / "own" / "DocAttack.jsonl", own)
    other = write_jsonl(tmp_path / "train.jsonl", [{"input": " ".join(words[:13]), "output": "x"}])
    asked = ("check-data", str(tmp_path / "own"), "--tasks", "longsafety_doc_attack")
    done = longsafety(*asked, "--against", str(other), "--against", "sample")
    assert done.exit_code == 0
    lines = done.output.splitlines()
    assert lines[2].startswith("warning: ")
    # 1 of 28 and 1 of 2 grams are shared; questions and choices have 14 words.
    table = [" ".join(line.split()) for line in lines[3:9]]
    assert table[0] == f"13-grams shared with {other} (1 row):"
    assert table[2] == "DocAttack context 2 2 50.0% 0"
    assert table[3] == "DocAttack question and choices 2 0 0.0% 0"
    assert (
        table[4] == "most of the context: row\ufffd[31m of DocAttack 50.0%, row-0 of DocAttack 3.6%"
    )
    assert table[5] == (
        f"Compared with …/{other.parent.name}/train.jsonl (1 row) by runs of 13 words in lower "
        "case without punctuation: 2 of 2 rows (100.0%) share a 13-gram of their context with it, "
        "at most 50.0% of a row's; 0 of 2 rows (0.0%) share a 13-gram of their question and "
        "choices with it, at most 0.0% of a row's."
    )
    assert lines[9] == "13-grams shared with sample (82 rows):"
    assert lines[-1] == "no problems"


def test_what_data_is_compared_with_is_looked_for_first():
    found = longsafety("check-data", "/no/such/folder", "--against", "nothing").exception
    assert "'nothing' is not a file or folder here" in str(found)


def test_check_data_of_named_tasks_does_not_miss_the_others(tmp_path):
    write_jsonl(tmp_path / "DocAttack.jsonl", [row(0)])
    named = longsafety("check-data", str(tmp_path), "--tasks", "longsafety_doc_attack")
    assert (named.exit_code, named.output.splitlines()[-1]) == (0, "no problems")
    other = longsafety("check-data", str(tmp_path), "--tasks", "longsafety_medical_quiz")
    assert (other.exit_code, other.output.splitlines()[-1]) == (1, "1 split with problems")


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ("longsafety_dok_attack", "has no longsafety_dok_attack (did you mean longsafety_doc_att"),
        ("hellaswag", "LongSafetyBench has no hellaswag; longsafety is all ten tasks"),
        (" , ", "--tasks: no task is named; longsafety is all ten tasks"),
    ],
)
def test_check_data_refuses_names_of_other_tasks(names, message):
    assert message in str(longsafety("check-data", "sample", "--tasks", names).exception)


def test_the_demo_refuses_a_file_in_place_of_its_folder(tmp_path):
    (tmp_path / "demo").write_text("x")
    done = longsafety("demo", "--folder", str(tmp_path / "demo"))
    assert "is a file; name a folder" in str(done.exception)


def test_what_a_user_can_mend_is_one_line_and_exit_code_2(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["longsafety", "check-data", "/no/such/folder"])
    with pytest.raises(SystemExit) as exit_:
        main()
    assert exit_.value.code == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    (line,) = captured.err.splitlines()
    assert line.startswith("longsafety: data '/no/such/folder' is not a folder here")


def test_a_files_name_cannot_control_the_terminal_through_an_error(monkeypatch, capsys, tmp_path):
    folder = tmp_path / "red\x1b[31m\r"
    folder.mkdir()
    monkeypatch.setattr(sys, "argv", ["longsafety", "check-data", str(folder)])
    with pytest.raises(SystemExit):
        main()
    (line,) = capsys.readouterr().err.splitlines()
    assert "red\\x1b[31m\\r: no splits" in line


def test_reasons_of_a_refusal_stand_on_lines_of_their_own(monkeypatch, capsys):
    run = str(Path(__file__).parents[1] / "fixtures" / "results" / "demo-model-0.parquet")
    monkeypatch.setattr(sys, "argv", ["longsafety", "submit", run, "--model", "org/name"])
    with pytest.raises(SystemExit):
        main()
    first, *reasons = capsys.readouterr().err.splitlines()
    assert "must not be submitted" in first
    assert len(reasons) > 1 and all(reason.startswith("  - ") for reason in reasons)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_a_full_disk_behind_stdout_is_one_line_and_exit_code_2():
    run = Path(__file__).parents[1] / "fixtures" / "results" / "demo-model-0.parquet"
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "lm_eval_longsafety", "report", str(run)],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == "longsafety: standard output: No space left on device"
