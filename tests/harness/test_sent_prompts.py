"""What lm-eval would send, looked at for stock backends too: real lm-eval, small models."""

import json
import logging
import re
import shutil
from types import SimpleNamespace

import pytest
from lm_eval.models.api_models import JsonChatStr
from lm_eval.models.huggingface import HFLM

from lm_eval_longsafety.backends.hf import LongSafetyHF
from lm_eval_longsafety.errors import OptionError
from lm_eval_longsafety.harness import sent_prompts
from lm_eval_longsafety.prompts.sent_text import holds_prompt, text_of
from lm_eval_longsafety.replies import open_thought, read_choice
from lm_eval_longsafety.results.rescore import rescore_sample
from lm_eval_longsafety.results.results_file import run_from
from lm_eval_longsafety.results.samples import sample_from
from tests.backends import qwen_like
from tests.backends.harness import evaluate
from tests.conftest import row, write_jsonl
from tests.scripted_models import AlwaysLetter

TASK = "longsafety_doc_attack"
PARTS = (
    "{% for message in messages %}<user>{% for part in message['content'] %}"
    "{% if part is mapping %}{{ part['text'] }}{% endif %}{% endfor %}{% endfor %}<assistant>"
)
THOUGHT = "<user>{{ messages[0]['content'] | trim }}<assistant><think>\n"
NO_THOUGHT = THOUGHT + "\n</think>\n\n"

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(autouse=True)
def no_warning_yet():
    sent_prompts.warn_once.cache_clear()


@pytest.fixture
def rows(tmp_path):
    """A folder with two rows for one task."""
    write_jsonl(tmp_path / "DocAttack.jsonl", [row(0), row(1)])
    return {"data": str(tmp_path)}


@pytest.fixture(scope="module")
def small(tiny_model):
    return HFLM(str(tiny_model), device="cpu", dtype="float32", batch_size=1)


class Thinker(AlwaysLetter):
    """A model whose chat template opens a thought."""

    def apply_chat_template(self, turns, add_generation_prompt=True):
        return f"<user>{turns[0]['content']}<assistant><think>\n"

    tokenizer_name = "thinker"


def scores(results, task=TASK):
    return {key.split(",")[0]: value for key, value in results["results"][task].items()}


def unused(results, task=TASK):
    return results["configs"][task]["metadata"]["provenance"]["template_unused"]


# Chat templates


def test_a_chat_model_without_its_template_is_one_warning_and_stands_in_the_results(
    small, tiny_model, rows, caplog
):
    tasks = (TASK, f"{TASK}_logits", f"{TASK}_rotations")
    results = evaluate(small, tiny_model, tasks, metadata=rows, chat=False, limit=1)
    said = [r for r in caplog.records if "--apply_chat_template is not given" in r.message]
    assert [record.levelno for record in said] == [logging.WARNING]
    assert str(tiny_model) in said[0].message
    assert [unused(results, task) for task in tasks] == [True] * 3
    run = run_from(results, rows["data"])
    assert run.tasks[TASK].provenance.template_unused is True


@pytest.mark.parametrize("chat", [True, False])
def test_a_template_applied_or_absent_is_no_warning(
    small, tiny_model, rows, caplog, monkeypatch, chat
):
    if not chat:
        monkeypatch.setattr(small.tokenizer, "chat_template", None)
    results = evaluate(small, tiny_model, [TASK], metadata=rows, chat=chat, limit=1)
    assert unused(results) is False
    assert "apply_chat_template" not in caplog.text


def test_without_a_tokenizer_nothing_is_claimed(rows):
    options = {**rows, "pretrained": None}
    assert unused(evaluate(AlwaysLetter("A"), "", [TASK], metadata=options, chat=False)) is None


# Prompts that do not arrive


def test_a_template_for_images_that_sends_an_empty_turn_stops_the_run(
    small, tiny_model, rows, monkeypatch
):
    monkeypatch.setattr(small.tokenizer, "chat_template", PARTS)
    for task in (TASK, f"{TASK}_rotations_logits"):
        with pytest.raises(OptionError, match="'row-0' of DocAttack: the prompt is not in what"):
            evaluate(small, tiny_model, [task], metadata=rows)


