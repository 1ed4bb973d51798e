"""`longsafety-hf` beside lm-eval's `hf`, on a tiny model: the same answers for less work."""

import pytest

from lm_eval_longsafety.backends.hf import LongSafetyHF
from lm_eval_longsafety.errors import OptionError
from tests.backends import qwen_like
from tests.backends.qwen_like import orders, reply, score, text

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def requests():
    """Letters with and without a space, several tokens, no context, a document in three orders."""
    chat = text(90, 12) + "\n<|im_start|>assistant\n"
    mixed = [
        *score(chat, "A", "B", "C", "D"),
        *score(text(200, 1) + "\nAnswer:", " A", " B", " C", " D"),
        *score(text(90, 2) + "\nAnswer:\n", "A", "B", "C", "D"),
        *score(text(50, 3), " quiet harbour", " rain"),
        *score("", " quiet harbour", " rain"),
        *score(text(60, 4) + " ", "A"),
    ]
    for prompt in orders(text(4000, 5), 3):
        mixed += score(prompt, " A", " B", " C", " D")
    return mixed


def close(found, expected, tolerance=1e-5):
    return all(
        abs(a - c) < tolerance and b == d for (a, b), (c, d) in zip(found, expected, strict=True)
    )


def passes(model):
    """Count the positions that go through `model.model`; returns a list that grows."""
    seen = []
    inner = model.model

    def note(_, arguments, keywords):
        ids = arguments[0] if arguments else keywords["input_ids"]
        seen.append(ids.shape[0] * ids.shape[1])

    handle = inner.register_forward_pre_hook(note, with_kwargs=True)
    return seen, handle


def test_scores_equal_those_of_lm_eval(stock, ours):
    assert close(
        ours.loglikelihood(requests(), disable_tqdm=True),
        stock.loglikelihood(requests(), disable_tqdm=True),
    )


def test_scores_do_not_depend_on_batching(qwen, ours):
    auto = LongSafetyHF(str(qwen), device="cpu", dtype="float32", batch_size="auto")
    bounded = LongSafetyHF(
        str(qwen), device="cpu", dtype="float32", batch_size=3, batch_tokens=1000
    )
    expected = ours.loglikelihood(requests(), disable_tqdm=True)
    assert close(auto.loglikelihood(requests(), disable_tqdm=True), expected)
    assert close(bounded.loglikelihood(requests(), disable_tqdm=True), expected)


def test_a_letter_after_a_full_stop_is_scored_where_lm_eval_scores_nothing(stock, ours):
    asked = score("one of the letters: A,B.", "A", "B")
    # lm-eval sums over no token: log-probability 0, "greedy".
    assert (0.0, True) in stock.loglikelihood(asked, disable_tqdm=True)
    scores = ours.loglikelihood(asked, disable_tqdm=True)
    assert all(logprob < -1 for logprob, _ in scores)


def test_replies_equal_those_of_lm_eval(stock, qwen, ours):
    asked = [reply(text(n * 40, n)) for n in range(1, 6)]
    asked += [reply(prompt) for prompt in orders(text(4000, 9), 3)]
    asked.append(reply(text(30, 7), until=["a"]))
    expected = stock.generate_until(asked, disable_tqdm=True)
    assert ours.generate_until(asked, disable_tqdm=True) == expected
    auto = LongSafetyHF(str(qwen), device="cpu", dtype="float32", batch_size="auto")
    assert auto.generate_until(asked, disable_tqdm=True) == expected


def test_four_orders_of_one_document_cost_one_prefill_and_four_tails(ours):
    prompts = orders(text(4000, 6), 4)
    asked = [request for prompt in prompts for request in score(prompt, " A", " B", " C", " D")]
    one = len(ours.tok_encode(prompts[0]))
    seen, handle = passes(ours)
    ours.loglikelihood(asked, disable_tqdm=True)
    handle.remove()
    # One pass over the shared text, then four over what differs (under 100 tokens each).
    assert len(seen) == 5
    assert one <= sum(seen) < one + 400


def test_a_shared_prefix_ends_before_the_lead(stock, ours):
    # The first prompt is the beginning of the second: all of it is shared, its last line break too,
    # which is scored with the letters.
    first = text(4000, 6)
    asked = [
        request
        for prompt in (f"{first}\n", f"{first}\nboats drift home\n")
        for request in score(prompt, "A", "B", "C", "D")
    ]
    seen, handle = passes(ours)
    found = ours.loglikelihood(asked, disable_tqdm=True)
    handle.remove()
    assert close(found, stock.loglikelihood(asked, disable_tqdm=True))
    assert len(seen) == 3 and sum(seen[1:]) < 20


