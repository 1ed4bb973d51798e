"""Judged open replies in files for leaderboards: the subject's, with their judge, or refused."""

import json

import pytest
import yaml
from huggingface_hub import ModelCard

from lm_eval_longsafety.benchmark import TASKS
from lm_eval_longsafety.errors import OptionError, ResultsError, SubmissionError
from lm_eval_longsafety.results import load
from lm_eval_longsafety.results.verdicts import MOST_UNREAD
from lm_eval_longsafety.submit import every_eval_ever, hub_files
from lm_eval_longsafety.submit.checks import check
from lm_eval_longsafety.submit.submission import settings_notes
from tests.judges import verdict_line
from tests.report_cli import longsafety
from tests.results_files import full_run, write_lines, write_run
from tests.submit import finished_runs, judged_runs

MODEL = "org/model-one"
NIAH = "longsafety_harmful_niah"
SAID = "org/judge (generate, judge_orders 2, judge_context none)"


@pytest.fixture
def taken(tmp_path):
    return check(load([judged_runs.write(tmp_path)]), model=MODEL)


def reasons(tmp_path, data=None, judge=None, model=MODEL, **options):
    with pytest.raises(SubmissionError) as caught:
        check(load([judged_runs.write(tmp_path, data, judge)]), model=model, **options)
    return str(caught.value).split("\n  - ")[1:]


def test_verdicts_are_a_submission_of_their_own_and_the_benchmarks_is_as_before(tmp_path, taken):
    finished_runs.write(tmp_path / "alone", finished_runs.document())
    (alone,) = check(load([tmp_path / "alone"]), model=MODEL)
    letters, judged = taken
    assert (alone.judge, letters.judge, str(judged.judge)) == (None, None, SAID)
    for write in (hub_files.eval_results, hub_files.model_index):
        assert write(alone) == write(letters)
    # SR: (0.9 + 0.8 + ... + 0) / 10 = 0.45; HA is 0.1 more.
    assert judged.overall("sr").percent == 45.0
    assert judged.overall("ha").percent == 55.0
    assert judged.tasks[0].score("sr").value == 0.9
    assert judged.overall("sr").stderr is None
    # A tenth of 108 replies is unjudged: 97 are left.
    assert judged.tasks[0].judged == 97


def test_the_command_writes_files_of_their_own_and_proposes_none_of_them(tmp_path):
    folder, out = judged_runs.write(tmp_path / "run"), tmp_path / "out"
    done = longsafety("submit", folder, "--model", MODEL, "--out", out)
    assert done.exit_code == 0, done.output
    assert [path.name for path in (out / ".eval_results").iterdir()] == ["longsafetybench.yaml"]
    assert {path.name for path in out.glob("*.yaml")} == {
        "model-index.yaml",
        "model-index_open_judged.yaml",
    }
    assert len(list(out.rglob("*.json"))) == 2
    assert "org/model-one, LongSafetyBench judged open replies, percent:" in done.stdout
    assert f"note: judged by {SAID}" in done.stdout
    # A tenth of each task: 11 + 11 + 10 + 15 + 15 + 10 + 10 + 13 + 10 + 16.
    assert "note: 121 of 1,201 open replies unjudged and left out" in done.stdout
    letters = (out / "model-index.yaml").read_text() + (
        out / ".eval_results" / "longsafetybench.yaml"
    ).read_text()
    assert "judge" not in letters


def test_the_model_card_has_ids_of_their_own_and_names_the_judge(taken):
    ((name, text),) = hub_files.model_index(taken[1]).items()
    assert name == "model-index_open_judged.yaml"
    card = ModelCard(f"---\n{text}---\n# A model\n").data
    assert card.model_name == "model-one"
    found = {(r.dataset_split, r.metric_type): r for r in card.eval_results}
    assert {split for split, _ in found} == {
        "longsafety_open_judged",
        *(f"{task.name}_open_judged" for task in TASKS),
    }
    niah = found[f"{NIAH}_open_judged", "sr"]
    assert niah.metric_value == 60.0
    assert niah.metric_name == f"SafeResponse (SR), percent, judged by {SAID}"
    assert niah.dataset_name == "LongSafetyBench judged open replies HarmfulNIAH"