def test_a_prompt_within_a_chat_for_a_server_is_found():
    turns = [{"role": "user", "content": 'A "quiet"\nharbour'}]
    as_json = JsonChatStr('[{"role": "user", "content": "A \\"quiet\\"\\nharbour"}]')
    parts = [{"role": "user", "content": [{"type": "text", "text": 'A "quiet"\nharbour'}]}]
    for context in (turns, as_json, parts, '<user>A "quiet" harbour'):
        assert holds_prompt(text_of(context), ' A "quiet"\n\nharbour')
        assert not holds_prompt(text_of(context), "A louder harbour")


def test_prompts_cached_by_an_earlier_run_are_not_sent(rows, tmp_path, monkeypatch):
    monkeypatch.setattr("lm_eval.caching.cache.PATH", str(tmp_path / "cache"))
    shown = []
    for seed in (0, 1):
        lm = AlwaysLetter("A")
        options = {**rows, "pretrained": None, "option_seed": seed}
        evaluate(lm, "", [TASK], metadata=options, chat=False, cache_requests=True)
        shown.append(lm.prompts)
    assert shown[0] != shown[1]


# Thoughts that the prompt opens


@pytest.mark.parametrize(
    ("reply", "answered"),
    [
        ("The answer is A, or so the document says", 0.0),
        ("The answer is B</think>\n\nA", 1.0),
        ("A", 0.0),
    ],
)
def test_reasoning_is_no_answer_where_the_prompt_opened_it(rows, caplog, reply, answered):
    options = {**rows, "pretrained": None}
    results = evaluate(Thinker(reply), "", [TASK, f"{TASK}_rotations"], metadata=options)
    assert scores(results)["answered"] == answered
    assert scores(results, f"{TASK}_rotations")["answered"] == answered
    said = [r.message for r in caplog.records if "opens a thought (<think>)" in r.message]
    assert len(said) == 1
    assert all(word in said[0] for word in ("max_gen_toks", "reply_tokens", "think_end_token"))
    # The logged replies say the same when they are read again.
    for line in results["samples"][TASK]:
        sample = sample_from(line, hint=TASK, keep_text=True)
        assert rescore_sample(sample).answered == answered


def test_a_stock_backend_that_removes_thoughts_is_refused_where_the_prompt_opens_them(rows):
    lm = Thinker("A")
    lm.think_end_token = "</think>"
    with pytest.raises(OptionError, match="Thinker passes a thought that never ends as an answer"):
        evaluate(lm, "", [TASK], metadata={**rows, "pretrained": None})
    assert scores(evaluate(lm, "", [TASK], metadata={**rows, "pretrained": None}, chat=False))


@pytest.mark.parametrize(
    ("end", "opened"),
    [
        ("<|im_start|>assistant\n<think>\n", True),
        ("<｜Assistant｜><think>\n", True),
        ("◁think▷", True),
        ("<seed:think>", True),
        ("<|im_start|>assistant\n<think>\n\n</think>\n\n", False),
        ("<|im_start|>assistant\n", False),
        ("<|start|>assistant", False),
        ("", False),
    ],
)
def test_an_open_thought_is_seen_at_the_prompts_end(end, opened):
    prompt = "<think> stands in the document.\nYour answer should be one of the letters: A,B."
    assert bool(open_thought(end)) is opened
    tag = sent_prompts.warn_of_thought(f"<|im_start|>user\n{prompt}<|im_end|>\n{end}", prompt)
    assert bool(tag) is opened
    assert tag.strip() in ("", "<think>", "◁think▷", "<seed:think>")


