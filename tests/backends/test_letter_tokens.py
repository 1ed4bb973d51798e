"""Continuations in tokens: as lm-eval reads them, or a letter that stays one."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lm_eval_longsafety.backends.letter_tokens import encode_continuations, refuse_same_tokens
from lm_eval_longsafety.errors import OptionError
from tests.backends import qwen_like


@pytest.fixture(scope="module")
def tokenizer():
    return qwen_like.build_tokenizer()


@pytest.fixture(scope="module")
def encode(tokenizer):
    def tok_encode(string, add_special_tokens=None):
        return tokenizer.encode(string, add_special_tokens=bool(add_special_tokens))

    return tok_encode


def lm_evals_own(encode, context, continuation):
    """`TemplateLM._encode_pair` without a backend around it."""
    from lm_eval.api.model import TemplateLM

    class Bare(TemplateLM):
        eot_token_id = loglikelihood_rolling = generate_until = None
        _loglikelihood_tokens = None

        def tok_encode(self, string, add_special_tokens=None, **kwargs):
            return encode(string, add_special_tokens)

    return Bare()._encode_pair(context, continuation)


def test_the_tokenizer_of_these_tests_merges_a_full_stop_and_a_letter(tokenizer):
    assert tokenizer.tokenize("rain.A")[-1] == ".A"


def test_a_letter_after_a_full_stop_is_the_token_that_decodes_to_it(encode, tokenizer):
    encoded = encode_continuations(encode, "letters: A,B.", ["A", "B", "C", "D"])
    assert [tokenizer.decode(ids) for ids in encoded.continuations] == ["A", "B", "C", "D"]
    assert all(len(ids) == 1 for ids in encoded.continuations)
    assert tokenizer.decode(encoded.context) == "letters: A,B."


def test_lm_eval_alone_has_nothing_left_to_score_there(encode):
    # The reason for the rule: joint encoding has swallowed the letter.
    _, continuation = lm_evals_own(encode, "letters: A,B.", "A")
    assert continuation == []


@pytest.mark.parametrize(
    "context", ["harbour", "boats drift home", "Answer:", "x" * 5000, "a b \n"]
)
def test_a_continuation_with_a_space_is_encoded_as_by_lm_eval(encode, context):
    for continuation in (" A", " B", " quiet harbour", "\nA"):
        encoded = encode_continuations(encode, context, [continuation])
        assert (encoded.context, encoded.continuations[0]) == lm_evals_own(
            encode, context, continuation
        )


@settings(max_examples=200, deadline=None)
@given(
    context=st.text(alphabet="AB .:\n'a1", min_size=1, max_size=12).filter(str.strip),
    continuation=st.text(alphabet="AB a", min_size=1, max_size=4),
    long=st.booleans(),
)
def test_the_rule_holds_for_any_text(encode, context, continuation, long):
    context = (qwen_like.text(900) + "\n" if long else "") + context
    encoded = encode_continuations(encode, context, [continuation])
    stock_context, stock = lm_evals_own(encode, context, continuation)
    assert encoded.context == stock_context
    moved = context[len(context.rstrip()) :] + continuation
    joint = encode(context.rstrip() + moved)
    if stock and (joint[: len(stock_context)] == stock_context or moved[0].isspace()):
        assert encoded.continuations[0] == stock
    else:
        alone = encode(moved)
        assert encoded.continuations[0] == (alone if not stock or len(alone) == 1 else stock)


def test_a_long_context_is_encoded_once(tokenizer):
    lengths = []

    def counting(string, add_special_tokens=None):
        lengths.append(len(string))
        return tokenizer.encode(string, add_special_tokens=False)

    context = qwen_like.text(4000)
    encode_continuations(counting, context, ["A", "B", "C", "D"])
    assert sum(length >= len(context) for length in lengths) == 1


@pytest.fixture(scope="module")
def appends_eos(tokenizer):
    def tok_encode(string, add_special_tokens=None):
        ids = tokenizer.encode(string, add_special_tokens=False)
        return ids if add_special_tokens is False else [*ids, tokenizer.eos_token_id]

    return tok_encode


def knows_no_letters(string, add_special_tokens=None):
    return [7 if word in "ABCD" else 8 + len(word) for word in string.split()]


@pytest.mark.parametrize("context", ["Answer:", "Answer:\n"])
def test_letters_that_end_in_the_same_token_are_refused(encode, appends_eos, context):
    letters = [f"{'' if context.endswith(chr(10)) else ' '}{letter}" for letter in "ABCD"]
    refuse_same_tokens(letters, encode_continuations(encode, context, letters))
    for bad in (appends_eos, knows_no_letters):
        encoded = encode_continuations(bad, context, letters)
        with pytest.raises(OptionError, match="A' and ' ?B' in the same token"):
            refuse_same_tokens(letters, encoded)


def test_the_same_text_twice_is_no_fault(encode):
    encoded = encode_continuations(encode, "Answer:", [" A", " A", " B"])
    refuse_same_tokens([" A", " A", " B"], encoded)


def test_whitespace_alone_is_left_to_lm_eval(encode):
    with pytest.raises(ValueError, match="whitespace"):
        encode_continuations(encode, " \n", ["A"])
