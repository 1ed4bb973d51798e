"""A prompt of ours that the loaded model's window does not hold is refused, with what would do."""

import json
import re
from types import SimpleNamespace

import pytest

from lm_eval_longsafety.errors import OptionError
from lm_eval_longsafety.harness.left_cut import refuse_left_cut
from lm_eval_longsafety.prompts.tokenizer import measure_ids
from tests.backends.qwen_like import reply, score


def words(text, **_):
    """A tokenizer that makes a token of each word."""
    return [len(word) for word in text.split()]


def model(window, encode=words, **more):
    return SimpleNamespace(max_length=window, tok_encode=encode, **more)


def ours(requests, prompt, counted=words):
    """The requests with a document of ours behind them."""
    measure = measure_ids(counted(prompt)) if counted else None
    for request in requests:
        request.doc = {
            "id": "row-7",
            "task": "DocAttack",
            "prompt": prompt,
            "prompt_tokens": measure and measure.tokens,
            "prompt_sha256": measure and measure.sha256,
        }
    return requests


def refused(requests, lm):
    with pytest.raises(OptionError) as error:
        refuse_left_cut(requests, lm)
    return str(error.value)


def test_a_reply_that_leaves_no_room_for_the_prompt_is_refused_with_the_numbers():
    prompt = "quiet harbour " * 1000
    fits = ours([reply(prompt, tokens=100)], prompt)
    refuse_left_cut(fits, model(2100))
    # 2,000 + 170 are 70 above 2,100. Largest prompt: 2,100 - 170 - 16 for the seam; 606 stay free.
    assert refused(ours([reply(prompt, tokens=170)], prompt), model(2100)) == (
        "document 'row-7' of DocAttack: its prompt has 2000 tokens as sent and the model's window "
        "2100, of which 170 are for the reply, so that lm-eval would cut 70 from the prompt's "
        'head; give --metadata \'{"reply_tokens": 170, "max_prompt_tokens": 2100}\''
    )


@pytest.mark.parametrize("key", ["max_new_tokens", "max_tokens", "max_completion_tokens"])
def test_every_spelling_of_the_replys_length_counts(key):
    prompt = "quiet harbour " * 1000
    request = reply(prompt, tokens=64, **{key: 170})
    assert "170 are for the reply" in refused(ours([request], prompt), model(2100))


def test_a_long_system_instruction_is_refused_with_the_window_that_would_do():
    # 1,000 tokens around a prompt of 3,500 and 64 for the reply are 468 more than 4,096: prompts
    # may have 4,096 - 64 - 1,000 - 16 for the seam = 3,016, and 500 stay free beside them.
    prompt = "y " * 3500
    (request,) = ours([reply("be kind " * 500 + prompt, tokens=64)], prompt)
    said = refused([request], model(4096))
    assert "cut 468 from" in said
    assert said.endswith("--metadata '{\"max_prompt_tokens\": 3516}'")


def test_the_remedy_is_never_empty_and_names_the_loaded_models_window():
    # The prompt was fitted to another window: nothing but the window is wrong.
    prompt = "quiet harbour " * 1000
    said = refused(ours([reply(prompt, tokens=64)], prompt), model(1024))
    assert json.loads(re.search(r"\{.*\}", said)[0]) == {"max_prompt_tokens": 1024}


def test_a_reply_as_long_as_the_window_has_no_remedy_in_options():
    prompt = "quiet harbour " * 1000
    said = refused(ours([reply(prompt, tokens=1000)], prompt), model(1024))
    assert "{" not in said
    assert "a shorter reply" in said


def test_a_prompt_that_another_tokenizer_counted_is_counted_again():
    prompt = "harbour " * 1000
    requests = ours([reply(prompt, tokens=64)], prompt)
    refuse_left_cut(requests, model(4096))
    # A token each for 8,000 characters.
    with pytest.raises(OptionError, match=r'8000 tokens as sent.*"tokenizer": .*4096'):
        refuse_left_cut(requests, model(4096, lambda text, **_: [ord(each) for each in text]))


def test_letters_after_a_prompt_above_the_window_are_refused():
    prompt = "quiet harbour " * 1000
    refuse_left_cut(ours(score(prompt, "A", "B"), prompt), model(2002))
    assert "cut 1 from" in refused(ours(score(prompt, "A", "B"), prompt), model(2001))


def test_a_prompt_that_surely_fits_is_not_encoded_again():
    asked = []

    def counting(text, **options):
        asked.append(text)
        return words(text, **options)

    prompt = "quiet harbour " * 1000
    lm = model(2100, counting)
    refuse_left_cut(ours([reply(prompt, tokens=64) for _ in range(9)], prompt), lm)
    # One prompt shows that the tokenizer is the one that counted; the header's length decides.
    assert asked == [prompt]
    refuse_left_cut(ours([reply("x" * 30 + prompt, tokens=64)], prompt), lm)
    assert len(asked) == 3


@pytest.mark.parametrize(
    "lm",
    [SimpleNamespace(), model(10, None), model(10, tokenized_requests=False), model(None)],
    ids=["no window", "no tokenizer", "a server that tokenises", "window unknown"],
)
def test_a_model_that_cuts_nothing_is_not_looked_at(lm):
    prompt = "quiet harbour " * 1000
    refuse_left_cut(ours([reply(prompt)], prompt), lm)


def test_an_encoders_window_holds_the_prompt_alone():
    prompt = "quiet harbour " * 1000
    refuse_left_cut(ours([reply(prompt, tokens=900)], prompt), model(2000, backend="seq2seq"))


def test_letters_that_are_sent_as_text_are_cut_all_the_same():
    prompt = "quiet harbour " * 1000
    lm = model(1000, tokenized_requests=False, tokenizer="its own")
    refuse_left_cut(ours([reply(prompt)], prompt), lm)
    assert "cut " in refused(ours(score(prompt, "A", "B"), prompt), lm)


def test_backends_that_encode_in_another_way_or_not_at_all_raise_no_traceback():
    def plain(text):
        return words(text)

    def missing(text, **_):
        raise NotImplementedError

    prompt = "quiet harbour " * 1000
    assert "as sent" in refused(ours([reply(prompt)], prompt), model(1000, plain))
    refuse_left_cut(ours([reply(prompt)], prompt), model(1000, missing))
