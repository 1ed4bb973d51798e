from collections import Counter
from itertools import permutations

import pytest

from lm_eval_longsafety.prompts.deal import deal


def test_the_original_order_deals_the_letters_from_a_on():
    assert deal("any", 3, order="original", seed=7) == ["A", "B", "C"]


def test_a_shuffled_deal_is_pinned_for_all_time():
    # Any change here changes every score: raise metadata.version of all tasks with it.
    assert deal("row-1", 4, order="shuffled", seed=0) == list("BDAC")
    assert deal("row-2", 4, order="shuffled", seed=0) == list("DABC")
    assert deal("row-1", 4, order="shuffled", seed=1) == list("CDBA")


def test_only_the_first_n_letters_are_dealt():
    for n in range(2, 27):
        assert sorted(deal("x", n, order="shuffled", seed=0)) == [chr(65 + i) for i in range(n)]


def test_every_order_of_four_letters_comes_up_about_equally_often():
    counts = Counter(tuple(deal(str(i), 4, order="shuffled", seed=0)) for i in range(24_000))
    assert set(counts) == set(permutations("ABCD"))
    # 24 orders, 24,000 deals: 1,000 each, standard deviation about 31; five of them is 155.
    assert all(845 <= count <= 1155 for count in counts.values())


@pytest.mark.parametrize("n", [0, 1, 27])
def test_a_number_of_choices_without_letters_is_the_callers_bug(n):
    with pytest.raises(ValueError, match="2 to 26"):
        deal("x", n, order="shuffled", seed=0)
