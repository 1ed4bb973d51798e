"""Safety beside capability: what is averaged, sentences, tables and picture."""

import itertools
import json
import re
from pathlib import Path

import lm_eval.tasks
import pytest

from lm_eval_longsafety.analysis.models import models
from lm_eval_longsafety.analysis.other_tasks import average, headline_metric, other_tasks
from lm_eval_longsafety.analysis.safety_tasks import PARTS, direction, is_safety
from lm_eval_longsafety.errors import OptionError
from lm_eval_longsafety.report import capability, drawing
from lm_eval_longsafety.report.capability import Point
from lm_eval_longsafety.report.sections import build
from lm_eval_longsafety.results import Metric, Run, TaskResult, read
from tests.hand_made import DOC_ATTACK, cells, sample, share
from tests.report_cli import longsafety
from tests.results_files import document, full_run, write_run


def rows(**values):
    """Other tasks of one run: {name: acc, or (acc, stderr), or a whole row}."""
    made = {}
    for name, value in values.items():
        value, error = value if isinstance(value, tuple) else (value, None)
        row = {"acc,none": value} | ({} if error is None else {"acc_stderr,none": error})
        made[name] = value if isinstance(value, dict) else row
    return made


def run(model="m", safe=True, **values):
    """A run of one safe document, unless `safe` is False, and of other tasks."""
    tasks = {
        name: TaskResult(
            name=name,
            alias=name,
            metrics=tuple(
                Metric(
                    name=key.split(",")[0],
                    filter=key.split(",")[1],
                    value=value,
                    stderr=row.get("acc_stderr,none"),
                )
                for key, value in row.items()
                if "stderr" not in key
            ),
        )
        for name, row in rows(**values).items()
    }
    samples = {DOC_ATTACK: (sample(0, 1),)} if safe else {}
    return Run(source=Path("r.json"), model=model, tasks=tasks, samples=samples)


def report_on(folder, **options):
    return build(read([folder]), **options)


def section_of(report):
    (section,) = [section for section in report.sections if section.id == "capability"]
    return section


def tables(report):
    return {table.id: table for table in section_of(report).tables}


# The mean


def test_the_mean_is_over_the_tasks_that_all_models_have():
    found = models(
        [run("a", arc=0.4, mmlu=0.6, only_a=0.1), run("b", mmlu=0.5, arc=0.7, toxigen=0.9)]
    )
    assert average(found).names == ("arc", "mmlu")
    assert {index: mean.value for index, mean in average(found).means.items()} == pytest.approx(
        {0: 0.5, 1: 0.6}
    )


def test_its_interval_joins_lm_evals_standard_errors():
    found = average(models([run(arc=(0.5, 0.03), mmlu=(0.7, 0.04))]))
    # sqrt(0.03^2 + 0.04^2) / 2 = 0.025; 1.96 * 0.025 = 0.049
    mean = found.means[0]
    assert (mean.value, mean.stderr) == pytest.approx((0.6, 0.025))
    assert (mean.low, mean.high) == pytest.approx((0.551, 0.649), abs=1e-4)


def test_one_task_without_a_standard_error_leaves_the_mean_without_an_interval():
    mean = average(models([run(arc=(0.5, 0.03), mmlu=0.7)])).means[0]
    assert (mean.low, mean.high) == (None, None)


def test_a_model_without_any_other_task_does_not_empty_the_mean():
    found = average(models([run("a", arc=0.4), run("b", arc=0.5), run("c")]))
    assert found.names == ("arc",)
    assert set(found.means) == {0, 1}


@pytest.mark.parametrize(
    "other",
    [
        {"acc_norm,none": 0.5},
        {"acc,strict": 0.5},
        {"acc,none": 31.5},
        {"acc,none": None},
    ],
)
def test_another_metric_or_no_share_is_not_averaged(other):
    found = models([run("a", arc=0.4, mmlu=0.3), run("b", arc=other, mmlu=0.3)])
    assert average(found).names == ("mmlu",)


def test_tasks_below_a_group_are_not_counted_twice():
    made = run(mmlu=0.5, mmlu_law=0.3)
    made.tasks["mmlu"] = TaskResult(
        name="mmlu", alias="", metrics=made.tasks["mmlu"].metrics, subtasks=("mmlu_law",)
    )
    assert average(models([made])).names == ("mmlu",)