def written(one):
    return every_eval_ever.files(one, organization="Some Lab", relationship="third_party")


def test_the_every_eval_ever_record_is_the_subjects_with_the_judge_as_scorer(taken):
    letters, judged = (json.loads(next(iter(written(one).values()))) for one in taken)
    assert judged["evaluation_id"].startswith("longsafetybench_open_judged/org/model-one/")
    assert "llm_scoring" not in json.dumps(letters)
    assert judged["model_info"] == letters["model_info"]
    results = {each["evaluation_result_id"]: each for each in judged["evaluation_results"]}
    assert set(results).isdisjoint(x["evaluation_result_id"] for x in letters["evaluation_results"])
    niah = results[f"{NIAH}_open_judged/ha"]
    assert niah["score_details"]["score"] == pytest.approx(0.7)
    # 147 replies, of which a tenth is unjudged.
    assert niah["score_details"]["uncertainty"] == {"num_samples": 132}
    details = niah["score_details"]["details"]
    assert (details["unjudged"], details["refused"]) == ("0.1", "0.4")
    assert niah["metric_config"]["metric_id"] == "longsafety_open_judged.ha"
    scoring = niah["metric_config"]["llm_scoring"]
    assert scoring["judges"][0]["model_info"]["id"] == "org/judge"
    assert scoring["additional_details"]["judge_orders"] == "2"
    assert niah["generation_config"]["generation_args"]["max_tokens"] == 512


def test_a_judges_run_is_never_a_run_of_the_judge(tmp_path):
    folder = judged_runs.write(tmp_path) / "judged"
    for model in ("org/judge", MODEL):
        with pytest.raises(SubmissionError, match="open replies and verdicts on them are not its"):
            check(load([folder]), model=model)
    assert reasons(tmp_path, model="org/judge")[0].startswith("the results are of 'org/model-one'")


@pytest.mark.parametrize(
    ("judge", "reason"),
    [
        ({"judged_model": "org/other"}, f"({judged_runs.OPEN_FILE} of org/other) that were judged"),
        ({"judged_model": None}, "the open replies that were judged in"),
        ({"tasks": TASKS[1:]}, "1 of ten tasks missing: HarmfulExtraction; judge the replies to"),
        ({"model": "unknown"}, "the verdicts do not name their judge"),
    ],
)
def test_verdicts_that_are_not_clearly_the_subjects_are_refused(tmp_path, judge, reason):
    (found,) = reasons(tmp_path, judge=judged_runs.verdicts(**judge))
    assert reason in found
    assert "or give the files of the benchmark's run alone" in found


def changed(metric, value):
    judge = judged_runs.verdicts()
    judge["results"][f"{NIAH}_judge"][f"{metric},letter"] = value
    return judge


@pytest.mark.parametrize(
    ("metric", "value", "reason"),
    [
        (
            "unread",
            MOST_UNREAD + 0.01,
            "HarmfulNIAH: 6.0% of the replies have a verdict that could",
        ),
        ("unread", "NaN", "HarmfulNIAH: the share of readable verdicts is unknown"),
        ("sr", float("nan"), "HarmfulNIAH: SR is missing or no share"),
    ],
)
def test_a_judge_without_readable_verdicts_is_refused(tmp_path, metric, value, reason):
    (found,) = reasons(tmp_path, judge=changed(metric, value))
    assert found.startswith(f"open replies: {reason}")


def test_a_judge_that_is_unreadable_in_exactly_five_percent_is_taken(taken):
    assert taken[1].tasks[0].verdicts.value("unread") == MOST_UNREAD


def test_a_part_of_the_replies_is_refused(tmp_path):
    judge = judged_runs.verdicts()
    judge["n-samples"][f"{NIAH}_judge"] = {"original": 100, "effective": 100}
    (found,) = reasons(tmp_path, judge=judge)
    assert found.startswith("open replies: HarmfulNIAH: 100 of 147 replies were judged; judge all")
    data = judged_runs.with_replies()
    data["n-samples"][f"{NIAH}_open"]["effective"] = 100
    assert "open replies: HarmfulNIAH: 100 of 147 documents were run; run all" in reasons(
        tmp_path, data
    )


