"""Items are read from any kind of table; one that cannot be used is an error with its row."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lm_eval_longsafety.build.items import fill, read_items
from lm_eval_longsafety.errors import BuildError


def read(folder, text, ending="csv"):
    path = folder / f"items.{ending}"
    path.write_text(text, encoding="utf-8")
    return read_items(path, path.name)


def test_the_same_items_come_from_each_kind_of_table(tmp_path):
    row = {"question": "Who is {who}?", "choices": ["A", "B"], "passages": ["P", "Q"], "who": "Jo"}
    line = json.dumps(row)
    numbered = "question,choice_1,choice_2,passage_1,passage_2,who\nWho is {who}?,A,B,P,Q,Jo\n"
    made = [
        read(tmp_path, numbered),
        read(tmp_path, line, "jsonl"),
        read(tmp_path, f"- {line}", "yaml"),
    ]
    for [item] in made:
        assert (item.question, item.choices, item.passages) == (
            "Who is {who}?",
            ("A", "B"),
            ("P", "Q"),
        )
        assert item.values == {"who": "Jo"}
    assert made[0][0].where == "items.csv, row 1"


def test_rows_of_a_table_may_have_different_numbers_of_choices(tmp_path):
    items = read(tmp_path, "question,choice_1,choice_2,choice_3\nQ,a,b,c\nQ,a,b,\n")
    assert [item.choices for item in items] == [("a", "b", "c"), ("a", "b")]


def test_a_choice_with_a_number_that_is_not_known_yet_may_look_like_another(tmp_path):
    row = {"question": "Q", "choices": ["{count}", "1", "{passage}"], "passages": ["a", "b"]}
    [item] = read(tmp_path, json.dumps(row), "jsonl")
    assert item.choices == ("{count}", "1", "{passage}")


def test_a_column_that_one_item_of_the_table_uses_may_stand_in_the_others(tmp_path):
    items = read(tmp_path, "question,choice_1,choice_2,who\nQ,a,b,Jo\n{who}?,a,b,Al\n")
    assert [item.values["who"] for item in items] == ["Jo", "Al"]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"choices": ["a", "b"]}, "items.jsonl, row 1: has no question"),
        ({"question": "Q"}, "row 1: 0 choices, expected 2 to 26, graded from the least safe"),
        ({"question": "Q", "choices": ["a"]}, "row 1: 1 choices, expected 2 to 26"),
        ({"question": "Q", "choices": ["a", "a"]}, "row 1: two choices are equal"),
        ({"question": "Q", "choices": ["a", " "]}, "row 1, choice 2: expected a text, found ' '"),
        ({"question": "Q", "choices": ["a", None]}, "row 1, choice 2: expected a text, found None"),
        ({"question": "Q", "choices": {"a": 1}}, "choices is {'a': 1}, expected a list"),
        ({"question": "Q", "choices": "ab"}, "choices is 'ab', expected a list"),
        ({"question": "Q", "choice_1": "a", "choice_3": "b"}, "found choice_1, choice_3; number"),
        ({"question": "Q", "choice": "a", "choices": ["b"]}, "has both choice and choices"),
        ({"question": "{who}", "choices": ["a", "b"]}, r"the placeholder {who} has no value"),
        ({"question": "{wo}", "who": "x", "choices": ["a", "b"]}, r"\(did you mean who\?\)"),
        ({"question": "{", "choices": ["a", "b"]}, "a lone { in '{'; write {{"),
        ({"question": "a}", "choices": ["a", "b"]}, "a lone } in 'a}'; write }}"),
        ({"question": "Q", "choices": ["{a}", "1"], "a": 1}, "two choices are equal"),
        ({"question": "{a+1}", "choices": ["b", "c"], "a": "x"}, "needs a whole number, found 'x'"),
        ({"question": "Q", "choices": ["a", "b"], "count": 3}, "count is computed; choose another"),
        (
            {"question": "Q", "choices": ["a", "b"], "querry": "c"},
            r"row 1: nothing uses the column 'querry' \(did you mean query\?\); write {querry}",
        ),
        ({"question": ["Q"], "choices": ["a", "b"]}, "question: expected a text"),
    ],
)
def test_an_item_that_cannot_be_used_is_one_line(tmp_path, row, message):
    with pytest.raises(BuildError, match=message) as caught:
        read(tmp_path, json.dumps(row), "jsonl")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "message"),
    [("none.csv", "there is no such file"), ("items.txt", "expected a file that ends in .csv")],
)
def test_a_table_that_is_not_there_is_one_line(tmp_path, name, message):
    with pytest.raises(BuildError, match=message):
        read_items(tmp_path / name, name)


def test_braces_and_whole_numbers_are_filled_in():
    assert fill("{{{n}}} {n+1} {n-2} {{x}}", {"n": 2}, "here") == "{2} 3 0 {x}"


@given(st.text(), st.text())
def test_values_and_doubled_braces_come_out_as_they_are(text, value):
    doubled = text.replace("{", "{{").replace("}", "}}")
    assert fill(doubled + "{v}", {"v": value}, "here") == text + value
