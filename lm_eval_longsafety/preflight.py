"""What a run will cost, from prompt lengths and the model's config alone: no weights, no GPU.

Formula, for one prefill of n tokens:

    FLOPs = 2 * W * n + sum over layers of 4 * width * pairs(n)
    pairs(n) = n^2 / 2 under full causal attention, n * w - w^2 / 2 in a sliding window w < n

W is the weights that each token meets in the layers (of a mixture of experts the chosen ones),
width is heads * head_dim. The output layer works on one position and is left out, as are decoding
(a few tokens of each reply) and the chat template. GPU hours = FLOPs / (peak * utilisation) / 3600,
with the dense bfloat16 peak of the data sheet. KV cache = 2 * layers * kv_heads * head_dim * 2
bytes a token.
"""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lm_eval_longsafety.errors import OptionError

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
    """Weights of the layers that one token meets."""
    stored: int
    """All weights, embeddings and every expert included."""
    width: int
    """Heads times head size: what attention scores cost."""
    kv_bytes: int
    """KV cache of one token over all layers."""
    windows: tuple[int | None, ...]
    """Of each layer, in tokens; None attends to everything before."""


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
class Estimate:
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


def shape(config: Mapping[str, Any]) -> Shape:
    """Read a transformers config of a decoder with attention and (gated) feed-forward layers.

    Raises:
        OptionError: the config has not what the formula needs.
    """
    text = config.get("text_config") or config
    needed = ("num_hidden_layers", "hidden_size", "num_attention_heads", "vocab_size")
    missing = [name for name in needed if not text.get(name)]
    if missing:
        raise OptionError(
            f"the model's config ({config.get('model_type', 'unknown type')}) has no "
            f"{', '.join(missing)}; preflight knows decoder-only transformers"
        )
    layers, hidden, heads = (int(text[name]) for name in needed[:3])
    head = int(text.get("head_dim") or hidden // heads)
    kv_heads = int(text.get("num_key_value_heads") or heads)
    attention = 2 * hidden * head * (heads + kv_heads)
    inner, chosen, all_experts = _feed_forward(text, hidden)
    tied = 1 if text.get("tie_word_embeddings") else 2
    return Shape(
        active=layers * (attention + inner * chosen),
        stored=layers * (attention + inner * all_experts) + tied * int(text["vocab_size"]) * hidden,
        width=heads * head,
        kv_bytes=2 * layers * kv_heads * head * BYTES,
        windows=_windows(text, layers),
    )


def flops(model: Shape, tokens: int) -> float:
    """Operations of one prefill of `tokens` tokens."""
    pairs = sum(_pairs(tokens, window) for window in model.windows)
    return 2.0 * model.active * tokens + 4.0 * model.width * pairs


def estimate(model: Shape, prefills: Sequence[int], utilisation: float) -> list[Estimate]:
    """GPU hours and GPUs needed, for each of `GPUS`.

    Raises:
        OptionError: a utilisation that is none.
    """
    if not 0 < utilisation <= 1:
        raise OptionError(f"utilisation: expected a part of 1, found {utilisation}")
    work = sum(flops(model, tokens) for tokens in prefills)
    memory = model.stored * BYTES + model.kv_bytes * max(prefills, default=0)
    return [
        Estimate(
            gpu=gpu.name,
            hours=work / (gpu.tflops * 1e12 * utilisation) / 3600,
            gpus_needed=math.ceil(memory / (gpu.gigabytes * 1e9 * USABLE)),
        )
        for gpu in GPUS
    ]


def _feed_forward(text: Mapping[str, Any], hidden: int) -> tuple[int, int, int]:
    """Weights of one feed-forward block, how many a token meets, how many there are."""
    experts = int(text.get("num_local_experts") or text.get("num_experts") or 1)
    own = text.get("moe_intermediate_size") if experts > 1 else None
    inner = own or text.get("intermediate_size") or text.get("n_inner") or 4 * hidden
    # GPT-2 and its kin have two matrices, gated blocks three.
    matrices = 2 if "n_inner" in text else 3
    chosen = int(text.get("num_experts_per_tok") or 1) if experts > 1 else 1
    return matrices * hidden * int(inner), chosen, experts


def _windows(text: Mapping[str, Any], layers: int) -> tuple[int | None, ...]:
    window = text.get("sliding_window")
    if not window or text.get("use_sliding_window") is False:
        return (None,) * layers
    kinds = text.get("layer_types") or ["sliding_attention"] * layers
    return tuple(int(window) if kind == "sliding_attention" else None for kind in kinds)


def _pairs(tokens: int, window: int | None) -> float:
    if window is None or tokens <= window:
        return tokens * tokens / 2
    return tokens * window - window * window / 2
