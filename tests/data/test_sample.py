"""The embedded sample: schema, lengths, planted passages, options, built anew byte by byte."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml

from lm_eval_longsafety.benchmark import TASKS
from lm_eval_longsafety.data.sources import SAMPLE_DIR

RECIPE = Path(__file__).parents[2] / "examples" / "sample"
MATERIAL = yaml.safe_load((RECIPE / "material" / "questions.yaml").read_text(encoding="utf-8"))

SPLITS = [task.split for task in TASKS]
GRID_SPLITS = [task.split for task in TASKS if task.grid]
LABELS = {
    "HarmfulNIAH": "A note in another hand:",
    "CountingCrimes": "Entry in the lost-and-stolen book:",
}
THEFTS = {"two": 2, "three": 3, "four": 4}


def committed(split):
    return pq.read_table(SAMPLE_DIR / "data" / f"{split}-00000-of-00001.parquet")


def rows_of(split):
    return committed(split).to_pylist()


def paragraphs(row):
    return row["context"].split("\n\n")


def planted_at(row, split):
    return [i for i, text in enumerate(paragraphs(row)) if LABELS[split] in text]


def test_the_folder_holds_exactly_the_ten_splits_in_under_two_megabytes():
    files = sorted((SAMPLE_DIR / "data").iterdir())
    assert [file.name for file in files] == sorted(f"{s}-00000-of-00001.parquet" for s in SPLITS)
    assert sum(file.stat().st_size for file in files) < 2_000_000
    for file in files:
        assert pq.ParquetFile(file).metadata.row_group(0).column(0).compression == "ZSTD"


@pytest.mark.parametrize("split", SPLITS)
def test_each_split_has_the_benchmarks_columns_and_eight_to_twelve_rows(split):
    table = committed(split)
    grid = ["depth", "length"] if split in GRID_SPLITS else []
    assert table.column_names == ["id", "context", "question", "choices", *grid]
    assert str(table.schema.field("choices").type).startswith("list<")
    assert 8 <= table.num_rows <= 12
    # Three depths by three lengths.
    assert not grid or table.num_rows == 9


def test_ids_are_unique_in_the_whole_sample():
    ids = [row["id"] for split in SPLITS for row in rows_of(split)]
    assert len(set(ids)) == len(ids)
    assert "sample-harmful_niah-0" in ids


@pytest.mark.parametrize("split", SPLITS)
def test_contexts_have_1500_to_6000_words_and_are_all_different(split):
    contexts = [row["context"] for row in rows_of(split)]
    assert all(1500 <= len(context.split()) <= 6000 for context in contexts)
    assert len(set(contexts)) == len(contexts)


@pytest.mark.parametrize("split", SPLITS)
def test_no_paragraph_stands_twice_in_a_document(split):
    for row in rows_of(split):
        assert max(Counter(paragraphs(row)).values()) == 1, row["id"]


@pytest.mark.parametrize("split", SPLITS)
def test_no_notation_of_the_material_is_left_in_the_texts(split):
    for row in rows_of(split):
        for text in (row["context"], row["question"], *row["choices"]):
            assert not set("{}|\\") & set(text), row["id"]
            assert "  " not in text, row["id"]


@pytest.mark.parametrize("split", GRID_SPLITS)
def test_grid_rows_cover_each_depth_and_length_once(split):
    found = sorted((row["depth"], row["length"]) for row in rows_of(split))
    assert found == [(d, n) for d in (0.0, 0.5, 1.0) for n in (1500, 3000, 6000)]


@pytest.mark.parametrize("split", GRID_SPLITS)
def test_grid_contexts_are_within_five_percent_of_their_length(split):
    for row in rows_of(split):
        words = len(row["context"].split())
        assert abs(words - row["length"]) <= 0.05 * row["length"], row["id"]


@pytest.mark.parametrize("split", GRID_SPLITS)
def test_planted_passages_stand_together_at_their_depth(split):
    for row in rows_of(split):
        found, last = planted_at(row, split), len(paragraphs(row)) - 1
        assert found == list(range(found[0], found[-1] + 1)), row["id"]
        if row["depth"] == 0.0:
            assert found[0] == 0, row["id"]
        elif row["depth"] == 1.0:
            assert found[-1] == last, row["id"]
        else:
            # The middle of the passages is the middle paragraph, to within one.
            assert abs((found[0] + found[-1]) / 2 - last / 2) <= 1, row["id"]


def test_a_niah_context_hides_one_note_and_its_question_names_the_insulted():
    for row in rows_of("HarmfulNIAH"):
        (at,) = planted_at(row, "HarmfulNIAH")
        who = next(n["who"] for n in MATERIAL["needles"] if n["who"] in row["question"])
        assert who.lower() in paragraphs(row)[at].lower()


def test_every_choice_of_counting_crimes_states_the_number_of_thefts_planted():
    for row in rows_of("CountingCrimes"):
        count = len(planted_at(row, "CountingCrimes"))
        word = next(word for word, number in THEFTS.items() if number == count)
        assert all(f" {word}" in choice for choice in row["choices"]), row["id"]


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


def test_a_leading_question_contradicts_a_fact_in_its_context():
    # The storylines' endings, which stand outside every choice of the material.
    facts = ("jackdaw had built", "organ loft", "marrow cup went to", "bridge belongs to the mill")
    facts += ("nothing ailed them", "five past seven", "new tooth for the church clock", "grind")
    for split in ("LeadingQuestion", "DocAttack"):
        for row, fact in zip(rows_of(split), facts, strict=True):
            assert fact in row["context"], (row["id"], fact)


def test_each_document_under_attack_holds_one_misleading_note_as_its_own_paragraph():
    notes = [line.split(".")[0] for line in MATERIAL["attack_notes"].splitlines()]
    for row in rows_of("DocAttack"):
        found = [p for p in paragraphs(row) if any(p.startswith(note) for note in notes)]
        assert len(found) == 1, row["id"]
        # The least safe option repeats the note's claim, so they share its last words.
        assert row["choices"][1].rstrip(".")[-20:] in found[0], row["id"]


def test_each_bad_piece_of_advice_stands_in_its_document():
    for row, advice in zip(rows_of("HarmfulAdvice"), MATERIAL["advice"], strict=True):
        assert advice["advice"] in paragraphs(row), row["id"]


def test_the_recipe_builds_the_committed_files_byte_by_byte(tmp_path):
    command = [sys.executable, str(RECIPE / "build.py"), "-o", str(tmp_path)]
    subprocess.run(command, check=True)
    for split in SPLITS:
        name = f"{split}-00000-of-00001.parquet"
        built, kept = tmp_path / "data" / name, SAMPLE_DIR / "data" / name
        assert pq.read_table(built).equals(pq.read_table(kept)), split
        # Another pyarrow names itself in the file and may compress otherwise.
        if pq.read_metadata(built).created_by == pq.read_metadata(kept).created_by:
            assert built.read_bytes() == kept.read_bytes(), split
