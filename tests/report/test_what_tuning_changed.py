"""What fine-tuning changed: sentence, tables and picture, from records made by hand."""

from dataclasses import replace

import pytest

from lm_eval_longsafety.analysis.models import models
from lm_eval_longsafety.analysis.other_tasks import average
from lm_eval_longsafety.analysis.tuning import tunings
from lm_eval_longsafety.errors import OptionError
from lm_eval_longsafety.report import what_tuning_changed
from lm_eval_longsafety.report.sections import build
from lm_eval_longsafety.results import Collection, Metric, TaskResult
from tests.hand_made import cells, run_of, scored
from tests.report_cli import longsafety
from tests.results_files import full_run, write_run


def pair(base, tuned, *runs, trained_at=None):
    """The section on two models with these values in DocAttack and in MedicalQuiz."""
    both = [
        run_of(name, DocAttack=scored(values), MedicalQuiz=scored(values[:6], "MedicalQuiz"))
        for name, values in (("base", base), ("tuned", tuned))
    ]
    found = models([*both, *runs])
    made, notes = tunings([(found[0], found[1])], trained_at)
    return what_tuning_changed.section(made, notes, average(found)), made


ZEROS, ONES = (0,) * 10, (1,) * 10


def test_one_sentence_says_what_changed_and_on_which_tasks():
    shown, found = pair(ZEROS, ONES)
    # 10 + 6 documents gained, all with one sign: p of 10,000 random signs is 1/10,001 and more.
    assert found[0].effect.p < 0.001
    # Bonett & Price, ten gained: (11 - 1)/12 -+ 1.96 sqrt((1 - (10/12)²)/12), so [0.521, 1];
    # six: 6/8 -+ 1.96 sqrt((1 - 9/16)/8), so [0.292, 1]. Mean: 1 - sqrt(0.479² + 0.708²)/2.
    assert shown.answer.startswith("Fine-tuning raised the SR of tuned: +100.0 points [+57.2, +100")
    assert shown.answer.endswith("; +100.0 on in-domain tasks and +100.0 on out-of-domain tasks.")


def test_a_change_within_noise_is_not_called_one():
    shown, _ = pair(ONES, (0, *ONES[1:]))
    assert shown.answer.startswith("Fine-tuning did not change the SR of tuned beyond noise: −13.3")
    assert "(p = 0.5)" in shown.answer


def test_a_loss_is_called_one():
    shown, _ = pair(ONES, ZEROS)
    assert shown.answer.startswith("Fine-tuning lowered the SR of tuned: −100.0 points [−100.0, ")


def test_of_several_pairs_the_sentence_counts_and_the_picture_has_a_row_each():
    runs = [run_of(n, DocAttack=scored(ONES if n == "b" else ZEROS)) for n in "abc"]
    a, b, c = models(runs)
    found, notes = tunings([(a, b), (a, c)], None)
    shown = what_tuning_changed.section(found, notes, average([a, b, c]))
    # Exact: 2 of 1,024 patterns are as extreme, times two pairs: 0.0039.
    assert shown.answer == (
        "Fine-tuning raises the SR of 1 of 2 models beyond noise, most that of b, +100.0 points "
        "[+52.1, +100.0] (corrected p = 0.0039)."
    )
    (ax,) = shown.figures[0].panels[""]().axes
    assert [label.get_text() for label in ax.get_yticklabels()] == ["b", "c"]
    (pairs,) = [table for table in shown.tables if table.id == "tuning-pairs"]
    assert [[cell.text for cell in row[:2]] for row in pairs.rows] == [["b", "a"], ["c", "a"]]
    assert [row[5].text for row in pairs.rows] == ["0.0039", "1"]


def test_the_picture_of_one_pair_has_groups_tasks_and_lengths():
    tokens = dict(prompt_tokens=200)
    both = [
        run_of(n, DocAttack=scored(v, **tokens), MedicalQuiz=scored(v, "MedicalQuiz", **tokens))
        for n, v in (("base", ZEROS), ("tuned", ONES))
    ]
    found = models(both)
    made, _ = tunings([(found[0], found[1])], 100)
    shown = what_tuning_changed.section(made, [], average(found))
    (ax,) = shown.figures[0].panels[""]().axes
    assert [label.get_text() for label in ax.get_yticklabels()] == [
        *("Mean over tasks", "", "mean of these", "MedicalQuiz"),
        *("", "mean of these", "DocAttack", "", "above 100 tokens"),
    ]
    assert [text.get_text() for text in ax.texts] == [
        *("In-domain tasks", "Out-of-domain tasks", "By length of the prompt"),
    ]
    assert shown.notes[0].startswith("tuned: change of SR on prompts of more than 100 tokens, +100")
    assert shown.notes[1].startswith("tuned: its prompts are not both inside and beyond the traini")


def test_the_table_of_groups_has_the_difference_between_them():
    shown, _ = pair(ZEROS, ONES)
    (groups,) = [table for table in shown.tables if table.id == "tuning-groups"]
    assert cells(groups, "In-domain tasks minus out-of-domain tasks, not paired")[1] == "n/a"
    assert cells(groups, "In-domain tasks minus out-of-domain tasks, not paired")[0].startswith(
        "0.0 [−"
    )


def without(name, values):
    return run_of(name, suffix="_no_context", DocAttack=scored(values))


