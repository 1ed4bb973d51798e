"""What `longsafety run` says before a model's weights are loaded."""

import re
import shutil

import pytest
from lm_eval.config.evaluate_config import EvaluatorConfig
from lm_eval.tasks import TaskManager
from transformers import AutoTokenizer

from lm_eval_longsafety import sent
from lm_eval_longsafety.benchmark import TASKS
from lm_eval_longsafety.cli.run_checks import after_tasks, before_tasks, splits_of
from lm_eval_longsafety.discovery import tasks_path
from lm_eval_longsafety.errors import DataError, OptionError
from tests.conftest import row, write_jsonl


def config(tasks="longsafety", *, model="dummy", arguments=None, metadata=None, gen_kwargs=None):
    """lm-eval's reading of a command line."""
    known = arguments or {}
    return EvaluatorConfig(
        model=model,
        model_args=known,
        tasks=tasks,
        metadata={**known, **(metadata or {})},
        gen_kwargs=gen_kwargs,
    )


def test_the_splits_of_a_name_are_those_that_its_tasks_read():
    manager = TaskManager(
        include_path=str(tasks_path()), include_defaults=False, metadata={"data": "sample"}
    )
    names = [name for name in manager.all_tasks if "_length" not in name]
    assert len(names) > 80
    for name in names:
        loaded = manager.load([name])["tasks"].values()
        read = {task.config.dataset_kwargs["longsafety_split"] for task in loaded}
        assert set(splits_of(name)) == read, name


def test_other_tasks_read_none_of_our_splits():
    assert splits_of("mmlu") == splits_of("longsafety_length_logits") == []
    after_tasks(["mmlu", {"task": "inline"}], {"option_order": "misspelt"})


# Replies


@pytest.mark.parametrize("key", ["max_gen_toks", "max_new_tokens", "max_tokens"])
def test_long_replies_are_reserved_where_only_gen_kwargs_names_them(key):
    read = config(gen_kwargs={key: 3000})
    before_tasks(read)
    assert read.metadata == {"reply_tokens": 3000}


def test_short_replies_and_tasks_that_generate_nothing_change_nothing():
    for tasks in ("longsafety", "longsafety_logits,mmlu", "mmlu"):
        read = config(tasks, gen_kwargs={"max_gen_toks": 64 if tasks == "longsafety" else 3000})
        before_tasks(read)
        assert read.metadata == {}


def test_a_reply_longer_than_reply_tokens_says_is_refused():
    before_tasks(config(metadata={"reply_tokens": 3000}, gen_kwargs={"max_gen_toks": 3000}))
    with pytest.raises(OptionError, match="3000 tokens, but reply_tokens is 2000"):
        before_tasks(config(metadata={"reply_tokens": 2000}, gen_kwargs={"max_gen_toks": 3000}))


# The command line


@pytest.mark.parametrize(
    "key", ["variant", "protocol", "split", "provenance", "target_length", "version"]
)
def test_an_internal_name_in_metadata_is_refused(key):
    with pytest.raises(OptionError, match=f"'{key}' is set by the task file"):
        before_tasks(config("mmlu,longsafety_doc_attack", metadata={key: "x"}))
    before_tasks(config("mmlu", metadata={key: "x"}))
    # As a model argument it is the model's.
    before_tasks(config(arguments={key: "x"}))


def test_a_backend_that_does_not_exist_is_told_with_the_one_that_was_meant():
    with pytest.raises(OptionError, match="longsafty-hf is no backend.*did you mean longsafety-hf"):
        before_tasks(config("mmlu", model="longsafty-hf"))


@pytest.mark.parametrize("model", ["hf", "vllm", "longsafety-hf", "longsafety-vllm"])
def test_a_model_without_a_name_is_told(model):
    with pytest.raises(OptionError, match=f"--model {model} needs --model_args pretrained="):
        before_tasks(config(model=model))


# Options and data


