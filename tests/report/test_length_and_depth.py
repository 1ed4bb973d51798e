"""The section on length and depth: its sentence on hand-made numbers, its tables and pictures."""

from dataclasses import replace

import pytest

from lm_eval_longsafety.analysis.models import models
from lm_eval_longsafety.analysis.stats import Estimate
from lm_eval_longsafety.report.length_and_depth import section
from lm_eval_longsafety.report.trends import Trend, answer, trends
from lm_eval_longsafety.results import read
from tests.hand_made import run_of, scored
from tests.results_files import full_run, write_run


def estimate(value, low=None, high=None):
    low, high = (value - 0.1 if low is None else low), (value + 0.1 if high is None else high)
    return Estimate(value=value, stderr=0.05, low=low, high=high, n=20)


def trend(label, first, last, low, high, p, depths=(), **changes):
    return Trend(
        label=label,
        ends=("8,192 tokens", "32,768 tokens"),
        first=estimate(first),
        last=estimate(last),
        low=low,
        high=high,
        p=p,
        depths={depth: estimate(value) for depth, value in depths},
        **changes,
    )


FALL = trend("org/a", 0.6, 0.4, -0.31, -0.09, 0.0021)
RISE = trend("org/b", 0.5, 0.6, 0.02, 0.18, 0.04)
SAME = trend("org/c", 0.5, 0.5, -0.1, 0.1, 1.0)


def test_a_model_alone_has_its_interval_and_p():
    assert answer([FALL]) == (
        "With longer contexts SR of org/a falls from 60.0 % at 8,192 tokens to 40.0 % at 32,768 "
        "tokens: −20.0 points [−31.0, −9.0], p = 0.0021, paired by document."
    )
    assert "SR of org/b rises from 50.0 %" in answer([RISE])
    assert "SR of org/c does not change, from 50.0 %" in answer([SAME])


def test_of_several_models_those_that_change_beyond_noise_are_counted():
    assert answer([SAME, RISE, FALL]) == (
        "With longer contexts SR falls beyond noise (corrected p < 0.05) for 1 and rises for 1 of "
        "3 models; it changes most for org/a, from 60.0 % at 8,192 tokens to 40.0 % at 32,768 "
        "tokens: −20.0 points [−31.0, −9.0], corrected p = 0.0021, paired by document."
    )
    assert "for none and rises for 1 of 2 models" in answer([SAME, RISE])
    weak = trend("org/d", 0.5, 0.4, -0.3, 0.1, 0.4)
    assert "SR changes beyond noise (corrected p < 0.05) for none of 2 models" in answer(
        [SAME, weak]
    )


def test_of_equal_changes_the_fall_is_named():
    rise = trend("org/b", 0.4, 0.6, 0.09, 0.31, 0.0021)
    assert "it changes most for org/a," in answer([rise, FALL])
    assert "it changes most for org/a," in answer([FALL, rise])


@pytest.mark.parametrize(
    ("low", "high", "p", "word"),
    [(-0.3, 0.01, 0.03, "contains"), (-0.3, -0.01, 0.2, "leaves out")],
)
def test_an_interval_that_contradicts_the_test_is_explained(low, high, p, word):
    found = answer([trend("org/a", 0.6, 0.4, low, high, p)])
    assert (
        f"The interval of the difference, [−30.0, {100 * high:+.1f}], {word} zero".replace("-", "−")
        in found
    )
    assert "The interval" not in answer([FALL])


def test_the_depth_with_the_lowest_score_is_named():
    low = answer([trend("org/a", 0.6, 0.4, -0.3, -0.1, 0.01, [(0, 0.5), (0.5, 0.3), (1, 0.4)])])
    assert low.endswith("; its SR is lowest at depth 0.5 (30.0 % [20.0, 40.0]).")
    tie = answer([trend("org/a", 0.6, 0.4, -0.3, -0.1, 0.01, [(0, 0.3), (0.5, 0.3), (1, 0.4)])])
    assert "depth 0 (30.0 % [20.0, 40.0]) and depth 0.5 (30.0 %" in tie
    flat = answer([trend("org/a", 0.6, 0.4, -0.3, -0.1, 0.01, [(0, 0.3), (0.5, 0.3)])])
    assert "depth" not in flat


def test_other_documents_are_said_not_to_be_paired():
    own = trend("org/a", 0.6, 0.4, -0.4, 0.01, None, [(0, 0.5), (1, 0.3)], where="HarmfulNIAH")
    assert answer([own]) == (
        "With longer contexts SR of org/a falls from 60.0 % at 8,192 tokens to 40.0 % at 32,768 "
        "tokens: −20.0 points [−40.0, +1.0], not paired, since these are other documents; its SR "
        "on HarmfulNIAH is lowest at depth 1 (30.0 % [20.0, 40.0])."
    )
    other = trend("org/b", 0.6, 0.5, -0.2, 0.1, None)
    assert answer([other, own]).startswith(
        "With longer contexts SR changes most for org/a, from 60.0 %"
    )


def test_without_lengths_to_compare_that_is_said():
    assert answer([]).startswith("How SR changes with the length of the context is unknown")


def embedded(name, short, long):
    """Runs of `longsafety_length` at two lengths."""
    return [
        run_of(name, suffix=f"_length_{length:07d}_0.50", DocAttack=scored(sr))
        for length, sr in {1024: short, 4096: long}.items()
    ]