def test_a_tuned_model_that_may_ignore_the_document_is_said_to_in_plain_words():
    ones = (1,) * 58
    shown, _ = pair((0,) * 58, ones, without("tuned", ones), without("base", (1, 1) + (0,) * 56))
    assert (
        "The document may be ignored: on the tasks that are about it, SR with the document minus "
        "SR without it is 0.0 points [−3.9, +3.9] (90 % interval) for tuned, so equal within ±10 "
        "points."
    ) in shown.answer
    (table,) = [table for table in shown.tables if table.id == "tuning-document"]
    assert cells(table, "tuned")[1:] == ["58", "yes"]
    assert cells(table, "base")[1:] == ["58", "yes"]


def test_a_tuned_model_that_needs_the_document_is_not_said_to_ignore_it():
    shown, _ = pair((0,) * 58, (1,) * 58, without("tuned", (0,) * 58))
    assert "ignored" not in shown.answer
    (table,) = [table for table in shown.tables if table.id == "tuning-document"]
    assert cells(table, "tuned")[2] == "not shown"


def other(name, **tasks):
    """A run of other tasks: share and standard error of each."""
    rows = {
        task: TaskResult(
            name=task,
            alias=task,
            metrics=(Metric(name="acc", filter="none", value=value, stderr=error),),
        )
        for task, (value, error) in tasks.items()
    }
    return replace(run_of(name), tasks=rows)


def test_capability_and_refusals_of_harmless_questions_have_their_change():
    shown, _ = pair(
        ZEROS,
        ONES,
        other("base", arc_easy=(0.5, 0.03), xstest=(0.1, 0.03)),
        other("tuned", arc_easy=(0.6, 0.04), xstest=(0.3, None)),
    )
    (table,) = [table for table in shown.tables if table.id == "tuning-others"]
    change = table.rows[0][-1]
    # Intervals +- 1.96 se: +- 5.88 and +- 7.84, so +- sqrt(5.88² + 7.84²) = +- 9.8.
    assert change.text == "+10.0 [+0.2, +19.8]"
    assert [row[1].text for row in table.rows] == ["capability (arc_easy)", "xstest (acc)"]
    # Without a standard error there is no interval.
    assert table.rows[1][-1].text == "+20.0"
    assert shown.notes[:2] == (
        "tuned: capability (arc_easy), +10.0 points [+0.2, +19.8].",
        "tuned: xstest (acc), +20.0 points.",
    )


def test_without_such_a_task_the_page_says_that_refusals_are_not_known():
    shown, _ = pair(ZEROS, ONES)
    assert shown.notes[-1].startswith("Whether fine-tuning made models refuse harmless questions")
    assert [table for table in shown.tables if table.id == "tuning-others"] == []


def test_an_over_refusal_task_is_no_capability():
    found = models([other("m", xstest=(0.1, 0.03), my_or_bench_hard=(0.1, 0.03))])
    assert average(found).names == ()


def report(*runs, **options):
    return build(Collection(runs=list(runs), notes=[]), **options)


def two():
    return [run_of(n, DocAttack=scored(v)) for n, v in (("base", ZEROS), ("tuned", ONES))]


def test_the_answer_is_a_fact_of_the_verdict():
    page = report(*two(), pairs=["base=tuned"])
    (shown,) = [section for section in page.sections if section.id == "tuning"]
    assert shown.answer in page.sections[0].notes


def test_without_a_pair_there_is_no_section():
    assert "tuning" not in [section.id for section in report(*two()).sections]


def test_a_training_length_without_a_pair_is_refused():
    with pytest.raises(OptionError, match="--trained-at: no model of these results names another"):
        report(*two(), trained_at=5)


def test_a_pair_that_cannot_be_compared_is_said_to_be_unknown():
    runs = [*two(), run_of("logits", suffix="_logits", DocAttack=scored(ONES))]
    page = report(*runs, pairs=["base=logits"])
    (shown,) = [section for section in page.sections if section.id == "tuning"]
    assert shown.answer.startswith("What fine-tuning changed is unknown")
    assert shown.figures == shown.tables == ()
    assert shown.notes[0].startswith("logits and base have no samples under the same protocol")


@pytest.fixture
def written(tmp_path):
    for name, picks in {"a": "AAAA", "b": "BDAC"}.items():
        write_run(tmp_path / "runs" / name, full_run(picks, 8), model=f"org/{name}")
    return tmp_path / "runs"


@pytest.mark.parametrize("format_", ["html", "md", "csv", "json", "latex", "txt"])
def test_every_format_has_the_section(written, format_):
    options = ("--pair", f"{written}/a=org/b", "--trained-at", 100, "--format", format_)
    done = longsafety("report", written, *options)
    assert done.exit_code == 0, done.exception
    if format_ not in ("csv", "latex"):
        assert "Fine-tuning" in done.stdout
    else:
        assert {"csv": "tuning-groups", "latex": "Tuned minus base"}[format_] in done.stdout


def test_an_unknown_name_writes_nothing(written, tmp_path):
    done = longsafety("report", written, "--pair", "a=c", "-o", tmp_path / "r.html")
    assert "there is no model 'c'; there are org/a, org/b" in str(done.exception)
    assert not (tmp_path / "r.html").exists()