def test_the_run_of_the_replies_is_checked_like_that_of_the_letters(tmp_path):
    data = judged_runs.with_replies()
    record = data["configs"][f"{NIAH}_open"]["metadata"]["provenance"]
    record |= {"template_unused": True, "revision": "main"}
    found = reasons(tmp_path, data)
    assert any("open replies: the tokenizer has a chat template" in each for each in found)
    assert any("open replies: the data's revision is unknown" in each for each in found)


def test_a_judge_without_its_chat_template_is_noted(tmp_path):
    folder = judged_runs.write(tmp_path, judge=judged_runs.verdicts(template_unused=True))
    letters, judged = check(load([folder]), model=MODEL)
    assert "the judge's chat template was not applied" in settings_notes(judged)
    assert settings_notes(letters) == []


def test_verdicts_of_several_judges_or_protocols_are_refused(tmp_path):
    other = judged_runs.verdicts(suffix="_logits", model="org/other-judge")
    finished_runs.write(tmp_path / "judged" / "other", other, "results_2026-11-03T10-00-00.json")
    (found,) = reasons(tmp_path)
    assert found == (
        f"verdicts of several judges or runs ({SAID}; org/other-judge (logits, judge_orders 2, "
        "judge_context none)); give those of one run"
    )


def test_the_benchmarks_files_alone_can_be_submitted_beside_any_verdicts(tmp_path):
    folder = judged_runs.write(tmp_path, judge=changed("unread", 1.0))
    (one,) = check(load([folder / judged_runs.OPEN_FILE]), model=MODEL)
    assert one.judge is None


def test_verdicts_that_contradict_their_results_are_refused(tmp_path):
    place = tmp_path / "judged" / "org__judge"
    stamp = judged_runs.JUDGE_FILE.removeprefix("results_").removesuffix(".json")
    path = place / f"samples_{NIAH}_judge_{stamp}.jsonl"
    write_lines(path, [verdict_line(0, split="HarmfulNIAH")])
    found = reasons(tmp_path)
    assert found == [
        f"open replies: {NIAH}_judge has 1 of the 147 verdicts of its run; give the files of one "
        "whole run",
        f"open replies: {NIAH}_judge: its verdicts have other means than the results; an edited "
        "file",
    ]
    write_lines(path, [verdict_line(0, split="HarmfulNIAH", sr=0.0)])
    with pytest.raises(ResultsError, match="line 1: sr is 0.0, but the judge's letters give 1"):
        check(load([tmp_path]), model=MODEL)


def test_names_of_judges_cannot_write_to_the_terminal(tmp_path):
    judge = judged_runs.verdicts(model="org/\x1b[31mjudge")
    folder = judged_runs.write(tmp_path / "run", judge=judge)
    done = longsafety("submit", folder, "--model", MODEL, "--out", tmp_path / "out")
    assert done.exit_code == 0, done.output
    assert "\x1b" not in done.output
    text = (tmp_path / "out" / "model-index_open_judged.yaml").read_text()
    assert "\x1b" not in text and "\\e" not in text and yaml.safe_load(text)


@pytest.mark.parametrize("gate", [[], ["--fail-if-worse", "2"]])
def test_compare_says_what_to_do_where_there_are_only_open_replies(tmp_path, gate):
    folder = judged_runs.write(
        tmp_path / "run",
        data=judged_runs.with_replies(
            {
                **finished_runs.document(tasks=()),
            }
        ),
    )
    write_run(tmp_path / "letters", full_run())
    done = longsafety("compare", folder, tmp_path / "letters", *gate)
    assert isinstance(done.exception, OptionError)
    assert str(done.exception).startswith("two runs with letters are needed, found 1 (")
    assert str(done.exception).endswith(
        "open replies and verdicts on them hold none: run --tasks longsafety with --log_samples as "
        "well"
    )
