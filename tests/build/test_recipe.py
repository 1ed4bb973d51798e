"""Every mistake in a recipe is one line with the file, the line and the key."""

import re
from pathlib import Path

import pytest

from lm_eval_longsafety.build import recipe as recipe_module
from lm_eval_longsafety.build.recipe import PIPELINE_KEYS, read_recipe
from lm_eval_longsafety.errors import BuildError
from tests.build.recipes import RECIPE, write

LINES = RECIPE.strip().splitlines()


def read(folder, text):
    return read_recipe(write(folder, text))


def test_known_keys_are_listed_once(tmp_path):
    with pytest.raises(BuildError) as caught:
        read(tmp_path, RECIPE.replace("depths:", "depth:"))
    known = str(caught.value).rpartition("known are ")[2].split(", ")
    assert len(known) == len(set(known))


def test_a_recipe_is_read_with_its_defaults(tmp_path):
    recipe = read(tmp_path, RECIPE)
    [split] = recipe.splits
    assert (recipe.name, recipe.seed, recipe.unit, recipe.canary) == ("recipe", "1", "words", True)
    assert (split.lengths, split.depths, split.at, split.rows) == ((40,), (0.5,), "paragraph", None)
    assert split.where("depths") == "recipe.yaml, line 5, splits.HarmfulNIAH.depths"
    assert recipe.relative(split.items) == "items.csv"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("seed: 1", "sede: 1", r"line 1, sede: unknown key 'sede' \(did you mean seed or "),
        ("seed: 1", "", "line 2: the key seed is missing"),
        ("seed: 1", "seed: true", "seed: expected a text or a whole number, found True"),
        ("seed: 1", "seed: 1\nunit: word", r"unit: expected one of .*\(did you mean words\?\)"),
        ("seed: 1", "seed: 1\nunit: {token: x}", r"unknown key 'token' \(did you mean tokens"),
        ("seed: 1", "seed: 1\ncanary: 1", "canary: expected true or false, found 1"),
        ("seed: 1", "seed: 1\ntraining: {part: 2}", "training.part: expected a number from 0 to 1"),
        ("seed: 1", "seed: 1\ntraining: {answer: text}", "training: the key part is missing"),
        ("seed: 1", "seed: 1\nseed: 2", "line 2: the key 'seed' stands there twice"),
        ("HarmfulNIAH:", "HarmfulNiah:", r"for a split 'HarmfulNiah' \(did you mean HarmfulNIAH"),
        ("HarmfulNIAH:", "DocAttack: &a {}\n  DocAttack:", "line 5: the key 'DocAttack' stands"),
        ("insert", "[insert]", r"pipeline: expected one of .*, found \['insert'\]"),
        ("insert", "inser", r"pipeline: expected one of .*\(did you mean insert\?\)"),
        ("pipeline: insert, ", "", r"splits.HarmfulNIAH: the key pipeline is missing \(insert, "),
        ("insert", "whole", "unknown key 'filler'; known are pipeline, items, rows, lengths"),
        ("filler: village", "filler: vilage", r"no material 'vilage' \(did you mean village\?\)"),
        ("depths: 0.5", "depths: 1.5", "depths: expected a number from 0 to 1, found 1.5"),
        ("depths: 0.5", "depths: [0, 0]", r"depths: expected a list of different values"),
        ("depths: 0.5", "depth: 0.5", r"unknown key 'depth' \(did you mean depths\?\)"),
        ("lengths: 40", "lengths: 0", "lengths: expected a whole number above 0, found 0"),
        ("lengths: 40", "lengths: []", "lengths: expected a list of different values"),
        ("lengths: 40", "lengths: 4.5", "lengths: expected a whole number above 0, found 4.5"),
        ("lengths: 40, depths: 0.5", "lengths: 4", "the key depths is missing"),
        ("lengths: 40", "lengths: 40, at: word", "at: expected one of paragraph, sentence"),
        ("items: items.csv", "items: [a]", r"items: expected a text, found \['a'\]"),
        ("files: village.txt", "file: village.txt", r"unknown key 'file' \(did you mean files\?\)"),
        ("{files: village.txt}", "village.txt", "material.village: expected the keys files"),
        ("{village: {files: village.txt}}", "{}", "material: expected keys with values"),
        ("splits:", "splits: [", "line [0-9]+: is not YAML"),
        (RECIPE, "", "recipe.yaml: is empty"),
        ("seed: 1", "? [a]\n: 1\nseed: 1", "line 1: a key is no text"),
        (RECIPE, "- 1", "line 1: expected the keys seed"),
        (RECIPE, "a: &a [*a]", "recipe.yaml: is not YAML"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line(tmp_path, old, new, message):
    with pytest.raises(BuildError, match=message) as caught:
        read(tmp_path, "\n".join(LINES).replace(old, new) if old != RECIPE else new)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith("recipe.yaml")


def test_a_task_with_a_grid_needs_depths(tmp_path):
    text = "\n".join(LINES[:-1]) + (
        "\n  CountingCrimes: {pipeline: whole, items: items.csv, material: village}"
    )
    with pytest.raises(BuildError, match="rows of CountingCrimes have a depth and a length"):
        read(tmp_path, text)


def test_the_page_names_every_key():
    page = (Path(__file__).parents[2] / "docs" / "build.md").read_text("utf-8")
    cells = "".join(re.findall(r"^\| (`.*?) \|", page, flags=re.M))
    pipelines = {key for keys in PIPELINE_KEYS.values() for group in keys for key in group}
    known = {*recipe_module._RECIPE, *recipe_module._MATERIAL, *recipe_module._TRAINING}
    missing = (known | pipelines | set(recipe_module._SHARED)) - set(re.findall(r"`(\w+)`", cells))
    assert not missing


def test_a_missing_recipe_is_one_line(tmp_path):
    with pytest.raises(BuildError, match=r"none.yaml: cannot be read \(No such file"):
        read_recipe(tmp_path / "none.yaml")


def test_a_recipe_that_is_not_utf8_is_one_line(tmp_path):
    (tmp_path / "recipe.yaml").write_bytes("seed: Käse".encode("latin-1"))
    with pytest.raises(BuildError, match=r"recipe.yaml: is not UTF-8 \(byte 7\); save it as UTF-8"):
        read_recipe(tmp_path / "recipe.yaml")
