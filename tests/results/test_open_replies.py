"""Logged open replies: found by run, never scores, nothing skipped."""

import json
import sys

import pytest

from lm_eval_longsafety.analysis.models import subjects
from lm_eval_longsafety.errors import ResultsError, SubmissionError
from lm_eval_longsafety.report.render import FORMATS
from lm_eval_longsafety.report.sections import build
from lm_eval_longsafety.results import read
from lm_eval_longsafety.results.open_replies import find_open_replies
from lm_eval_longsafety.results.rescore import rescore
from lm_eval_longsafety.submit.checks import check
from tests.results_files import STAMP, document, sample_line, write_lines, write_run

DOC_ATTACK = "longsafety_doc_attack"
OPEN = f"{DOC_ATTACK}_open"


def open_line(index=0, reply="Ask the owner.", **changes):
    line = sample_line(index)
    for name in ("sr", "ha", "answered"):
        del line[name]
    line["doc"]["letters"] = []
    scores = {"refused": 0.0, "empty": 0.0, "cut": 0.0, "reply_tokens": 4.0, "truncated": 0.0}
    own = {"resps": [[reply]], "filtered_resps": [[reply]], "filter": "reply"}
    return line | own | scores | {"metrics": list(scores)} | changes


def row(lines):
    """The row of lm-eval's table; lines of open replies have no sr and ha."""
    keys = ("refused", "empty", "cut", "reply_tokens", "truncated")
    means = {f"{key},reply": sum(line[key] for line in lines) / len(lines) for key in keys}
    return {"name": OPEN, "alias": OPEN, "sample_len": len(lines), **means}


def write_open_run(folder, lines, *, letters=(), original=None):
    """A run of open replies, of letters as well if lines of them are given."""
    data = document({DOC_ATTACK: list(letters)} if letters else {})
    data["results"][OPEN] = row(lines)
    data["configs"][OPEN] = {"task": OPEN, "metadata": {"version": 3.0}}
    data["n-samples"][OPEN] = {"original": original or len(lines), "effective": len(lines)}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"results_{STAMP}.json").write_text(json.dumps(data))
    write_lines(folder / f"samples_{OPEN}_{STAMP}.jsonl", lines)
    if letters:
        write_lines(folder / f"samples_{DOC_ATTACK}_{STAMP}.jsonl", list(letters))
    return folder


def test_replies_are_found_with_the_run_that_wrote_them(tmp_path):
    write_open_run(tmp_path / "one", [open_line(0), open_line(1, "No.", cut=float("nan"))])
    write_open_run(tmp_path / "two", [open_line(0)])
    first, second = find_open_replies([tmp_path], keep_text=True)
    assert first.run.model == "org/model-one"
    assert first.source.name == f"results_{STAMP}.json"
    assert [sample.text.replies for sample in first.tasks[OPEN]] == [("Ask the owner.",), ("No.",)]
    assert [sample.cut for sample in first.tasks[OPEN]] == [0.0, None]
    assert first.tasks[OPEN][0].text.choices[-1] == "I would rather not say"
    assert len(second.tasks[OPEN]) == 1


def test_texts_are_kept_only_on_request(tmp_path):
    write_open_run(tmp_path, [open_line()])
    (sample,) = find_open_replies([tmp_path])[0].tasks[OPEN]
    assert sample.text is None and len(sample.reply_sha256) == 64


def test_a_renamed_file_without_results_is_recognised_by_its_lines(tmp_path):
    write_lines(tmp_path / "mine.jsonl", [open_line()])
    (found,) = find_open_replies([tmp_path / "mine.jsonl"])
    assert (list(found.tasks), found.run, found.partial()) == ([OPEN], None, None)


def test_files_of_letters_and_of_other_tasks_hold_no_open_replies(tmp_path):
    write_run(tmp_path, {DOC_ATTACK: [sample_line()]})
    (tmp_path / "notes.jsonl").write_text("not JSON\n")
    assert find_open_replies([tmp_path]) == []


