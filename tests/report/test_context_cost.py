"""Cost of the context: sentence, tables and picture, from records made by hand."""

import pytest

from lm_eval_longsafety.analysis.effects import context_effects
from lm_eval_longsafety.analysis.models import models
from lm_eval_longsafety.report import context_cost
from tests.hand_made import DOC_ATTACK, cells, run, sample

SHORT = f"{DOC_ATTACK}_no_context"


def section(found):
    return context_cost.section(found, context_effects(found))


def fact(found):
    return context_cost.fact(context_effects(found))


def cost(name="m", without=(1, 1, 1, 1, 1, 1), with_=(0, 0, 1, 1, 1, 1)):
    long = [sample(number, sr, ha=1) for number, sr in enumerate(with_)]
    short = [sample(number, sr, ha=1) for number, sr in reversed(list(enumerate(without)))]
    return run(name, **{DOC_ATTACK: long, SHORT: short})


def test_the_cost_is_paired_by_document():
    shown = section(models([cost()]))
    # Without the document all six are safe; with it two of them are not any more. Both flips of
    # two are as extreme: p = 1/2, by the randomisation test and by McNemar's.
    assert shown.answer == (
        "The context changes the SR of m by −33.3 points [−70.8, +20.8], within noise (p = 0.5)."
    )
    sr, ha = shown.tables[:2]
    assert cells(sr, "DocAttack")[1] == "0.5"
    row = sr.rows[1][1]
    assert row.value == pytest.approx(-2 / 6)
    # Bonett & Price: b' = 1/8, c' = 3/8; -0.25 -+ 1.96 * sqrt((0.5 - 0.0625) / 8).
    assert (row.low, row.high) == pytest.approx((-0.7083, 0.2083), abs=1e-3)
    assert ha.folded
    assert ha.rows[0][1].value == 0.0


def test_the_verdicts_fact_is_the_sections_answer():
    found = models([cost("a"), cost("b", with_=(1, 1, 1, 1, 1, 1))])
    assert fact(found) == section(found).answer
    assert fact(models([run(**{DOC_ATTACK: [sample(0, 1)]})])) is None


def test_models_without_the_control_have_no_section():
    assert section(models([run(**{DOC_ATTACK: [sample(0, 1)]})])) is None


def test_scores_without_pairs_are_shown_without_a_difference():
    shown = section(models([run(**{SHORT: [sample(0, 1)]})]))
    assert shown.answer.startswith("What the context costs is unknown")
    assert shown.figures == ()
    assert [table.id for table in shown.tables] == ["context-cost-scores"]
    assert cells(shown.tables[0], "m")[0].startswith("100.0 [")


def test_one_model_is_drawn_by_task_and_several_by_model():
    drawn = []
    for names in ("a", "abcd"):
        shown = section(models([cost(name) for name in names]))
        (ax,) = shown.figures[0].panels[""]().axes
        drawn.append([label.get_text() for label in ax.get_yticklabels()])
    assert drawn == [["Mean over tasks", "DocAttack"], ["a", "b", "c", "d"]]


def test_many_models_stand_in_a_table_for_each_number():
    shown = section(models([cost(name) for name in "abcd"]))
    assert [(table.id, len(table.columns), table.folded) for table in shown.tables] == [
        ("context-cost-sr", 5, False),
        ("context-cost-sr-1", 5, True),
        ("context-cost-ha", 5, True),
        ("context-cost-ha-1", 5, True),
        ("context-cost-scores", 6, True),
    ]
