"""The KV cache of a text that several prompts begin with, computed once.

A stored cache is never changed: each prompt gets a `fork`, which shares the prefix's tensors.
transformers' dynamic layers append by concatenation into new tensors, so the shared ones do not
change. A cache is reused only in cases that are known to be correct; with every other model, cache
and way of decoding each prompt is read in full:

- `positions_are_fixed`: a model of transformers' own whose position embeddings do not change with
  the prompt's length;
- `can_fork`: a plain `DynamicCache`, no recurrent states, no static or quantised layers;
- `decodes_plainly`: one greedy or sampled token after another.
"""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MIN_SHARED_TOKENS = 1024
"""A shorter prefix is not worth a pass of its own."""
_FIXED_ROPE = frozenset({"default", "linear", "llama3", "proportional", "yarn"})
"""Rotary embeddings that are the same for any length; `dynamic` and `longrope` are not."""


@dataclass(slots=True, kw_only=True)
class Prefix:
    """Tokens and, after their first use, their KV cache."""

    ids: list[int]
    cache: Any = None
    """transformers' `DynamicCache`."""

    def begins(self, ids: Sequence[int]) -> bool:
        """Whether a prompt begins with this prefix and is longer."""
        return len(ids) > len(self.ids) and list(ids[: len(self.ids)]) == self.ids


def shared_tokens(prompts: Sequence[list[int]], own: int = 1) -> int:
    """How many tokens all prompts begin with, leaving at least `own` of each."""
    first, last = min(prompts), max(prompts)
    limit = max(0, min(len(prompt) for prompt in prompts) - own)
    return next((i for i in range(limit) if first[i] != last[i]), limit)


def positions_are_fixed(model: Any) -> bool:  # noqa: ANN401 (a transformers or peft model)
    """Whether a token's position embedding is the same however long the prompt is."""
    adapter = getattr(model, "active_peft_config", None)
    if adapter is not None:
        if adapter.is_prompt_learning:  # It puts its own tokens before each prompt.
            return False
        model = model.get_base_model()
    if not type(model).__module__.startswith("transformers.models."):
        return False
    config = model.config.get_text_config(decoder=True)
    # transformers 5 says `rope_parameters`, one set or one for each kind of layer.
    rope = getattr(config, "rope_parameters", None) or getattr(config, "rope_scaling", None) or {}
    sets = [rope, *(each for each in rope.values() if isinstance(each, Mapping))]
    return all(each.get("rope_type", each.get("type", "default")) in _FIXED_ROPE for each in sets)


def can_fork(cache: Any) -> bool:  # noqa: ANN401 (any model's, or None)
    """Whether `fork` works for this cache."""
    from transformers.cache_utils import DynamicCache, DynamicLayer, DynamicSlidingWindowLayer

    plain = (DynamicLayer, DynamicSlidingWindowLayer)
    return type(cache) is DynamicCache and all(type(layer) in plain for layer in cache.layers)


def decodes_plainly(model: Any, arguments: Mapping[str, Any]) -> bool:  # noqa: ANN401 (as above)
    """Whether `model.generate` with these arguments continues a given cache token by token.

    Beam search copies the cache, assisted decoding rolls it back, and other implementations of the
    cache do not accept a given one.
    """
    config = copy.deepcopy(model.generation_config)
    unknown = config.update(**arguments)
    return (
        config.get_generation_mode() in ("greedy_search", "sample")
        and config.num_return_sequences in (None, 1)
        and config.cache_implementation is None
        and getattr(config, "prefill_chunk_size", None) is None
        and unknown.keys() <= {"attention_mask"}
    )


def fork(cache: Any) -> Any:  # noqa: ANN401 (a `DynamicCache`)
    """A cache that begins as `cache` and grows without changing it."""
    forked = copy.copy(cache)
    forked.layers = [copy.copy(layer) for layer in cache.layers]
    return forked
