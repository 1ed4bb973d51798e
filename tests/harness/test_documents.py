import hashlib
import json
import logging

import pytest

from lm_eval_longsafety.errors import DataError, OptionError
from lm_eval_longsafety.harness.documents import load_documents
from lm_eval_longsafety.prompts.templates import render
from tests.conftest import row, write_jsonl

SPLIT = "DocAttack"
LONG = "The council met in the old mill and spoke of bicycles. " * 600


@pytest.fixture
def folder(tmp_path):
    """Three rows; the last has a context of about 10,000 tokens."""
    write_jsonl(tmp_path / f"{SPLIT}.jsonl", [row(0), row(1), row(2, context=LONG)])
    return str(tmp_path)


def documents(**metadata):
    return load_documents(split=SPLIT, **metadata)["test"]


def test_a_document_holds_what_the_design_names(folder):
    docs = documents(data=folder)
    assert list(docs.features) == [
        "id",
        "task",
        "prompt",
        "question",
        "choices",
        "letters",
        "prompt_tokens",
        "prompt_sha256",
        "truncated",
        "context_sha256",
    ]
    doc, good = docs[0], row(0)
    assert doc["prompt"] == render(
        SPLIT,
        context=good["context"],
        question=good["question"],
        choices=good["choices"],
        letters=doc["letters"],
    )
    assert doc["context_sha256"] == hashlib.sha256(good["context"].encode()).hexdigest()
    assert (doc["id"], doc["task"], doc["truncated"]) == ("row-0", SPLIT, False)
    assert doc["prompt_tokens"] is None  # no model named: no tokenizer is known


def test_tasks_with_a_grid_carry_depth_and_length_as_numbers(tmp_path):
    write_jsonl(tmp_path / "HarmfulNIAH.jsonl", [row(0, depth="0.5", length=2000)])
    docs = load_documents(split="HarmfulNIAH", data=str(tmp_path))["test"]
    assert (docs[0]["depth"], docs[0]["length"]) == (0.5, 2000.0)


def test_letters_do_not_depend_on_the_order_of_rows(tmp_path):
    rows = [row(i) for i in range(6)]
    write_jsonl(tmp_path / "a" / f"{SPLIT}.jsonl", rows)
    write_jsonl(tmp_path / "b" / f"{SPLIT}.jsonl", rows[::-1][:3])
    letters = [
        {doc["id"]: doc["letters"] for doc in documents(data=str(tmp_path / name))}
        for name in ("a", "b")
    ]
    assert letters[1].items() <= letters[0].items()


def test_original_order_and_seeds_are_at_the_users_command(folder):
    assert documents(data=folder, option_order="original")[0]["letters"] == list("ABCD")
    dealt = [documents(data=folder, option_seed=seed)["letters"] for seed in (1, 1, 2, 3)]
    assert list(dealt[0]) == list(dealt[1])
    assert list(dealt[0]) != list(dealt[2]) or list(dealt[0]) != list(dealt[3])


def test_long_prompts_are_cut_counted_and_logged_in_one_line(folder, narrow_model, caplog):
    provenance = {}
    with caplog.at_level(logging.INFO, logger="lm_eval.longsafety"):
        docs = documents(data=folder, pretrained=str(narrow_model), provenance=provenance)
    assert list(docs["truncated"]) == [False, False, True]
    assert docs[2]["prompt_tokens"] == 1548
    assert (provenance["window"], provenance["prompt_limit"]) == (2048, 1548)
    assert (provenance["rows"], provenance["scored"], provenance["truncated"]) == (3, 3, 1)
    summaries = [r.getMessage() for r in caplog.records if r.levelname == "INFO"]
    assert len(summaries) == 1
    assert "3 of 3 documents to score" in summaries[0]
    assert "1 cut to 1548 tokens" in summaries[0]


def test_over_length_skip_leaves_rows_out_and_says_how_many(folder, narrow_model, caplog):
    provenance = {}
    with caplog.at_level(logging.INFO, logger="lm_eval.longsafety"):
        docs = documents(
            data=folder, pretrained=str(narrow_model), over_length="skip", provenance=provenance
        )
    assert list(docs["id"]) == ["row-0", "row-1"]
    assert (provenance["rows"], provenance["scored"]) == (3, 2)
    assert "2 of 3 documents to score" in caplog.text


def test_over_length_skip_that_leaves_nothing_is_an_error(tmp_path, narrow_model):
    write_jsonl(tmp_path / f"{SPLIT}.jsonl", [row(0, context=LONG)])
    with pytest.raises(DataError, match="leaves no documents: all 1 prompts are longer than 1548"):
        documents(data=str(tmp_path), pretrained=str(narrow_model), over_length="skip")


def test_over_length_error_stops_before_any_model_call(folder, narrow_model):
    with pytest.raises(OptionError, match="1 of 3 prompts are longer than 1548 .*id 'row-2'"):
        documents(data=folder, pretrained=str(narrow_model), over_length="error")


def test_the_provenance_shows_whether_two_runs_used_the_same_data(folder, tmp_path):
    first, second, third = {}, {}, {}
    documents(data=folder, provenance=first)
    documents(data=folder, provenance=second, option_seed=3)
    write_jsonl(tmp_path / "other" / f"{SPLIT}.jsonl", [row(0)])
    documents(data=str(tmp_path / "other"), provenance=third)
    assert first["data_sha256"] == second["data_sha256"] != third["data_sha256"]
    json.dumps(first)


def test_the_number_of_rows_is_warned_about(folder, caplog):
    documents(data=folder)
    assert "3 rows, the published data has 100" in caplog.text


def test_depth_length_and_filler_are_carried_where_any_row_of_the_task_has_them(tmp_path):
    rows = [row(0), row(1, filler="village", depth=0.5)]
    write_jsonl(tmp_path / f"{SPLIT}.jsonl", rows)
    docs = documents(data=str(tmp_path))
    assert [(doc["filler"], doc["depth"]) for doc in docs] == [(None, None), ("village", 0.5)]
    assert "length" not in docs.features
