"""`longsafety judge sheet` and `judge agreement`, with real files."""

import csv
import json

import pytest
from typer.testing import CliRunner

from lm_eval_longsafety.cli.main import app
from lm_eval_longsafety.errors import LongSafetyError
from tests.extras import hidden_without, longsafety
from tests.labelled import write_labels, write_replies, write_verdicts

REPLIES = {
    "DocAttack": [f"I show {i % 4}. Secret" for i in range(12)],
    "MedicalQuiz": [f"I show {i % 4}. Secret" for i in range(8)],
}
TRUTH = {split: [i % 4 for i in range(len(own))] for split, own in REPLIES.items()}
WRONG = {split: [0 if i < 4 else one for i, one in enumerate(own)] for split, own in TRUTH.items()}


def start(*words):
    return CliRunner().invoke(app, ["judge", *map(str, words)])


def table(done, id_):
    """{row: {column: entry}} of a table of the page as JSON."""
    (section,) = json.loads(done.stdout)["sections"]
    (found,) = [each for each in section["tables"] if each["id"] == id_]
    heads = [f"{c['group']} {c['title']}".strip() for c in found["columns"]]
    return {row[0]["text"]: dict(zip(heads[1:], row[1:], strict=True)) for row in found["rows"]}


@pytest.fixture
def run(tmp_path):
    folder = write_replies(tmp_path / "run", REPLIES)
    write_verdicts(folder / "judged" / "one", REPLIES, WRONG, "org/one")
    return folder


def test_a_sheet_is_drawn_labelled_and_compared(run, tmp_path):
    sheet = tmp_path / "sheet.csv"
    done = start("sheet", run, "-o", sheet, "--n", 20)
    assert done.exit_code == 0, done.output
    assert f"{sheet}: 20 of 20 replies to 2 tasks\n" in done.output
    assert "--show-text writes them into the sheet" in done.output
    assert f"longsafety judge agreement {run} --labels {sheet}" in done.output
    with sheet.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert "Secret" not in sheet.read_text() and "org/" not in sheet.read_text()
    for row in rows[1:]:
        row["label"] = int(row["id"].removeprefix("doc-")) % 4
    with sheet.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    done = start("agreement", run, "--labels", sheet, "--format", "json")
    assert done.exit_code == 0, done.output
    counts = table(done, "label-counts")["org/one"]
    assert [cell["value"] for cell in counts.values()] == [19, 19, 0, 0]
    assert "Rows without a label, which are left out: 1." in done.stdout


def test_all_numbers_of_a_judge_are_those_worked_out_by_hand(run, tmp_path):
    labels = write_labels(tmp_path / "labels.csv", REPLIES, TRUTH)
    done = start("agreement", run, "--labels", labels, "--format", "json")
    # Of each task's first four replies the judge calls all least safe: 6 of 20 wrong, 2 of 5 safe.
    found = table(done, "with-people")["org/one"]
    assert found["Choice agreement %"]["text"].startswith("70.0 [")
    assert found["Safe or unsafe agreement %"]["text"].startswith("90.0 [")
    # Choices by chance: people 5 of 20 each, so 0.25: (0.7 - 0.25) / 0.75. Safe or unsafe: people
    # 15 of 20 unsafe, the judge 17: (0.9 - (0.75 * 0.85 + 0.25 * 0.15)) / (1 - 0.675).
    assert found["Choice kappa"]["value"] == pytest.approx(0.6)
    assert found["Safe or unsafe kappa"]["value"] == pytest.approx(0.225 / 0.325)
    unsafe = table(done, "unsafe")["org/one"]
    assert unsafe["As judged"]["value"] == pytest.approx(17 / 20)
    assert unsafe["Sensitivity"]["text"] == "15 of 15"
    assert unsafe["Specificity"]["text"] == "3 of 5"
    # (17 / 20 + 3 / 5 - 1) / (1 + 3 / 5 - 1) = 0.45 / 0.6: the 15 of 20 that people say.
    assert unsafe["Corrected"]["value"] == pytest.approx(0.75)
    assert unsafe["Corrected"]["low"] < 0.75 < unsafe["Corrected"]["high"]
    rows = table(done, "confusion-choice-1")
    assert [[cell["value"] for cell in row.values()] for row in rows.values()] == [
        [5, 0, 0, 0],
        [2, 3, 0, 0],
        [2, 0, 3, 0],
        [2, 0, 0, 3],
    ]
    assert list(table(done, "confusion-safety-1")) == ["safe", "unsafe"]
    assert "Secret" not in done.output


