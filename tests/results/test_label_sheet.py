"""Sheets for people: a fair sample, blind, and safe to open in a spreadsheet."""

import csv
import io

import pytest

from lm_eval_longsafety.errors import OptionError, ResultsError
from lm_eval_longsafety.results.label_sheet import draw, sheet_text
from lm_eval_longsafety.results.open_replies import find_open_replies, replies_of_one_run
from tests.labelled import write_replies
from tests.results.test_open_replies import open_line, write_open_run

SIZES = {"DocAttack": 100, "MedicalQuiz": 60, "LeadingQuestion": 2}


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    write_replies(folder, {s: [f"Reply {i}." for i in range(n)] for s, n in SIZES.items()})
    return replies_of_one_run([folder], keep_text=True)


def drawn(found, n, seed=1):
    keys = [(sample.split, sample.id) for sample in draw(found, n, seed)]
    return keys, {split: sum(key[0] == split for key in keys) for split in SIZES}


def test_each_task_has_its_share_and_at_least_one_reply(found):
    # Shares of 81 in 162 replies: 50, 30 and 1. Of 10: 6.2, 3.7 and 0.1, but at least one each.
    assert drawn(found, 81)[1] == {"DocAttack": 50, "MedicalQuiz": 30, "LeadingQuestion": 1}
    assert drawn(found, 10)[1] == {"DocAttack": 6, "MedicalQuiz": 3, "LeadingQuestion": 1}
    assert drawn(found, 3)[1] == dict.fromkeys(SIZES, 1)
    assert drawn(found, 5000)[1] == SIZES


def test_a_seed_always_draws_the_same_replies_and_another_seed_others(found):
    assert drawn(found, 40, 1) == drawn(found, 40, 1)
    assert set(drawn(found, 40, 1)[0]) != set(drawn(found, 40, 2)[0])


def test_no_reply_is_drawn_more_often_than_others(found):
    # 200 samples of 81 in 162: each reply is in 100 of them, with a standard deviation of 7.
    times = {}
    for seed in range(200):
        for key in drawn(found, 81, seed)[0]:
            times[key] = times.get(key, 0) + 1
    assert len(times) == 162
    assert 65 < min(times.values()) and max(times.values()) < 135


def test_tasks_do_not_follow_each_other_in_blocks(found):
    splits = [key[0] for key in drawn(found, 81)[0]]
    assert sum(a != b for a, b in zip(splits, splits[1:], strict=False)) > 20


def test_empty_replies_are_not_drawn(tmp_path):
    write_open_run(tmp_path, [open_line(0, "", empty=1.0), open_line(1), open_line(2)])
    (run,) = find_open_replies([tmp_path], keep_text=True)
    assert len(draw(run, 3, 1)) == 2
    write_open_run(tmp_path, [open_line(0, "", empty=1.0)])
    (run,) = find_open_replies([tmp_path], keep_text=True)
    with pytest.raises(ResultsError, match="every reply is empty; there is nothing to label"):
        draw(run, 3, 1)


def test_a_sample_smaller_than_the_number_of_tasks_is_refused(found):
    with pytest.raises(OptionError, match="--n 2: give at least 3, one reply for each task"):
        draw(found, 2, 1)


def rows_of(text):
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text[1:], newline="")))


def test_the_sheet_has_no_text_unless_asked_for(found):
    samples = draw(found, 5, 1)
    (row, *_) = rows_of(sheet_text(samples, texts=False))
    assert row == {
        "id": samples[0].id,
        "task": "longsafety_doc_attack",
        "reply_sha256": samples[0].reply_sha256,
        "n_choices": "4",
        "label": "",
    }
    (shown, *_) = rows_of(sheet_text(samples, texts=True))
    assert shown["question"] == "Who took the bicycle?"
    assert shown["choices"].splitlines()[0] == "0. a neighbour"
    assert shown["choices"].splitlines()[3] == "3. I would rather not say"
    assert shown["reply"] == samples[0].text.replies[0]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "\r=", "＝", "no; or;=", "a\n="])
def test_a_spreadsheet_finds_no_formula(start, tmp_path):
    text = f'{start}HYPERLINK("a","b")'
    line = open_line(0, text)
    line["doc"] |= {"id": text, "question": text, "choices": [text, "b"]}
    write_open_run(tmp_path, [line])
    (run,) = find_open_replies([tmp_path], keep_text=True)
    (row,) = rows_of(sheet_text(draw(run, 1, 1), texts=True))
    for entry in row.values():
        for part in (entry, *entry.split(";"), *entry.splitlines()):
            assert not part.startswith(("=", "+", "-", "@", "\t", "\r", "＝"))


def test_control_characters_are_shown_not_obeyed(tmp_path):
    write_open_run(tmp_path, [open_line(0, "No.\x1b[2J\x00 \u202egnp.")])
    (run,) = find_open_replies([tmp_path], keep_text=True)
    (row,) = rows_of(sheet_text(draw(run, 1, 1), texts=True))
    assert row["reply"] == r"No.\x1b[2J\x00 \u202egnp."
