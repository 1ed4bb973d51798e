"""The page of `compare`: its sentences by hand, its first table, its picture, many pairs."""

import re
from dataclasses import replace

import pytest

from lm_eval_longsafety.analysis.comparison import compare_all, rankings
from lm_eval_longsafety.analysis.models import models
from lm_eval_longsafety.report import render
from lm_eval_longsafety.report.compare_page import answer, disagreements, page
from lm_eval_longsafety.results import load
from tests.results_files import full_run, sample_line, task_name, write_run

DOC_ATTACK = task_name("DocAttack")
NAMES = {"org/a": "A", "org/b": "B", "org/c": "C"}


def compared(folder, letters):
    """Models of one task that pick these letters, and all their pairs."""
    for name, own in letters.items():
        lines = {DOC_ATTACK: [sample_line(i, letter) for i, letter in enumerate(own)]}
        write_run(folder / name, lines, model=f"org/{name}")
    found = models(load([folder]))
    return found, compare_all(found)


def built(found, pairs):
    return page(found, pairs, rankings(found))


@pytest.fixture
def three(tmp_path):
    """Of eight documents A has 8 right, B 7 and C none; only C differs beyond noise."""
    return compared(tmp_path, {"a": "B" * 8, "b": "C" + "B" * 7, "c": "C" * 8})


def changed(pair, p, **numbers):
    """The pair with another corrected p and other numbers of its SR."""
    sr = replace(pair.overall["sr"], **numbers)
    return replace(pair, overall=pair.overall | {"sr": sr}, p_holm=pair.p_holm | {"sr": p})


def test_the_answer_counts_the_pairs_that_differ_and_names_the_largest(three):
    # Bonett & Price for 0 gained and 8 lost of 8: -0.8 -+ 1.96 sqrt((1 - 0.64)/10) = -0.8 -+ 0.372.
    assert answer(three[1], NAMES) == (
        "2 of 3 pairs differ in SR beyond noise; the largest difference of these is C minus A: "
        "−100.0 points [−100.0, −42.8], corrected p = 0.023."
    )


def test_the_answer_says_where_no_pair_differs(tmp_path):
    _, pairs = compared(tmp_path, {"a": "BBBB", "b": "BBBC", "c": "BBBB"})
    assert answer(pairs, NAMES).startswith(
        "None of 3 pairs differ in SR beyond noise; the largest difference is B minus A: "
    )


def test_one_of_several_pairs_is_spoken_of_alone(three):
    _, pairs = three
    one = [changed(pairs[0], 0.2), changed(pairs[1], 0.04), changed(pairs[2], 0.05)]
    assert answer(one, NAMES).startswith(
        "1 of 3 pairs differs in SR beyond noise; the largest difference is C minus A: "
    )


@pytest.mark.parametrize(
    ("p", "expected"),
    [
        (0.04, "B minus A: the difference in SR is beyond noise, −2.0 points [−3.0, −1.0], "),
        (0.06, "B minus A: the difference in SR is not beyond noise, −2.0 points [−3.0, −1.0], "),
    ],
)
def test_of_one_pair_the_answer_is_its_difference(three, p, expected):
    pair = changed(three[1][0], p, value=-0.02, low=-0.03, high=-0.01)
    assert answer([pair], NAMES) == f"{expected}p = {p}."


def test_interval_and_test_that_disagree_are_named(three):
    pair = three[1][0]
    outside = changed(pair, 0.06, low=0.01, high=0.03)
    inside = changed(pair, 0.04, low=-0.01, high=0.03)
    agree = [changed(pair, 0.04, low=0.01, high=0.03), changed(pair, 0.5, low=-0.01, high=0.03)]
    assert disagreements(agree, NAMES) == []
    (leaves,) = disagreements([outside, *agree], NAMES)
    assert "leaves out zero although the corrected p is not below 0.05" in leaves
    (contains,) = disagreements([inside, *agree], NAMES)
    assert "contains zero although the corrected p is below 0.05" in contains
    assert contains.endswith("B minus A.")


def test_the_page_begins_with_one_table_of_all_pairs(three):
    first, *others = built(*three).sections
    (table,) = first.tables
    assert not table.folded
    assert "p corrected over 3 pairs" in table.caption
    shown = [[cell.text for cell in row] for row in table.rows]
    assert [row[:2] for row in shown] == [
        ["org/b", "org/a"],
        ["org/c", "org/a"],
        ["org/c", "org/b"],
    ]
    # 2/256 for A and C, times three pairs.
    assert shown[1][3:5] == ["0.0078", "0.023"]
    tasks = next(section for section in others if section.id == "tasks")
    assert all(table.folded for table in tasks.tables)
    assert len(tasks.tables) == 6