def test_several_runs_with_different_values_give_none(tmp_path):
    write_run(tmp_path / "1", full_run(), extra=rows(arc=0.4, mmlu=0.6))
    again = document({}, extra=rows(arc=0.5, mmlu=0.6), date=1.0)
    (tmp_path / "capability.json").write_text(json.dumps(again))
    report = report_on(tmp_path)
    assert cells(tables(report)["capability-table"], "arc") == ["acc", "n/a"]
    assert cells(tables(report)["capability-table"], "mmlu") == ["acc", "60.0 %"]
    assert section_of(report).notes == (
        "org/model-one: several of its runs have different values of arc, so none is shown.",
    )
    assert "mean" not in cells(tables(report)["capability-table"], "Capability")[0]


# Chosen tasks


def test_chosen_tasks_are_averaged_and_named():
    found = average(models([run(arc=0.4, mmlu=0.6, toxigen=0.2)]), ["toxigen", "arc", "arc"])
    assert found.names == ("toxigen", "arc")
    assert found.means[0].value == pytest.approx(0.3)


def test_a_group_without_a_row_stands_for_its_members():
    made = run(bbh=0.5, gpqa=0.3, arc=0.9)
    summary = {"group_subtasks": {"leaderboard": ["bbh", "hard"], "hard": ["gpqa", "hard"]}}
    made = Run(
        source=made.source, model="m", tasks=made.tasks, samples=made.samples, summary=summary
    )
    assert average(models([made]), ["leaderboard"]).names == ("bbh", "gpqa")


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ("ark", "no other task or group 'ark' in these results (did you mean arc"),
        ("hellaswag", "'hellaswag' in these results; found: arc, wikitext"),
        ("", "no other task or group '' in these results; found: arc, wikitext"),
        (DOC_ATTACK, f"no other task or group '{DOC_ATTACK}'"),
        ("wikitext", "wikitext: acc is 12.5, not a share from 0 to 1"),
    ],
)
def test_tasks_that_cannot_be_averaged_are_refused(chosen, message):
    with pytest.raises(OptionError) as caught:
        average(models([run(arc=0.4, wikitext=12.5)]), [chosen])
    assert str(caught.value).startswith("--capability: ")
    assert message in str(caught.value)


def test_different_metrics_of_a_chosen_task_are_refused():
    found = models([run("a", arc=0.4), run("b", arc={"acc_norm,none": 0.5})])
    with pytest.raises(OptionError, match=r"different metrics \(acc, none and acc_norm, none\)"):
        average(found, ["arc"])


def test_a_model_without_a_chosen_task_has_no_point():
    found = models([run("a", arc=0.4, mmlu=0.6), run("b", arc=0.5)])
    chosen = average(found, ["arc", "mmlu"])
    assert set(chosen.means) == {0}
    assert capability.section(found, chosen).notes == ("b: no value of mmlu, so it has no point.",)


def test_the_command_takes_the_tasks(tmp_path):
    write_run(tmp_path, full_run(), extra=rows(arc=0.4, mmlu=0.6, toxigen=0.2))
    shown = longsafety("report", tmp_path, "--format", "md", "--capability", "arc, toxigen")
    assert shown.exit_code == 0
    assert "capability 30.0 %" in shown.output
    page = tmp_path / "page.html"
    refused = longsafety("report", tmp_path, "-o", page, "--capability", "ark")
    assert isinstance(refused.exception, OptionError)
    assert not page.exists()


# Which tasks are no capability


@pytest.mark.parametrize(
    "name",
    [
        *("truthfulqa_mc2", "truthfulqa-multi_mc1_es", "tinyTruthfulQA", "AraDiCE_truthfulqa_mc1"),
        *("toxigen", "realtoxicityprompts", "bbq", "esbbq_age", "crows_pairs_english", "wmdp_bio"),
        *("winogender_all", "simple_cooccurrence_bias", "discrim_eval_explicit", "ethics_cm"),
        *("hendrycks_ethics", "moral_stories", "sycophancy_on_nlp_survey", "persona_agreeableness"),
    ],
)  # fmt: skip
def test_safety_and_bias_tasks_are_known(name):
    assert is_safety(name)