def test_trends_of_embedded_documents_are_paired_and_corrected():
    # Each model: six documents fall, p = 2 / 2^6 = 0.03125; corrected over two models: 0.0625.
    first, second = (embedded(name, [1] * 6, [0] * 6) for name in ("org/a", "org/b"))
    found = trends(models([*first, *second]))
    assert [(t.label, t.ends, t.value) for t in found] == [
        (name, ("1,024 tokens", "4,096 tokens"), -1.0) for name in ("org/a", "org/b")
    ]
    assert [t.p for t in found] == [0.0625, 0.0625]
    assert trends(models(first))[0].p == 0.03125


def test_embedded_documents_come_before_buckets_and_these_before_the_tasks_own_lengths():
    grid = (*scored([1, 1], "HarmfulNIAH", depth=0.0, length=1000.0),)
    grid += scored([1, 0], "HarmfulNIAH", depth=0.0, length=2000.0)
    plain = run_of(HarmfulNIAH=grid)
    (found,) = trends(models([plain]))
    assert found.ends == ("length 1,000 of HarmfulNIAH", "length 2,000 of HarmfulNIAH")
    assert (found.first.value, found.last.value, found.p) == (1.0, 0.5, None)
    tokens = (*scored([1], prompt_tokens=10), *scored([0, 1], prompt_tokens=5000))
    (found,) = trends(models([run_of(DocAttack=tokens, HarmfulNIAH=grid)]))
    assert found.ends == ("0 to 1,023 tokens", "4,096 to 8,191 tokens")
    assert (found.first.value, found.last.value, found.where) == (1.0, 0.5, "HarmfulNIAH")
    found = trends(models([run_of(DocAttack=tokens), *embedded("org/b", [1], [1])]))
    assert [t.label for t in found] == ["org/b"]


def test_a_run_without_lengths_has_no_section():
    assert section(models([run_of(DocAttack=scored([1]))])) is None


def rows(found, id_):
    (table,) = [table for table in found.tables if table.id == id_]
    return {row[0].text: [cell.value for cell in row[1:]] for row in table.rows}


def test_maps_and_buckets_of_files_are_those_worked_out_by_hand(tmp_path):
    # Per task B, D, A, C, B, D, A, C with B safe. Documents 0, 2 stand at depth 0 and length 1,000.
    write_run(tmp_path, full_run("BDAC", 8))
    found = section(models(read([tmp_path]).runs))
    assert rows(found, "grid-harmfulniah-table") == {
        "org/model-one, depth 0": [0.5, 0.5],
        "org/model-one, depth 0.5": [0.0, 0.0],
    }
    assert rows(found, "length-table") == {"0 to 1,023": [0.25, 80]}
    # All prompts are in one bucket; the lengths of the two grid tasks do not differ either.
    assert "0.0 points" in found.answer
    assert "lowest at depth 0.5 (0.0 %" in found.answer


def test_every_model_has_a_small_map_and_no_depth_a_colour():
    runs = [run for n in range(8) for run in embedded(f"org/{n}", [1, 1], [1, 0])]
    found = section(models(runs))
    (figure,) = found.figures
    drawn = figure.panels["embedded"]()
    shown = [ax for ax in drawn.axes if ax.texts]
    assert len(shown) == 8
    assert [text.get_text() for text in shown[0].texts] == ["100", "50"]
    assert list(figure.panels) == ["embedded"]
    assert rows(found, "embedded-table")["org/0, depth 0.5"] == [1.0, 0.5]
    assert rows(found, "length-change")["org/0"][4] == -0.5


def test_curves_have_the_colour_of_their_model_and_a_panel_of_their_own():
    samples = (*scored([1], prompt_tokens=10), *scored([0, 1], prompt_tokens=5000))
    (figure,) = section(models([run_of(f"org/{n}", DocAttack=samples) for n in range(3)])).figures
    axes = [ax for ax in figure.panels["prompts"]().axes if ax.lines]
    assert len({ax.lines[0].get_color() for ax in axes}) == 3
    assert all(len({line.get_color() for line in ax.lines}) == 1 for ax in axes)
    assert [label.get_text() for label in axes[-1].get_xticklabels()] == ["0", "4k"]


def filled(name, court, village):
    """A run whose documents stand in two fillers."""
    samples = (*scored(court, filler="court"), *scored(village, "DocAttack", filler="vill<age"))
    numbered = [replace(s, id=f"{s.filler}-{s.id}") for s in samples]
    return run_of(name, DocAttack=numbered)


def test_scores_by_filler_have_a_sentence_and_a_table():
    found = section(models([filled("org/a", [1, 1, 1, 1], [1, 0, 0, 1])]))
    # Wilson's interval of 2 of 4 is [15.0, 85.0], of 4 of 4 [51.0, 100.0].
    assert found.notes == (
        "By filler: SR of org/a is lowest with vill<age (50.0 % [15.0, 85.0]) and highest with "
        "court (100.0 % [51.0, 100.0]), on other documents.",
    )
    assert rows(found, "filler-table") == {"court": [1.0, 4], "vill<age": [0.5, 4]}
    assert found.figures == ()


def test_of_several_models_the_one_whose_sr_differs_most_by_filler_is_named():
    runs = [filled("org/a", [1, 0], [0, 1]), filled("org/b", [0, 0], [1, 0])]
    (note,) = section(models(runs)).notes
    assert note.startswith("By filler: SR differs most for org/b, and is lowest with court (0.0 %")
    (same,) = section(models(runs[:1])).notes
    assert same == "By filler: SR is the same with all of court, vill<age."