def test_the_text_names_the_result_in_one_sentence(run, tmp_path):
    labels = write_labels(tmp_path / "labels.csv", REPLIES, TRUTH)
    done = start("agreement", run, "--labels", labels)
    assert done.exit_code == 0, done.output
    assert (
        "org/one and people agree on 90.0 % [69.9, 97.2] of 20 labelled replies, safe or unsafe; "
        "it judged 85.0 % [64.0, 94.8] of its 20 replies unsafe, corrected for its errors 75.0 % ["
    ) in done.output
    assert "Judge safe  Judge unsafe" in done.output


def test_several_judges_are_never_averaged(run, tmp_path):
    write_verdicts(run / "judged" / "two", REPLIES, TRUTH, "org/two")
    labels = write_labels(tmp_path / "labels.csv", REPLIES, {"MedicalQuiz": ["safe"] * 8})
    done = start("agreement", run, "--labels", labels, "--format", "json")
    (shown,) = json.loads(done.stdout)["sections"]
    for name, share in (("org/one", "12.5"), ("org/two", "25.0")):
        assert f"{name} and people agree on {share} % [" in shown["answer"]
    values = table(done, "with-people")
    shares = {name: row["Safe or unsafe agreement %"]["value"] for name, row in values.items()}
    assert shares == {"org/one": 1 / 8, "org/two": 2 / 8}
    between = table(done, "between-judges")
    (two,) = between.values()
    assert "Krippendorff's alpha" not in two
    assert two["Same choice %"]["value"] == pytest.approx(0.7)
    assert two["Cohen's kappa"]["value"] == pytest.approx(0.6)
    # A third judge elsewhere is named as well.
    write_verdicts(tmp_path / "three", REPLIES, {"DocAttack": [None] * 12}, "org/three")
    done = start("agreement", run, tmp_path / "three", "--labels", labels, "--format", "json")
    counts = table(done, "label-counts")["org/three"]
    assert [cell["value"] for cell in counts.values()] == [8, 0, 0, 8]
    assert table(done, "with-people")["org/three"]["Safe or unsafe kappa"]["text"] == "n/a"
    alpha = table(done, "between-judges")["all"]["Krippendorff's alpha"]
    # 40 values, 16 of 0 and 8 of each other choice; six replies differ, twelve ordered pairs.
    assert alpha["value"] == pytest.approx(1 - (12 / 40) / ((1600 - 256 - 3 * 64) / (40 * 39)))
    assert "all labelled replies that it judged are safe; label some of both" in done.output


@pytest.mark.parametrize("ending", ["html", "md", "csv", "json", "tex", "txt"])
def test_a_page_is_written_in_the_format_of_its_name(ending, run, tmp_path):
    labels = write_labels(tmp_path / "labels.csv", REPLIES, TRUTH)
    page = tmp_path / f"page.{ending}"
    done = start("agreement", run, "--labels", labels, "-o", page)
    assert done.exit_code == 0, done.output
    text = page.read_text()
    assert "org/one" in text and "0.60" in text
    assert f"{page}: org/one and people agree on 90.0 %" in done.output


def test_names_are_data(tmp_path):
    folder = write_replies(tmp_path / "run", REPLIES)
    write_verdicts(folder / "judged", REPLIES, WRONG, "=<script>\x1b[2J")
    labels = write_labels(tmp_path / "=<b>.csv", REPLIES, TRUTH)
    for format_ in ("html", "md", "csv", "json", "txt"):
        done = start("agreement", folder, "--labels", labels, "--format", format_)
        assert "\x1b" not in done.output
        if format_ in ("html", "md"):
            assert "<script>\x1b" not in done.output and "=<b>" not in done.output
        if format_ == "csv":
            assert ",=<" not in done.output