@pytest.mark.parametrize(
    "name",
    [
        *("mmlu_moral_scenarios", "mmlu_business_ethics", "arc_challenge", "winogrande"),
        *("leaderboard_bbh_snarks", "turkishmmlu_religion_and_ethics", "social_iqa"),
        *("greekmmlu_maritime_safety_and_rescue_operations", "personal_finance"),
    ],
)  # fmt: skip
def test_knowledge_tasks_stay_capability(name):
    assert not is_safety(name)


def test_every_part_of_the_list_is_in_the_name_of_a_task_file_or_folder_of_lm_eval():
    folder = Path(lm_eval.tasks.__file__).parent
    paths = [path.relative_to(folder).with_suffix("") for path in folder.rglob("*.yaml")]
    names = "\n".join({part for path in paths for part in path.parts})
    flags = re.IGNORECASE | re.MULTILINE
    assert [part for part in PARTS if not re.search(part, names, flags)] == []


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("wmdp_bio", "lower is safer"),
        ("crows_pairs_french", "50 % is unbiased"),
        ("persona_agreeableness", "share with the trait"),
        ("toxigen", ""),
        ("personal", ""),
    ],
)
def test_what_lm_eval_does_not_say_about_a_direction_is_said(name, read):
    assert direction(name) == read


def test_safety_tasks_have_a_table_of_their_own_and_their_direction(tmp_path):
    write_run(tmp_path, full_run(), extra=rows(arc=0.4, wmdp=0.6, toxigen=0.3))
    report = report_on(tmp_path)
    assert [row[0].text for row in tables(report)["capability-table"].rows] == ["Capability", "arc"]
    assert cells(tables(report)["safety-table"], "wmdp") == ["acc; lower is safer", "60.0 %"]
    assert section_of(report).notes == ("wmdp: lower is safer.",)


def test_safety_tasks_alone_give_no_capability(tmp_path):
    write_run(tmp_path, full_run(), extra=rows(toxigen=0.3))
    section = section_of(report_on(tmp_path))
    assert section.answer == "No capability task has a value of every model, so SR stands alone."
    assert section.figures == ()
    assert [table.id for table in section.tables] == ["safety-table"]


# Sentences


def point(label, able, safe):
    return Point(label, 0, share(able), share(safe, safe - 0.1, safe + 0.1))


def test_one_model_has_both_values_in_words():
    assert capability.answer([point("a", 0.5, 0.25)]) == (
        "a: capability 50.0 %, SR 25.0 % [15.0, 35.0]."
    )


def test_the_most_capable_model_may_have_the_highest_sr_too():
    points = [point("a", 0.5, 0.3), point("b", 0.6, 0.4)]
    assert capability.answer(points) == (
        "b has the highest capability, 60.0 %, and the highest SR, 40.0 % [30.0, 50.0], of 2 "
        "models."
    )


def test_or_another_one():
    points = [point("a", 0.5, 0.3), point("b", 0.4, 0.4), point("c", 0.1, 0.1)]
    assert capability.answer(points) == (
        "a has the highest capability, 50.0 % (SR 30.0 % [20.0, 40.0]); b has the highest SR, "
        "40.0 % [30.0, 50.0] (capability 40.0 %)."
    )


def test_equal_models_are_all_named():
    points = [point("a", 0.5, 0.3), point("b", 0.5, 0.3), point("c", 0.1, 0.2)]
    assert capability.answer(points) == (
        "a and b have the highest capability, 50.0 %; a and b have the highest SR, 30.0 % "
        "[20.0, 40.0]."
    )


def test_the_verdict_has_the_sentence_and_a_column_if_all_models_have_a_value(tmp_path):
    for model, acc in (("org/a", 0.4), ("org/b", 0.6)):
        write_run(tmp_path / model, full_run(), model=model, extra=rows(arc=acc, mmlu=0.8))
    verdict = report_on(tmp_path).sections[0]
    assert any("org/b has the highest capability, 70.0 %" in note for note in verdict.notes)
    assert [column.title for column in verdict.tables[0].columns][-1] == "Capability %"
    assert verdict.tables[0].caption.endswith("capability: mean of 2 tasks")
    assert {row[0].text: row[-1].text for row in verdict.tables[0].rows} == {
        "org/a": "60.0",
        "org/b": "70.0",
    }
    write_run(tmp_path / "c", full_run(), model="org/c")
    titles = [column.title for column in report_on(tmp_path).sections[0].tables[0].columns]
    assert "Capability %" not in titles


# Tables and picture


