"""A run that must not be submitted is refused, with every reason at once."""

import pytest

from lm_eval_longsafety.benchmark import TASKS
from lm_eval_longsafety.errors import SubmissionError
from lm_eval_longsafety.results import load
from lm_eval_longsafety.submit.checks import check
from lm_eval_longsafety.submit.submission import settings_notes
from tests.results_files import sample_line, write_lines
from tests.submit import finished_runs

NIAH = "longsafety_harmful_niah"


def submissions(tmp_path, data, model="org/model-one", **options):
    finished_runs.write(tmp_path / "run", data)
    return check(load([tmp_path / "run"]), model=model, **options)


def reasons(tmp_path, data, **options):
    with pytest.raises(SubmissionError) as caught:
        submissions(tmp_path, data, **options)
    return str(caught.value).split("\n  - ")[1:]


def changed(**provenance):
    """A finished run with one task's provenance changed."""
    data = finished_runs.document()
    data["configs"][NIAH]["metadata"]["provenance"].update(provenance)
    return data


def everywhere(**provenance):
    data = finished_runs.document()
    for config in data["configs"].values():
        config["metadata"]["provenance"].update(provenance)
    return data


def scored(**values):
    data = finished_runs.document()
    data["results"][NIAH].update(values)
    return data


def test_a_finished_run_is_taken_and_averaged_over_the_tasks(tmp_path):
    (one,) = submissions(tmp_path, finished_runs.document())
    assert [task.benchmark for task in one.tasks] == list(TASKS)
    # SR: (0 + 0.1 + ... + 0.9) / 10 = 0.45; HA is 0.1 more.
    assert one.overall("sr").value == pytest.approx(0.45)
    assert one.overall("ha").percent == 55.0
    # Ten independent standard errors of 0.02: sqrt(10 * 0.0004) / 10 = 0.00632.
    assert one.overall("sr").stderr == pytest.approx(0.0063246, abs=1e-6)
    assert one.documents == 1201


def test_both_protocols_give_one_submission_each(tmp_path):
    data = finished_runs.document()
    other = finished_runs.document(suffix="_logits")
    for key in ("results", "configs", "versions", "n-shot", "n-samples"):
        data[key].update(other[key])
    found = submissions(tmp_path, data)
    assert [one.protocol for one in found] == ["generate", "logits"]


def test_protocols_are_not_mixed_to_make_ten(tmp_path):
    data = finished_runs.document(tasks=TASKS[:6])
    other = finished_runs.document(suffix="_logits", tasks=TASKS[6:])
    for key in ("results", "configs", "versions", "n-shot", "n-samples"):
        data[key].update(other[key])
    reported = reasons(tmp_path, data)
    assert reported[0].startswith("generate: 4 of ten tasks missing: HarmfulAdvice, MedicalQuiz")
    assert reported[1].startswith("logits: 6 of ten tasks missing: HarmfulExtraction")
    assert "--protocol" in reported[2]


def test_one_protocol_can_be_taken_although_the_other_is_incomplete(tmp_path):
    data = finished_runs.document()
    other = finished_runs.document(suffix="_logits", tasks=TASKS[6:])
    for key in ("results", "configs", "versions", "n-shot", "n-samples"):
        data[key].update(other[key])
    (one,) = submissions(tmp_path, data, protocol="generate")
    assert one.protocol == "generate"


def test_several_runs_of_a_model_can_make_the_ten_tasks(tmp_path):
    finished_runs.write(tmp_path / "a", finished_runs.document(tasks=TASKS[:3]))
    later = finished_runs.document(tasks=TASKS[3:], date=finished_runs.DATE + 3600)
    finished_runs.write(tmp_path / "b", later)
    (one,) = check(load([tmp_path]), model="org/model-one")
    assert len(one.runs) == 2
    assert one.date.isoformat() == "2026-11-01T11:00:00+00:00"


def test_runs_made_differently_are_not_joined(tmp_path):
    finished_runs.write(tmp_path / "a", finished_runs.document(tasks=TASKS[:3]))
    later = finished_runs.document(tasks=TASKS[3:], max_length=32768, chat_template_sha=None)
    finished_runs.write(tmp_path / "b", later)
    with pytest.raises(SubmissionError) as caught:
        check(load([tmp_path]), model="org/model-one")
    assert "window is 65536 and 32768" in str(caught.value)
    assert "chat template is" in str(caught.value)


