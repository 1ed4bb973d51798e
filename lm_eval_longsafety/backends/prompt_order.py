"""Decide in which order, and how many at a time, prompts go to a model.

Data flow: prompt texts -> `by_shared_prefix` -> groups of the same document -> `chunks` (what is
answered between two writes of the response cache) -> `token_batches` (what goes through the model
at once). Uses neither model nor tokenizer.
"""

from collections.abc import Iterator, Sequence

MIN_SHARED_CHARS = 8192
"""A shorter prefix, such as a few-shot header, is not worth a pass of its own."""
_MIN_SHARED_PART = 0.75
"""Part of the longer prompt; the orders of one document share nearly all of it."""


def by_shared_prefix(texts: Sequence[str]) -> list[list[int]]:
    """Group the indices of prompts that begin with the same long text.

    Groups with long prompts come first, so that prompts that do not fit into memory fail at the
    start of a run.
    """
    groups: list[list[int]] = []
    for index in sorted(range(len(texts)), key=texts.__getitem__):
        if groups and _share_prefix(texts[groups[-1][0]], texts[index]):
            groups[-1].append(index)
        else:
            groups.append([index])
    return sorted(groups, key=lambda group: -max(len(texts[index]) for index in group))


def _share_prefix(a: str, b: str) -> bool:
    needed = max(MIN_SHARED_CHARS, int(_MIN_SHARED_PART * max(len(a), len(b))))
    return min(len(a), len(b)) >= needed and a[:needed] == b[:needed]


def chunks(
    groups: Sequence[list[int]], sizes: Sequence[int], budget: int | None
) -> Iterator[list[list[int]]]:
    """Divide a list of groups into chunks; no group is divided.

    Args:
        groups: from `by_shared_prefix`.
        sizes: of each prompt, in any unit.
        budget: of a chunk, in the same unit; None for one chunk of everything.
    """
    chunk: list[list[int]] = []
    filled = 0
    for group in groups:
        size = sum(sizes[index] for index in group)
        if chunk and budget is not None and filled + size > budget:
            yield chunk
            chunk, filled = [], 0
        chunk.append(group)
        filled += size
    if chunk:
        yield chunk


def token_batches(
    lengths: Sequence[int], max_tokens: int, max_prompts: int | None
) -> list[list[int]]:
    """Batch the indices of prompts by their lengths in tokens, the longest first.

    Args:
        lengths: of each prompt.
        max_tokens: of a batch, with every prompt padded to the longest; a longer prompt is a batch
            of its own.
        max_prompts: of a batch; None for any number.
    """
    batches: list[list[int]] = []
    for index in sorted(range(len(lengths)), key=lambda index: -lengths[index]):
        batch = batches[-1] if batches else []
        room = batch and (len(batch) + 1) * lengths[batch[0]] <= max_tokens
        if room and (max_prompts is None or len(batch) < max_prompts):
            batch.append(index)
        else:
            batches.append([index])
    return batches


def spread_over(replicas: int, ordered: Sequence[int]) -> list[int]:
    """Reorder a list so that each replica gets neighbouring items.

    lm-eval gives item i of the result to replica i modulo `replicas`.
    """
    spread = [0] * len(ordered)
    start = 0
    for replica in range(replicas):
        size = len(range(replica, len(ordered), replicas))
        spread[replica::replicas] = ordered[start : start + size]
        start += size
    return spread
