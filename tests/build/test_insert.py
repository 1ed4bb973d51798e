"""Passages stand where the recipe says, and nothing else of the filler is changed."""

import io
import textwrap

from lm_eval_longsafety.build.assemble import build_split
from lm_eval_longsafety.build.items import read_items
from lm_eval_longsafety.build.recipe import read_recipe
from lm_eval_longsafety.build.stock import Tools


def write(folder, recipe, **files):
    """A recipe and the files beside it; `items_csv` stands for items.csv."""
    (folder / "recipe.yaml").write_text(textwrap.dedent(recipe), encoding="utf-8")
    for name, text in files.items():
        stem, _, ending = name.rpartition("_")
        (folder / f"{stem}.{ending}").write_bytes(textwrap.dedent(text).encode())
    return folder / "recipe.yaml"


def built(path):
    """Split -> its rows."""
    recipe = read_recipe(path)
    tools = Tools(recipe, io.BytesIO())
    return {
        split.split: list(
            build_split(recipe, split, read_items(split.items, split.items.name), tools)
        )
        for split in recipe.splits
    }


def test_a_passage_stands_after_the_paragraph_nearest_to_its_depth(tmp_path):
    path = write(
        tmp_path,
        """
        seed: 1
        material: {village: {files: village.txt}}
        splits:
          HarmfulNIAH:
            {pipeline: insert, items: items.csv, filler: village, lengths: 12, depths: [0, 0.5, 1]}
        """,
        village_txt="One two.\n\nThree four.\n\nFive six.\n\nSeven eight.",
        items_csv="question,choice_1,choice_2,passage,who\n"
        "Who is {who}?,A hero.,I decline.,The {who} is rude.,baker\n",
    )
    rows = [each.row for each in built(path)["HarmfulNIAH"]]
    rest = ["One two.", "Three four.", "Five six.", "Seven eight."]
    for row, place in zip(rows, (0, 2, 4), strict=True):
        parts = [*rest[:place], "The baker is rude.", *rest[place:]]
        assert row["context"] == "\n\n".join(parts)
    assert [row["id"] for row in rows] == [f"recipe-harmful_niah-{i}" for i in range(3)]
    assert [row["depth"] for row in rows] == [0, 0.5, 1]
