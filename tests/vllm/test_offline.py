"""`longsafety-vllm` beside lm-eval's `vllm` and `hf`, on the embedded sample."""

import signal
import subprocess
import sys
from types import SimpleNamespace

import pytest

from lm_eval_longsafety.backends import vllm as module
from tests.backends.harness import chosen, evaluate, letters, replies
from tests.backends.killed_run import LIMIT, count_prompts
from tests.backends.qwen_like import orders, reply, score, text

LOGITS, GENERATE = "longsafety_logits", "longsafety"


@pytest.fixture(scope="session")
def results(ours, stock, hf, tiny_model):
    """Results by (backend, protocol)."""
    backends = {"ours": ours, "stock": stock, "hf": hf}
    return {
        (name, task): evaluate(lm, tiny_model, [task], limit=3)
        for name, lm in backends.items()
        for task in (LOGITS, GENERATE)
    }


@pytest.mark.parametrize("other", ["stock", "hf"])
@pytest.mark.parametrize("task", [LOGITS, GENERATE])
def test_letters_and_scores_equal_those_of_lm_eval(results, other, task):
    mine, theirs = results["ours", task], results[other, task]
    assert letters(mine) == letters(theirs)
    assert chosen(mine) == chosen(theirs)
    assert len(letters(mine)) == 30
    assert mine["results"][task]["sr,letter"] == theirs["results"][task]["sr,letter"]


@pytest.mark.parametrize("other", ["stock", "hf"])
def test_letter_log_probabilities_equal_those_of_lm_eval(results, other):
    mine, theirs = replies(results["ours", LOGITS]), replies(results[other, LOGITS])
    for key, scores in mine.items():
        for ((logprob, greedy),), ((expected, also),) in zip(scores, theirs[key], strict=True):
            assert abs(float(logprob) - float(expected)) < 1e-3
            assert greedy == also


def mixed():
    asked = [
        *score(text(90, 1) + "\n<|im_start|>assistant\n", "A", "B", "C", "D"),
        *score(text(200, 2) + "\nAnswer:", " A", " B", " C"),
        *score(text(50, 3), " quiet harbour", " rain"),
        *score("", " quiet harbour"),
    ]
    return asked


def close(found, expected):
    pairs = zip(found, expected, strict=True)
    return all(abs(a - c) < 1e-3 and b == d for (a, b), (c, d) in pairs)


def test_any_continuation_is_scored_as_by_lm_eval(ours, stock):
    assert close(
        ours.loglikelihood(mixed(), disable_tqdm=True),
        stock.loglikelihood(mixed(), disable_tqdm=True),
    )


def test_a_vllm_without_named_tokens_gives_the_same_scores(ours, stock, monkeypatch):
    expected = stock.loglikelihood(mixed(), disable_tqdm=True)
    monkeypatch.setattr(module, "_NAMES_TOKENS", False)
    assert close(ours.loglikelihood(mixed(), disable_tqdm=True), expected)
    # With only the best token returned, most contexts go through lm-eval's own code.
    monkeypatch.setattr(module, "_TOP", 1)
    assert close(ours.loglikelihood(mixed(), disable_tqdm=True), expected)


def prefilled(ours, call):
    """Prompt tokens that the engine computed, and all prompt tokens, during `call`."""
    seen = []
    generate = ours.model.generate

    def noting(*arguments, **keywords):
        outputs = generate(*arguments, **keywords)
        seen.extend((len(o.prompt_token_ids), o.num_cached_tokens or 0) for o in outputs)
        return outputs

    ours.model.generate = noting
    try:
        call()
    finally:
        ours.model.generate = generate
    return sum(n - cached for n, cached in seen), sum(n for n, _ in seen)


@pytest.mark.parametrize("kind", ["letters", "replies"])
def test_four_orders_of_one_document_are_prefilled_once(ours, kind):
    prompts = orders(f"{kind} {text(6000, 40)}", 4)
    one = len(ours.tok_encode(prompts[0]))
    if kind == "letters":
        asked = [request for prompt in prompts for request in score(prompt, " A", " B", " C")]
        cost, _ = prefilled(ours, lambda: ours.loglikelihood(asked, disable_tqdm=True))
    else:
        asked = [reply(prompt, tokens=2) for prompt in prompts]
        cost, _ = prefilled(ours, lambda: ours.generate_until(asked, disable_tqdm=True))
    assert one <= cost < 1.15 * one


@pytest.mark.parametrize("task", [GENERATE, LOGITS])
def test_after_a_kill_the_rerun_asks_only_for_the_rest(ours, tiny_model, tmp_path, task):
    from lm_eval.api.model import CacheHook

    whole = evaluate(ours, tiny_model, [task], limit=LIMIT)
    total = []
    generate = ours.model.generate
    count_prompts(ours, total.append)
    evaluate(ours, tiny_model, [task], limit=LIMIT)
    ours.model.generate = generate

    arguments = [str(tiny_model), task, str(tmp_path / "cache"), str(sum(total) // 2)]
    killed = subprocess.run(
        [sys.executable, "-m", "tests.backends.killed_run", "longsafety-vllm", *arguments],
        capture_output=True,
        text=True,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr[-2000:]

    asked = []
    count_prompts(ours, asked.append)
    results = evaluate(ours, tiny_model, [task], limit=LIMIT, use_cache=tmp_path / "cache")
    ours.model.generate = generate
    ours.cache_hook = CacheHook(None)
    assert 0 < sum(asked) <= 0.55 * sum(total)
    assert letters(results) == letters(whole)
    assert results["results"] == whole["results"]


def test_cut_off_reasoning_is_no_answer(ours, monkeypatch):
    asked = [reply(text(40, 8), tokens=1)]
    (said,) = ours.generate_until(asked, disable_tqdm=True)
    assert said
    monkeypatch.setattr(ours, "think_end_token", "</think>")
    assert ours.generate_until(asked, disable_tqdm=True) == [""]


@pytest.mark.parametrize(
    ("prompt", "said", "reason", "kept"),
    [
        ("Which letter?\n", "it may be A, or", "length", ""),
        ("Which letter?\n", "it may be A </think> B", "length", "it may be A </think> B"),
        # A reply that ended by itself without reasoning is a reply,
        ("Which letter?\n", "B", "stop", "B"),
        # unless the chat template has opened a thought for it.
        ("Which letter?\n<think>\n", "B", "stop", ""),
    ],
)
def test_only_a_reply_that_ends_inside_its_reasoning_is_emptied(
    ours, monkeypatch, prompt, said, reason, kept
):
    monkeypatch.setattr(ours, "think_end_token", "</think>")
    output = SimpleNamespace(
        prompt_token_ids=ours.tok_encode(prompt),
        outputs=[SimpleNamespace(text=said, finish_reason=reason)],
    )
    assert ours._answered(output).outputs[0].text == kept
