"""What a run will cost, from prompt lengths and the model's config alone: no weights, no GPU.

Formula, for one prefill of n tokens:

    FLOPs = 2 * W * n + sum over layers of 4 * width * pairs(n)
    pairs(n) = n^2 / 2 under full causal attention, n * w - w^2 / 2 in a sliding window w < n,
    0 in a layer without attention (Mamba, linear attention)

W is the number of weights in the decoder's matrices, counted on a model that is built from the
config without memory (torch's meta device). Routed experts count by the share that a token meets.
Left out are embeddings, which are looked up, the output layer, which works on one position, an
image or sound tower, decoding (a few tokens of each reply) and the chat template. Approximated:
expert choice is taken as even, attention in chunks as a sliding window of a chunk, and what a
layer without attention does beside its matrices as nothing. width is heads * (size of a key + size
of a value) / 2. GPU hours = FLOPs / (peak * utilisation) / 3600, with the dense bfloat16 peak of
the data sheet. KV cache: keys and values of every layer that has its own, or the latent vector of
multi-head latent attention, as vLLM stores them.
"""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lm_eval_longsafety.errors import OptionError, first_line

if TYPE_CHECKING:
    from transformers import PretrainedConfig

BYTES = 2
"""Of a weight and of a number in the KV cache: bfloat16."""
USABLE = 0.9
"""Of a GPU's memory; vLLM's default `gpu_memory_utilization`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gpu:
    """A GPU as its data sheet has it."""

    name: str
    tflops: float
    """Dense bfloat16 peak, 10^12 operations a second."""
    gigabytes: float


GPUS = (
    Gpu(name="A100-80GB", tflops=312, gigabytes=80),
    Gpu(name="H100", tflops=989, gigabytes=80),
    Gpu(name="H200", tflops=989, gigabytes=141),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What the formula needs of a decoder."""

    active: int
    """Weights in the decoder's matrices that one token meets."""
    stored: int
    """All weights, embeddings and every expert included."""
    width: int
    """Heads times the mean size of a key and a value: what attention costs beside its matrices."""
    kv_bytes: int
    """KV cache of one token over all layers."""
    windows: tuple[int | None, ...]
    """Of each layer, in tokens; None attends to everything before, 0 is no attention."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskLoad:
    """The prompts of one task."""

    task: str
    documents: int
    shortest: int
    median: float
    longest: int
    """Tokens of a prompt, as sent, without the chat template."""
    cut: int
    """Documents that were cut to the window."""
    prefills: tuple[int, ...]
    """Tokens of every prefill that the backend will do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GpuHours:
    """One GPU's share of the truth."""

    gpu: str
    hours: float
    """GPU hours of prefill."""
    gpus_needed: int
    """For the weights and the KV cache of the longest prompt."""


def load(task: str, tokens: Sequence[int], cut: int, passes: Sequence[int]) -> TaskLoad:
    """Sum up one task.

    Args:
        task: its name.
        tokens: of each document's prompt.
        cut: how many documents were cut.
        passes: for each document, how often the backend will prefill it.
    """
    return TaskLoad(
        task=task,
        documents=len(tokens),
        shortest=min(tokens),
        median=statistics.median(tokens),
        longest=max(tokens),
        cut=cut,
        prefills=tuple(n for n, times in zip(tokens, passes, strict=True) for _ in range(times)),
    )


def passes_per_document(model: str, *, letters: bool, orders: int, choices: int) -> int:
    """How often a backend prefills one document.

    Args:
        model: lm-eval's `--model`.
        letters: a task of the logits protocol.
        orders: option orders a document is shown under.
        choices: letters to be scored.
    """
    shared = model.startswith("longsafety-") or (model == "vllm" and not letters)
    per_letter = letters and model in ("vllm", "local-completions", "openai-completions", "sglang")
    return (1 if shared else orders) * (choices if per_letter else 1)