@pytest.mark.parametrize(
    ("tasks", "metadata", "said"),
    [
        ("longsafety_doc_attack", {"option_order": "shufled"}, "option_order: unknown value"),
        ("longsafety_doc_attack", {"pretrained": "/nope"}, "config of '/nope' cannot be loaded"),
        ("longsafety_length", {}, "needs `lengths`"),
        ("longsafety_length_logits", {"lengths": [8192], "depths": [1.5]}, "1.5 is outside 0 to 1"),
        ("longsafety_length", {"lengths": [100_000]}, "filler 'benchmark' is too short"),
        ("longsafety_length", {"lengths": [4096, 90]}, "90 tokens are shorter than document"),
        ("longsafety_length", {"lengths": [131_000]}, "do not fit into the model's window"),
    ],
)
def test_options_that_cannot_be_used_are_told(tasks, metadata, said, tiny_model):
    known = {"data": "sample", "pretrained": str(tiny_model), **metadata}
    if "length" in tasks:
        known["length_tasks"] = ["DocAttack"]
    with pytest.raises(OptionError, match=re.escape(said)):
        after_tasks([tasks], known)


def test_bad_rows_are_told_for_the_named_tasks_alone(tmp_path):
    write_jsonl(tmp_path / "DocAttack.jsonl", [row(0), row(1, choices=["Only one."])])
    write_jsonl(tmp_path / "HarmfulAdvice.jsonl", [row(0)])
    data = {"data": str(tmp_path)}
    after_tasks(["longsafety_harmful_advice_logits"], data)
    with pytest.raises(DataError, match="split DocAttack: 1 of 2 rows are malformed"):
        after_tasks(["longsafety_doc_attack_rotations"], data)
    with pytest.raises(DataError, match="no split 'HarmfulTendency'"):
        after_tasks(["longsafety_harmful_tendency"], data)


def test_good_options_and_data_pass_without_a_line_of_log(tiny_model, caplog):
    known = {"data": "sample", "pretrained": str(tiny_model), "lengths": [4096, 8192]}
    names = ["longsafety", "longsafety_logits", "longsafety_length", *(t.name for t in TASKS)]
    with caplog.at_level("INFO"):
        after_tasks(names, known)
    assert caplog.text == ""


# The chat template


THOUGHT = "<user>{{ messages[0]['content'] }}<assistant><think>{{ '\\n' }}"


def template(model, tmp_path, text):
    """The model's tokenizer with another chat template; no weights."""
    loaded = AutoTokenizer.from_pretrained(model)
    loaded.chat_template = text
    loaded.save_pretrained(tmp_path / "model")
    shutil.copy(model / "config.json", tmp_path / "model")
    return {"pretrained": str(tmp_path / "model")}


def asked(arguments, tasks="longsafety_doc_attack", **more):
    sent.warn_once.cache_clear()
    read = config(tasks, model="hf", arguments=arguments)
    for key, value in more.items():
        setattr(read, key, value)
    before_tasks(read)


def test_a_chat_model_without_its_template_is_a_warning_before_the_weights(tiny_model, caplog):
    asked({"pretrained": str(tiny_model)})
    assert caplog.text.count("--apply_chat_template is not given") == 1
    asked({"pretrained": str(tiny_model)}, apply_chat_template=True)
    asked({"pretrained": str(tiny_model)}, "mmlu")
    assert caplog.text.count("--apply_chat_template is not given") == 1


def test_a_template_that_opens_a_thought_is_a_warning_before_the_weights(
    tiny_model, tmp_path, caplog
):
    asked(template(tiny_model, tmp_path, THOUGHT), apply_chat_template=True)
    assert caplog.text.count("opens a thought (<think>)") == 1


def test_a_template_that_leaves_the_prompt_out_is_refused_before_the_weights(tiny_model, tmp_path):
    arguments = template(tiny_model, tmp_path, "<user><assistant>")
    with pytest.raises(OptionError, match="the prompt is not in what would be sent"):
        asked(arguments, apply_chat_template=True)


def test_lm_evals_cache_of_prompts_is_refused_for_our_tasks():
    asked({"pretrained": "x/y"}, "mmlu", cache_requests={"cache_requests": True})
    with pytest.raises(OptionError, match="--cache_requests: .* leave it out"):
        asked({"pretrained": "x/y"}, cache_requests={"cache_requests": True})
