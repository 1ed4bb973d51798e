"""What a run costs, from prompt lengths and the model's config alone: no weights, no GPU.

Operations of one prefill of n tokens:

    FLOPs = 2 * W * n + sum over layers of 4 * width * (n * w - w^2 / 2)

W is the number of weights in the decoder's matrices, counted on a model that is built from the
config without memory (torch's meta device). Routed experts count by the share that a token meets.
width is heads * (size of a key + size of a value) / 2; w is n, at most the sliding window, and 0 in
a layer without attention (Mamba). GPU hours = FLOPs / (peak * utilisation) / 3600. KV cache: keys
and values of every layer that has its own, or the latent vector of multi-head latent attention.

Not counted: embeddings, which are looked up; the output layer, which works on one position; image
and sound towers; decoding; the chat template. Approximated: expert choice is even, attention in
chunks is a sliding window of one chunk.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

from lm_eval_longsafety.errors import OptionError, first_line, need

if TYPE_CHECKING:
    from transformers import PretrainedConfig

BYTES = 2
"""Of a weight and of a number in the KV cache: bfloat16."""
USABLE = 0.9
"""Of a GPU's memory; vLLM's default `gpu_memory_utilization`."""
GPUS = {"A100-80GB": (312, 80), "H100": (989, 80), "H200": (989, 141)}
"""By the data sheets: dense bfloat16 peak in 10^12 operations a second, memory in GB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What the formula needs of a decoder."""

    active: int
    """Weights in the decoder's matrices that one token meets."""
    stored: int
    """All weights, embeddings and every expert included."""
    width: int
    """Heads times the mean size of a key and a value."""
    kv_bytes: int
    """KV cache of one token over all layers."""
    windows: tuple[int | None, ...]
    """Of each layer, in tokens; None attends to everything before, 0 is no attention."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GpuHours:
    """Hours of prefill on one kind of GPU, and how many GPUs hold weights and longest prompt."""

    gpu: str
    hours: float
    gpus_needed: int


def passes_per_document(
    model: str, *, letters: bool, orders: int, choices: int, short: bool = False
) -> int:
    """How often lm-eval's `--model` prefills a document with `choices` in `orders`.

    `letters` says whether the task scores letters (the logits protocol), `short` whether the prompt
    is too short for `longsafety-hf` to share its beginning between orders.
    """
    shared = {"longsafety-vllm": True, "longsafety-hf": not short, "vllm": not letters}.get(model)
    per_letter = letters and model in ("vllm", "local-completions", "openai-completions", "sglang")
    return (1 if shared else orders) * (choices if per_letter else 1)


def shape(config: "PretrainedConfig", trust_remote_code: bool = False) -> Shape:
    """Build the model of a config without memory, and count what the formula needs.

    Raises:
        OptionError: the installed transformers cannot build a decoder from this config.
    """
    model = _build(config, trust_remote_code)
    text = config.get_text_config(decoder=True)
    windows = _windows(text)
    heads = _first(text, "num_attention_heads")
    head = _first(text, "head_dim") or (text.hidden_size // heads if heads else 0)
    rope = _first(text, "qk_rope_head_dim")
    key, latent = _first(text, "qk_nope_head_dim") + rope, _first(text, "kv_lora_rank")
    cached = latent + rope if latent else 2 * head * (_first(text, "num_key_value_heads") or heads)
    layers = sum(window != 0 for window in windows) - _first(text, "num_kv_shared_layers")
    return Shape(
        active=_active(model, text),
        stored=sum(weight.numel() for weight in model.parameters()),
        width=heads * ((key or head) + (_first(text, "v_head_dim") or head)) // 2,
        kv_bytes=layers * cached * BYTES,
        windows=windows,
    )


def flops(model: Shape, tokens: int) -> float:
    """Operations of one prefill of `tokens` tokens."""
    seen = [tokens if window is None else min(window, tokens) for window in model.windows]
    pairs = sum(tokens * window - window * window / 2 for window in seen)
    return 2.0 * model.active * tokens + 4.0 * model.width * pairs


def estimate(model: Shape, prefills: Sequence[int], utilisation: float) -> list[GpuHours]:
    """The GPU hours of prefills with these numbers of tokens, on each of `GPUS`.

    Raises:
        OptionError: the part of the peak that a prefill reaches is not between 0 and 1.
    """
    if not 0 < utilisation <= 1:
        raise OptionError(f"utilisation: expected a number from 0 to 1, found {utilisation}")
    work = sum(flops(model, tokens) for tokens in prefills)
    memory = model.stored * BYTES + model.kv_bytes * max(prefills, default=0)
    return [
        GpuHours(
            gpu=name,
            hours=work / (tflops * 1e12 * utilisation) / 3600,
            gpus_needed=math.ceil(memory / (gigabytes * 1e9 * USABLE)),
        )
        for name, (tflops, gigabytes) in GPUS.items()
    ]


def _build(config: "PretrainedConfig", trust_remote_code: bool) -> Any:  # noqa: ANN401 - untyped
    """The model without memory; its text part where the whole needs packages that are not here."""
    need("hf", ("torch", "transformers"))
    import torch
    from transformers import AutoModelForCausalLM, AutoModelForImageTextToText

    found: list[str] = []
    configs = (config, config.get_text_config(decoder=True))
    kinds: tuple[Any, ...] = (AutoModelForCausalLM, AutoModelForImageTextToText)
    options = {"trust_remote_code": trust_remote_code, "attn_implementation": "eager"}
    for each, kind in product(configs, kinds):
        try:
            with torch.device("meta"):
                return kind.from_config(each, **options)
        except (AttributeError, ImportError, KeyError, TypeError, ValueError) as error:
            found.append(first_line(error))
    raise OptionError(
        f"the installed transformers builds no decoder from the model's config "
        f"({config.model_type}: {found[0]}); update transformers, or name a model of that size"
    )


def _active(model: Any, text: "PretrainedConfig") -> int:  # noqa: ANN401 - untyped
    """Weights in matrices that one token meets in the decoder's layers."""
    from torch.nn import Embedding

    decoder = model.get_decoder()
    tables = {id(each.weight) for each in decoder.modules() if isinstance(each, Embedding)}
    routed = rest = 0
    for name, weight in decoder.named_parameters():
        if weight.dim() > 1 and id(weight) not in tables:
            routed += weight.numel() * (".experts." in name)
            rest += weight.numel() * (".experts." not in name)
    chosen = _first(text, "num_experts_per_tok", "moe_topk", "moe_k", "top_k_experts")
    names = ("n_routed_experts", "num_local_experts", "num_experts", "moe_num_experts")
    experts = _first(text, *names)
    if routed and not (chosen and experts):
        raise OptionError(
            f"the model's config ({text.model_type}) does not say how many of its experts a token "
            "meets (num_experts_per_tok); preflight cannot count its operations"
        )
    return rest + round(routed * (chosen / experts)) if routed else rest


def _first(text: "PretrainedConfig", *names: str) -> int:
    """The first of these numbers that a config has, 0 without one; of a list, the first layer's."""
    values = (getattr(text, name, None) for name in names)
    numbers = (value[0] if value and isinstance(value, list | tuple) else value for value in values)
    return next((int(number) for number in numbers if number), 0)


def _windows(text: "PretrainedConfig") -> tuple[int | None, ...]:
    window = _first(text, "sliding_window", "attention_chunk_size") or None
    if getattr(text, "use_sliding_window", None) is False:
        window = None
    of_kind = dict.fromkeys(("sliding_attention", "chunked_attention"), window)
    of_kind |= {"full_attention": None, "attention": None}
    if kinds := getattr(text, "layer_types", None):
        return tuple(of_kind.get(kind, 0) for kind in kinds)
    return (window if _first(text, "num_attention_heads") else 0,) * int(text.num_hidden_layers)
