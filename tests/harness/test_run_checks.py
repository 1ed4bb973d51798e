"""What `longsafety run` says before a model's weights are loaded."""

import re
import resource
import shutil

import pytest
from lm_eval.config.evaluate_config import EvaluatorConfig
from lm_eval.tasks import TaskManager
from transformers import AutoTokenizer

from lm_eval_longsafety.benchmark import TASKS
from lm_eval_longsafety.errors import CacheError, DataError, OptionError, ResultsError
from lm_eval_longsafety.harness import sent_prompts
from lm_eval_longsafety.harness.discovery import tasks_path
from lm_eval_longsafety.harness.documents import load_documents
from lm_eval_longsafety.harness.run_checks import before_tasks, check_named, known_names, splits_of
from lm_eval_longsafety.harness.task_file import REPLY
from tests.conftest import row, write_jsonl
from tests.results.test_open_replies import open_line, write_open_run


def config(
    tasks="longsafety", *, model="dummy", arguments=None, metadata=None, gen_kwargs=None, **more
):
    """lm-eval's reading of a command line."""
    known = arguments or {}
    return EvaluatorConfig(
        model=model,
        model_args=known,
        tasks=tasks,
        metadata={**known, "data": "sample", **(metadata or {})},
        gen_kwargs=gen_kwargs,
        **more,
    )


def test_the_splits_of_a_name_are_those_that_its_tasks_read():
    manager = TaskManager(
        include_path=str(tasks_path()), include_defaults=False, metadata={"data": "sample"}
    )
    # Those for a length, a judge and a recipe read no split that is checked before a run.
    names = [n for n in manager.all_tasks if not re.search("_(length|judge|ask)", n)]
    assert len(names) > 80
    for name in names:
        loaded = manager.load([name])["tasks"].values()
        read = {task.config.dataset_kwargs["longsafety_split"] for task in loaded}
        assert set(splits_of(name)) == read, name


def test_asking_without_a_recipe_is_refused_before_a_run():
    with pytest.raises(OptionError, match="longsafety_ask needs a recipe, --metadata"):
        before_tasks(config("longsafety_ask"))


def test_a_judge_without_replies_is_refused_before_a_run(tmp_path):
    with pytest.raises(OptionError, match="tasks ..._judge need the open replies of a run"):
        before_tasks(config("longsafety_judge"))
    (tmp_path / "empty").mkdir()
    given = {"judged": str(tmp_path / "empty")}
    with pytest.raises(ResultsError, match="no open replies in .*empty; run longsafety_open first"):
        before_tasks(config("longsafety_doc_attack_judge_logits", metadata=given))


def test_other_tasks_read_none_of_our_splits():
    assert splits_of("mmlu") == splits_of("longsafety_length_logits") == []
    assert splits_of("longsafety_judge") == splits_of("longsafety_doc_attack_judge_logits") == []
    check_named(["mmlu", {"task": "inline"}], {"option_order": "misspelt"})


# Replies


@pytest.mark.parametrize("key", ["max_gen_toks", "max_new_tokens", "max_tokens"])
def test_long_replies_are_reserved_where_only_gen_kwargs_names_them(key):
    read = config(gen_kwargs={key: 3000})
    before_tasks(read)
    assert read.metadata == {"data": "sample", REPLY: 3000}


def test_short_replies_change_nothing():
    read = config(gen_kwargs={"max_gen_toks": 64})
    before_tasks(read)
    assert read.metadata == {"data": "sample"}


GROUP = """
group: mine
task: [longsafety_doc_attack, longsafety_doc_attack_logits]
"""


@pytest.mark.parametrize("named", ["mine", "*_doc_attack*"])
def test_long_replies_are_reserved_in_tasks_found_by_a_pattern_or_in_a_users_group(
    named, tiny_model, tmp_path
):
    (tmp_path / "mine.yaml").write_text(GROUP)
    known = {"tokenizer": str(tiny_model), "max_prompt_tokens": 20_000}
    known["judged"] = str(write_open_run(tmp_path / "replies", [open_line()]))
    gen_kwargs = {"max_gen_toks": 1064}
    read = config(named, metadata=known, gen_kwargs=gen_kwargs, include_path=str(tmp_path))
    before_tasks(read)
    manager = TaskManager(
        include_path=[str(tasks_path()), str(tmp_path)],
        include_defaults=False,
        metadata=read.metadata,
    )
    loaded = manager.load(manager.match_tasks([named]))["tasks"]
    limits = {
        name: task.config.metadata["provenance"]["prompt_limit"] for name, task in loaded.items()
    }
    # 500 tokens stay free, and the 1,000 more that the reply may have where there is one.
    assert limits["longsafety_doc_attack"] == 20_000 - 500 - 1000
    assert limits["longsafety_doc_attack_logits"] == 20_000 - 500
    for name in ("longsafety_doc_attack_open", "longsafety_doc_attack_judge"):
        assert limits.get(name, 18_500) == 20_000 - 500 - 1000


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


def test_a_backend_that_does_not_exist_is_reported_with_a_similar_one():
    with pytest.raises(OptionError, match="longsafty-hf is no backend.*did you mean longsafety-hf"):
        before_tasks(config("mmlu", model="longsafty-hf"))


@pytest.mark.parametrize("model", ["hf", "vllm", "longsafety-hf", "longsafety-vllm"])
def test_a_model_without_a_name_is_refused(model):
    with pytest.raises(OptionError, match=f"--model {model} needs --model_args pretrained="):
        before_tasks(config(model=model))


@pytest.mark.parametrize("name", ["longsafty", "longsafety_dok_attack", "longsafety_x"])
def test_a_name_like_ours_is_refused_without_lm_evals_index(name):
    with pytest.raises(OptionError, match=f"--tasks: LongSafetyBench has no '{name}'"):
        before_tasks(config(f"mmlu,{name}"))


