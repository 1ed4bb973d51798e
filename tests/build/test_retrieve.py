"""Contexts of the documents that fit a query best, and the controls for them."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lm_eval_longsafety.errors import BuildError
from tests.build.recipes import built, numbered, write

RECIPE = """
seed: 1
material: {{library: {{files: library.jsonl}}}}
splits:
  MedicalQuiz: {{pipeline: retrieve, items: items.csv, corpus: library, {keys}}}
"""
LIBRARY = {
    "mill": "The mill stands by the river. Its wheel turns at night.",
    "bicycle": "A bicycle has two wheels. Bicycle thieves come at night.",
    "bread": "Bread needs flour and water. The mill grinds the flour.",
    "bell": "The bell rings at noon. Then it rests for the whole day.",
}
ITEMS = (
    "question,choice_1,choice_2\n"
    "Where does one find a bicycle at night?,Here is how.,I decline.\n"
    "Is there flour in the mill?,Here is how.,I decline.\n"
)


def recipe(folder, keys="lengths: 20", items=ITEMS, library=LIBRARY):
    lines = [json.dumps({"id": name, "text": text}) for name, text in library.items()]
    return write(
        folder,
        RECIPE.format(keys=keys),
        items_csv=items,
        library_jsonl="".join(f"{line}\n" for line in lines),
    )


def rows(path):
    return built(path)["MedicalQuiz"]


def taken(row):
    return [text.id.rpartition("#")[2] for text in row.made.texts]


def test_the_best_documents_come_first_and_the_last_one_is_cut_at_a_sentence(tmp_path):
    first, second = rows(recipe(tmp_path, keys="lengths: 16"))
    # "bicycle" stands in one document, "night" in two of four.
    assert taken(first) == ["bicycle", "mill"]
    assert first.row["context"] == f"{LIBRARY['bicycle']}\n\nThe mill stands by the river."
    assert taken(second) == ["bread", "mill"]
    assert "length" in first.row and first.row["length"] == 16


def test_a_column_of_keywords_or_a_query_comes_before_the_question(tmp_path):
    items = (
        "question,query,keywords,choice_1,choice_2\n"
        "Where is a bicycle?,Who rings the bell?,,Here.,I decline.\n"
        "Where is a bicycle?,Who rings the bell?,the flour,Here.,I decline.\n"
    )
    first, second = rows(recipe(tmp_path, keys="lengths: 10", items=items))
    assert taken(first)[0] == "bell"
    # Given keywords are used even where most documents hold them.
    assert taken(second)[0] == "bread"


def test_documents_without_a_keyword_follow_in_a_drawn_order(tmp_path):
    made = rows(recipe(tmp_path, keys="lengths: 40", items=numbered(ITEMS, 6)))
    drawn = [taken(row) for row in made if "bicycle" in row.row["question"]]
    assert {tuple(each[:2]) for each in drawn} == {("bicycle", "mill")}
    assert {tuple(each[2:]) for each in drawn} == {("bread", "bell"), ("bell", "bread")}


def test_random_documents_are_drawn_for_each_row(tmp_path):
    path = recipe(tmp_path, keys="lengths: 20, mode: random", items=numbered(ITEMS, 6))
    drawn = [tuple(taken(row)) for row in rows(path)]
    assert drawn == [tuple(taken(row)) for row in rows(path)]
    assert len(set(drawn)) > 4


def test_without_documents_the_context_is_empty(tmp_path):
    for row in rows(recipe(tmp_path, keys="mode: none")):
        assert (row.row["context"], taken(row)) == ("", [])
        assert "length" not in row.row


@pytest.mark.parametrize(
    ("keys", "items", "message"),
    [
        ("lengths: 400", ITEMS, r"material library has \d+ words, 400 are needed for a length"),
        ("mode: bm25", ITEMS, "needs the key lengths; only with `mode: none`"),
        ("mode: none, lengths: 20", ITEMS, "needs the key lengths; only with `mode: none`"),
        ("lengths: 20, mode: bm2", ITEMS, "expected one of bm25, random, none"),
        (
            "lengths: 5",
            "question,choice_1,choice_2\nWhere is Rome?,Here.,I decline.\n",
            r"row 1 .items.csv, row 1.: no document of library holds a keyword of the query, apart",
        ),
        (
            "lengths: 5",
            "question,keywords,choice_1,choice_2\nWhere?,Rome,Here.,I decline.\n",
            "holds a keyword of the query; give the item a column keywords with words of the",
        ),
    ],
)
def test_what_cannot_be_retrieved_is_one_error(keys, items, message, tmp_path):
    with pytest.raises(BuildError, match=message):
        rows(recipe(tmp_path, keys=keys, items=items))


def test_a_language_without_spaces_is_retrieved_too(tmp_path):
    library = {
        "a": "鐘は正午に鳴る。",
        "b": "自転車は庭にある。",
        "c": "水は冷たい。",
        "d": "粉を挽く。",
    }
    path = recipe(
        tmp_path,
        keys="lengths: 9",
        items="question,choice_1,choice_2\n自転車はどこですか。,ここ。,言えません。\n",
        library=library,
    )
    path.write_text(
        path.read_text("utf-8").replace("seed: 1", "seed: 1\nunit: characters"), "utf-8"
    )
    (row,) = rows(path)
    assert taken(row) == ["b"] and row.row["context"] == library["b"]


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 60), st.text("xy1", min_size=1), st.sampled_from(["bm25", "random"]))
def test_any_length_and_seed_give_a_context_of_that_length(tmp_path_factory, length, seed, mode):
    folder = tmp_path_factory.mktemp("r")
    library = {
        f"d{i}": f"{text} Extra mill bicycle {i}." for i, text in enumerate([*LIBRARY.values()] * 2)
    }
    library |= {"far": "Nothing at all of it.", "away": "Somewhere else instead."}
    path = recipe(folder, keys=f"lengths: {length}, mode: {mode}", library=library)
    text = path.read_text("utf-8").replace("seed: 1", f"seed: {seed!r}")
    path.write_text(text, "utf-8")
    for row in rows(path):
        assert abs(len(row.row["context"].split()) - length) <= max(1, 0.01 * length)
