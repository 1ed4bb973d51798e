"""No backend of ours cuts a LongSafetyBench prompt from the left in silence."""

import pytest

from lm_eval_longsafety.backends import left_cut
from lm_eval_longsafety.backends.hf import LongSafetyHF
from lm_eval_longsafety.errors import OptionError
from tests.backends.qwen_like import reply, score, text

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

PROMPT = text(300, 2)
WINDOW = 400


@pytest.fixture(scope="module")
def narrow(qwen):
    return LongSafetyHF(str(qwen), device="cpu", dtype="float32", max_length=WINDOW)


def ours(requests, tokens, prompt=PROMPT):
    """The requests with a document of ours behind them."""
    for request in requests:
        request.doc = {
            "id": "row-7",
            "task": "DocAttack",
            "prompt": prompt,
            "prompt_tokens": tokens,
            "prompt_sha256": "0",
        }
    return requests


def test_a_reply_that_leaves_no_room_for_the_prompt_is_refused_with_the_numbers(narrow):
    tokens = len(narrow.tok_encode(PROMPT))
    room = WINDOW - tokens
    assert len(narrow.generate_until(ours([reply(PROMPT, tokens=room)], tokens), True)) == 1
    with pytest.raises(OptionError) as told:
        narrow.generate_until(ours([reply(PROMPT, tokens=room + 70)], tokens), True)
    assert str(told.value) == (
        f"document 'row-7' of DocAttack: its prompt has {tokens} tokens as sent and the window "
        f"400, of which {room + 70} are for the reply, so that lm-eval would cut 70 from the "
        f"prompt's head; give --metadata '{{\"reply_tokens\": {room + 70}}}'"
    )


def test_a_long_system_instruction_is_told_with_the_window_that_would_do():
    # 1,000 tokens around a prompt of 3,500 and 64 for the reply are 468 more than 4,096: prompts
    # may have 4,096 - 64 - 1,000 - 16 for the seam = 3,016, and 500 stay free beside them.
    (request,) = ours([reply("y" * 90_000, tokens=64)], 3500)
    with pytest.raises(
        OptionError, match=r"cut 468 .* --metadata '\{\"max_prompt_tokens\": 3516\}'"
    ):
        left_cut.refuse_cut_replies([request], lambda *_: [0] * 4500, 4096)
    # With a reply of 164 tokens, reply_tokens takes another 100 from the prompts.
    (request,) = ours([reply("y" * 90_000, tokens=164)], 3500)
    with pytest.raises(OptionError, match=r'\{"reply_tokens": 164, "max_prompt_tokens": 3516\}'):
        left_cut.refuse_cut_replies([request], lambda *_: [0] * 4500, 4096)


def test_letters_after_a_prompt_above_the_window_are_refused(narrow):
    long = text(600, 2)
    with pytest.raises(OptionError, match="row-7.*cut .* from the prompt's head.*tokenizer"):
        narrow.loglikelihood(ours(score(long, " A", " B"), None, long), True)


def test_letters_of_ours_in_the_same_token_are_refused_others_are_not(narrow, monkeypatch):
    encode = narrow.tokenizer.encode
    same = encode("A", add_special_tokens=False)[0], encode("B", add_special_tokens=False)[0]
    monkeypatch.setattr(
        type(narrow.tokenizer),
        "encode",
        lambda _, *a, **k: [same[0] if token == same[1] else token for token in encode(*a, **k)],
    )
    with pytest.raises(OptionError, match="'A' and 'B' in the same token"):
        narrow.loglikelihood(ours(score(f"{PROMPT}\n", "A", "B"), None), True)
    assert len(narrow.loglikelihood(score(f"{PROMPT}\n", "A", "B"), True)) == 2


def test_other_peoples_prompts_are_cut_as_by_lm_eval(narrow):
    long = text(600, 2)
    assert len(narrow.generate_until([reply(long)], True)) == 1
    assert len(narrow.loglikelihood(score(long, " A", " B"), True)) == 2


def test_a_prompt_that_surely_fits_is_not_encoded_again():
    def encode(*_):
        raise AssertionError("was encoded")

    # 900 bytes, known to be 300 tokens: 300 + 21 of a header + 16 for the seam + 12 fit into 400.
    fitting = ours([reply("x" * 21 + "y" * 900)], 300, "y" * 900)
    left_cut.refuse_cut_replies(fitting, encode, WINDOW)
    with pytest.raises(AssertionError):
        left_cut.refuse_cut_replies(ours([reply("y" * 900)], None, "y" * 900), encode, WINDOW)
