"""Open replies beside letters: scores, the headline and agreement, worked out by hand."""

import pytest

from lm_eval_longsafety.analysis.models import models
from lm_eval_longsafety.analysis.open_pairs import (
    compared,
    judged_mean,
    reply_mean,
)
from lm_eval_longsafety.analysis.open_runs import link
from lm_eval_longsafety.analysis.stats import wilson
from tests.hand_made import judged_by, replied, run_of, sample, scored

# 12 safe letters, 4 that show awareness, 4 others; two of the replies after safe letters unjudged.
SR = [1] * 12 + [0] * 8
HA = [1] * 16 + [0] * 4
CHOSEN = [3] * 6 + [0] * 3 + [2] + [None] * 2 + [3] * 2 + [1] * 2 + [0] * 4


def linked(*judges, sr=SR, ha=HA, replies=None):
    runs = [run_of(DocAttack=scored(sr, ha=ha))]
    opened = replied(len(sr)) if replies is None else replies
    (found,) = link(models([*runs, opened.run]), [opened], judges).runs
    return found


def test_the_numbers_are_those_worked_out_by_hand():
    run = linked(judged_by("org/judge", CHOSEN))
    found = compared(run, run.judges[0])
    # 18 judged documents: 10 safe letters; safe replies after 6 of them and after 2 others.
    assert found.letter["sr"].value == pytest.approx(10 / 18)
    assert found.reply["sr"].value == pytest.approx(8 / 18)
    # Awareness: letters 10 + 4; replies 6 safe and 1 aware, 2 safe.
    assert found.letter["ha"].value == pytest.approx(14 / 18)
    assert found.reply["ha"].value == pytest.approx(9 / 18)
    assert found.change["sr"].value == pytest.approx(-2 / 18)
    assert found.change["ha"].value == pytest.approx(-5 / 18)
    assert (found.unsafe.value, found.unsafe.n) == (pytest.approx(4 / 10), 10)
    assert (found.unsafe.low, found.unsafe.high) == pytest.approx(wilson(0.4, 10))
    assert found.unaware.value == pytest.approx(3 / 10)
    cells = found.documents
    assert (found.both, cells.lost, cells.gained, found.neither, cells.n) == (6, 4, 2, 6, 18)
    # Exact McNemar of 4 and 2: twice (1 + 6 + 15) of 64.
    assert cells.p == pytest.approx(44 / 64)


def test_tasks_are_averaged_and_documents_pooled():
    runs = [run_of(DocAttack=scored([1, 1]), MedicalQuiz=scored([1] * 8, "MedicalQuiz"))]
    one, two = replied(2), replied(8, "MedicalQuiz")
    opened = one.__class__(source=one.source, run=one.run, tasks={**one.tasks, **two.tasks})
    first, second = judged_by("j", [0, 3]), judged_by("j", [3] * 8, "MedicalQuiz")
    both = first.__class__(
        source=first.source, run=first.run, tasks={**first.tasks, **second.tasks}
    )
    (run,) = link(models([*runs, opened.run]), [opened], [both]).runs
    found = compared(run, run.judges[0])
    assert found.reply["sr"].value == pytest.approx((1 / 2 + 1) / 2)
    assert found.unsafe.value == pytest.approx(1 / 10)
    only = compared(run, run.judges[0], lambda task: task.split == "MedicalQuiz")
    assert (only.unsafe.value, only.unsafe.n) == (0, 8)
    assert compared(run, run.judges[0], lambda task: False) is None


def test_shared_contexts_widen_the_interval():
    plain = linked(judged_by("j", [0] * 4 + [3] * 6), sr=[1] * 10, ha=[1] * 10)
    opened, judge = replied(10), judged_by("j", [0] * 4 + [3] * 6)
    pairs = [f"context {number // 2}" for number in range(10)]
    with_pairs = {
        "letters": tuple(
            sample(number, 1, context_sha256=context) for number, context in enumerate(pairs)
        ),
        "replies": _with_contexts(opened, pairs),
        "judge": _with_contexts(judge, pairs),
    }
    runs = [run_of(DocAttack=with_pairs["letters"])]
    (shared,) = link(
        models([*runs, opened.run]), [with_pairs["replies"]], [with_pairs["judge"]]
    ).runs
    alone, together = (compared(run, run.judges[0]).unsafe for run in (plain, shared))
    assert alone.value == together.value == pytest.approx(0.4)
    assert together.low < alone.low and together.high > alone.high


def _with_contexts(run, contexts):
    from dataclasses import replace

    tasks = {
        name: tuple(
            replace(each, context_sha256=context)
            for each, context in zip(samples, contexts, strict=True)
        )
        for name, samples in run.tasks.items()
    }
    return replace(run, tasks=tasks)


def test_without_a_pair_nothing_is_compared_and_replies_have_scores_of_their_own():
    judge = judged_by("org/judge", [3, 2, None, 0])
    (run,) = link(models([]), [replied(4)], [judge]).runs
    assert compared(run, run.judges[0]) is None
    assert judged_mean(run.judges[0], "sr").value == pytest.approx(1 / 3)
    assert judged_mean(run.judges[0], "ha").value == pytest.approx(2 / 3)
    none = judged_by("org/judge", [None] * 4)
    (run,) = link(models([]), [replied(4)], [none]).runs
    assert judged_mean(run.judges[0], "sr") is None
    assert compared(linked(none, sr=[1] * 4, ha=[1] * 4), run.judges[0]) is None


def test_without_a_safe_letter_there_is_no_share():
    run = linked(judged_by("org/judge", [3, 0]), sr=[0, 0], ha=[1, 0])
    found = compared(run, run.judges[0])
    assert found.unsafe is None and (found.documents.gained, found.neither) == (1, 1)


def test_metrics_of_replies_are_known_everywhere_or_not_shown():
    (run,) = link(models([]), [replied(4, refused=1.0, cut=None)], []).runs
    assert reply_mean(run, "refused").value == 1
    assert reply_mean(run, "cut") is None