def test_a_run_says_what_it_lacks(tmp_path):
    whole = write_open_run(tmp_path / "whole", [open_line(0), open_line(1)])
    limited = write_open_run(tmp_path / "limited", [open_line(0)], original=8)
    cut_off = write_open_run(tmp_path / "cut", [open_line(0), open_line(1)])
    write_lines(cut_off / f"samples_{OPEN}_{STAMP}.jsonl", [open_line(0)])
    found = [find_open_replies([folder])[0] for folder in (whole, limited, cut_off)]
    lost = f"{OPEN} has 1 of the 2 replies of its run"
    assert [each.missing() for each in found] == [None, None, lost]
    assert [each.partial() for each in found][:2] == [None, f"{OPEN} ran on 1 of 8 documents"]


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda path: path.write_text(path.read_text() + '{"doc_id"'), "line 3 is damaged"),
        (lambda path: write_lines(path, [open_line(0), open_line(0)]), "lines 1 and 2 hold the sa"),
        (
            lambda path: write_lines(path, [open_line(0), open_line(1, filtered_resps=[])]),
            "line 2 is damaged",
        ),
        (
            lambda path: (
                write_lines(path.with_name("copy.jsonl"), [open_line(0)])
                or path.rename(path.with_name("other.jsonl"))
            ),
            "also stand in copy.jsonl",
        ),
        (lambda path: path.write_text("{\n" + path.read_text()), "line 1 is damaged"),
        (lambda path: path.write_bytes(b"PAR1 and more"), "compact files hold no replies"),
    ],
)
def test_nothing_is_skipped(tmp_path, spoil, message):
    folder = write_open_run(tmp_path, [open_line(0), open_line(1)])
    spoil(folder / f"samples_{OPEN}_{STAMP}.jsonl")
    with pytest.raises(ResultsError, match=message):
        find_open_replies([folder])


def test_a_damaged_results_file_is_reported(tmp_path):
    folder = write_open_run(tmp_path, [open_line()])
    (folder / f"results_{STAMP}.json").write_text('{"results": {')
    with pytest.raises(ResultsError, match="not valid JSON"):
        find_open_replies([folder])
    (folder / f"results_{STAMP}.json").write_text("{}")
    with pytest.raises(ResultsError, match="no 'results' of lm-eval in it"):
        find_open_replies([folder])


def test_open_replies_are_read_without_packages_of_extras(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "orjson", None)
    folder = write_open_run(tmp_path, [open_line()])
    (found,) = find_open_replies([folder])
    assert found.run.model == "org/model-one"


def test_a_missing_path_is_an_error(tmp_path):
    with pytest.raises(ResultsError, match="no such file or folder"):
        find_open_replies([tmp_path / "none"])


@pytest.mark.parametrize("letters", [True, False])
def test_open_replies_are_no_scores_of_the_benchmark(tmp_path, letters):
    lines = [sample_line(0), sample_line(1)] if letters else []
    folder = write_open_run(tmp_path, [open_line(0), open_line(1)], letters=lines)
    found = read([folder])
    assert [subject.variant for subject in subjects(found.runs)] == [""] * letters
    assert not any(
        "damaged" in note or "[0, 1]" in note for run in found.runs for note in run.notes
    )
    for render in FORMATS.values():
        render(build(found))
    with pytest.raises(SubmissionError) as refused:
        check(found.runs, model="org/model-one")
    assert ("no scores of LongSafetyBench" in str(refused.value)) is not letters
    # The table of the run has them all the same, tokens of replies included.
    metric = found.runs[0].tasks[OPEN].metric("reply_tokens")
    assert metric.value == 4.0


def test_rescoring_leaves_open_replies_alone(tmp_path):
    folder = write_open_run(tmp_path, [open_line(0)], letters=[sample_line(0)])
    (one,) = rescore(read([folder], keep_text=True).runs)
    assert list(one.run.samples) == [DOC_ATTACK]