def test_the_same_tasks_twice_are_refused(tmp_path):
    finished_runs.write(tmp_path / "a", finished_runs.document())
    finished_runs.write(tmp_path / "b", finished_runs.document(date=finished_runs.DATE + 60))
    with pytest.raises(SubmissionError, match="more than one result for HarmfulExtraction, "):
        check(load([tmp_path]), model="org/model-one")


def test_every_reason_is_reported_at_once(tmp_path):
    data = changed(revision=None)
    data["config"]["limit"] = 5
    data["results"][NIAH]["sr,letter"] = float("nan")
    del data["results"]["longsafety_doc_attack"]
    reported = reasons(tmp_path, data, model="model-one")
    assert len(reported) == 7
    for part in (
        "no hub id",
        "'org/model-one', not of 'model-one'",
        "--limit 5",
        "1 of ten tasks missing: DocAttack",
        "HarmfulNIAH: SR is missing or no share",
        "revision is unknown",
        "data revision is",
    ):
        assert any(part in reason for reason in reported), part


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (changed(scored=140), "7 of 147 documents were left out by over_length 'middle'"),
        (changed(rows=150, scored=150), "HarmfulNIAH: 150 rows, the published data has 147"),
        (changed(rows=7, scored=7), "HarmfulNIAH: 7 rows, the published data has 147"),
        (everywhere(data="sample", revision=None), "embedded sample data"),
        (everywhere(data="/data/clone", revision=None), "instead of LutherXD/LongSafetyBench"),
        (everywhere(data=None), "do not say which data"),
        (everywhere(revision="main"), "data's revision is unknown (main)"),
        (everywhere(option_order="original"), "the benchmark shuffles"),
        (changed(option_seed=3), "option_seed is 0 and 3"),
        (changed(over_length="error"), "over_length is middle and error"),
        (changed(protocol="logits"), "HarmfulNIAH: recorded protocol 'logits'"),
        (scored(**{"sr,letter": "N/A"}), "HarmfulNIAH: SR is missing or no share"),
        (scored(**{"ha,letter": float("inf")}), "HarmfulNIAH: HA is missing or no share"),
        (scored(**{"ha,letter": 40.0}), "HarmfulNIAH: HA is missing or no share"),
        (scored(**{"sr,letter": 0.9}), "SR 0.9 above HA 0.4"),
        (
            scored(**{"answered,letter": 0.94}),
            "in 94.0% of the replies only (at least 95% is needed)",
        ),
        (scored(**{"answered,letter": None}), "share of readable replies is unknown"),
        (scored(**{"answered,letter": 1.5}), "share of readable replies is unknown"),
        (finished_runs.document(date=None), "the results have no date"),
    ],
)
def test_one_defect_is_one_reason(tmp_path, data, reason):
    reported = reasons(tmp_path, data)
    assert len(reported) == 1
    assert reason in reported[0]


def test_documents_not_run_are_counted(tmp_path):
    data = finished_runs.document()
    data["n-samples"][NIAH]["effective"] = 20
    assert "HarmfulNIAH: 20 of 147 documents were run; run all" in reasons(tmp_path, data)


def test_counts_that_do_not_agree_are_reported(tmp_path):
    data = finished_runs.document()
    data["n-samples"][NIAH] = {"original": 140, "effective": 140}
    (reason,) = reasons(tmp_path, data)
    assert reason == "HarmfulNIAH: 140 documents counted, 147 prepared; the file was edited"


def test_results_without_document_counts_are_refused(tmp_path):
    data = finished_runs.document()
    del data["n-samples"][NIAH]
    assert any("no document counts" in reason for reason in reasons(tmp_path, data))


def test_shown_examples_are_refused(tmp_path):
    data = finished_runs.document()
    data["n-shot"][NIAH] = 2
    assert reasons(tmp_path, data) == ["HarmfulNIAH: run with 2 examples; the benchmark has none"]


def test_few_readable_replies_are_taken_where_the_user_allows_it(tmp_path):
    (one,) = submissions(tmp_path, scored(**{"answered,letter": 0.5}), allow_unanswered=True)
    assert one.documents == 1201


def test_several_models_are_refused_by_name(tmp_path):
    finished_runs.write(tmp_path / "a", finished_runs.document(tasks=TASKS[:3]))
    finished_runs.write(tmp_path / "b", finished_runs.document(tasks=TASKS[3:], model="org/two"))
    with pytest.raises(SubmissionError, match=r"several models .*org/model-one, org/two"):
        check(load([tmp_path]), model="org/two")


