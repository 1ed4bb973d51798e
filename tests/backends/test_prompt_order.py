"""Groups, chunks and batches of prompts."""

from hypothesis import given
from hypothesis import strategies as st

from lm_eval_longsafety.backends.prompt_order import (
    MIN_SHARED_CHARS,
    by_shared_prefix,
    chunks,
    spread_over,
    token_batches,
)

DOCUMENT = "d" * MIN_SHARED_CHARS


def test_the_orders_of_one_document_stand_together_and_the_longest_come_first():
    texts = ["short", DOCUMENT + "one", "e" * 20_000, DOCUMENT + "two", DOCUMENT + "three"]
    # 20,000 characters first, then the three orders in text order, then the short one.
    assert by_shared_prefix(texts) == [[2], [1, 4, 3], [0]]


def test_a_short_shared_header_makes_no_group():
    header = "h" * (MIN_SHARED_CHARS - 1)
    assert by_shared_prefix([header + "a" * 9, header + "b" * 9]) == [[0], [1]]


def test_prompts_that_share_less_than_three_quarters_make_no_group():
    # 8,192 shared characters of 16,384: half.
    assert by_shared_prefix([DOCUMENT + "a" * 8192, DOCUMENT + "b" * 8192]) == [[0], [1]]


def test_a_chunk_never_cuts_a_group():
    # Sizes 5+5 fill the first chunk; the group of two (4+4) does not fit beside the 5.
    groups = [[0], [1], [2, 3], [4]]
    assert list(chunks(groups, [5, 5, 4, 4, 1], 10)) == [[[0], [1]], [[2, 3], [4]]]
    assert list(chunks(groups, [5, 5, 4, 4, 1], 6)) == [[[0]], [[1]], [[2, 3]], [[4]]]
    assert list(chunks(groups, [5, 5, 4, 4, 1], None)) == [groups]


def test_one_long_prompt_does_not_set_the_batch_size_of_short_ones():
    # 128k tokens alone; then 32,768 // 4,000 = 8 prompts at once.
    lengths = [128_000] + [4000] * 10
    batches = token_batches(lengths, 32_768, None)
    assert [len(batch) for batch in batches] == [1, 8, 2]
    assert [len(batch) for batch in token_batches(lengths, 32_768, 3)] == [1, 3, 3, 3, 1]


@given(
    lengths=st.lists(st.integers(1, 50), max_size=30),
    limit=st.integers(1, 100),
    count=st.none() | st.integers(1, 5),
)
def test_every_prompt_is_in_one_batch_within_the_limits(lengths, limit, count):
    batches = token_batches(lengths, limit, count)
    assert sorted(index for batch in batches for index in batch) == list(range(len(lengths)))
    for batch in batches:
        padded = len(batch) * max(lengths[index] for index in batch)
        assert len(batch) == 1 or padded <= limit
        assert count is None or len(batch) <= count


def test_neighbours_go_to_the_same_replica():
    # lm-eval deals positions 0, 3, 6 to replica 0, 1, 4 to replica 1, 2, 5 to replica 2.
    spread = spread_over(3, [10, 11, 12, 20, 21, 30, 31])
    assert (spread[0::3], spread[1::3], spread[2::3]) == ([10, 11, 12], [20, 21], [30, 31])


@given(st.integers(1, 5), st.lists(st.integers(), max_size=20))
def test_spreading_loses_nothing(replicas, items):
    assert sorted(spread_over(replicas, items)) == sorted(items)