def shape(config: "PretrainedConfig", trust_remote_code: bool = False) -> Shape:
    """Build a decoder without memory and count what the formula needs.

    Args:
        config: transformers' config of the model.
        trust_remote_code: as in lm-eval's model arguments.

    Raises:
        OptionError: the installed transformers cannot build a decoder from this config.
    """
    model = _build(config, trust_remote_code)
    text = config.get_text_config(decoder=True)
    windows = _windows(text)
    heads = getattr(text, "num_attention_heads", None) or 0
    head = getattr(text, "head_dim", None) or (text.hidden_size // heads if heads else 0)
    value = getattr(text, "v_head_dim", None) or head
    key = (getattr(text, "qk_nope_head_dim", None) or 0) + (
        getattr(text, "qk_rope_head_dim", None) or 0
    )
    latent = getattr(text, "kv_lora_rank", None)
    kv_heads = getattr(text, "num_key_value_heads", None) or heads
    cached = latent + text.qk_rope_head_dim if latent else 2 * kv_heads * head
    layers = sum(window != 0 for window in windows)
    layers -= getattr(text, "num_kv_shared_layers", None) or 0
    return Shape(
        active=_active(model, text),
        stored=sum(weight.numel() for weight in model.parameters()),
        width=heads * ((key or head) + value) // 2,
        kv_bytes=layers * cached * BYTES,
        windows=windows,
    )


def flops(model: Shape, tokens: int) -> float:
    """Operations of one prefill of `tokens` tokens."""
    pairs = sum(_pairs(tokens, window) for window in model.windows)
    return 2.0 * model.active * tokens + 4.0 * model.width * pairs


def estimate(model: Shape, prefills: Sequence[int], utilisation: float) -> list[GpuHours]:
    """GPU hours and GPUs needed, for each of `GPUS`.

    Raises:
        OptionError: a utilisation that is none.
    """
    if not 0 < utilisation <= 1:
        raise OptionError(f"utilisation: expected a part of 1, found {utilisation}")
    work = sum(flops(model, tokens) for tokens in prefills)
    memory = model.stored * BYTES + model.kv_bytes * max(prefills, default=0)
    return [
        GpuHours(
            gpu=gpu.name,
            hours=work / (gpu.tflops * 1e12 * utilisation) / 3600,
            gpus_needed=math.ceil(memory / (gpu.gigabytes * 1e9 * USABLE)),
        )
        for gpu in GPUS
    ]


def _build(config: "PretrainedConfig", trust_remote_code: bool) -> Any:  # noqa: ANN401 - untyped
    """The model without memory; its text part where the whole needs packages that are not here."""
    try:
        import torch
        import transformers
    except ImportError as error:
        raise OptionError(
            "preflight builds the model's outline with torch and transformers; "
            "pip install 'lm-eval-longsafety[hf]'"
        ) from error

    kinds: tuple[Any, ...] = (
        transformers.AutoModelForCausalLM,
        transformers.AutoModelForImageTextToText,
    )
    found: list[str] = []
    for each in (config, config.get_text_config(decoder=True)):
        for kind in kinds:
            try:
                with torch.device("meta"):
                    return kind.from_config(
                        each, trust_remote_code=trust_remote_code, attn_implementation="eager"
                    )
            except (AttributeError, ImportError, KeyError, TypeError, ValueError) as error:
                found.append(first_line(error))
    raise OptionError(
        f"the model's config ({config.model_type}) is none that the installed transformers "
        f"builds a decoder from ({found[0]}); update transformers, or take a model of that shape"
    )


def _active(model: Any, text: "PretrainedConfig") -> int:  # noqa: ANN401 - untyped
    """Weights in matrices that one token meets in the decoder's layers."""
    from torch.nn import Embedding

    decoder = model.get_decoder()
    looked_up = {
        id(weight)
        for module in decoder.modules()
        if isinstance(module, Embedding)
        for weight in module.parameters()
    }
    matrices: list[tuple[str, int]] = [
        (name, weight.numel())
        for name, weight in decoder.named_parameters()
        if weight.dim() > 1 and id(weight) not in looked_up
    ]
    routed = sum(size for name, size in matrices if ".experts." in name)
    all_ = sum(size for _, size in matrices)
    return all_ - routed + round(routed * _share(text)) if routed else all_


def _share(text: "PretrainedConfig") -> float:
    """Part of the routed experts that one token meets."""
    chosen = _first(text, "num_experts_per_tok", "moe_topk", "moe_k", "top_k_experts")
    experts = _first(text, "n_routed_experts", "num_local_experts", "num_experts",
                     "moe_num_experts")  # fmt: skip
    if not chosen or not experts:
        raise OptionError(
            f"the model's config ({text.model_type}) does not say how many of its experts a token "
            "meets (num_experts_per_tok); preflight cannot count its operations"
        )
    return chosen / experts


def _first(text: "PretrainedConfig", *names: str) -> int | None:
    """The first of these that a config has as a number; some have one for each layer."""
    for name in names:
        value = getattr(text, name, None)
        if isinstance(value, (list, tuple)) and value:
            value = value[0]
        if value:
            return int(value)
    return None


def _windows(text: "PretrainedConfig") -> tuple[int | None, ...]:
    layers = int(text.num_hidden_layers)
    window = _first(text, "sliding_window", "attention_chunk_size")
    if getattr(text, "use_sliding_window", None) is False:
        window = None
    one = ["sliding_attention" if window else "full_attention"] * layers
    if not getattr(text, "num_attention_heads", None):
        one = ["none"] * layers
    kinds = getattr(text, "layer_types", None) or one
    of_kind = {
        "full_attention": None,
        "attention": None,
        "sliding_attention": window,
        "chunked_attention": window,
    }
    return tuple(of_kind.get(kind, 0) for kind in kinds)


def _pairs(tokens: int, window: int | None) -> float:
    if window is None or tokens <= window:
        return tokens * tokens / 2
    return tokens * window - window * window / 2
