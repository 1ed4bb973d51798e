"""Every item meets every cell equally often, and each row draws from a seed of its own."""

from collections import Counter
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from lm_eval_longsafety.build.items import Item
from lm_eval_longsafety.build.plan import plans
from lm_eval_longsafety.build.recipe import SplitRecipe


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


def test_without_a_number_every_cell_and_every_item_has_a_row():
    assert len(list(plans(split(lengths=(1, 2), depths=(0, 1)), items(3), "1"))) == 4
    assert len(list(plans(split(lengths=(1, 2)), items(3), "1"))) == 3
    assert len(list(plans(split(), items(3), "1"))) == 3


def test_numbers_of_passages_meet_each_length_and_each_depth():
    keys = {"lengths": (1, 2, 3), "depths": (0, 0.5, 1), "passages": (2, 3, 4)}
    made = list(plans(split(**keys), items(1), "1"))
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
