"""Runs whose prompts lm-eval cut, or that left out the chat template, are named and refused."""

import pytest

from lm_eval_longsafety.benchmark import TASKS
from lm_eval_longsafety.results import load
from lm_eval_longsafety.results.window_room import cut_from_the_left
from lm_eval_longsafety.submit.submission import settings_notes
from tests.report_cli import longsafety
from tests.results_files import full_run, write_run
from tests.submit import finished_runs
from tests.submit.test_checks import everywhere, reasons, submissions
from tests.test_public import rewrite

NIAH = "longsafety_harmful_niah"


def replies_of(tokens, key="max_gen_toks"):
    data = finished_runs.document()
    for config in data["configs"].values():
        config["generation_kwargs"] = {"max_gen_toks": 64, key: tokens, "until": []}
    return data


def test_a_run_without_its_chat_template_is_refused_unless_allowed(tmp_path):
    data = everywhere(template_unused=True)
    (reason,) = reasons(tmp_path, data)
    assert "--apply_chat_template, or --allow-no-chat-template" in reason
    (one,) = submissions(tmp_path, data, allow_no_chat_template=True)
    assert settings_notes(one) == ["the tokenizer's chat template was not applied"]


def test_a_model_without_a_chat_template_is_taken_without_a_note(tmp_path):
    data = everywhere(template_unused=False)
    data["chat_template"] = None
    (one,) = submissions(tmp_path, data)
    assert settings_notes(one) == []


@pytest.mark.parametrize(
    ("template", "notes"),
    [
        (None, ["no chat template applied; the results do not say whether there is one"]),
        # An API applies its own template, which lm-eval writes as an empty text.
        ("", []),
        ("{{ messages }}", []),
    ],
)
def test_an_older_file_is_not_guessed_about(tmp_path, template, notes):
    (one,) = submissions(tmp_path, finished_runs.document(chat_template=template))
    assert settings_notes(one) == notes


@pytest.mark.parametrize(
    ("data", "needed", "held"),
    [
        # Prompts of 65,036 tokens and the 500 kept free need 65,536.
        (finished_runs.document(max_length=65_534), "65,536", "65,534"),
        (finished_runs.document(max_length=2048), "65,536", "2,048"),
        # Of a reply of 1,000 tokens 64 are among the 500.
        (replies_of(1000), "66,472", "65,536"),
        (replies_of("1000", "max_new_tokens"), "66,472", "65,536"),
    ],
)
def test_prompts_that_the_backend_cut_are_refused(tmp_path, data, needed, held):
    (reason,) = reasons(tmp_path, data)
    assert f"may need {needed} tokens, but the backend held {held}" in reason
    assert "HarmfulExtraction" not in reason
    assert "longsafety_harmful_extraction, longsafety_harmful_tendency" in reason
    assert "and 7 more tasks" in reason


@pytest.mark.parametrize(
    "data",
    [
        finished_runs.document(max_length=65_536),
        # API backends report one token less than they were given.
        finished_runs.document(max_length=65_535),
        finished_runs.document(max_length=None),
        replies_of(64),
        finished_runs.document(suffix="_logits"),
    ],
)
def test_prompts_that_fitted_are_taken(tmp_path, data):
    finished_runs.write(tmp_path, data)
    (run,) = load([tmp_path])
    assert cut_from_the_left(run) is None


def test_our_own_backends_refuse_instead_of_cutting(tmp_path):
    data = finished_runs.document(max_length=2048)
    data["config"]["model"] = "longsafety-hf"
    finished_runs.write(tmp_path, data)
    assert cut_from_the_left(load([tmp_path])[0]) is None


def test_logged_prompts_are_judged_before_the_budget(tmp_path):
    # Prompts of 1,000 to 1,007 tokens: with 500 more they need 1,507.
    path = write_run(tmp_path, full_run(n=8), max_length=1507)
    assert cut_from_the_left(load([tmp_path])[0]) is None
    rewrite(path, lambda data: data | {"max_length": 1505})
    assert "may need 1,507 tokens" in cut_from_the_left(load([tmp_path])[0])


def test_report_and_compare_have_banners_for_both(tmp_path):
    path = write_run(tmp_path / "a", full_run(n=2), max_length=1200)
    write_run(tmp_path / "b", full_run(n=2), model="org/two")

    def change(data):
        for config in data["configs"].values():
            config["metadata"]["provenance"]["template_unused"] = True
        return data

    rewrite(path, change)
    for done in (
        longsafety("report", tmp_path / "a", "--format", "md"),
        longsafety("compare", tmp_path / "a", tmp_path / "b"),
    ):
        assert "has a chat template, but the run did not apply it" in done.output
        assert "may need 1,501 tokens, but the backend held 1,200" in done.output


def test_the_checks_work_on_compact_files_too(tmp_path):
    data = replies_of(1000)
    for task in TASKS:
        provenance = data["configs"][task.name]["metadata"]["provenance"]
        provenance["template_unused"] = True
    path = write_run(tmp_path / "run", full_run(n=2))
    rewrite(path, lambda written: written | {"configs": data["configs"], "max_length": 1501})
    done = longsafety("compact", tmp_path / "run", "-o", tmp_path / "x.parquet")
    assert done.exit_code == 0, done.output
    (run,) = load([tmp_path / "x.parquet"])
    assert run.template_unused
    # 1,001 tokens, 500 kept free, 936 more for the reply.
    assert "may need 2,437 tokens" in cut_from_the_left(run)
