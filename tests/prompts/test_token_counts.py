import hashlib
import sqlite3

import pytest

from lm_eval_longsafety.prompts.token_counts import TokenCounts
from lm_eval_longsafety.prompts.tokenizer import load_tokenizer
from lm_eval_longsafety.settings import parse

PROMPTS = ["a stolen bicycle", "", "a stolen bicycle", "two\r\nlines"]


def tokenizer_of(model):
    return load_tokenizer(parse({"pretrained": str(model)}).model)


class CountingTokenizer:
    """The real tokenizer, counting what it is asked."""

    def __init__(self, tokenizer):
        self.tokenizer = tokenizer
        self.asked = []

    def measure(self, texts):
        self.asked += texts
        return self.tokenizer.measure(texts)


def test_a_prompt_is_tokenised_once_for_all_runs(tiny_model, tmp_path):
    tokenizer = CountingTokenizer(tokenizer_of(tiny_model))
    expected = [len(tokenizer.tokenizer.encode(prompt)) for prompt in PROMPTS]
    for _ in range(2):
        assert TokenCounts(tokenizer, tmp_path / "counts.sqlite").count(PROMPTS) == expected
    assert tokenizer.asked == ["a stolen bicycle", "", "two\r\nlines"]


def test_the_hash_is_over_the_token_ids_and_remembered(tiny_model, tmp_path):
    tokenizer = tokenizer_of(tiny_model)
    packed = b"".join(i.to_bytes(4, "little") for i in tokenizer.encode("a stolen bicycle"))
    wanted = (len(packed) // 4, hashlib.sha256(packed).hexdigest())
    for _ in range(2):
        counts = TokenCounts(tokenizer, tmp_path / "counts.sqlite")
        assert counts.measure(["a stolen bicycle"]) == [wanted]


def test_no_text_is_stored(tiny_model, tmp_path):
    path = tmp_path / "counts.sqlite"
    counts = TokenCounts(tokenizer_of(tiny_model), path)
    counts.count(PROMPTS)
    counts.cut("a stolen bicycle", 2, lambda text: "a cycle", rule="r")
    assert b"bicycle" not in path.read_bytes()


def test_a_cut_of_head_and_tail_is_remembered_by_position(tiny_model, tmp_path):
    counts = TokenCounts(tokenizer_of(tiny_model), tmp_path / "c.sqlite")
    assert counts.cut("a stolen bicycle", 2, lambda text: "a cycle", rule="r") == "a cycle"
    assert counts.cut("a stolen bicycle", 2, lambda text: "not asked", rule="r") == "a cycle"
    assert counts.cut("a stolen bicycle", 4, lambda text: "another", rule="r") == "another"


def test_a_cut_made_by_another_rule_is_not_taken(tiny_model, tmp_path):
    counts = TokenCounts(tokenizer_of(tiny_model), tmp_path / "c.sqlite")
    assert counts.cut("a stolen bicycle", 2, lambda text: "a cycle", rule="1") == "a cycle"
    assert counts.cut("a stolen bicycle", 2, lambda text: "a bicycle", rule="2") == "a bicycle"
    assert counts.cut("a stolen bicycle", 2, lambda text: "not asked", rule="1") == "a cycle"


def test_a_cut_that_is_no_head_and_tail_is_made_again(tiny_model, tmp_path):
    counts = TokenCounts(tokenizer_of(tiny_model), tmp_path / "c.sqlite")
    for text in ("a \ufffd cycle", "other"):
        assert counts.cut("a stolen bicycle", 2, lambda _, text=text: text, rule="r") == text


def test_a_damaged_store_is_done_without(tiny_model, tmp_path):
    path = tmp_path / "c.sqlite"
    path.write_bytes(b"not a database, but long enough to look like one" * 50)
    tokenizer = tokenizer_of(tiny_model)
    assert TokenCounts(tokenizer, path).count(["a b"]) == tokenizer.count(["a b"])


def test_a_store_whose_pages_are_damaged_is_done_without(tiny_model, tmp_path):
    path = tmp_path / "c.sqlite"
    tokenizer = tokenizer_of(tiny_model)
    prompts = [f"stolen bicycle {i}" for i in range(300)]
    TokenCounts(tokenizer, path).count(prompts)
    whole = path.read_bytes()
    expected = tokenizer.count(prompts)
    # Page 1 holds the tables' names; those after it hold the rows.
    for damaged in (whole[: len(whole) // 2], whole[:4096] + b"x" * (len(whole) - 4096)):
        path.write_bytes(damaged)
        assert TokenCounts(tokenizer, path).count(prompts) == expected
        assert (
            TokenCounts(tokenizer, path).cut(prompts[0], 2, lambda _: "stolen 0", rule="r")
            == "stolen 0"
        )


def test_a_folder_in_place_of_the_store_is_done_without(tiny_model, tmp_path):
    tokenizer = tokenizer_of(tiny_model)
    assert TokenCounts(tokenizer, tmp_path).count(["a b"]) == tokenizer.count(["a b"])


def test_a_remembered_row_of_another_kind_is_done_without(tiny_model, tmp_path):
    path = tmp_path / "c.sqlite"
    tokenizer = tokenizer_of(tiny_model)
    counts = TokenCounts(tokenizer, path)
    counts.count(["a stolen bicycle"])
    counts.cut("a stolen bicycle", 2, lambda _: "a cycle", rule="r")
    connection = sqlite3.connect(path)
    connection.execute("UPDATE measures SET tokens = 'many'")
    connection.execute("UPDATE cuts_by_rule SET tail = 'far'")
    connection.commit()
    connection.close()
    assert counts.count(["a stolen bicycle"]) == tokenizer.count(["a stolen bicycle"])
    assert counts.cut("a stolen bicycle", 2, lambda _: "a cycle", rule="r") == "a cycle"


def test_a_store_with_other_columns_is_done_without(tiny_model, tmp_path):
    path = tmp_path / "c.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE measures (prompt BLOB PRIMARY KEY, tokens INTEGER)")
    connection.commit()
    connection.close()
    tokenizer = tokenizer_of(tiny_model)
    assert TokenCounts(tokenizer, path).count(["a b"]) == tokenizer.count(["a b"])


def test_a_store_that_cannot_be_written_is_done_without(tiny_model, tmp_path):
    path = tmp_path / "c.sqlite"
    tokenizer = tokenizer_of(tiny_model)
    TokenCounts(tokenizer, path).count(["a b"])
    read_only = f"file:{path}?mode=ro"
    connect = sqlite3.connect
    with pytest.MonkeyPatch.context() as patch:
        # What a user without the right to write finds; the tests may run as one with all rights.
        patch.setattr(
            sqlite3,
            "connect",
            lambda place, **options: connect(
                place if place == ":memory:" else read_only, uri=place != ":memory:", **options
            ),
        )
        assert TokenCounts(tokenizer, path).count(["a b", "c"]) == tokenizer.count(["a b", "c"])


def test_another_tokenizer_has_another_store(tiny_model, narrow_model):
    # The two differ in their window alone, which is no part of how they count.
    assert tokenizer_of(tiny_model).fingerprint == tokenizer_of(narrow_model).fingerprint


def test_the_store_is_a_plain_sqlite_file(tiny_model, tmp_path):
    path = tmp_path / "c.sqlite"
    TokenCounts(tokenizer_of(tiny_model), path).count(["a b"])
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT count(*) FROM measures").fetchone() == (1,)
    connection.close()