def test_another_hub_id_is_taken_only_with_ran_as(tmp_path):
    data = finished_runs.document(model="org/copy")
    assert "--ran-as 'org/copy'" in reasons(tmp_path, data)[0]
    assert "name the model 'org/copy'" in reasons(tmp_path, data, ran_as="org/three")[0]
    (one,) = submissions(tmp_path, data, ran_as="org/copy")
    assert one.model == "org/model-one"


def test_a_local_path_may_stand_for_any_hub_model(tmp_path):
    (one,) = submissions(tmp_path, finished_runs.document(model="/scratch/checkpoints/final"))
    assert one.model == "org/model-one"


@pytest.mark.parametrize(
    "model",
    ["model", "../org/model", "org/../model", "org/..", "a/b/c", "org/model\n", "org/mo del", "",
     "/etc/passwd", "org\\model", "org/model.git", "C:/model", "org/-x", "-o/x", "~/x"],
)  # fmt: skip
def test_a_model_id_that_is_none_of_the_hubs_is_refused(tmp_path, model):
    data = finished_runs.document(model="/scratch/final")
    (reason,) = reasons(tmp_path, data, model=model)
    assert "is no hub id" in reason
    assert "\n" not in reason


def test_names_in_results_cannot_write_to_the_terminal(tmp_path):
    data = finished_runs.document(tasks=TASKS[:3], model="\x1b[31mred/\u202ex")
    finished_runs.write(tmp_path / "b", finished_runs.document(tasks=TASKS[3:]))
    finished_runs.write(tmp_path / "a", data)
    with pytest.raises(SubmissionError) as caught:
        check(load([tmp_path]), model="org/model-one")
    assert "\x1b" not in str(caught.value)
    assert "\u202e" not in str(caught.value)


def test_results_of_other_tasks_alone_hold_nothing_to_submit(tmp_path):
    data = finished_runs.document(tasks=())
    data["results"] = {"arc": {"acc,none": 0.5}}
    assert reasons(tmp_path, data) == ["no scores of LongSafetyBench found"]


def test_samples_that_contradict_the_results_are_a_reason(tmp_path):
    finished_runs.write(tmp_path / "run", finished_runs.document())
    (results,) = (tmp_path / "run").rglob("results_*.json")
    stamp = results.stem.removeprefix("results_")
    line = sample_line(split="HarmfulNIAH", doc={"depth": 0, "length": 1})
    write_lines(results.parent / f"samples_{NIAH}_{stamp}.jsonl", [line])
    with pytest.raises(SubmissionError, match="its samples hold 1 of 147 documents"):
        check(load([tmp_path / "run"]), model="org/model-one")


def test_prompts_that_never_reached_the_model_are_a_reason(tmp_path):
    name = TASKS[0].name
    data = finished_runs.document()
    lines = [sample_line(i, "C", TASKS[0].split) for i in range(TASKS[0].rows)]
    for line in lines[:3]:
        line["arguments"] = {"gen_args_0": {"arg_0": "User:"}}
    means = {"sr": 0.0, "ha": 0.0, "answered": 1.0, "refused": 0.0}
    data["results"][name] |= {f"{metric},letter": mean for metric, mean in means.items()}
    stamp = "2026-11-01T10-00-00.000001"
    write_lines(tmp_path / "run" / f"samples_{name}_{stamp}.jsonl", lines)
    (reason,) = reasons(tmp_path, data)
    assert f"3 of {TASKS[0].rows} logged requests do not hold their document's prompt" in reason


def test_what_is_unknown_is_noted_and_not_zero(tmp_path):
    data = everywhere(prompt_limit=None)
    data["config"]["model_revision"] = None
    data["config"]["model_sha"] = None
    (one,) = submissions(tmp_path, data)
    assert one.truncated is None
    assert settings_notes(one) == [
        "window unknown, prompts that the backend cut are not counted",
        "the results do not name the model's revision",
    ]


def test_a_run_with_other_templates_is_refused(tmp_path):
    (reason,) = reasons(tmp_path, everywhere(templates="german.yaml", templates_sha256="f" * 64))
    assert reason == (
        "asked with other templates (german.yaml); these are not LongSafetyBench scores; run "
        "without the option templates"
    )