def test_a_sheet_with_labels_is_not_overwritten(run, tmp_path):
    sheet = tmp_path / "sheet.csv"
    sheet.write_text("precious")
    done = start("sheet", run, "-o", sheet)
    assert "already there, maybe with labels" in str(done.exception)
    assert sheet.read_text() == "precious"


def test_texts_are_in_the_sheet_on_request(run, tmp_path):
    done = start("sheet", run, "-o", tmp_path / "sheet.csv", "--n", 2, "--show-text")
    assert done.exit_code == 0 and "The texts are in" not in done.output
    assert (tmp_path / "sheet.csv").read_text().count("Secret") == 2


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda run: run / "none", "no such file or folder"),
        (lambda run: run / "judged", "no open replies in"),
        (lambda run: write_replies(run / "again", REPLIES).parent, "holds open replies of 2 runs"),
        (lambda run: next(run.glob("*attack_open*")), "no verdicts in .*; run `longsafety judge r"),
        (
            lambda run: (
                write_verdicts(
                    run / "x", {"DocAttack": ["Another reply."]}, {"DocAttack": [0]}
                ).parent
            ),
            "x/results_.*: these are verdicts on other replies than those of .*/run/results_",
        ),
        (
            lambda run: (
                [
                    path.write_text(path.read_text().splitlines()[0])
                    for path in run.rglob("*quiz_judge*")
                ]
                and run
            ),
            "has 1 of the 8 verdicts of its run; copy the run's files again",
        ),
        (
            lambda run: next(run.glob("*quiz_open*")).unlink() or run,
            "the file with the replies of longsafety_medical_quiz_open is missing; copy",
        ),
        (
            lambda run: next(run.rglob("*quiz_judge*")).unlink() or run,
            "the file with the verdicts of longsafety_medical_quiz_judge is missing; copy",
        ),
    ],
)
def test_results_that_cannot_be_compared_are_refused(make, message, run, tmp_path):
    given = {"DocAttack": TRUTH["DocAttack"]}
    labels = write_labels(tmp_path / "labels.csv", REPLIES, given)
    with pytest.raises(LongSafetyError, match=message):
        raise start("agreement", make(run), "--labels", labels).exception


def test_a_lost_file_of_replies_is_no_smaller_run_but_a_named_file_is(run, tmp_path):
    named = next(run.glob("*attack_open*"))
    assert start("sheet", named, "-o", tmp_path / "named.csv").exit_code == 0
    next(run.glob("*quiz_open*")).unlink()
    for words in (
        ["sheet", run, "-o", tmp_path / "sheet.csv"],
        ["run", run, "--model", "dummy"],
    ):
        message = str(start(*words).exception)
        assert "the replies of longsafety_medical_quiz_open is missing; copy the run's" in message


def test_a_mistake_is_one_line_and_leaves_no_file(run, tmp_path):
    labels = write_labels(tmp_path / "labels.csv", REPLIES, {"DocAttack": [7]})
    page = tmp_path / "page.md"
    done = longsafety(["x"], "judge", "agreement", run, "--labels", labels, "-o", page)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"longsafety: {labels}: line 2: label '7': give 0 to 3, the number of a choice from least "
        "to most safe, or safe or unsafe\n"
    )
    assert not page.exists()


def test_the_extra_has_all_that_is_needed_and_is_named_where_it_lacks(run, tmp_path):
    labels = write_labels(tmp_path / "labels.csv", REPLIES, TRUTH)
    hidden = hidden_without("judge")
    assert {"matplotlib", "vllm", "pytest", "hypothesis"} & hidden
    done = longsafety(hidden, "judge", "agreement", run, "--labels", labels)
    assert done.returncode == 0, done.stderr
    done = longsafety({"krippendorff"}, "judge", "agreement", run, "--labels", labels)
    assert done.returncode == 2
    assert done.stderr == (
        "longsafety: this command needs krippendorff, not installed; "
        "pip install 'lm-eval-longsafety[judge]'\n"
    )
