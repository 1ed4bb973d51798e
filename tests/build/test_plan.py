"""Every item meets every cell equally often, and each row draws from a seed of its own."""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lm_eval_longsafety.build.items import Item
from lm_eval_longsafety.build.plan import plans
from lm_eval_longsafety.build.recipe import SplitRecipe
from lm_eval_longsafety.errors import BuildError


def items(n):
    return [
        Item(where=f"row {i}", question=f"{i}", choices=("a", "b"), values={}) for i in range(n)
    ]


def split(**keys):
    place = {"split": "HarmfulNIAH", "pipeline": "insert", "items": Path("x"), "places": {"": ""}}
    return SplitRecipe(**place, **keys)


small = st.integers(1, 4)


@given(small, small, small, st.integers(1, 7))
def test_every_item_meets_every_cell_equally_often(lengths, depths, fillers, n):
    cells = lengths * depths * fillers
    axes = {
        "lengths": tuple(range(lengths)),
        "depths": tuple(range(depths)),
        "filler": tuple(map(str, range(fillers))),
    }
    made = list(plans(split(**axes, rows=cells * n), items(n), "1"))
    met = Counter((p.length, p.depth, p.filler, p.item.where) for p in made)
    assert set(met.values()) == {1}
    assert len(met) == cells * n


@given(small, small, small, small, st.integers(1, 7))
def test_without_a_number_every_item_meets_every_cell_and_every_number_of_passages_once(
    lengths, depths, fillers, counts, n
):
    axes = {
        "lengths": tuple(range(lengths)),
        "depths": tuple(range(depths)),
        "filler": tuple(map(str, range(fillers))),
        "passages": tuple(range(1, counts + 1)),
    }
    made = plans(split(**axes), items(n), "1")
    met = {(p.length, p.depth, p.filler, p.count, p.item.where) for p in made}
    assert len(made) == len(met) == lengths * depths * fillers * counts * n


def test_without_axes_every_item_has_a_row():
    assert [p.item.where for p in plans(split(), items(3), "1")] == ["row 0", "row 1", "row 2"]


def test_items_are_not_tied_to_a_length():
    made = plans(split(lengths=(100, 200), depths=tuple(range(8))), items(2), "1")
    assert Counter((p.item.where, p.length) for p in made) == {
        (f"row {i}", length): 8 for i in (0, 1) for length in (100, 200)
    }


@pytest.mark.parametrize(
    ("keys", "missing"),
    [
        ({"lengths": (1, 2, 3), "rows": 2}, "lengths 3"),
        ({"lengths": (1, 2), "depths": (0, 0.5, 1), "rows": 3}, "depths 1"),
        ({"passages": (1, 2, 3), "rows": 1}, "passages 2, 3"),
        ({"lengths": (1, 2), "filler": ("a", "b"), "rows": 2}, "filler b"),
    ],
)
def test_a_value_for_which_there_are_too_few_rows_is_an_error(keys, missing):
    message = f"none of {keys['rows']} rows has {missing}; ask for more rows, or leave"
    with pytest.raises(BuildError, match=message):
        plans(split(**keys), items(2), "1")


def test_numbers_of_passages_meet_each_length_and_each_depth():
    keys = {"lengths": (1, 2, 3), "depths": (0, 0.5, 1), "passages": (2, 3, 4)}
    made = plans(split(**keys, rows=9), items(1), "1")
    assert Counter((p.length, p.count) for p in made) == {
        (length, count): 1 for length in (1, 2, 3) for count in (2, 3, 4)
    }
    assert len({(p.depth, p.count) for p in made}) == 9
    made = list(plans(split(**keys, rows=27), items(1), "1"))
    assert len({(p.depth, p.length, p.count) for p in made}) == 27


@given(st.integers(0, 60), st.text(max_size=5), st.integers(0, 5))
def test_an_order_is_complete_and_depends_on_the_seed_alone(n, seed, index):
    [first, second] = [
        list(plans(split(rows=6), items(1), seed))[index].order(n, "x") for _ in range(2)
    ]
    drawn = list(first)
    assert sorted(drawn) == list(range(n))
    assert drawn == list(second)


def test_rows_and_purposes_draw_differently():
    first, second = plans(split(rows=2), items(1), "1")
    other, _ = plans(split(rows=2), items(1), "2")
    orders = [first.order(50, "a"), first.order(50, "b"), second.order(50, "a")]
    drawn = {tuple(order) for order in (*orders, other.order(50, "a"))}
    assert len(drawn) == 4


def test_an_order_is_the_same_in_every_version():
    [plan] = plans(split(rows=1), items(1), "village 1")
    assert list(plan.order(8, "filler")) == [3, 5, 6, 0, 4, 1, 2, 7]


def test_a_few_of_many_are_drawn_quickly():
    [plan] = plans(split(rows=1), items(1), "1")
    order = plan.order(10**9, "filler")
    assert len({next(order) for _ in range(1000)}) == 1000