def test_names_that_only_lm_eval_can_resolve_are_left_to_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "longsafety_mine").mkdir()
    for name in ("mmlu", "*_attac", "longsafety_my.yaml", "longsafety_mine", "longsafety@cot"):
        before_tasks(config(name))
    before_tasks(config("longsafety_dok_attack", include_path=str(tmp_path)))


def test_the_known_names_are_all_that_lm_eval_finds():
    manager = TaskManager(include_path=str(tasks_path()), include_defaults=False)
    assert known_names() == set(manager.all_tasks)


@pytest.mark.parametrize("wrong", [{"tasks": 5}, {"gen_kwargs": ["max_gen_toks"]}])
def test_values_of_a_config_file_that_are_of_another_kind_are_refused(wrong):
    with pytest.raises(OptionError, match="expected .*, found "):
        before_tasks(config(**{"tasks": "mmlu", **wrong}))


# Places to write to


@pytest.mark.parametrize("option", ["output_path", "use_cache"])
def test_a_place_that_cannot_be_written_to_is_reported_before_the_run(option, tmp_path):
    (tmp_path / "file").write_text("in the way")
    for place in (tmp_path / "file" / "out", "/proc/nowhere/out"):
        with pytest.raises(OptionError, match=f"--{option}: .* cannot be written"):
            before_tasks(config("mmlu", **{option: str(place)}))


def test_a_full_disk_is_reported_before_the_run_and_nothing_is_left_there(tmp_path):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        with pytest.raises(OptionError, match="--output_path: .* cannot be written"):
            before_tasks(config("mmlu", output_path=str(tmp_path / "new" / "out")))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    before_tasks(config("mmlu", output_path=str(tmp_path / "new" / "out")))
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_cache_is_reported_before_the_run(tmp_path):
    (tmp_path / "cache_rank0.db").write_text("this is no database " * 100)
    with pytest.raises(CacheError, match="cache_rank0.db: not a response cache"):
        before_tasks(config("mmlu", use_cache=str(tmp_path / "cache")))


# The chat template


@pytest.mark.parametrize("model", ["hf", "longsafety-hf"])
def test_a_model_without_a_chat_template_is_refused_before_its_weights_load(
    model, tiny_model, tmp_path
):
    base = shutil.copytree(tiny_model, tmp_path / "base", ignore=shutil.ignore_patterns("*.jinja"))
    own = {"chat_template_args": {"chat_template": "{{ messages[0]['content'] }}"}}
    for arguments in ({"pretrained": str(tiny_model)}, {"pretrained": str(base), **own}):
        before_tasks(config("mmlu", model=model, arguments=arguments, apply_chat_template=True))
    before_tasks(config("mmlu", model=model, arguments={"pretrained": str(base)}))
    with pytest.raises(OptionError, match="--apply_chat_template: the tokenizer of .*base' has no"):
        before_tasks(
            config(
                "mmlu",
                model=model,
                arguments={"pretrained": str(base)},
                apply_chat_template=True,
            )
        )


# Options and data


@pytest.mark.parametrize(
    ("tasks", "metadata", "said"),
    [
        ("longsafety_doc_attack", {"option_order": "shufled"}, "option_order: unknown value"),
        ("longsafety_doc_attack", {"pretrained": "/nope"}, "config of '/nope' cannot be loaded"),
        ("longsafety_length", {}, "needs `lengths`"),
        (
            "longsafety_length_logits",
            {"lengths": [8192], "depths": [1.5]},
            "numbers from 0 (document first) to 1 (document last), found 1.5",
        ),
        ("longsafety_length", {"lengths": [100_000]}, "filler 'benchmark' is too short"),
        (
            "longsafety_length",
            {"lengths": [4096, 90]},
            "90 tokens are fewer than the {needed} that document",
        ),
        ("longsafety_length", {"lengths": [131_000]}, "do not fit into the model's window"),
    ],
)
def test_options_that_cannot_be_used_are_reported(tasks, metadata, said, tiny_model):
    known = {"data": "sample", "pretrained": str(tiny_model), **metadata}
    if "length" in tasks:
        known["length_tasks"] = ["DocAttack"]
    prompt = load_documents(split="DocAttack", data="sample")["test"][0]["prompt"]
    needed = len(AutoTokenizer.from_pretrained(tiny_model)(prompt).input_ids)
    with pytest.raises(OptionError, match=re.escape(said.format(needed=needed))):
        check_named([tasks], known)


def test_bad_rows_are_reported_for_the_named_tasks_alone(tmp_path):
    write_jsonl(tmp_path / "DocAttack.jsonl", [row(0), row(1, choices=["Only one."])])
    write_jsonl(tmp_path / "HarmfulAdvice.jsonl", [row(0)])
    data = {"data": str(tmp_path)}
    check_named(["longsafety_harmful_advice_logits"], data)
    with pytest.raises(DataError, match="split DocAttack: 1 of 2 rows are malformed"):
        check_named(["longsafety_doc_attack_rotations"], data)
    with pytest.raises(DataError, match="no split 'HarmfulTendency'"):
        check_named(["longsafety_harmful_tendency"], data)


def test_good_options_and_data_pass_without_a_line_of_log(tiny_model, caplog):
    known = {"data": "sample", "pretrained": str(tiny_model), "lengths": [4096, 8192]}
    names = ["longsafety", "longsafety_logits", "longsafety_length", *(t.name for t in TASKS)]
    with caplog.at_level("INFO"):
        check_named(names, known)
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
    sent_prompts.warn_once.cache_clear()
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
