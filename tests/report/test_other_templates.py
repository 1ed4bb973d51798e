"""Runs that were asked with other templates: never shown, ranked or submitted as the benchmark."""

import json

import pytest

from lm_eval_longsafety.analysis.comparison import compare_all
from lm_eval_longsafety.analysis.facts import differences
from lm_eval_longsafety.analysis.gate import judge
from lm_eval_longsafety.analysis.models import models
from lm_eval_longsafety.benchmark import HUB_ID
from lm_eval_longsafety.errors import ResultsError
from lm_eval_longsafety.report.compare_page import page
from lm_eval_longsafety.report.sections import build
from lm_eval_longsafety.results import read
from tests.results_files import full_run, write_run

SHA = "1a2b3c4d" * 8
BANNER = (
    "asked with other templates than the benchmark's (german.yaml). These are not LongSafetyBench "
    "scores."
)


def written(folder, model, templates=None, sha256=SHA, picks="BDAC"):
    """A whole run on the benchmark's data."""
    path = write_run(folder, full_run(picks), model=model)
    data = json.loads(path.read_text())
    for config in data["configs"].values():
        used = {"templates": templates, "templates_sha256": templates and sha256}
        config["metadata"]["provenance"] |= {"data": HUB_ID, **used}
    path.write_text(json.dumps(data))


def found(tmp_path):
    return read([tmp_path])


def section_of(report, id_):
    (own,) = [each for each in report.sections if each.id == id_]
    return own


def test_the_report_says_so_and_shows_no_published_scores(tmp_path):
    written(tmp_path, "org/a", "german.yaml")
    report = build(found(tmp_path))
    assert report.banners == (f"org/a: {BANNER}",)
    published = section_of(report, "published")
    assert (published.tables, published.figures) == ((), ())
    assert published.answer == (
        "This report's scores cannot be compared with the published ones: other templates."
    )
    (settings,) = section_of(report, "setup").tables
    assert ["Templates", "1a2b3c4d german.yaml"] in [[c.text for c in row] for row in settings.rows]


def test_a_run_with_the_benchmarks_templates_stands_beside_the_published_scores(tmp_path):
    written(tmp_path, "org/a")
    report = build(found(tmp_path))
    assert report.banners == ()
    assert section_of(report, "published").tables
    (settings,) = section_of(report, "setup").tables
    assert ["Templates", "the benchmark's"] in [[c.text for c in row] for row in settings.rows]


def test_of_two_runs_only_that_of_the_benchmark_stands_among_published_scores(tmp_path):
    written(tmp_path / "a", "org/a", "german.yaml", picks="BBBB")
    written(tmp_path / "b", "org/b")
    report = build(found(tmp_path))
    assert f"org/a: {BANNER}" in report.banners
    (ladder,) = section_of(report, "published").tables
    kinds = {row[0].text: row[2].text for row in ladder.rows}
    assert kinds["org/b"] == "this report" and "org/a" not in kinds
    # Nor are the two ranked with each other.
    verdict = section_of(report, "verdict")
    assert "not compared: other tasks, data or templates" in verdict.answer
    assert [row[1].text for row in verdict.tables[0].rows] == ["n/a", "n/a"]


def test_a_hostile_name_is_shown_without_control_characters(tmp_path):
    written(tmp_path, "org/a", "x\x1b[31m\n" + "y" * 500)
    (banner,) = build(found(tmp_path)).banners
    assert banner.isprintable() and len(banner) < 300


@pytest.mark.parametrize("other", [None, "english.yaml"])
def test_comparing_names_the_difference_and_the_gate_refuses(tmp_path, other):
    written(tmp_path / "a", "org/a", "german.yaml")
    written(tmp_path / "b", "org/b", other, sha256="f" * 64)
    shown = models(found(tmp_path).runs)
    first, second = (model.main for model in shown)
    (difference,) = differences([first, second])
    assert "set of templates differs (1a2b3c4d german.: org/a; " in difference
    compared = page(shown, compare_all(shown), [])
    assert difference in compared.banners
    with pytest.raises(ResultsError, match="set of templates differs .1a2b3c4d german.yaml and "):
        judge(first, second, 0.02, 0.05)


def test_the_same_templates_are_no_difference(tmp_path):
    written(tmp_path / "a", "org/a", "german.yaml")
    written(tmp_path / "b", "org/b", "german.yaml")
    first, second = (model.main for model in models(found(tmp_path).runs))
    assert differences([first, second]) == []
    assert not judge(first, second, 0.02, 0.05).worse
