"""The summary in a terminal: fits its width, hides nothing, shows names as text."""

import re

import pytest
from rich.cells import cell_len

from lm_eval_longsafety.report.content import Column, Report, Section, Table, score, text, words
from lm_eval_longsafety.report.sections import build
from lm_eval_longsafety.report.terminal import text as summary
from lm_eval_longsafety.results import read
from tests.results_files import full_run, write_run

MODELS = {
    "org/short": "BBDB",
    "an-organisation/a-model-whose-name-is-rather-long-8B-thinking": "BDAC",
    "org/[bold red]markup :smile:": "CCAC",
}


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    folder = tmp_path_factory.mktemp("terminal")
    for number, (model, picks) in enumerate(MODELS.items()):
        both = full_run(picks, 8) | full_run(picks, 8, suffix="_logits")
        write_run(folder / f"{number}", both, model=model)
    return build(read([folder]))


def plain(shown):
    return re.sub(r"\x1b\[[\d;]*m", "", shown)


@pytest.mark.parametrize("width", [60, 80, 100, 140])
def test_no_line_is_wider_than_the_terminal(report, width):
    assert max(map(cell_len, plain(summary(report, width)).splitlines())) <= width


@pytest.mark.parametrize("width", [60, 80, 140, None])
def test_every_number_of_the_table_is_shown_at_every_width(report, width):
    shown = plain(summary(report, width))
    (table,) = [table for table in report.sections[0].tables if not table.folded]
    for row in table.rows:
        for cell in row[1:]:
            for part in cell.text.split(" ["):
                assert part in shown
    for column in table.columns:
        for word in column.title.split():
            assert word in shown


def test_a_pipe_gets_whole_lines_without_colours(report):
    shown = summary(report)
    assert "\x1b" not in shown
    (row,) = [line for line in shown.splitlines() if line.startswith("an-organisation/")]
    # Wilson of 2/8 joined over ten tasks: tests/report/test_report.py.
    assert "25.0 [19.4, 35.8]   50.0" in row
    assert not any(line != line.rstrip() for line in shown.splitlines())


def test_a_terminal_gets_colours(report):
    assert "\x1b[" in summary(report, 80)


def test_names_are_text_and_no_markup(report):
    assert "org/[bold red]markup :smile:" in summary(report)


def test_banners_stand_before_the_answer_and_notes_behind_the_table(report):
    shown = summary(report)
    places = [shown.index(x) for x in ("! ", report.sections[0].answer, "Rank", "- ")]
    assert places == sorted(places)


def test_a_report_of_other_tasks_only_is_shown_too(tmp_path):
    write_run(tmp_path, {}, extra={"arc_easy": {"acc,none": 0.5}})
    assert "No LongSafetyBench task in these results" in summary(build(read([tmp_path])))


def test_a_table_that_is_too_wide_continues_below_with_the_same_rows():
    columns = (words("Model"), *(Column(title=f"Column {n}") for n in range(6)))
    rows = tuple((text(name), *(text(f"value {n}") for n in range(6))) for name in ("a", "b"))
    table = Table(id="t", caption="Caption", columns=columns, rows=rows)
    section = Section(id="s", title="S", tables=(table,))
    shown = plain(summary(Report(title="T", line="L", sections=(section,)), 40))
    lines = shown.splitlines()
    assert [line.split()[0] for line in lines if line.startswith(("Model", "a ", "b "))] == [
        *("Model", "a", "b"),
        *("Model", "a", "b"),
    ]
    assert all(shown.count(f"value {n}") == 2 for n in range(6))


def test_missing_numbers_are_shown_as_such(tmp_path):
    table = Table(
        id="t",
        caption="C",
        columns=(words("M"), Column(title="SR")),
        rows=((text("a"), score(None)),),
    )
    section = Section(id="s", title="S", tables=(table,))
    assert "n/a" in summary(Report(title="T", line="L", sections=(section,)), 80)