@pytest.mark.parametrize(
    "more",
    [
        {"num_beams": 2},
        {"prompt_lookup_num_tokens": 2},
        {"cache_implementation": "static"},
    ],
)
def test_decoding_that_cannot_start_from_a_cache_reads_each_prompt_in_full(
    stock, ours, more, monkeypatch
):
    kept = []
    monkeypatch.setattr(ours, "_forward", lambda *_, **__: kept.append(1))
    asked = [reply(prompt, tokens=4, **more) for prompt in orders(text(4000, 9), 2)]
    expected = stock.generate_until(asked, disable_tqdm=True)
    assert ours.generate_until(asked, disable_tqdm=True) == expected
    assert not kept


def test_the_output_layer_sees_one_position_a_prompt(ours):
    seen = []
    head = ours.model.get_output_embeddings()
    handle = head.register_forward_hook(lambda _, inputs, output: seen.append(output.shape))
    ours.loglikelihood(score(text(500, 8), " A", " B", " C", " D"), disable_tqdm=True)
    handle.remove()
    vocabulary = ours.model.config.vocab_size
    assert [tuple(shape) for shape in seen] == [(1, 1, vocabulary)]


def test_a_sliding_window_model_gives_the_same_scores(tmp_path):
    from lm_eval.models.huggingface import HFLM

    folder = str(qwen_like.build_model(tmp_path, sliding_window=256))
    arguments = {"device": "cpu", "dtype": "float32", "batch_size": 1}
    asked = [
        request for prompt in orders(text(4000, 5), 3) for request in score(prompt, " A", " B")
    ]
    assert close(
        LongSafetyHF(folder, **arguments).loglikelihood(asked, disable_tqdm=True),
        HFLM(folder, **arguments).loglikelihood(asked, disable_tqdm=True),
    )


def test_a_prompt_above_the_window_is_cut_as_by_lm_eval(qwen):
    from lm_eval.models.huggingface import HFLM

    arguments = {"device": "cpu", "dtype": "float32", "batch_size": 1, "max_length": 100}
    asked = score(text(300, 2), " A", " B")
    assert close(
        LongSafetyHF(str(qwen), **arguments).loglikelihood(asked, disable_tqdm=True),
        HFLM(str(qwen), **arguments).loglikelihood(asked, disable_tqdm=True),
    )


class Scripted:
    """Stands for the model's `generate`: appends given text to the prompt."""

    def __init__(self, backend, continuation, end=True):
        self.ids = backend.tokenizer.encode(continuation, add_special_tokens=False)
        self.ids += [backend.eot_token_id] * end

    def __call__(self, *, input_ids, max_length, **_):
        import torch

        room = max_length - input_ids.shape[1]
        return torch.cat([input_ids, torch.tensor([self.ids[:room]])], dim=1)


@pytest.mark.parametrize(
    ("said", "limit", "expected"),
    [
        ("A or B </think> B", 64, "B"),
        # The limit falls into the reasoning: nothing may be read from it.
        ("it may be A it may be A it may be A", 4, ""),
        # A reply that ended by itself without reasoning is a reply.
        ("C", 64, "C"),
    ],
)
@pytest.mark.parametrize("special", [False, True])
def test_reasoning_is_dropped_and_cut_off_reasoning_is_no_answer(
    qwen, monkeypatch, said, limit, expected, special
):
    backend = LongSafetyHF(
        str(qwen),
        tokenizer=qwen_like.build_tokenizer(think_special=special),
        device="cpu",
        dtype="float32",
        think_end_token="</think>",
    )
    monkeypatch.setattr(backend.model, "generate", Scripted(backend, said))
    assert backend.generate_until([reply(text(20), tokens=limit)], disable_tqdm=True) == [expected]


@pytest.mark.parametrize("wrong", ["x", 0, -1, 1.5, True])
def test_a_wrong_batch_tokens_is_reported_before_the_model_is_loaded(wrong):
    with pytest.raises(OptionError, match="batch_tokens: expected a whole number above 0"):
        LongSafetyHF("/there/is/no/such/model", batch_tokens=wrong)


def test_in_a_batch_a_reply_that_ended_with_any_end_token_is_kept(qwen):
    import torch

    backend = LongSafetyHF(str(qwen), device="cpu", dtype="float32", think_end_token="</think>")
    letter, end = backend.tok_encode("C")[0], backend.tok_encode(" rain")[0]
    backend.model.generation_config.eos_token_id = [end]
    pad = backend.tokenizer.pad_token_id
    prompt = backend.tok_encode("the quiet harbour")
    ended = [*prompt, letter, end, pad, pad]
    cut = [*prompt, letter, letter, letter, letter]
    tokens = backend._blank_unfinished(torch.tensor([ended, cut]), len(prompt), len(cut))
    assert tokens[0].tolist() == ended
    assert set(tokens[1].tolist()[len(prompt) :]) == {backend.eot_token_id}