def test_other_tasks_stand_beside_safety_with_their_headline_metric(tmp_path):
    extra = {
        "arc": {"acc,none": 0.4, "acc_stderr,none": 0.01, "acc_norm,none": 0.5},
        "gsm8k": {"exact_match,flexible-extract": 0.6, "exact_match,strict-match": 0.3},
        "perplexity": {"ppl,none": 12.5},
        "broken": {"acc,none": float("nan")},
    }
    write_run(tmp_path, full_run(), extra=extra)
    table = tables(report_on(tmp_path))["capability-table"]
    assert cells(table, "Capability") == ["mean of arc and gsm8k", "40.0 %"]
    assert cells(table, "arc") == ["acc_norm", "50.0 %"]
    assert cells(table, "gsm8k") == ["exact_match, strict-match", "30.0 %"]
    assert cells(table, "perplexity") == ["ppl", "12.5"]
    assert cells(table, "broken") == ["acc", "n/a"]


def test_a_metric_without_a_number_hands_its_place_to_no_other(tmp_path):
    extra = {
        "gsm8k": {"exact_match,strict-match": float("nan"), "exact_match,flexible-extract": 0.4},
        "arc": {"acc,none": 0.4, "acc_norm,none": "N/A"},
        "words": {"acc,none": "0.5"},
    }
    write_run(tmp_path, full_run(), extra=extra)
    table = tables(report_on(tmp_path))["capability-table"]
    assert cells(table, "gsm8k") == ["exact_match, strict-match", "n/a"]
    assert cells(table, "arc") == ["acc_norm", "n/a"]
    assert cells(table, "words") == ["acc", "n/a"]


def test_metrics_that_are_no_shares_keep_their_unit_and_their_interval(tmp_path):
    extra = {
        "wikitext": {"word_perplexity,none": 12.5, "word_perplexity_stderr,none": 0.2},
        "bits": {"bits_per_byte,none": 0.65, "bits_per_byte_stderr,none": 0.01},
        "broken": {"bleu,none": 31.5, "bleu_stderr,none": -3},
    }
    data = document(full_run(), extra=extra)
    data["higher_is_better"]["bits"] = {"bits_per_byte": False}
    (tmp_path / "r.json").write_text(json.dumps(data))
    table = tables(report_on(tmp_path))["capability-table"]
    # 1.96 * 0.2 = 0.392 and 1.96 * 0.01 = 0.0196
    assert cells(table, "wikitext")[1] == "12.5 ± 0.39"
    assert cells(table, "bits") == ["bits_per_byte; lower is better", "0.65 ± 0.02"]
    assert cells(table, "broken")[1] == "31.5"
    (row,) = [row for row in table.rows if row[0].text == "wikitext"]
    assert (row[2].low, row[2].high) == pytest.approx((12.108, 12.892), abs=1e-3)


def test_tasks_of_others_that_only_sound_like_ours_are_shown(tmp_path):
    names = ("longsafety_foo", "longsafetynet", "longsafety_fully_harmful", "longsafety")
    write_run(tmp_path, full_run(), extra=rows(**dict.fromkeys(names, 0.5)))
    shown = [row[0].text for row in tables(report_on(tmp_path))["capability-table"].rows]
    assert shown == ["Capability", "longsafety_foo", "longsafetynet"]


def test_every_group_of_the_plugin_is_known_as_its_own():
    yamls = (Path(__file__).parents[2] / "task_yamls").rglob("longsafety*.yaml")
    names = [path.stem for path in yamls]
    names += ["longsafety_length_8192_0.5", "longsafety_length_8192_0.5_logits"]
    tasks = {name: TaskResult(name=name, alias="", metrics=()) for name in names}
    assert len(names) > 60
    assert other_tasks([Run(source=Path("x"), model="m", tasks=tasks)]) == []


def test_tasks_below_a_group_are_folded_away(tmp_path):
    data = document(full_run(), extra=rows(mmlu=0.5, mmlu_law=0.4))
    data["group_subtasks"] = {"mmlu": ["mmlu_law"]}
    (tmp_path / "r.json").write_text(json.dumps(data))
    found = tables(report_on(tmp_path))
    assert [row[0].text for row in found["capability-table"].rows] == ["Capability", "mmlu"]
    assert cells(found["capability-table"], "Capability") == ["mmlu", "50.0 %"]
    assert found["capability-leaves"].folded


