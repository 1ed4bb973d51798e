"""The KV cache of a text that several prompts begin with, computed once.

A kept cache is never changed: each prompt gets a `fork`, which shares the prefix's tensors.
transformers' dynamic layers append by concatenation into new tensors, so the shared ones stay as
they are. Caches of other kinds (recurrent states, static or quantised ones) are not reused.
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

MIN_SHARED_TOKENS = 1024
"""Below this a prefix is not worth a pass of its own."""
_APPENDING_LAYERS = ("DynamicLayer", "DynamicSlidingWindowLayer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Prefix:
    """Tokens and what the model remembers of them."""

    ids: list[int]
    cache: Any
    """transformers' `DynamicCache`."""

    def begins(self, ids: Sequence[int]) -> bool:
        """Whether a prompt begins with this prefix and goes on after it."""
        return len(ids) > len(self.ids) and list(ids[: len(self.ids)]) == self.ids


def shared_tokens(prompts: Sequence[list[int]]) -> int:
    """How many tokens all prompts begin with, leaving at least one to each for itself."""
    first, last = min(prompts), max(prompts)
    limit = min(len(prompt) for prompt in prompts) - 1
    return next((i for i in range(limit) if first[i] != last[i]), limit)


def can_fork(cache: Any) -> bool:  # noqa: ANN401 (transformers' caches differ between releases)
    """Whether `fork` is right for this cache."""
    layers = getattr(cache, "layers", [])
    return bool(layers) and all(type(layer).__name__ in _APPENDING_LAYERS for layer in layers)


def fork(cache: Any) -> Any:  # noqa: ANN401 (as above)
    """A cache that begins as `cache` and grows without changing it."""
    forked = copy.copy(cache)
    forked.layers = [copy.copy(layer) for layer in cache.layers]
    return forked
