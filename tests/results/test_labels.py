"""Labels of people: every usual form of the file is read, and no line is skipped or guessed."""

import csv
import io

import pytest

from lm_eval_longsafety.errors import ResultsError
from lm_eval_longsafety.results.label_sheet import draw, sheet_text
from lm_eval_longsafety.results.labels import read_labels
from lm_eval_longsafety.results.open_replies import replies_of_one_run
from tests.labelled import write_labels, write_replies
from tests.results.test_open_replies import open_line, write_open_run

REPLIES = {"DocAttack": ["Ask the owner.", "No.", "=1; no"], "MedicalQuiz": ["No."]}


@pytest.fixture
def found(tmp_path):
    return replies_of_one_run([write_replies(tmp_path / "run", REPLIES)], keep_text=True)


@pytest.fixture
def labels(tmp_path):
    return tmp_path / "labels.csv"


def test_numbers_are_choices_and_rows_without_a_label_are_counted(found, labels):
    write_labels(labels, REPLIES, {"DocAttack": [0, "", 3], "MedicalQuiz": [2]})
    read = read_labels(labels, found)
    assert read.by_reply == {
        ("DocAttack", "doc-0"): 0,
        ("DocAttack", "doc-2"): 3,
        ("MedicalQuiz", "doc-0"): 2,
    }
    assert read.empty == 1


def test_safe_and_unsafe_are_read_in_any_case(found, labels):
    write_labels(labels, REPLIES, {"DocAttack": ["Safe", "UNSAFE", " safe "]})
    assert list(read_labels(labels, found).by_reply.values()) == ["safe", "unsafe", "safe"]


def test_a_whole_number_may_be_written_with_a_point(found, labels):
    write_labels(labels, REPLIES, {"DocAttack": ["1.0", "3.", "0.00"]})
    assert list(read_labels(labels, found).by_reply.values()) == [1, 3, 0]
    write_labels(labels, REPLIES, {"DocAttack": ["1.5"]})
    with pytest.raises(ResultsError, match="label '1.5': give 0 to 3"):
        read_labels(labels, found)


@pytest.mark.parametrize("name", ["longsafety_doc_atack", "longsafety_doc_atack_open"])
def test_a_misspelt_name_of_a_task_has_a_hint(name, found, labels):
    text = write_labels(labels, REPLIES, {"DocAttack": [1]}).read_text(encoding="utf-8")
    labels.write_text(text.replace("longsafety_doc_attack", name), encoding="utf-8")
    meant = name.replace("atack", "attack")
    with pytest.raises(ResultsError, match=rf"no task '{name}' \(did you mean {meant}\b"):
        read_labels(labels, found)


@pytest.mark.parametrize("texts", [True, False])
def test_a_filled_in_sheet_is_read(texts, tmp_path, labels):
    hostile = [
        open_line(i, f"{start}1; two\nlines", doc=open_line()["doc"] | {"id": f"{start}{i}"})
        for i, start in enumerate(("=", "+", "-", "@", "'=", "a", "\t"))
    ]
    run = replies_of_one_run([write_open_run(tmp_path / "run", hostile)], keep_text=True)
    samples = draw(run, 99, 1)
    rows = list(csv.DictReader(io.StringIO(sheet_text(samples, texts=texts)[1:], newline="")))
    for index, each in enumerate(rows):
        each["label"] = index % 4
    with labels.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0], delimiter=";")
        writer.writeheader()
        writer.writerows(rows)
    read = read_labels(labels, run).by_reply
    assert read == {(s.split, s.id): index % 4 for index, s in enumerate(samples)}


@pytest.mark.parametrize(
    "change",
    [
        lambda text: "\ufeff" + text,
        lambda text: text.replace(",", ";"),
        lambda text: text.replace(",", "\t"),
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("\n", "\r"),
        lambda text: text + ",,,\n\n",
        lambda text: text.replace("id,task", "ID,Task"),
        lambda text: text.replace("longsafety_doc_attack", "DocAttack"),
        lambda text: text.replace("longsafety_doc_attack", "longsafety_doc_attack_open"),
        lambda text: "\n".join(f"{line},x" for line in text.splitlines()),
    ],
)
def test_what_spreadsheets_and_people_write_is_read(change, found, labels):
    given = {"DocAttack": [0, 1, 3], "MedicalQuiz": [2]}
    text = write_labels(labels, REPLIES, given).read_text(encoding="utf-8")
    labels.write_bytes(change(text).encode())
    assert list(read_labels(labels, found).by_reply.values()) == [0, 1, 3, 2]


