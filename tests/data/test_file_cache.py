"""What was read from files is read again where they have changed."""

import json
import os

import pytest

from lm_eval_longsafety.data import sources
from lm_eval_longsafety.prompts import window
from lm_eval_longsafety.prompts.tokenizer import load_config, load_tokenizer
from lm_eval_longsafety.settings import parse
from lm_eval_longsafety.variants.filler import load_filler
from tests.conftest import row, write_jsonl


def test_a_config_that_changed_gives_another_window(tmp_path):
    path = tmp_path / "config.json"
    for positions in (4096, 2048):
        path.write_text(json.dumps({"model_type": "gpt2", "n_positions": positions}))
        assert window.model_window(parse({"pretrained": str(tmp_path)})) == positions


def test_a_file_replaced_by_one_of_the_same_length_is_read_again(tmp_path):
    path = tmp_path / "config.json"
    model = parse({"pretrained": str(tmp_path)}).model
    for second, positions in enumerate((4096, 2048)):
        path.write_text(json.dumps({"model_type": "gpt2", "n_positions": positions}))
        os.utime(path, ns=(0, second))
        assert load_config(model).n_positions == positions


def test_data_added_to_a_folder_is_found(tmp_path):
    write_jsonl(tmp_path / "DocAttack.jsonl", [row(0)])
    assert set(sources.load(str(tmp_path)).files) == {"DocAttack"}
    write_jsonl(tmp_path / "MedicalQuiz.jsonl", [row(0)])
    assert set(sources.load(str(tmp_path)).files) == {"DocAttack", "MedicalQuiz"}


def test_filler_that_changed_is_read_again(tmp_path):
    for text in ("A quiet harbour.", "A louder harbour."):
        (tmp_path / "notes.txt").write_text(text)
        assert load_filler(str(tmp_path), "sample", None).sources == ((text,),)


def test_what_has_not_changed_is_read_once(tiny_model, tmp_path):
    (tmp_path / "notes.txt").write_text("A quiet harbour.")
    model = parse({"pretrained": str(tiny_model)}).model
    assert load_tokenizer(model) is load_tokenizer(model)
    assert load_filler(str(tmp_path), "sample", None) is load_filler(str(tmp_path), "sample", None)


@pytest.mark.parametrize("name", ["someone/model", "~nouser/x", "n" * 5000, "a\0b"])
def test_a_name_that_is_no_folder_is_taken_as_unchanged(name):
    from lm_eval_longsafety.data.file_cache import _state

    assert _state(name) == ()
