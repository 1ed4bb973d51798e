"""`longsafety run` as a user sees it on the installed lm-eval: what it writes on the screen."""

import re
import shlex
import subprocess
import sys

import pytest

from lm_eval_longsafety.analysis.models import subjects
from lm_eval_longsafety.report.content import percent, score
from lm_eval_longsafety.results import load

TASK = """
task: harbour_{name}
custom_dataset: !function helpers.documents
output_type: generate_until
test_split: test
doc_to_text: "{{{{q}}}}"
doc_to_target: "{{{{a}}}}"
generation_kwargs: {{until: [], max_gen_toks: 4, do_sample: false}}
metric_list: [{{metric: exact_match}}]
"""
GROUP = """
group: harbour
task: [harbour_north, harbour_south]
aggregate_metric_list: [{metric: exact_match, weight_by_size: false}]
"""
HELPERS = """
def documents(**kwargs):
    from datasets import Dataset
    return {"test": Dataset.from_list([{"q": "Which way is the harbour?", "a": "north"}] * 2)}
"""


@pytest.fixture(scope="module")
def own_tasks(tmp_path_factory):
    """A group of two tasks of the user's own."""
    folder = tmp_path_factory.mktemp("tasks")
    for name in ("north", "south"):
        (folder / f"{name}.yaml").write_text(TASK.format(name=name))
    (folder / "harbour.yaml").write_text(GROUP)
    (folder / "helpers.py").write_text(HELPERS)
    return folder


@pytest.fixture(scope="module")
def ran(tiny_model, own_tasks, tmp_path_factory):
    """Two protocols, and other tasks beside them, in a process of its own."""
    folder = tmp_path_factory.mktemp("run")
    done = subprocess.run(
        [sys.executable, "-m", "lm_eval_longsafety", "run", "--model", "hf", "--device", "cpu"]
        + ["--model_args", f"pretrained={tiny_model},dtype=float32", "--apply_chat_template"]
        + ["--tasks", "longsafety_fully_harmful,longsafety_doc_attack_logits,harbour"]
        + ["--include_path", str(own_tasks), "--metadata", '{"data": "sample"}', "--limit", "4"]
        + ["--output_path", "my results", "--log_samples"],
        capture_output=True,
        text=True,
        cwd=folder,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return folder, done


def test_a_run_ends_with_at_most_fifteen_lines(ran):
    lines = ran[1].stdout.splitlines()
    assert len(lines) <= 15
    assert not [line for line in lines if line.startswith("|")]


def test_the_scores_are_those_of_the_report(ran):
    folder, done = ran
    (run,) = load([folder / "my results"])
    generate, logits = subjects([run])
    for subject, name in ((generate, "longsafety"), (logits, "longsafety_logits")):
        (line,) = [x for x in done.stdout.splitlines() if x.startswith(f"{name} ")]
        cells = re.split("  +", line)
        numbers = [str(len(subject.tasks)), str(4 * len(subject.tasks))]
        sr, ha, answered = (subject.mean(metric) for metric in ("sr", "ha", "answered"))
        assert cells[1:3] == numbers
        assert cells[3:5] == [score(sr).text, score(ha).text]
        assert cells[5:] == [percent(answered.value), "0.0"]


def test_other_tasks_have_a_line_for_each_group(ran):
    lines = [line for line in ran[1].stdout.splitlines() if line.startswith("harbour")]
    assert lines == ["harbour: exact_match 0.0000 ± 0.0000"]


def test_the_summary_says_what_limits_the_scores(ran):
    notes = [line for line in ran[1].stdout.splitlines() if line.startswith("note: ")]
    assert notes == [
        "note: the data is the embedded sample; these are not LongSafetyBench scores",
        "note: --limit: not all documents were scored",
    ]


def test_the_summary_names_the_results_file(ran):
    folder, done = ran
    (path,) = (folder / "my results").rglob("results_*.json")
    assert f"results: {path.relative_to(folder)}" in done.stdout.splitlines()


def test_the_last_line_can_be_copied(ran):
    folder, done = ran
    command = done.stdout.splitlines()[-1].removeprefix("next: ")
    program, *words = shlex.split(command)
    assert program == "longsafety"
    report = subprocess.run([sys.executable, "-m", "lm_eval_longsafety", *words], cwd=folder)
    assert report.returncode == 0
    assert (folder / "report.html").exists()


def test_lm_eval_logs_no_line_for_each_of_our_tasks_but_our_own(ran):
    logged = [line for line in ran[1].stderr.splitlines() if "longsafety_" in line]
    assert len(logged) == 1 and "Selected Tasks: [" in logged[0]
    assert len([x for x in ran[1].stderr.splitlines() if "[longsafety:" in x]) == 4


def test_lm_eval_still_logs_the_tasks_of_others(ran):
    assert "Task: harbour_north" in ran[1].stderr.replace("harbour::", "")
    assert "harbour_north: Using gen_kwargs: " in ran[1].stderr


def test_no_bar_of_ours_is_written_where_nobody_watches(ran):
    assert "reading lm-eval's tasks" not in ran[1].stderr
    assert "Running generate_until requests: 100%" in ran[1].stderr