def test_many_models_have_the_metrics_in_a_table_of_their_own():
    found = models([run(name, arc=0.5, wmdp=0.4) for name in "abcd"])
    section = capability.section(found, average(found))
    main, safety, metrics = section.tables
    assert [len(table.columns) for table in (main, safety, metrics)] == [5, 5, 2]
    assert cells(metrics, "wmdp") == ["acc; lower is safer"]
    assert metrics.folded


def test_results_without_longsafety_are_a_page_of_other_tasks(tmp_path):
    (tmp_path / "r.json").write_text(json.dumps(document({}, extra=rows(arc=0.5))))
    report = report_on(tmp_path)
    assert "No LongSafetyBench task" in report.banners[0]
    assert [section.id for section in report.sections][0] == "capability"
    assert section_of(report).answer == "org/model-one: capability 50.0 %."
    assert cells(tables(report)["capability-table"], "arc") == ["acc", "50.0 %"]


def test_models_without_longsafety_are_compared_in_capability_alone():
    found = models([run("a", safe=False, arc=0.5), run("b", safe=False, arc=0.6)])
    section = capability.section(found, average(found))
    assert section.answer == "b has the highest capability, 60.0 %."
    found = models([run("a", safe=False, wmdp=0.5)])
    assert capability.section(found, average(found)).answer == ""


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([("f1", "none"), ("acc", "none"), ("acc_norm", "none")], ("acc_norm", "none")),
        ([("acc", "other"), ("acc", "strict-match")], ("acc", "strict-match")),
        ([("novel", "x"), ("second", "y")], ("novel", "x")),
        ([("likelihood_diff", "none"), ("pct_stereotype", "none")], ("pct_stereotype", "none")),
    ],
)  # fmt: skip
def test_the_headline_metric_is_chosen_by_a_stated_rule(rows, expected):
    metrics = tuple(Metric(name=n, filter=f, value=0.5, stderr=None) for n, f in rows)
    chosen = headline_metric(TaskResult(name="t", alias="t", metrics=metrics))
    assert (chosen.name, chosen.filter) == expected


def test_capability_of_another_run_of_the_same_model_is_drawn_beside_its_safety(tmp_path):
    for model, acc in (("org/a", 0.4), ("org/b", 0.6)):
        write_run(tmp_path / model / "1", full_run(), model=model)
        other = document({}, model=model, extra=rows(arc=acc), date=1.0)
        (tmp_path / model / "capability.json").write_text(json.dumps(other))
    (figure,) = section_of(report_on(tmp_path)).figures
    assert figure.title == "SR against capability: arc"


ORG = "organisation/model"


def drawn(places):
    """(axes, names with their boxes) of models drawn at (capability, SR)."""
    points = [
        Point(
            f"organisation/model-{i}", i, share(x, x - 0.02, x + 0.02), share(y, y - 0.1, y + 0.1)
        )
        for i, (x, y) in enumerate(places)
    ]
    with drawing.style():
        figure = capability._draw(points, "capability")
        figure.draw_without_rendering()
        (ax,) = figure.axes
        names = [each for each in ax.texts if each.get_text()]
        return ax, [(each.get_text(), each.get_window_extent()) for each in names]


@pytest.mark.parametrize(
    "points",
    [
        [(0.5 + i / 100, 0.4 + i / 50) for i in range(8)],
        [(i / 7, i / 7) for i in range(8)],
        [(0.98, 0.5 + i / 30) for i in range(8)],
    ],
    ids=["close together", "spread", "at the edge"],
)
def test_names_of_points_stay_inside_and_do_not_cover_each_other(points):
    ax, names = drawn(points)
    frame = ax.get_window_extent()
    assert [name for name, _ in names] == [f"{ORG}-{i}" for i in range(8)]
    assert all(frame.contains(*box.min) and frame.contains(*box.max) for _, box in names)
    for (_, first), (_, second) in itertools.combinations(names, 2):
        assert not first.overlaps(second)


def test_both_axes_go_from_0_to_100_and_both_intervals_are_drawn():
    ax, _ = drawn([(0.3, 0.5), (0.6, 0.4)])
    assert ax.get_xlim() == ax.get_ylim() == (-2, 102)
    across, up = ax.lines[:2]
    assert list(across.get_xdata()) == pytest.approx([28, 32])
    assert list(up.get_ydata()) == pytest.approx([40, 60])
