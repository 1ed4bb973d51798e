"""`load_results` gives an evaluation's scores and samples as pandas tables."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lm_eval_longsafety import __version__, load_results
from tests.results_files import sample_line, task_name, write_lines, write_run

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "tests" / "fixtures" / "results"
DOC_ATTACK = task_name("DocAttack")


def test_scores_have_a_row_for_each_task_and_metric():
    (run,) = load_results(RESULTS / "demo-model-0.parquet")
    scores = run.scores()
    one = scores[(scores.task == "longsafety_doc_attack") & (scores.metric == "sr")].iloc[0]
    assert (one.variant, one.protocol, one["filter"]) == ("", "generate", "letter")
    assert 0 <= one.value <= 1 and one.documents == 8


def test_the_mean_of_the_samples_is_the_tasks_score():
    (run,) = load_results(str(RESULTS / "demo-model-0.parquet"))
    scores, samples = run.scores(), run.samples()
    reported = scores[(scores.metric == "sr") & (scores.protocol == "generate")]
    reported = reported[reported.variant == ""].set_index("task").value
    means = samples.groupby("task").sr.mean()
    assert means[reported.index].values == pytest.approx(reported.values)


def test_several_paths_may_be_given_at_once_or_as_a_list():
    paths = sorted(RESULTS.glob("*.parquet"))
    assert len(load_results(*paths)) == len(load_results(paths)) == len(paths)


def test_a_run_is_shown_in_one_short_line():
    (run,) = load_results(RESULTS / "demo-model-0.parquet")
    assert repr(run).count("\n") == 0 and len(repr(run)) < 100


@pytest.mark.parametrize("home", ["/home/jane", "/Users/jane", "C:\\Users\\jane", "~jane"])
def test_what_is_shown_of_a_run_holds_no_home_folder_and_no_line_break(tmp_path, home):
    write_run(tmp_path, {DOC_ATTACK: [sample_line()]}, model=f"{home}/models/one\nline")
    (run,) = load_results(tmp_path)
    assert "jane" not in repr(run) and "\n" not in repr(run)
    assert repr(run).startswith("<…/models/one line, 2026-11-01: 1 task")


def test_the_tasks_of_samples_without_results_are_counted(tmp_path):
    write_lines(tmp_path / "samples.jsonl", [sample_line()])
    (run,) = load_results(tmp_path)
    assert repr(run) == "<unknown (samples.jsonl): 1 task>"
    assert run.scores().empty and len(run.samples()) == 1


def test_the_letter_is_missing_where_none_was_read_under_any_order(tmp_path):
    name = f"{DOC_ATTACK}_rotations"
    replies = {"resps": [["x"]] * 4}
    none = sample_line(0, "", filtered_resps=[""] * 4, **replies)
    some = sample_line(1, "", filtered_resps=["A", "", "C", ""], **replies)
    write_run(tmp_path, {name: [none, some]})
    samples = load_results(tmp_path)[0].samples()
    assert samples.letter[0] is None or samples.letter.isna()[0]
    assert samples.letter[1] == "A,,C,"
    assert samples.choice.isna().all()


def test_the_columns_are_those_of_the_docs():
    page = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
    named = re.findall(r"`(\w+)`", "\n".join(re.findall(r"^\| (`.*?) \|", page, re.M)))
    (run,) = load_results(RESULTS / "demo-model-0.parquet")
    assert named == [*run.scores().columns, *run.samples().columns]


def test_the_example_of_the_docs_runs(tmp_path, monkeypatch, capsys):
    page = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", page, re.S)
    shutil.copytree(RESULTS, tmp_path / "results")
    monkeypatch.chdir(tmp_path)
    exec(code, {})
    assert capsys.readouterr().out.count("longsafety_doc_attack") == 3


def test_without_pandas_the_message_says_what_to_install():
    code = (
        "import sys\n"
        "class NoPandas:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.partition('.')[0] == 'pandas':\n"
        "            raise ModuleNotFoundError(name)\n"
        "sys.meta_path.insert(0, NoPandas())\n"
        "from lm_eval_longsafety import load_results\n"
        f"load_results({str(RESULTS)!r})[0].scores()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "pip install 'lm-eval-longsafety[report]'" in done.stderr


def test_importing_the_package_loads_neither_pandas_nor_lm_eval():
    code = "import sys, lm_eval_longsafety; print({'pandas', 'lm_eval', 'torch'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "set()"


def test_the_version_is_that_of_the_installed_distribution():
    from importlib.metadata import version

    assert __version__ == version("lm-eval-longsafety")