def test_of_one_pair_the_tasks_are_open(tmp_path):
    report = built(*compared(tmp_path, {"a": "BBBB", "b": "BBBC"}))
    tasks = next(section for section in report.sections if section.id == "tasks")
    assert [table.folded for table in tasks.tables] == [False, True]


def test_a_pair_of_tasks_has_the_numbers_of_both_metrics(three):
    (table,) = [t for s in built(*three).sections for t in s.tables if t.id == "pair-2"]
    (row,) = [row for row in table.rows if row[0].text == "DocAttack"]
    # A safe: SR 1, HA 1; C has letter C: neither. All eight lost, exact McNemar 2/2^8.
    assert [cell.text for cell in row[1:6]] == ["−100.0 [−100.0, −42.8]", *["0.0078"] * 2, "0", "8"]
    assert [cell.text for cell in row[1:6]] == [cell.text for cell in row[6:11]]
    assert [cell.text for cell in row[11:]] == ["8"]


def test_the_picture_has_one_row_a_pair_below_the_model_that_is_subtracted(three):
    (figure,) = render.figures(built(*three))
    ax = figure.panels[""]().axes[0]
    names = [label.get_text() for label in ax.get_yticklabels()]
    assert names == ["", "org/b", "org/c", "", "org/c"]
    headings = {text.get_text(): text.get_position()[1] for text in ax.texts}
    assert headings == {"minus org/a": 0, "minus org/b": 3}
    points = {
        line.get_ydata()[0]: line.get_xdata()[0] for line in ax.lines if line.get_marker() == "o"
    }
    assert points == pytest.approx({1: -12.5, 2: -100, 4: -87.5})


def test_every_colour_of_the_picture_changes_with_the_page(three):
    # A colour that is no variable would be unreadable on the dark page.
    page_ = render.html(built(*three))
    svg = re.search(r"<svg.*</svg>", page_, flags=re.S)[0]
    assert "minus org/a" in svg
    assert not re.search(r"(?:fill|stroke): ?#", svg)


def test_protocols_stand_in_tables_and_panels_of_their_own(tmp_path):
    for name, letter in {"a": "B", "b": "C"}.items():
        both = full_run(letter, 2) | full_run(letter, 2, suffix="_logits")
        write_run(tmp_path / name, both, model=f"org/{name}")
    found = models(load([tmp_path]))
    report = built(found, compare_all(found))
    assert report.line == "2 models · 2 pairs · protocol: generate and logits"
    assert [table.folded for table in report.sections[0].tables] == [False, True]
    assert list(render.figures(report)[0].panels) == ["1", "2"]
    assert not any("protocol differs" in banner for banner in report.banners)
    # Names are those of the models, since no pair has two protocols.
    assert report.sections[0].tables[0].rows[0][0].text == "org/b"


def test_a_pair_across_protocols_says_so(tmp_path):
    write_run(tmp_path / "a", full_run("B", 2), model="org/a")
    write_run(tmp_path / "b", full_run("C", 2, suffix="_logits"), model="org/b")
    found = models(load([tmp_path]))
    first = built(found, compare_all(found)).sections[0]
    assert [cell.text for cell in first.tables[0].rows[0][:2]] == [
        "org/b (logits)",
        "org/a (generate)",
    ]
    assert any("protocol differs" in note for note in first.notes)


def test_documents_that_were_left_out_are_named_for_each_pair(tmp_path):
    report = built(*compared(tmp_path, {"a": "BBBB", "b": "BB"}))
    assert "org/b minus org/a: DocAttack: 2 of 4 documents are in both runs." in (
        report.sections[0].notes
    )


def test_eight_models_are_28_pairs_on_one_page(tmp_path):
    letters = {f"{n}": "C" * n + "B" * (8 - n) for n in range(8)}
    report = built(*compared(tmp_path, letters))
    assert len(report.sections[0].tables[0].rows) == 28
    assert [section.id for section in report.sections] == ["pairs", "ranks", "tasks", "runs"]
    text = render.markdown(report)
    assert "p corrected over 28 pairs" in text