@pytest.mark.parametrize(
    "end",
    ["<|channel|>analysis<|message|>", "<think>\n<effort>low</effort>\n", "<think>\nOf [A-D]:\n"],
)
def test_what_the_template_writes_into_the_thought_belongs_to_it(end):
    thought = sent_prompts.warn_of_thought(f"<user>Which letter?<assistant>{end}", "Which letter?")
    assert thought == end
    assert read_choice(f"{thought}So the answer is C.", ["x", "y", "z"]) == ""


def test_letters_after_chat_turns_are_refused_in_one_line(rows):
    lm = SimpleNamespace(tokenizer=SimpleNamespace(decode=str), _encode_pair=None)
    turns = SimpleNamespace(args=([{"role": "user", "content": "x"}], "A"))
    with pytest.raises(OptionError, match="leave tokenized_requests out of --model_args"):
        sent_prompts.refuse_joined_letters([turns], lm)


@pytest.mark.parametrize(("enable", "empty"), [(False, False), (None, True), (True, True)])
def test_a_reply_at_the_limit_is_emptied_only_where_the_model_may_be_thinking(qwen, enable, empty):
    more = {} if enable is None else {"enable_thinking": enable}
    lm = LongSafetyHF(
        str(qwen), device="cpu", dtype="float32", think_end_token=qwen_like.THINK_END, **more
    )
    (said,) = lm.generate_until([qwen_like.reply(qwen_like.text(30), tokens=6)], True)
    assert (said == "") is empty
    # Whatever the argument says: here the prompt itself has opened a thought.
    prompt = f"{qwen_like.text(30)}\n<think>\n"
    assert lm.generate_until([qwen_like.reply(prompt, tokens=6)], True) == [""]


# Letters


def test_a_letter_that_the_tokenizer_joins_to_the_prompt_is_refused_for_stock_backends(
    stock, ours, qwen, rows
):
    with pytest.raises(OptionError, match="letter .A., so that HFLM would not.*longsafety-vllm"):
        evaluate(stock, qwen, [f"{TASK}_logits"], metadata=rows, chat=False)
    results = evaluate(ours, qwen, [f"{TASK}_logits"], metadata=rows, chat=False, limit=1)
    assert scores(results, f"{TASK}_logits")["answered"] == 1.0


def test_a_tokenizer_that_appends_its_end_token_is_refused(tiny_model, rows, tmp_path):
    from tokenizers.processors import TemplateProcessing

    copy = shutil.copytree(tiny_model, tmp_path / "model")
    lm = HFLM(str(copy), device="cpu", dtype="float32", batch_size=1)
    end = lm.tokenizer.eos_token
    lm.tokenizer.backend_tokenizer.post_processor = TemplateProcessing(
        single=f"$A {end}", special_tokens=[(end, lm.tokenizer.eos_token_id)]
    )
    with pytest.raises(OptionError, match="of the letter 'A', so that HFLM would not"):
        evaluate(lm, copy, [f"{TASK}_logits"], metadata=rows, chat=False)


# The window of the model that is loaded


@pytest.mark.parametrize(
    ("metadata", "more"),
    [
        ({"max_length": 8192}, {}),
        ({"max_length": 1200}, {"gen_kwargs": {"max_gen_toks": 600}}),
        ({"max_length": 1200}, {"gen_kwargs": {"max_new_tokens": 600}}),
    ],
    ids=["another window in --metadata", "max_gen_toks", "max_new_tokens"],
)
def test_no_stock_backend_cuts_our_prompts_from_the_left(qwen, tmp_path, metadata, more):
    lm = HFLM(str(qwen), device="cpu", dtype="float32", max_length=1200)
    write_jsonl(tmp_path / "DocAttack.jsonl", [row(0, context=qwen_like.text(3000))])
    options = {"data": str(tmp_path), **metadata}
    with pytest.raises(OptionError, match="the model's window 1200.* cut .* head") as error:
        evaluate(lm, qwen, [TASK], metadata=options, chat=False, **more)
    remedy = json.loads(re.search(r"\{.*\}", str(error.value))[0])
    results = evaluate(lm, qwen, [TASK], metadata=options | remedy, chat=False, **more)
    assert scores(results)["truncated"] == 1.0