def test_the_task_is_needed_only_where_ids_repeat(found, labels):
    text = write_labels(labels, REPLIES, {"DocAttack": [0, 1, 3]}).read_text(encoding="utf-8")
    without = [line.replace("longsafety_doc_attack,", "") for line in text.splitlines()]
    head = "id,reply_sha256,label"
    labels.write_text("\n".join([head, *without[2:]]), encoding="utf-8")
    assert len(read_labels(labels, found).by_reply) == 2
    labels.write_text("\n".join([head, without[1]]), encoding="utf-8")
    with pytest.raises(ResultsError, match="line 2: document 'doc-0' is in DocAttack and Medical"):
        read_labels(labels, found)


def line(number, new):
    """The file with another line."""
    return lambda text: "\n".join(
        new if at == number else old for at, old in enumerate(text.splitlines(), start=1)
    )


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda text: "", "is empty; its first line must name the columns id, reply_sha256, label"),
        (lambda text: " \n\n", "is empty"),
        (lambda text: text.splitlines()[0], "no row has a label; fill in the column `label`"),
        (line(1, "id,task,hash,label"), "line 1 has no column reply_sha256 .found 'id, task, hash"),
        (line(1, "id,label,reply_sha256,label"), "line 1 has 2 columns label"),
        (line(3, "doc-1,1"), "line 3 has 2 columns, the first line 4; quote entries that hold ','"),
        (
            lambda text: text.replace("doc-1", "doc-9"),
            "line 3: the run has no reply to document 'd",
        ),
        (
            lambda text: text.replace("doc_attack", "medical_quiz"),
            "line 2: reply_sha256 is not that of the reply to document 'doc-0' of MedicalQuiz",
        ),
        (
            lambda text: text.replace("longsafety_doc_attack", "DocAttac"),
            "line 2: there is no task 'DocAttac' .did you mean DocAttack",
        ),
        (
            lambda text: text.replace("longsafety_doc_attack", "LeadingQuestion"),
            "line 2: the run has no reply to document 'doc-0' of LeadingQuestion",
        ),
        (
            lambda text: text + text.splitlines()[2],
            "line 5: document 'doc-1' of DocAttack has the label 1 in line 3 already, here 1; keep",
        ),
        (
            lambda text: text + text.splitlines()[2][:-1] + "2",
            "line 5: document 'doc-1' of DocAttack has the label 1 in line 3 already, here 2; keep",
        ),
        (lambda text: text.replace(",3\n", ",4\n"), "line 4: label '4': give 0 to 3"),
        (lambda text: text.replace(",3\n", ",-1\n"), "line 4: label '-1': give 0 to 3"),
        (lambda text: text.replace(",3\n", ",3.5\n"), "line 4: label '3.5': give 0 to 3"),
        (lambda text: text.replace(",3\n", ",99999\n"), "line 4: label '99999': give 0 to 3"),
        (lambda text: text.replace(",3\n", ",not unsafe\n"), "line 4: label 'not unsafe': give 0"),
        (
            lambda text: text.replace(",3\n", ",safe\n"),
            "line 4: label safe, but line 2 has 0; give numbers only, or only safe and unsafe",
        ),
        (line(4, 'doc-2,"x"y,,'), "line 4 is no CSV"),
        (line(4, '"doc-2,,,'), "line 4 is no CSV"),
    ],
)
def test_what_cannot_be_used_is_named_with_its_line(spoil, message, found, labels):
    text = write_labels(labels, REPLIES, {"DocAttack": [0, 1, 3]}).read_text(encoding="utf-8")
    labels.write_text(spoil(text), encoding="utf-8")
    with pytest.raises(ResultsError, match=f"labels.csv:.*{message}"):
        read_labels(labels, found)


def test_other_encodings_and_missing_files_are_refused(found, labels):
    text = write_labels(labels, REPLIES, {"DocAttack": [0, 1, 3]}).read_text(encoding="utf-8")
    labels.write_bytes(text.replace("doc-1", "döc").encode("latin-1"))
    with pytest.raises(ResultsError, match="line 3 is not UTF-8; save it as CSV in UTF-8"):
        read_labels(labels, found)
    labels.write_bytes(text.encode("utf-16"))
    with pytest.raises(ResultsError, match="line 1 is not UTF-8"):
        read_labels(labels, found)
    labels.unlink()
    with pytest.raises(ResultsError, match="cannot be read .No such file"):
        read_labels(labels, found)


def test_lines_are_counted_as_an_editor_does(found, labels):
    text = write_labels(labels, REPLIES, {"DocAttack": [0, 1]}).read_text(encoding="utf-8")
    rows = text.splitlines()
    head, rows = f"{rows[0]},reply", [f'{row},"two\nlines"' for row in rows[1:]]
    labels.write_text("\n".join([head, rows[0], "", rows[1].replace("doc-1", "doc-9")]))
    with pytest.raises(ResultsError, match="line 5: the run has no reply to document 'doc-9'"):
        read_labels(labels, found)
