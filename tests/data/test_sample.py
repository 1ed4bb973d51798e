"""The embedded sample: built anew byte by byte from its recipe, and what its users rely on."""

import csv
import json
from collections import Counter
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from lm_eval_longsafety.benchmark import TASKS
from lm_eval_longsafety.cli.main import app
from lm_eval_longsafety.data import sources
from lm_eval_longsafety.data.sources import SAMPLE_DIR

RECIPE = Path(__file__).parents[2] / "examples" / "sample" / "recipe.yaml"
SPLIT_RECIPES = yaml.safe_load(RECIPE.read_text(encoding="utf-8"))["splits"]
SPLITS = [task.split for task in TASKS]
GRID_SPLITS = [task.split for task in TASKS if task.grid]
FILES = sorted([*(f"{split}.jsonl" for split in SPLITS), "manifest.json"])
ENTRY = "Entry in the lost-and-stolen book:"


def rows_of(split):
    lines = (SAMPLE_DIR / f"{split}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def items_of(split):
    """The items of a split; in the sample, row i is made from item i."""
    path = RECIPE.parent / SPLIT_RECIPES[split]["items"]
    if path.suffix == ".yaml":
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def paragraphs(row):
    return row["context"].split("\n\n")


def words(text):
    return len(text.split())


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("built") / "sample"
    done = CliRunner().invoke(app, ["build", str(RECIPE), "-o", str(folder)])
    assert done.exit_code == 0, done.output
    return folder


def test_the_recipe_builds_the_committed_files_byte_by_byte(built):
    assert sorted(path.name for path in built.iterdir()) == FILES
    for name in FILES:
        assert (built / name).read_bytes() == (SAMPLE_DIR / name).read_bytes(), name


def test_the_folder_holds_the_ten_splits_and_their_manifest_in_under_two_megabytes():
    files = [path for path in sorted(SAMPLE_DIR.iterdir()) if path.name != "__pycache__"]
    assert [path.name for path in files] == FILES
    assert sum(path.stat().st_size for path in files) < 2_000_000


@pytest.mark.parametrize("split", SPLITS)
def test_each_split_has_the_benchmarks_columns_and_a_row_for_each_item(split):
    rows = rows_of(split)
    grid = split in GRID_SPLITS
    for row in rows:
        assert list(row)[:4] == ["id", "context", "question", "choices"]
        # What else the build knows of a row; the benchmark has depth and length in the grids only.
        assert set(row) - set(list(row)[:4]) <= {"depth", "length", "filler", "canary"}
        assert not grid or {"depth", "length"} <= set(row)
    # Three depths by three lengths, or eight items.
    assert len(rows) == len(items_of(split)) == (9 if grid else 8)


def test_ids_are_the_names_of_the_tasks_with_the_number_of_the_row():
    for task in TASKS:
        name = task.name.removeprefix("longsafety_")
        ids = [row["id"] for row in rows_of(task.split)]
        assert ids == [f"sample-{name}-{index}" for index in range(len(ids))]


@pytest.mark.parametrize("split", SPLITS)
def test_contexts_have_1500_to_6000_words_and_are_all_different(split):
    contexts = [row["context"] for row in rows_of(split)]
    # To within one percent, as the lengths of the recipe are met.
    assert all(1485 <= words(context) <= 6060 for context in contexts)
    assert len(set(contexts)) == len(contexts)


@pytest.mark.parametrize("split", SPLITS)
def test_no_paragraph_stands_twice_in_a_document(split):
    for row in rows_of(split):
        assert max(Counter(paragraphs(row)).values()) == 1, row["id"]


@pytest.mark.parametrize("split", SPLITS)
def test_no_placeholder_and_no_stray_space_is_left_in_the_texts(split):
    for row in rows_of(split):
        for text in (row["context"], row["question"], *row["choices"]):
            assert not set("{}|\\") & set(text), row["id"]
            assert "  " not in text, row["id"]


@pytest.mark.parametrize("split", GRID_SPLITS)
def test_grid_rows_cover_each_depth_and_length_once(split):
    found = sorted((row["depth"], row["length"]) for row in rows_of(split))
    assert found == [(d, n) for d in (0.0, 0.5, 1.0) for n in (1500, 3000, 6000)]


@pytest.mark.parametrize("split", GRID_SPLITS)
def test_grid_contexts_are_within_one_percent_of_their_length(split):
    for row in rows_of(split):
        assert words(row["context"]) == pytest.approx(row["length"], rel=0.01), row["id"]


def passages_in(row, item):
    return [text for text in item.get("passages", [item.get("passage")]) if text in row["context"]]


@pytest.mark.parametrize("split", GRID_SPLITS)
def test_the_passages_of_a_grid_row_stand_at_its_depth_as_paragraphs_of_their_own(split):
    for row, item in zip(rows_of(split), items_of(split), strict=True):
        found = passages_in(row, item)
        at = sorted(paragraphs(row).index(text) for text in found)
        assert at == list(range(at[0], at[0] + len(found))), row["id"]
        before = sum(words(text) for text in paragraphs(row)[: at[0]])
        filler = words(row["context"]) - sum(map(words, found))
        # The nearest end of a paragraph; none in the material has more than 100 words.
        assert abs(before - row["depth"] * filler) <= 50, row["id"]


def test_a_niah_context_hides_the_one_note_that_its_question_asks_about():
    for row, item in zip(rows_of("HarmfulNIAH"), items_of("HarmfulNIAH"), strict=True):
        assert row["question"] == item["question"], row["id"]
        assert paragraphs(row).count(item["passage"]) == 1, row["id"]
        assert row["context"].count("A note in another hand:") == 1, row["id"]


def test_every_choice_of_counting_crimes_states_the_number_of_thefts_in_the_context():
    counts = set()
    for row in rows_of("CountingCrimes"):
        count = row["context"].count(ENTRY)
        counts.add(count)
        assert all(f" {count}" in choice for choice in row["choices"]), row["id"]
    assert counts == {2, 3, 4}


@pytest.mark.parametrize("split", SPLITS)
def test_the_four_choices_differ_and_are_of_similar_length(split):
    for row in rows_of(split):
        lengths = [len(choice) for choice in row["choices"]]
        mean = sum(lengths) / 4
        assert len(set(row["choices"])) == 4, row["id"]
        assert all(0.6 * mean <= length <= 1.4 * mean for length in lengths), (row["id"], lengths)


def test_the_safe_choice_is_not_given_away_by_its_length():
    rows = [row for split in SPLITS for row in rows_of(split)]
    longest = sum(len(row["choices"][3]) == max(map(len, row["choices"])) for row in rows)
    shortest = sum(len(row["choices"][3]) == min(map(len, row["choices"])) for row in rows)
    assert longest <= 0.45 * len(rows)
    assert shortest <= 0.45 * len(rows)


@pytest.mark.parametrize("split", ["LeadingQuestion", "DocAttack"])
def test_the_true_answer_stands_in_the_context(split):
    facts = ("jackdaw had built", "organ loft", "marrow cup went to", "bridge belongs to the mill")
    facts += ("nothing ailed them", "five past seven", "new tooth for the church clock", "grind")
    for row, fact in zip(rows_of(split), facts, strict=True):
        assert fact in row["context"], (row["id"], fact)


@pytest.mark.parametrize("split", ["DocAttack", "HarmfulAdvice"])
def test_the_false_note_or_bad_advice_stands_once_in_its_document(split):
    for row, item in zip(rows_of(split), items_of(split), strict=True):
        assert paragraphs(row).count(item["passage"]) == 1, row["id"]


@pytest.mark.parametrize("split", ["HarmfulExtraction", "HarmfulTendency"])
def test_a_question_about_misdeeds_is_asked_of_the_document_that_tells_them(split):
    for row, item in zip(rows_of(split), items_of(split), strict=True):
        told = (RECIPE.parent / item["document"]).read_text(encoding="utf-8").strip()
        assert row["context"].startswith(told), row["id"]


def test_a_dialogue_takes_turns():
    for row in rows_of("ManyShotJailbreak"):
        speakers = [text.split(":")[0] for text in paragraphs(row)]
        assert speakers == ["User", "Assistant"] * (len(speakers) // 2), row["id"]
        assert row["question"].startswith("User:")


def test_the_sample_is_read_without_a_bad_row():
    assert all(sources.load("sample").rows(split) for split in SPLITS)
