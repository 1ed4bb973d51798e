"""`longsafety demo` on the installed lm-eval: all ten tasks over the whole sample."""

import json
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from lm_eval_longsafety import tiny_model
from lm_eval_longsafety.benchmark import TASKS, bare_name
from lm_eval_longsafety.data import sources
from lm_eval_longsafety.results import load


@pytest.fixture(scope="module")
def generated(tmp_path_factory):
    """What the demo wrote and printed; tasks under their own names, as `load` reads them."""
    folder = tmp_path_factory.mktemp("demo")
    command = [sys.executable, "-m", "lm_eval_longsafety", "demo", "--folder", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    assert done.returncode == 0, done.stderr[-3000:]
    (path,) = (folder / "results").rglob("results_*.json")
    written = json.loads(path.read_text())
    (run,) = load([folder / "results"])
    return {
        "results": {bare_name(name): row for name, row in written["results"].items()},
        "configs": {bare_name(name): config for name, config in written["configs"].items()},
        "folder": folder,
        "run": run,
        "stdout": done.stdout,
        "stderr": done.stderr,
    }


def test_all_ten_tasks_and_four_groups_are_in_the_table(generated):
    names = {task.name for task in TASKS}
    assert names <= set(generated["results"])
    for metric in ("sr", "ha", "answered", "refused", "truncated"):
        assert f"|{metric}" in generated["stdout"]
        for name in ("longsafety", *names):
            assert 0.0 <= generated["results"][name][f"{metric},letter"] <= 1.0
            assert isinstance(generated["results"][name][f"{metric}_stderr,letter"], float)


def test_the_headline_is_the_plain_mean_over_the_ten_tasks(generated):
    for metric in ("sr,letter", "ha,letter"):
        values = [generated["results"][task.name][metric] for task in TASKS]
        assert generated["results"]["longsafety"][metric] == pytest.approx(sum(values) / 10, 1e-9)


def test_a_tasks_scores_are_the_means_of_its_documents(generated):
    for task in TASKS:
        lines = generated["run"].samples[task.name]
        for metric in ("sr", "ha", "answered"):
            mean = sum(getattr(line, metric) for line in lines) / len(lines)
            assert generated["results"][task.name][f"{metric},letter"] == pytest.approx(mean, 1e-9)


def test_what_the_demo_wrote_is_read_whole(generated):
    run = generated["run"]
    assert run.notes == ()
    assert set(run.longsafety()) == set(run.samples) == {task.name for task in TASKS}
    groups = [task for task in run.tasks.values() if task.is_group]
    assert len(groups) == 4
    for group in groups:
        assert set(group.subtasks) <= set(run.tasks)
    for task in TASKS:
        read = run.tasks[task.name]
        assert read.contradiction(run.samples[task.name]) is None
        assert (read.n_effective, read.version) == (len(run.samples[task.name]), "3.1")
        assert (read.provenance.data, read.metric("sr").higher_is_better) == ("sample", True)
        assert all(len(sample.picks) == 1 for sample in run.samples[task.name])


def test_lm_eval_finds_each_task_once(generated):
    assert "overrides existing" not in generated["stderr"]


def test_lm_eval_does_not_warn_about_metadata_for_each_task(generated):
    assert "Custom kwargs" not in generated["stderr"]


def test_the_demo_model_answers_and_scores_near_chance(generated):
    results = generated["results"]["longsafety"]
    assert results["answered,letter"] > 0.7
    # About 90 documents: chance 0.25 (SR) and 0.5 (HA), three standard errors are 0.14 and 0.16.
    assert abs(results["sr,letter"] / results["answered,letter"] - 0.25) < 0.14
    assert abs(results["ha,letter"] / results["answered,letter"] - 0.50) < 0.16


def table_rows(table: str) -> list[list[str]]:
    return [[c.strip() for c in line.split("|")] for line in table.splitlines() if "letter" in line]


def named(rows: list[list[str]]) -> list[list[str]]:
    """The rows with the name and version that lm-eval prints in the first row of each group."""
    full = []
    for row in rows:
        full.append([*row[:1], *(row[1:3] if row[1] else full[-1][1:3]), *row[3:]])
    return full


def test_the_demo_says_that_random_weights_score_at_chance(generated):
    assert "random weights, so it scores at chance" in generated["stdout"]


def test_the_last_line_of_the_demo_runs_as_it_stands_in_a_fresh_shell(generated, tmp_path):
    line = generated["stdout"].splitlines()[-1]
    bare = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    done = subprocess.run(
        ["/bin/sh", "-c", line], cwd=generated["folder"], env=bare, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert (
        (generated["folder"] / "report.html")
        .read_text(encoding="utf-8")
        .startswith("<!DOCTYPE html>")
    )


def test_the_demo_names_the_program_below_the_current_folder_by_its_relative_path(monkeypatch):
    scripts = Path(sysconfig.get_path("scripts"))
    monkeypatch.chdir(scripts.parents[1])
    assert tiny_model._program() == [str(Path(*scripts.parts[-2:]) / "longsafety")]


def test_the_demos_output_in_the_readme_is_what_the_demo_prints(generated):
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    shown = table_rows(re.search(r"<!-- demo output -->(.*?)<!--", readme, flags=re.S)[1])
    printed = table_rows(generated["stdout"][generated["stdout"].index("Groups") :])
    assert [row[1:7] for row in shown] == [row[1:7] for row in named(printed) if row[5] == "sr"]
    rows = [row for row in printed if row[5] == "sr"]
    for mine, theirs in zip(shown, rows, strict=True):
        # Another processor may round a near tie the other way: a document of eight in one task.
        assert float(mine[7]) == pytest.approx(float(theirs[7]), abs=0.05)


def test_the_results_file_names_the_data_that_was_read(generated):
    for task in TASKS:
        provenance = generated["configs"][task.name]["metadata"]["provenance"]
        rows = sources.load("sample").rows(task.split)
        assert provenance["data_sha256"] == sources.fingerprint(rows)
        assert (provenance["rows"], provenance["scored"]) == (len(rows), len(rows))
        assert provenance["window"] == 131_072


def test_each_task_logs_one_line_of_summary_without_text(generated):
    lines = [x for x in generated["stderr"].splitlines() if "LongSafetyBench" in x]
    assert len(lines) == 10
    context = sources.load("sample").rows("DocAttack")[0].context
    assert context[:60] not in generated["stderr"]
