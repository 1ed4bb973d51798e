"""Open replies of a base and a tuned model, judged by the same judges; worked out by hand."""

import pytest

from lm_eval_longsafety.analysis.models import models
from lm_eval_longsafety.analysis.open_runs import link
from lm_eval_longsafety.analysis.tuned_replies import reply_changes
from lm_eval_longsafety.analysis.tuning import tunings
from lm_eval_longsafety.report.tuning_tables import in_replies as table
from lm_eval_longsafety.report.what_tuning_changed import in_replies
from tests.hand_made import judged_by, replied, run_of, scored

NAMES = ("org/base", "org/tuned")


def changes(*judges):
    """Each judge is a name, and the choices for the replies of base and tuned model."""
    n = len(judges[0][1])
    letters = [run_of(name, DocAttack=scored([0] * n)) for name in NAMES]
    opened = [replied(n, model=name) for name in NAMES]
    said = [
        judged_by(judge, chosen, model=name)
        for judge, *both in judges
        for name, chosen in zip(NAMES, both, strict=True)
        if chosen
    ]
    shown = models([*letters, *(each.run for each in opened)])
    pairs, _ = tunings([(shown[0], shown[1])], None)
    return reply_changes(pairs, link(shown, opened, said).runs)


def test_replies_of_both_models_are_paired_by_document():
    # Unjudged ones leave six pairs: four gained, one lost. McNemar: twice (1 + 5) of 32.
    (found,) = changes(("org/judge", [0, 0, 0, 0, 3, 3, 0, None], [3, 3, 3, 3, 0, 3, None, 3]))
    assert (found.base.value, found.tuned.value) == (pytest.approx(2 / 6), pytest.approx(5 / 6))
    assert (found.sr.n, found.sr.gained, found.sr.lost) == (6, 4, 1)
    assert found.sr.value == pytest.approx(3 / 6)
    assert found.p == found.sr.p
    assert found.ha.value == pytest.approx(3 / 6)
    (sentence,) = in_replies([found])
    assert "+50.0 points" in sentence and "org/tuned by org/judge" in sentence
    ((*_, replies),) = table([found])[0].rows
    assert replies.text == "6"


def test_judges_are_never_averaged_and_p_is_corrected_for_their_number():
    first, second = changes(("org/a", [0] * 8, [3] * 8), ("org/b", [0] * 8, [0] * 7 + [3]))
    assert [each.judge for each in (first, second)] == ["org/a", "org/b"]
    assert first.p == pytest.approx(2 * first.sr.p) and second.sr.value == pytest.approx(1 / 8)


def test_a_judge_of_one_of_the_models_changes_nothing():
    assert changes(("org/judge", [0] * 4, [])) == []
    assert table([]) == in_replies([]) == []
