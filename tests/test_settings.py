import pytest

from lm_eval_longsafety.errors import OptionError
from lm_eval_longsafety.settings import OPTIONS, parse


def test_without_metadata_the_published_data_is_read():
    chosen = parse({"version": 1.0, "config_source": "x.yaml"})
    assert (chosen.data, chosen.option_order, chosen.option_seed, chosen.over_length) == (
        "LutherXD/LongSafetyBench",
        "shuffled",
        0,
        "middle",
    )


def test_the_environment_names_the_data_unless_metadata_does(monkeypatch):
    monkeypatch.setenv("LONGSAFETY_DATA", "sample")
    assert parse({}).data == "sample"
    assert parse({"data": "a/b"}).data == "a/b"


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ({"option_order": "random"}, "option_order: unknown value 'random' .known: shuffled, orig"),
        ({"over_length": "cut"}, "over_length: unknown value 'cut' .known: middle, skip, error"),
        ({"option_seed": "x"}, "option_seed: expected a whole number, found 'x'"),
        ({"max_prompt_tokens": 0}, "max_prompt_tokens: expected a whole number above 0"),
        ({"max_prompt_tokens": True}, "max_prompt_tokens: expected a whole number"),
        ({"data": 5}, "data: expected a text, found 5"),
        ({"option_oder": "original"}, "unknown key 'option_oder'; did you mean 'option_order'"),
        ({"overLength": "skip"}, "unknown key 'overLength'; did you mean 'over_length'"),
        ({"option-seed": 1}, "did you mean 'option_seed'"),
        ({"prompt_tokens": 9}, "did you mean 'max_prompt_tokens'"),
        ({"option_seed": "9" * 5000}, "option_seed: expected a whole number, found '999"),
        (
            {"option_seed": 10**5000},
            "option_seed: expected a whole number, found a value of type int",
        ),
        ({"data": ""}, "data: expected a text, found ''"),
        ({"templates": ""}, "templates: expected a text, found ''"),
        ({"templates": 5}, "templates: expected a text, found 5"),
        ({"template": "a.yaml"}, "unknown key 'template'; did you mean 'templates'"),
        ({"tokenizer": 5}, "tokenizer: expected a text, found 5"),
        ({"tokenizer": True}, "tokenizer: expected a text, found True"),
        ({"tokenizer": ["a"]}, "tokenizer: expected a text, found .'a'."),
        ({"data_revison": "v1"}, "unknown key 'data_revison'; did you mean 'data_revision'"),
        ({"length_row": 3}, "did you mean 'length_rows'"),
        ({"filler-seed": 3}, "did you mean 'filler_seed'"),
    ],
)
def test_what_cannot_be_used_is_named_with_what_is_known(metadata, message):
    with pytest.raises(OptionError, match=message):
        parse(metadata)


def test_arguments_of_lm_evals_backends_are_no_misspellings():
    # Every argument of the hf, vllm and API backends that lies close to one of ours.
    arguments = """pretrained revision code_revision tokenizer_revision tokenizer_mode
    tokenizer_backend tokenized_requests max_length max_model_len max_gen_toks max_batch_size seed
    data_parallel_size dtype device_map_option truncation model base_url num_concurrent
    add_bos_token prefix_token_id use_fast_tokenizer trust_remote_code subfolder parallelize
    gpu_memory_utilization enforce_eager swap_space batch_size think_end_token"""
    parse({name: "1" if name.startswith("max") else None for name in arguments.split()})


def test_the_models_window_is_read_from_either_argument():
    assert parse({"pretrained": "x", "max_length": "2048"}).model.max_length == 2048
    assert parse({"pretrained": "x", "max_model_len": 4096}).model.max_length == 4096


@pytest.mark.parametrize("data", ["owner/name", "sample"])
@pytest.mark.parametrize("model", [{"pretrained": "x"}, {"model": "x"}, {}])
def test_revision_is_the_models_and_data_revision_the_datas(data, model):
    chosen = parse({**model, "data": data, "revision": "step1000"})
    assert (chosen.model.revision, chosen.data_revision) == ("step1000", None)
    chosen = parse({**model, "data": data, "revision": "step1000", "data_revision": "v2"})
    assert (chosen.model.revision, chosen.data_revision) == ("step1000", "v2")


def test_every_option_is_accepted_under_its_own_name():
    parse({"data": "sample", "max_prompt_tokens": 1000, **dict.fromkeys(OPTIONS[4:5], "skip")})


def test_no_argument_of_any_backend_of_lm_evals_is_a_misspelling():
    import ast
    from importlib.util import find_spec
    from pathlib import Path

    folder = Path(find_spec("lm_eval.models").origin).parent
    names = {
        argument.arg
        for path in folder.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef) and node.name == "__init__"
        for argument in (*node.args.args, *node.args.kwonlyargs)
    }
    assert {"seed", "truncation", "truncate", "max_gen_toks", "context_length"} <= names
    parse(dict.fromkeys(names))
    parse({"truncation": True, "truncate": False})


def test_a_loaded_tokenizer_has_no_name():
    assert parse({"tokenizer": object()}).model.tokenizer is None
