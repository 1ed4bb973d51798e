"""`longsafety-hf` beside lm-eval's `hf` on tiny random models of many architectures.

Whether a shared prefix is reused or each prompt read in full, the numbers are those of lm-eval.
"""

import pytest
import torch

from lm_eval_longsafety.backends import hf, prompt_order
from lm_eval_longsafety.backends.kv_prefix import shared_tokens
from tests.backends import qwen_like
from tests.backends.qwen_like import orders, reply, score, text

pytestmark = pytest.mark.filterwarnings("ignore")

SMALL = {
    **dict.fromkeys(("hidden_size", "intermediate_size", "ffn_dim", "dim", "d_inner"), 64),
    **dict.fromkeys(("n_embd", "d_model", "emb_dim", "decoder_ffn_dim", "encoder_ffn_dim"), 64),
    **dict.fromkeys(("num_hidden_layers", "num_layers", "n_layer", "n_layers"), 2),
    **dict.fromkeys(("decoder_layers", "encoder_layers"), 2),
    **dict.fromkeys(("num_attention_heads", "n_head", "n_heads"), 4),
    **dict.fromkeys(("decoder_attention_heads", "encoder_attention_heads"), 4),
    **dict.fromkeys(("num_experts", "num_local_experts", "n_routed_experts"), 4),
    **dict.fromkeys(("moe_intermediate_size", "shared_expert_intermediate_size"), 32),
    **dict.fromkeys(("max_position_embeddings", "n_positions", "n_ctx", "context_length"), 2048),
    **dict.fromkeys(("q_lora_rank", "kv_lora_rank"), 32),
    **dict.fromkeys(("head_dim", "qk_nope_head_dim", "qk_rope_head_dim", "v_head_dim"), 16),
    **dict.fromkeys(("state_size", "rotary_dim"), 8),
    **dict.fromkeys(("n_group", "topk_group", "n_shared_experts", "first_k_dense_replace"), 1),
    **{"num_key_value_heads": 2, "num_experts_per_tok": 2, "sliding_window": 32},
    **{"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "is_decoder": True},
}
"""Names of sizes, as far as a configuration has them."""
REUSED = {
    **dict.fromkeys(
        ("llama", "llama4_text", "mistral", "mixtral", "ministral3", "phi", "phi3"), {}
    ),
    **dict.fromkeys(("qwen2", "qwen2_moe", "qwen3", "qwen3_moe", "gemma", "gemma2"), {}),
    **dict.fromkeys(("gemma3_text", "gpt2", "gpt_neox", "gptj", "gpt_oss", "gpt_bigcode"), {}),
    **dict.fromkeys(("opt", "bloom", "falcon", "mpt", "olmo2", "cohere2", "glm4", "glm4_moe"), {}),
    **dict.fromkeys(("granite", "stablelm", "starcoder2", "smollm3", "nemotron", "exaone4"), {}),
    **dict.fromkeys(("ernie4_5", "hunyuan_v1_dense", "seed_oss", "minimax_m2", "apertus"), {}),
    # Their keys and values are one latent vector for all heads.
    **dict.fromkeys(("deepseek_v2", "deepseek_v3"), {"num_key_value_heads": 4}),
}
"""Architectures whose shared prefixes are reused, and what they need beside `SMALL`."""
READ_IN_FULL = {
    "minimax": {},
    "mamba": {},
    "mamba2": {"num_heads": 8, "head_dim": 16},
    "falcon_mamba": {},
    "recurrent_gemma": {"num_hidden_layers": 3},
    "rwkv": {},
    "jamba": {"attn_layer_offset": 1, "attn_layer_period": 2},
    "lfm2": {"layer_types": ["conv", "full_attention"]},
    "qwen3_next": {"layer_types": ["linear_attention", "full_attention"]},
    "granitemoehybrid": {"layer_types": ["mamba", "attention"]},
    "openai-gpt": {},
}
"""Architectures with states or caches of their own."""
LEFT_OUT = {
    "bamba": "a minute on one core without the kernels for its states",
    "falcon_h1": "a minute on one core without the kernels for its states",
    "nemotron_h": "a minute on one core without the kernels for its states",
    "zamba2": "its configuration accepts no two layers",
    "gemma3n_text": "its layers share caches: no model of two",
    "blt": "its four parts have no small sizes",
    "xlnet": "its configuration names no window, without which lm-eval's hf stops",
}
"""Architectures that no test here runs, and why."""


def types(table):
    return [pytest.param(name, changes, id=name) for name, changes in table.items()]


def build(tokenizer, model_type, **changes):
    """A tiny random model; weights large enough to tell letters apart."""
    from transformers import CONFIG_MAPPING, AutoModelForCausalLM

    kind = CONFIG_MAPPING[model_type]
    known = kind().to_dict().keys() | kind.attribute_map.keys()
    sizes = {name: size for name, size in SMALL.items() if name in known}
    config = kind(**{**sizes, "vocab_size": len(tokenizer), **changes})
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(config).float()
    for weights in model.parameters():
        if weights.dim() > 1:
            weights.data.normal_(0, 0.1)
    return model


@pytest.fixture(scope="module")
def tokenizer():
    return qwen_like.build_tokenizer()


@pytest.fixture
def short_prefixes(monkeypatch):
    monkeypatch.setattr(hf, "MIN_SHARED_TOKENS", 32)
    monkeypatch.setattr(prompt_order, "MIN_SHARED_CHARS", 200)


def both(model, tokenizer, **arguments):
    from lm_eval.models.huggingface import HFLM

    return [kind(model, tokenizer=tokenizer, **arguments) for kind in (HFLM, hf.LongSafetyHF)]


def asked():
    prompts = orders(text(150, 5), 3)
    # A line break at the end is scored with the letters, as behind a chat template.
    letters = [each for prompt in prompts for each in score(f"{prompt}\n", "A", "B", "C")]
    return letters, [reply(prompt, tokens=4) for prompt in prompts[:2]]


def reuses(model):
    """Count passes that start from a given cache; returns a list that grows."""
    seen = []

    def note(_, __, keywords):
        past = keywords.get("past_key_values")
        if past is not None and past.get_seq_length() > 32:
            seen.append(keywords["input_ids"].shape[1] if "input_ids" in keywords else 0)

    model.register_forward_pre_hook(note, with_kwargs=True)
    return seen


def compare(model, tokenizer, **arguments):
    """Check ours against lm-eval's; returns how many of three scored prompts reused a prefix."""
    stock, ours = both(model, tokenizer, **arguments)
    letters, replies = asked()
    expected = stock.loglikelihood(letters, disable_tqdm=True)
    seen = reuses(model)
    found = ours.loglikelihood(letters, disable_tqdm=True)
    reused = len(seen)
    for (logprob, greedy), (right, also) in zip(found, expected, strict=True):
        assert logprob == pytest.approx(right, abs=1e-4)
        assert greedy == also
    said = ours.generate_until(replies, disable_tqdm=True)
    assert said == stock.generate_until(replies, disable_tqdm=True)
    return reused


@pytest.mark.parametrize(("model_type", "changes"), types(REUSED))
def test_a_prefix_is_reused_and_the_numbers_are_those_of_lm_eval(
    tokenizer, short_prefixes, model_type, changes
):
    assert compare(build(tokenizer, model_type, **changes), tokenizer) == 3


@pytest.mark.parametrize(("model_type", "changes"), types(READ_IN_FULL))
def test_other_models_read_each_prompt_in_full(tokenizer, short_prefixes, model_type, changes):
    assert compare(build(tokenizer, model_type, **changes), tokenizer) == 0


@pytest.mark.parametrize("model_type", LEFT_OUT)
def test_these_architectures_are_not_run(model_type):
    pytest.skip(LEFT_OUT[model_type])


def positions(rope_type, switch):
    """Rotary embeddings that change once a prompt is longer than `switch` tokens."""
    if rope_type == "longrope":
        factors = {"short_factor": [1.0] * 8, "long_factor": [4.0] * 8}
        return "phi3", {
            "rope_parameters": {"rope_type": rope_type, "rope_theta": 1e4, **factors},
            "original_max_position_embeddings": switch,
        }
    dynamic = {"rope_type": rope_type, "rope_theta": 1e4, "factor": 2.0}
    return "llama", {"rope_parameters": dynamic, "max_position_embeddings": switch}


@pytest.mark.parametrize("rope_type", ["longrope", "dynamic"])
def test_positions_that_depend_on_the_length_make_every_prompt_be_read_in_full(
    tokenizer, short_prefixes, rope_type
):
    prompts = [tokenizer.encode(each) for each in orders(text(150, 5), 3)]
    model_type, changes = positions(rope_type, shared_tokens(prompts) + 2)
    model = build(tokenizer, model_type, **changes)
    assert compare(model, tokenizer, max_length=2048) == 0


def test_a_model_with_code_of_its_own_reads_every_prompt_in_full(tokenizer, short_prefixes):
    model = build(tokenizer, "llama")
    model.__class__ = type("OwnForCausalLM", (type(model),), {})
    assert compare(model, tokenizer) == 0
