"""Scores come from samples where these are whole, else from lm-eval's own rows."""

import pytest

from lm_eval_longsafety.analysis.models import subjects
from lm_eval_longsafety.results import load
from tests.results_files import document, sample_line, task_name, write_lines, write_run

DOC_ATTACK = task_name("DocAttack")


def score(folder, metric="sr"):
    (subject,) = subjects(load([folder]))
    (task,) = subject.tasks
    return task.estimate(metric), task.n


def test_a_cut_sample_file_does_not_move_the_score(tmp_path):
    lines = [sample_line(i, pick) for i, pick in enumerate("BBBCBBBC")]
    write_run(tmp_path, {DOC_ATTACK: lines})
    (path,) = tmp_path.glob("samples_*.jsonl")
    # The rest has the same mean as all lines: only the count differs.
    write_lines(path, lines[:4])
    estimate, n = score(tmp_path)
    assert (estimate.value, estimate.n, n) == (0.75, 8, 8)


def test_samples_without_their_row_are_the_score(tmp_path):
    write_lines(tmp_path / "samples.jsonl", [sample_line(0, "B"), sample_line(1, "C")])
    estimate, n = score(tmp_path)
    assert (estimate.value, n) == (0.5, 2)


@pytest.mark.parametrize("counts", [{"original": 0, "effective": 0}, None])
def test_no_documents_and_no_counts_are_never_a_score_with_an_interval_at_zero(tmp_path, counts):
    data = document({DOC_ATTACK: [sample_line(0, "C"), sample_line(1, "C")]})
    row = data["results"][DOC_ATTACK]
    row.pop("sample_len")
    row["sr_stderr,letter"] = 0.0
    if counts is None:
        del data["n-samples"]
    else:
        data["n-samples"][DOC_ATTACK] = counts
    write_run(tmp_path, {}, results=data["results"], **{"n-samples": data.get("n-samples", {})})
    estimate, _ = score(tmp_path)
    if counts is None:
        assert (estimate.value, estimate.low, estimate.high) == (0.0, None, None)
    else:
        assert estimate is None


def test_a_row_with_sr_above_ha_has_no_negative_gap(tmp_path):
    data = document({DOC_ATTACK: [sample_line(0, "B"), sample_line(1, "C")]})
    data["results"][DOC_ATTACK]["ha,letter"] = 0.2
    write_run(tmp_path, {}, results=data["results"], **{"n-samples": data["n-samples"]})
    estimate, _ = score(tmp_path, "gap")
    assert estimate.value == 0.0
