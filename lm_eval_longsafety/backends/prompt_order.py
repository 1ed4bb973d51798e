"""In which order, and how many at a time, prompts go to a model.

Data flow: prompt texts -> `by_shared_prefix` -> groups of the same document -> `chunks` (what is
answered between two writes of the response cache) -> `token_batches` (what goes through the model
at once). Knows no model and no tokenizer.
"""

from collections.abc import Iterator, Sequence

MIN_SHARED_CHARS = 8192
"""Below this a shared prefix (a few-shot header) is not worth a pass of its own."""
_MIN_SHARED_PART = 0.75
"""Of the longer prompt; the option orders of one document share nearly all of it."""


def by_shared_prefix(texts: Sequence[str]) -> list[list[int]]:
    """Group prompts that begin with the same long text.

    Args:
        texts: prompts.

    Returns:
        Groups of indices into `texts`; each index in exactly one. The longest come first, so that
        what does not fit into memory fails at the start of a run.
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
    """Cut a list of groups into runs of at most `budget`, never inside a group.

    Args:
        groups: from `by_shared_prefix`.
        sizes: of each prompt, in any unit.
        budget: in the same unit; None for one chunk of everything. A larger group is a chunk of its
            own.
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
    """Batch prompts by what they cost: the padded tokens, not their number.

    Args:
        lengths: of each prompt, in tokens.
        max_tokens: of a batch, every prompt padded to its longest; a longer prompt is a batch of
            its own.
        max_prompts: of a batch; None for any number.

    Returns:
        Batches of indices into `lengths`, the longest prompts first.
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
    """Arrange a list so that lm-eval, which deals it out in turn, gives each replica neighbours."""
    spread = [0] * len(ordered)
    start = 0
    for replica in range(replicas):
        size = len(range(replica, len(ordered), replicas))
        spread[replica::replicas] = ordered[start : start + size]
        start += size
    return spread
