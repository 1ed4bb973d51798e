"""`longsafety report`: what is printed where, and which pictures are written."""

import pytest

from lm_eval_longsafety.errors import OptionError
from tests.report_cli import longsafety
from tests.results_files import full_run, write_run


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    for name, picks in {"a": "BDAC", "b": "BBAC"}.items():
        write_run(folder / name, full_run(picks, 8), model=f"org/{name}")
    return folder


def test_without_a_file_the_summary_is_printed_as_text(runs):
    done = longsafety("report", runs)
    assert done.exit_code == 0
    assert "Long-context safety report" in done.stdout
    assert "<html" not in done.stdout
    assert "\x1b" not in done.stdout
    assert done.stderr.splitlines()[-1] == ("The whole page with its pictures: add -o report.html")


def test_a_format_that_was_asked_for_needs_no_hint(runs):
    for format_ in ("txt", "md", "html", "csv", "json", "latex"):
        done = longsafety("report", runs, "--format", format_)
        assert done.exit_code == 0
        assert done.stderr == ""


@pytest.mark.parametrize(
    ("name", "start"), [("r.tex", "% Needs"), ("r.txt", "Long-context"), ("r.html", "<!DOCTYPE")]
)
@pytest.mark.parametrize("command", ["report", "compare"])
def test_the_ending_of_the_file_chooses_the_format(runs, tmp_path, command, name, start):
    done = longsafety(command, runs, "-o", tmp_path / name)
    assert done.exit_code == 0, done.output
    assert (tmp_path / name).read_text("utf-8").startswith(start)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_only_the_chosen_pictures_are_written(runs, tmp_path):
    done = longsafety("report", runs, "--figures", tmp_path / "f", "--only", "published, verdict")
    assert done.exit_code == 0, done.output
    assert names(tmp_path / "f") == [
        *("published.pdf", "published.png"),
        *("verdict.pdf", "verdict.png"),
    ]
    assert f"{tmp_path / 'f'}: 2 pictures" in done.stderr


def test_published_scores_can_be_left_out(runs, tmp_path):
    options = ("--no-published", "--figures", tmp_path / "f", "-o", tmp_path / "r.html")
    assert longsafety("report", runs, *options).exit_code == 0
    assert "verdict.pdf" in names(tmp_path / "f")
    assert "published.pdf" not in names(tmp_path / "f")
    assert "2411.06899" not in (tmp_path / "r.html").read_text("utf-8").partition("method")[0]


def test_a_comparison_draws_its_pairs(runs, tmp_path):
    options = ("--figures", tmp_path / "f", "--figure-width", "1")
    assert longsafety("compare", runs, *options).exit_code == 0
    assert names(tmp_path / "f") == ["pairs.pdf", "pairs.png"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--only", "verdict"], "--only belongs to --figures"),
        (["--figure-width", "1"], "--figure-width belongs to --figures"),
        (["--figures", "f", "--figure-width", "3"], "--figure-width '3': give 1 or 2"),
        (["--figures", "f", "--figure-width", "wide"], "--figure-width 'wide': give 1 or 2"),
        (["--figures", "f", "--only", "verdicts"], "'verdicts' (did you mean verdict?)"),
        (["--figures", "f", "--only", "verdict,"], "there is no picture ''"),
        (["--figures", "f", "--only", "zebra"], "there is no picture 'zebra', there are verdict,"),
    ],
)
def test_options_of_pictures_that_do_not_fit_are_one_line(
    runs, tmp_path, monkeypatch, options, message
):
    monkeypatch.chdir(tmp_path)
    done = longsafety("report", runs, "-o", "r.html", *options)
    assert isinstance(done.exception, OptionError)
    assert message in str(done.exception)
    assert not (tmp_path / "r.html").exists()
    assert not list(tmp_path.glob("f/*"))
