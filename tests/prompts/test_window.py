import pytest

from lm_eval_longsafety.errors import OptionError
from lm_eval_longsafety.prompts import window
from lm_eval_longsafety.prompts.tokenizer import load_tokenizer
from lm_eval_longsafety.settings import parse

WORDS = "The council met in the old mill and talked about the stolen bicycle. "


def test_the_middle_is_cut_and_both_halves_are_kept():
    assert window.cut_middle([1, 2, 3, 4, 5, 6, 7], 4) == [1, 2, 6, 7]


def test_an_odd_limit_keeps_one_token_less_as_the_published_code_does():
    # int(5 / 2) = 2 from each side.
    assert window.cut_middle([1, 2, 3, 4, 5, 6, 7], 5) == [1, 2, 6, 7]


def test_what_fits_is_left_alone():
    assert window.cut_middle([1, 2, 3], 3) == [1, 2, 3]


def test_a_prompt_above_the_limit_is_cut_to_the_decoded_halves(narrow_model):
    chosen = parse({"pretrained": str(narrow_model)})
    limit = window.prompt_limit(window.model_window(chosen))
    assert limit == 2048 - 500
    prompt = WORDS * 500
    (fitted,) = window.fit([prompt], chosen, limit)
    tokenizer = load_tokenizer(chosen.model)
    ids = tokenizer.encode(prompt)
    assert fitted.prompt == tokenizer.decode(ids[:774] + ids[-774:])
    assert (fitted.tokens, fitted.truncated) == (1548, True)


def test_a_rule_that_cuts_elsewhere_has_another_name():
    # Where this moves, CUT_RULE rises with it: stores of earlier releases hold the old cuts.
    assert (window.CUT_RULE, window.cut_middle(range(9), 5)) == ("middle 1", [0, 1, 7, 8])


def test_a_remembered_cut_is_the_same_cut(narrow_model):
    chosen = parse({"pretrained": str(narrow_model)})
    prompts = [WORDS * 400 + "\U0001f6b2" * 300, WORDS]
    first = window.fit(prompts, chosen, 1001)
    assert window.fit(prompts, chosen, 1001) == first
    assert [f.truncated for f in first] == [True, False]


def test_a_prompt_that_fits_passes_byte_for_byte_and_is_counted(tiny_model):
    prompt = "  two  spaces\r\n\x00 <|im_end|> é "
    chosen = parse({"pretrained": str(tiny_model)})
    (fitted,) = window.fit([prompt], chosen, 100)
    assert fitted.prompt == prompt
    assert fitted.tokens == len(load_tokenizer(chosen.model).encode(prompt))


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ({}, 131_072),
        ({"max_length": 8192}, 8192),
        ({"max_model_len": 4096}, 4096),
        ({"max_length": 8192, "max_prompt_tokens": 3000}, 3000),
    ],
)
def test_the_window_comes_from_metadata_then_model_args_then_the_config(
    tiny_model, metadata, expected
):
    chosen = parse({"pretrained": str(tiny_model), **metadata})
    assert window.model_window(chosen) == expected


def test_without_any_model_argument_the_window_is_unknown():
    assert window.model_window(parse({})) is None
    assert window.prompt_limit(None) is None


def test_a_prompt_is_sent_whole_where_the_window_is_unknown():
    (fitted,) = window.fit([WORDS], parse({}), None)
    assert fitted == window.Fitted(prompt=WORDS, tokens=None, truncated=False)


@pytest.mark.parametrize("extra", [{}, {"max_prompt_tokens": 9000}])
def test_an_api_model_without_max_length_is_refused_by_that_name(extra):
    arguments = {"model": "some-model", "base_url": "http://localhost:1/v1/completions", **extra}
    with pytest.raises(OptionError, match="http://localhost:1.* needs max_length=.*2,048 tokens"):
        window.model_window(parse(arguments))


@pytest.mark.parametrize("extra", [{}, {"max_prompt_tokens": 9000}])
def test_a_hosted_model_without_base_url_needs_max_length_too(extra):
    with pytest.raises(OptionError, match="API model .some-model. needs max_length"):
        window.model_window(parse({"model": "some-model", **extra}))


def test_a_long_reply_takes_its_room_from_the_prompt():
    assert window.prompt_limit(4096) == window.prompt_limit(4096, 64) == 3596
    # 2,500 reply tokens are 2,436 more than the usual 64.
    assert window.prompt_limit(4096, 2500) == 3596 - 2436


def test_an_api_model_without_tokenizer_takes_prompts_that_surely_fit():
    chosen = parse({"model": "x/no-such", "base_url": "http://localhost:1", "max_length": 4096})
    (fitted,) = window.fit(["short"], chosen, 3596)
    assert fitted.tokens is None


def test_an_api_model_without_tokenizer_refuses_prompts_that_may_not_fit():
    chosen = parse({"model": "x/no-such", "base_url": "http://localhost:1", "max_length": 4096})
    with pytest.raises(OptionError, match="4000 bytes fits into 3596 tokens: no tokenizer.*x/no"):
        window.fit(["a" * 4000], chosen, 3596)


def test_a_tokenizer_named_in_metadata_counts_for_an_api_model(tiny_model):
    chosen = parse({"model": "x/y", "base_url": "u", "max_length": 9, "tokenizer": str(tiny_model)})
    (fitted,) = window.fit([WORDS], chosen, 5)
    assert (fitted.tokens, fitted.truncated) == (4, True)


def test_a_window_above_the_models_own_is_refused(narrow_model):
    chosen = parse({"pretrained": str(narrow_model), "max_prompt_tokens": 4096})
    with pytest.raises(OptionError, match="4096 is above the model's window of 2048"):
        window.model_window(chosen)


def test_a_window_without_room_for_a_prompt_is_refused():
    with pytest.raises(OptionError, match="501 tokens leaves no room"):
        window.prompt_limit(501)


def test_a_model_that_is_not_there_is_named():
    with pytest.raises(OptionError, match="config of '/no/model' .*no such folder.*max_length="):
        window.model_window(parse({"pretrained": "/no/model"}))


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"model_type": "qwen2", "hidden_size": "x"}', "\0"]
)
def test_a_damaged_config_is_an_error_of_one_line(tmp_path, text):
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(OptionError, match="config of .* cannot be loaded"):
        window.model_window(parse({"pretrained": str(tmp_path)}))


@pytest.mark.parametrize("name", ["tokenizer.json", "tokenizer_config.json"])
def test_a_damaged_tokenizer_is_an_error_of_one_line(tmp_path, name):
    (tmp_path / "config.json").write_text('{"model_type": "qwen2"}')
    (tmp_path / "tokenizer_config.json").write_text('{"tokenizer_class": "TokenizersBackend"}')
    (tmp_path / name).write_text("[]")
    with pytest.raises(OptionError, match="tokenizer of .* cannot be loaded"):
        load_tokenizer(parse({"pretrained": str(tmp_path)}).model)
