"""The bar for what takes long: on a terminal only, and after two seconds only."""

import io
import sys

from lm_eval_longsafety.data import progress
from tests.terminal import terminal


def test_a_terminal_shows_what_is_done_and_how_far(monkeypatch):
    monkeypatch.setattr(progress, "PATIENCE_S", 0)
    with terminal(monkeypatch) as shown:
        bar = progress.progress("reading", range(4), unit=" files")
        for _ in bar:
            bar.refresh()
    assert "reading:   0%" in shown[0] and "0/4" in shown[0]
    # At the end the line is cleared.
    assert shown[0].endswith(" \r")


def test_a_bar_can_be_advanced_by_hand(monkeypatch):
    monkeypatch.setattr(progress, "PATIENCE_S", 0)
    with terminal(monkeypatch) as shown, progress.progress("reading", total=2_000_000) as bar:
        bar.update(1_000_000)
        bar.refresh()
    assert "reading:  50%" in shown[0] and "1.00M/2.00M" in shown[0]


def test_what_is_done_within_two_seconds_shows_nothing(monkeypatch):
    with terminal(monkeypatch) as shown:
        assert list(progress.progress("reading", range(4))) == [0, 1, 2, 3]
    assert shown == [""]


def test_a_log_file_gets_no_bar(monkeypatch):
    monkeypatch.setattr(progress, "PATIENCE_S", 0)
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    with progress.progress("reading", total=5) as bar:
        bar.update(5)
        bar.refresh()
    assert sys.stderr.getvalue() == ""


def test_of_several_processes_only_the_first_draws(monkeypatch):
    monkeypatch.setattr(progress, "PATIENCE_S", 0)
    monkeypatch.setenv("LOCAL_RANK", "1")
    with terminal(monkeypatch) as shown:
        assert list(progress.progress("reading", range(4))) == [0, 1, 2, 3]
    assert shown == [""]
