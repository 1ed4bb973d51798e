"""The closing lines of a run, from hand-made results."""

from datetime import datetime, timedelta

import pytest

from lm_eval_longsafety.benchmark import TASKS
from lm_eval_longsafety.report.closing import LINES, closing_lines


def results(suffixes=("",), others=()):
    """Every task with SR 0.5 and HA 0.75 on 100 documents; other tasks with acc 0.25."""
    names = [task.name + suffix for suffix in suffixes for task in TASKS]
    scores = {"sr": 0.5, "ha": 0.75, "answered": 0.9, "truncated": 0.25}
    row = {f"{name},letter": value for name, value in scores.items()}
    return {
        "results": {name: row for name in names}
        | {name: {"acc,none": 0.25, "acc_stderr,none": 0.01} for name in others},
        "configs": {name: {} for name in (*names, *others)},
        "n-samples": {name: {"original": 100, "effective": 100} for name in names},
        "model_name_sanitized": "model",
    }


def closing(document, *, output_path=None, log_samples=False, seconds=0.0):
    started = datetime.now() - timedelta(seconds=seconds)
    text = closing_lines(
        document, output_path=output_path, log_samples=log_samples, started=started
    )
    return text.splitlines()


def test_numbers_stand_in_percent_under_their_headings():
    # Wilson's interval of one task is 0.5 ± 0.0962 and 0.75 - 0.0931 + 0.0745; over the square
    # root of ten tasks these are 3.0, 2.9 and 2.4 points.
    _, titles, row, _ = closing(results())
    assert titles.split() == ["tasks", "documents", "SR", "HA", "answered", "truncated"]
    assert row.split() == (
        "longsafety 10 1,000 50.0 [47.0, 53.0] 75.0 [72.1, 77.4] 90.0 25.0".split()
    )


@pytest.mark.parametrize(
    ("seconds", "shown"), [(7, "7 s"), (252, "4 min 12 s"), (7_380, "2 h 03 min")]
)
def test_the_first_line_says_how_long_the_run_took(seconds, shown):
    assert closing(results(), seconds=seconds)[0].startswith(f"LongSafetyBench, {shown};")


def test_many_variants_and_tasks_stay_within_the_limit():
    suffixes = [f"_length_{length:07}_0.50" for length in range(1000, 31_000, 1000)]
    lines = closing(results(suffixes, [f"quiz_{n}" for n in range(5)]))
    assert len(lines) == LINES
    # The first line, headings and six of thirty lengths, three of five quizzes, the last line.
    assert lines[8] == "... and 24 more, which --tables shows"
    assert lines[-2] == "... and 2 more, which --tables shows"


def test_a_window_that_is_not_known_gives_no_number_of_cut_prompts():
    document = results()
    record = {"metadata": {"provenance": {"data": "some/data", "prompt_limit": None}}}
    document["configs"] = {name: record for name in document["configs"]}
    assert closing(document)[2].endswith("90.0        n/a")


def test_a_protocol_without_a_score_is_shown_beside_the_others():
    document = results(["", "_logits"])
    document["results"]["longsafety_doc_attack_logits"] = {"sr,letter": float("nan")}
    assert [line.split()[:4] for line in closing(document)[2:4]] == [
        ["longsafety", "10", "1,000", "50.0"],
        ["longsafety_logits", "10", "1,000", "n/a"],
    ]


def test_results_that_could_not_be_written_are_not_named(tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "results_2020-01-01T00-00-00.000000.json").write_text("{}")
    lines = closing(results(), output_path=str(tmp_path), log_samples=True)
    assert lines[-1] == f"nothing was written to {tmp_path}: see lm-eval's warning above"


def of_replies(document):
    """The results without scores, as of open replies."""
    for row in document["results"].values():
        row.clear()
        row |= {"refused,reply": 0.5, "empty,reply": 0.0}
    return document


@pytest.mark.parametrize("letters", [True, False])
def test_open_replies_end_with_how_to_judge_them(letters, tmp_path):
    document = of_replies(results(["_open"]))
    if letters:
        scored = results()
        for key in ("results", "configs", "n-samples"):
            document[key] |= scored[key]
    (tmp_path / "model").mkdir()
    path = tmp_path / "model" / f"results_{datetime.now().isoformat().replace(':', '-')}.json"
    path.write_text("{}")
    lines = closing(document, output_path=str(tmp_path), log_samples=True, seconds=9)
    assert len(lines) == (7 if letters else 5)
    assert lines[-1] == f"next: longsafety judge run {path} --model ..."
    said = "open replies: 1,000 to 10 tasks, not judged yet; percent, mean over tasks:"
    assert f"{said} refused 50.0, empty 0.0, cut n/a" in lines
    assert ("percent" in lines[0]) is letters
    lines = closing(document, output_path=str(tmp_path), seconds=9)
    assert not any("judge run" in line for line in lines)
    assert any("run with --log_samples" in line for line in lines)


def test_names_cannot_control_the_terminal():
    lines = closing(results(others=["quiz\x1b[31m"]))
    assert "quiz\\x1b[31m: acc 0.2500 ± 0.0100" in lines


def test_results_of_other_tasks_alone_have_no_summary():
    document = results(suffixes=(), others=["quiz"])
    started = datetime.now()
    assert closing_lines(document, output_path=None, log_samples=False, started=started) is None


def test_other_templates_than_the_benchmarks_are_named():
    document = results()
    document["configs"] = {
        name: {"metadata": {"provenance": {"templates": "german.yaml"}}}
        for name in document["configs"]
    }
    note = "note: asked with other templates; these are not LongSafetyBench scores"
    assert note in closing(document)
    assert note not in closing(results())
