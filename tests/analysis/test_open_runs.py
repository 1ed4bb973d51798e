"""Open replies, their letters and their judges are put together, or a note says why not."""

from dataclasses import replace

import pytest

from lm_eval_longsafety.analysis.models import models
from lm_eval_longsafety.analysis.open_runs import link
from lm_eval_longsafety.results import Provenance, Run, TaskResult
from tests.hand_made import DOC_ATTACK, judged_by, replied, run_of, scored

FOUR = [1, 0, 1, 0]


def linked(runs, replies, verdicts=()):
    return link(models([*runs, *[each.run for each in replies]]), replies, verdicts)


def with_hash(run, data):
    """The run of letters, on data with that fingerprint."""
    result = TaskResult(
        name=DOC_ATTACK, alias="", metrics=(), provenance=Provenance(data_sha256=data)
    )
    return replace(run, tasks={DOC_ATTACK: result})


def test_letters_replies_and_verdicts_of_one_model_belong_together():
    found = linked(
        [run_of(DocAttack=scored(FOUR)), run_of("org/b", DocAttack=scored(FOUR))],
        [replied(4)],
        [judged_by("org/judge", [3, 2, None, 0])],
    )
    (only,) = found.runs
    assert (only.label, only.index, found.notes) == ("org/a", 0, ())
    assert (
        list(only.letters)
        == list(only.replies)
        == [("DocAttack", f"DocAttack-{i}") for i in range(4)]
    )
    (judged,) = only.judges
    assert judged.judge == "org/judge"
    assert [verdict.chosen for verdict in judged.verdicts.values()] == [3, 2, None, 0]


def test_a_judge_is_no_model_of_the_report_but_a_model_may_judge_itself():
    judge = judged_by("org/judge", [3])
    assert models([judge.run]) == []
    own = judged_by("org/a", [3])
    (model,) = models([run_of(DocAttack=scored([1])), own.run])
    assert model.label == "org/a" and len(model.runs) == 1
    both = replace(judge.run, tasks={**judge.run.tasks, "mmlu": judge.run.tasks.popitem()[1]})
    assert [model.label for model in models([both])] == ["org/judge"]


@pytest.mark.parametrize(
    ("letters", "replies", "paired"),
    [("f", "f", True), (None, "f", True), ("f", None, True), ("f", "e", False)],
)
def test_replies_of_another_data_revision_are_not_paired(letters, replies, paired):
    run = with_hash(run_of(DocAttack=scored(FOUR)), letters)
    found = linked([run], [replied(4, data=replies)])
    assert bool(found.runs[0].letters) is paired
    note = "org/a: replies and letters of DocAttack answer different data, so they are not paired"
    assert any(each.startswith(note) for each in found.notes) is not paired


def test_a_judge_of_other_data_is_noticed_without_the_replies():
    run = with_hash(run_of(DocAttack=scored(FOUR)), "f")
    (only,) = linked([run], [], [judged_by("org/judge", [3] * 4, data_sha256="e")]).runs
    assert not only.letters
    (only,) = linked([run], [], [judged_by("org/judge", [3] * 4, data_sha256="f")]).runs
    assert len(only.letters) == 4


def test_documents_with_another_context_are_not_paired():
    other = [replace(sample, context_sha256="new") for sample in scored(FOUR)]
    found = linked([run_of(DocAttack=(*scored(FOUR)[:3], other[3]))], [replied(4)])
    assert not found.runs[0].letters
    assert "answer different data" in found.notes[0]


def test_verdicts_on_other_replies_are_left_out_with_a_note():
    judge = judged_by("org/judge", [3, 3, 3, 3])
    (name,) = judge.tasks
    changed = [replace(judge.tasks[name][0], reply_sha256="another"), *judge.tasks[name][1:3]]
    found = linked([], [replied(4)], [replace(judge, tasks={name: tuple(changed)})])
    (judged,) = found.runs[0].judges
    assert len(judged.verdicts) == 2
    assert found.notes == (
        "org/a: org/judge has 1 verdict on other replies than these, left out.",
        "org/a: org/judge has no verdict on 2 of 4 replies.",
    )


def test_verdicts_belong_to_the_run_that_they_name():
    first, second = replied(2), replied(2)
    second = replace(second, source=second.source.with_name("later.json"))
    later = judged_by("org/judge", [3, 3], file="later.json")
    found = link(models([]), [first, second], [later])
    assert [(run.label, len(run.judges)) for run in found.runs] == [
        ("org/a (results.json)", 0),
        ("org/a (later.json)", 1),
    ]
    # Not named and equally fitting: to neither.
    unclear = judged_by("org/judge", [3, 3], file="gone.json")
    found = link(models([]), [first, second], [unclear])
    assert [len(run.judges) for run in found.runs] == [0, 0, 1]
    assert "the replies that org/judge judged (gone.json) are not among" in found.notes[0]
    # A renamed file: all of its verdicts are on these replies.
    (only,) = link(models([]), [first], [unclear]).runs
    assert len(only.judges) == 1


def test_equal_replies_of_another_model_are_not_taken_for_the_judged_ones():
    found = linked([], [replied(2, model="org/b")], [judged_by("org/judge", [3, 3])])
    assert [(run.label, len(run.judges), len(run.replies)) for run in found.runs] == [
        ("org/b", 0, 2),
        ("org/a", 1, 0),
    ]


def test_replies_stand_beside_the_letters_of_their_folder_or_of_none(tmp_path):
    runs = [
        replace(run_of(DocAttack=scored(FOUR)), source=tmp_path / folder / "letters.json")
        for folder in ("one", "two")
    ]
    opened = replied(4)
    source = tmp_path / "two" / "results.json"
    beside = replace(opened, source=source, run=replace(opened.run, source=source))
    (only,) = linked(runs, [beside]).runs
    assert only.index == 1 and only.letters
    source = tmp_path / "three" / "results.json"
    apart = replace(opened, source=source, run=replace(opened.run, source=source))
    (only,) = linked(runs, [apart]).runs
    assert not only.letters


def test_judges_of_one_run_have_labels_of_their_own_and_copies_count_once():
    one, other = judged_by("org/judge", [3, 3]), judged_by("org/judge", [3, 2])
    other = replace(other, source=other.source.with_name("second.json"))
    found = linked([], [replied(2), replied(2)], [one, other, one])
    (only,) = found.runs
    assert [judged.judge for judged in only.judges] == [
        "org/judge (judge.json)",
        "org/judge (second.json)",
    ]


def test_notes_name_the_run_as_the_tables_do():
    second = replied(2)
    second = replace(second, source=second.source.with_name("later.json"))
    judge = judged_by("org/judge", [3], file="later.json")
    assert link(models([]), [replied(2), second], [judge]).notes == (
        "org/a (later.json): org/judge has no verdict on 1 of 2 replies.",
    )


def test_replies_without_a_letter_are_counted():
    found = linked([run_of(DocAttack=scored([1, 0]))], [replied(4)])
    assert found.notes == ("org/a: 2 replies have no letter on the same document.",)


def test_a_run_with_samples_is_never_a_judges():
    judge = judged_by("org/judge", [3]).run
    assert judge.only_judges
    assert not replace(judge, samples={DOC_ATTACK: scored([1])}).only_judges
    assert not Run(source=judge.source, model="m").only_judges
