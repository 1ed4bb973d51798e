"""Documents as they are, or joined to a length."""

import pytest

from lm_eval_longsafety.errors import BuildError
from tests.build.recipes import built, numbered, rows, write

RECIPE = """
seed: 1
material: {{box: {{files: 'box_*.txt'}}}}
splits: {{HarmfulTendency: {{pipeline: whole, items: items.csv, material: box{keys}}}}}
"""
ITEMS = "question,choice_1,choice_2,document\nWhy?,Here is how.,I decline.,{}\n"
BOX = {f"box_{n}_txt": f"Text {n} is short.\n\nIt ends with {n}." for n in range(4)}


def recipe(folder, keys="", document="box_2.txt"):
    return write(folder, RECIPE.format(keys=keys), items_csv=ITEMS.format(document), **BOX)


def test_a_document_is_the_context_as_it_is(tmp_path):
    [row] = rows(recipe(tmp_path))
    assert row["context"] == BOX["box_2_txt"]
    assert row.keys() == {"id", "context", "question", "choices"}


def test_without_a_name_a_document_is_drawn_for_the_row(tmp_path):
    path = recipe(tmp_path)
    (tmp_path / "items.csv").write_text(numbered(ITEMS.format(""), 12))
    made = rows(path)
    assert {row["context"] for row in made} == set(BOX.values())


def test_further_documents_follow_up_to_the_length(tmp_path):
    # Each document has 8 words: two whole ones, and a paragraph of 4 words of the third.
    [made] = built(recipe(tmp_path, ", lengths: 20"))["HarmfulTendency"]
    parts = made.row["context"].split("\n\n")
    assert parts[:2] == BOX["box_2_txt"].split("\n\n")
    assert len(parts) == 5
    assert [text.id for text in made.made.texts][0] == "box_2.txt"
    assert len({text.id for text in made.made.texts}) == 3
    assert made.row["length"] == made.size == 20


def test_a_document_that_is_longer_than_the_length_is_an_error(tmp_path):
    message = r"row 1\): the document box_2.txt is longer than 6 words \(recipe.yaml, line 4"
    with pytest.raises(BuildError, match=message):
        built(recipe(tmp_path, ", lengths: 6"))
    assert rows(recipe(tmp_path, ", lengths: 8"))[0]["context"] == BOX["box_2_txt"]


def test_a_document_that_is_not_there_is_an_error(tmp_path):
    message = r"the material box has no document 'box_9.txt' \(did you mean box_"
    with pytest.raises(BuildError, match=message):
        built(recipe(tmp_path, document="box_9.txt"))


def test_a_placeholder_that_this_pipeline_does_not_fill_is_an_error(tmp_path):
    path = recipe(tmp_path)
    (tmp_path / "items.csv").write_text(ITEMS.format("").replace("Why?", "Why {count}?"))
    with pytest.raises(
        BuildError, match=r"line 4, .*items.csv, row 1\): the placeholder {count} has"
    ):
        built(path)
