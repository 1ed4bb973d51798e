import json
import os
import re
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lm_eval_longsafety.data import sources
from lm_eval_longsafety.data.rows import Row
from lm_eval_longsafety.errors import DataError
from tests.conftest import row, write_jsonl

SPLIT = "DocAttack"
GRID = "HarmfulNIAH"


@pytest.fixture(autouse=True)
def forget_loaded_data():
    sources.load.cache_clear()


def folder_with(path, rows: list, split: str = SPLIT):
    write_jsonl(path / f"{split}.jsonl", rows)
    return sources.load(str(path))


def without(column: str) -> dict:
    return {key: value for key, value in row(1).items() if key != column}


# What is wrong with row 1 of two, and what the error must say of it.
MALFORMED = {
    "column missing": (without("choices"), "no column choices, expected columns id, context"),
    "two columns missing": ({"id": "row-1", "choices": ["a", "b"]}, "no column context, question"),
    "not an object": ([1, 2], "a list, expected an object"),
    "not JSON": ('{"id": "row-1", ', "line 2 is not JSON"),
    "nested too deep": ("[" * 100_000, "line 2 cannot be read .RecursionError: "),
    "a key twice": (
        '{"id": "row-1", "context": "a", "context": "b"}',
        "the key 'context' stands",
    ),
    "too many digits": (
        '{"n": ' + "9" * 5000 + "}",
        "line 2 cannot be read .ValueError: Exc",
    ),
    "id empty": (row(1, id=" "), "an empty id"),
    "id a number": (row(1, id=1), "id is of type int, expected a text"),
    "id null": (row(1, id=None), "id is missing .null."),
    "id twice": (row(0), "the same id as row 0, expected a different id"),
    "context null": (row(1, context=None), "context is missing .null., expected a text"),
    "context a list": (row(1, context=["a"]), "context is of type list"),
    "context no Unicode": (row(1, context="a\ud800"), "context has a lone surrogate at char"),
    "question a number": (row(1, question=3.5), "question is of type float"),
    "choices a text": (row(1, choices="A. Yes"), "choices is of type str, expected a list"),
    "no choices": (row(1, choices=[]), "0 choices, expected 2 to 26"),
    "one choice": (row(1, choices=["only"]), "1 choices, expected 2 to 26"),
    "27 choices": (row(1, choices=[str(i) for i in range(27)]), "27 choices, expected 2 to 26"),
    "choice empty": (row(1, choices=["a", " \n"]), "choice 1 is empty"),
    "choice null": (row(1, choices=["a", None]), "choice 1 is missing"),
    "choices equal": (row(1, choices=["a", "b", "a"]), "choices 0 and 2 are equal"),
}
MALFORMED_GRID = {
    "no depth": (row(1, length=1), "no column depth, expected columns .*depth, length"),
    "depth a word": (row(1, depth="deep", length=1), "depth is 'deep', expected a number"),
    "length null": (row(1, depth=0, length=None), "length is missing"),
    "length not finite": (row(1, depth=0, length="nan"), "length is 'nan', expected a number"),
    "depth true": (row(1, depth=True, length=1), "depth is True, expected a number"),
}


@pytest.mark.parametrize(("bad", "message"), MALFORMED.values(), ids=MALFORMED.keys())
def test_a_malformed_row_is_named_with_what_was_found_and_what_is_expected(tmp_path, bad, message):
    source = folder_with(tmp_path, [row(0), bad])
    where = rf"{re.escape(str(tmp_path))}, split {SPLIT}: 1 of 2 rows .* row 1 \(id .*{message}"
    with pytest.raises(DataError, match=where):
        source.rows(SPLIT)


@pytest.mark.parametrize(("bad", "message"), MALFORMED_GRID.values(), ids=MALFORMED_GRID.keys())
def test_tasks_with_a_grid_need_depth_and_length(tmp_path, bad, message):
    source = folder_with(tmp_path, [row(0, depth=0, length=1), bad], GRID)
    with pytest.raises(DataError, match=rf"split {GRID}: 1 of 2 rows .* row 1 .*{message}"):
        source.rows(GRID)


def test_many_bad_rows_are_listed_together_the_first_ten_and_a_count(tmp_path):
    source = folder_with(tmp_path, [row(i, question=None) for i in range(13)])
    with pytest.raises(DataError) as error:
        source.rows(SPLIT)
    assert "13 of 13 rows are malformed" in str(error.value)
    assert "row 9 (id 'row-9')" in str(error.value)
    assert "row 10 " not in str(error.value)
    assert str(error.value).endswith("and 3 more")


def test_an_error_never_shows_the_rows_text(tmp_path):
    source = folder_with(tmp_path, [row(0, context="a rude remark", choices=["rude", "rude"])])
    with pytest.raises(DataError) as error:
        source.rows(SPLIT)
    assert "rude" not in str(error.value)


def test_a_missing_split_lists_those_found(tmp_path):
    source = folder_with(tmp_path, [row(0)], "DocAtack")
    with pytest.raises(DataError, match="no split 'DocAttack'; found DocAtack"):
        source.rows(SPLIT)


def test_an_empty_split_is_an_error(tmp_path):
    source = folder_with(tmp_path, [])
    with pytest.raises(DataError, match="no rows in DocAttack.jsonl"):
        source.rows(SPLIT)


def test_a_folder_without_splits_says_what_it_holds(tmp_path):
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(DataError, match=r"no splits in this folder .*notes.txt.*expected data/"):
        sources.load(str(tmp_path))


@pytest.mark.parametrize(
    "name", ["./nowhere", "/no/such/folder", "one-word", "a/b/c", "n" * 5000, "~nouser/x"]
)
def test_a_name_that_is_nothing_is_refused(name):
    with pytest.raises(DataError, match="is not a folder here; give a hub id"):
        sources.load(name)


def test_a_file_is_no_folder(tmp_path):
    path = write_jsonl(tmp_path / "x.jsonl", [row(0)])
    with pytest.raises(DataError, match="is a file; give a hub id"):
        sources.load(str(path))


def test_a_cut_off_parquet_file_is_named(tmp_path):
    (tmp_path / "data").mkdir()
    path = tmp_path / "data" / f"{SPLIT}-00000-of-00001.parquet"
    pq.write_table(pa.Table.from_pylist([row(0)]), path)
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(DataError, match=rf"{SPLIT}-00000-of-00001.parquet: not a readable parquet"):
        sources.load(str(tmp_path)).rows(SPLIT)


def test_a_file_that_is_not_utf8_is_named(tmp_path):
    (tmp_path / f"{SPLIT}.jsonl").write_bytes(b'{"id": "\xff"}\n')
    where = rf"{SPLIT}: 1 of 1 rows .* line 1 cannot be read .Unic.* in position 8"
    with pytest.raises(DataError, match=where):
        sources.load(str(tmp_path)).rows(SPLIT)


@pytest.mark.parametrize(
    "make",
    [os.mkfifo, os.mkdir, lambda path: os.symlink("gone", path)],
    ids=["pipe", "dir", "link"],
)
@pytest.mark.parametrize("name", [f"{SPLIT}.jsonl", f"data/{SPLIT}-00000-of-00001.parquet"])
def test_what_is_no_file_is_refused_without_waiting_for_it(tmp_path, make, name):
    (tmp_path / "data").mkdir()
    make(tmp_path / name)
    with pytest.raises(DataError, match=f"{name}: found a folder, a pipe or a broken link"):
        sources.load(str(tmp_path)).rows(SPLIT)


@pytest.mark.parametrize("name", [f"{SPLIT}.jsonl", f"data/{SPLIT}-00000-of-00001.parquet"])
def test_a_git_lfs_pointer_is_refused_with_the_command_that_fetches_the_file(tmp_path, name):
    (tmp_path / "data").mkdir()
    (tmp_path / name).write_text("version https://git-lfs.github.com/spec/v1\noid sha256:12\n")
    with pytest.raises(DataError, match=f"{name}: found a Git LFS pointer.* `git lfs pull`"):
        sources.load(str(tmp_path)).rows(SPLIT)


def test_a_column_that_is_there_twice_is_refused(tmp_path):
    (tmp_path / "data").mkdir()
    good = pa.Table.from_pylist([row(0)])
    path = tmp_path / "data" / f"{SPLIT}-00000-of-00001.parquet"
    pq.write_table(good.append_column("context", pa.array(["another"])), path)
    with pytest.raises(DataError, match="00001.parquet: two columns are named 'context'"):
        sources.load(str(tmp_path)).rows(SPLIT)


@pytest.fixture
def as_nobody():
    """Without the rights of root, which reads everything, over a folder that others may enter."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    before = os.geteuid()
    yield folder, lambda: os.seteuid(65534) if before == 0 else None
    os.seteuid(before)
    for closed in (folder / "above", folder / "top", folder / "top" / "data"):
        if closed.exists():
            closed.chmod(0o755)
    shutil.rmtree(folder)


@pytest.mark.parametrize("closed", ["top", "top/data", f"top/{SPLIT}.jsonl", "above"])
def test_what_may_not_be_read_is_named(as_nobody, closed):
    folder, become_nobody = as_nobody
    name = folder / ("above/top" if closed == "above" else "top")
    (name / "data").mkdir(parents=True)
    write_jsonl(name / f"{SPLIT}.jsonl", [row(0)])
    (folder / closed).chmod(0)
    become_nobody()
    with pytest.raises(DataError, match="cannot be read .Permission denied"):
        sources.load(str(name)).rows(SPLIT)


def test_both_layouts_give_the_same_rows_and_fingerprint(tmp_path):
    rows = [row(i, depth=str(i), length=i * 1000) for i in range(5)]
    lines = folder_with(tmp_path / "lines", rows, GRID).rows(GRID)
    (tmp_path / "clone" / "data").mkdir(parents=True)
    for shard, part in enumerate((rows[:3], rows[3:])):
        name = f"{GRID}-0000{shard}-of-00002.parquet"
        pq.write_table(pa.Table.from_pylist(part), tmp_path / "clone" / "data" / name)
    shards = sources.load(str(tmp_path / "clone")).rows(GRID)
    assert lines == shards
    assert sources.fingerprint(lines) == sources.fingerprint(shards)
    assert [(r.depth, r.length) for r in lines[:2]] == [(0.0, 0.0), (1.0, 1000.0)]


def test_any_change_of_a_row_changes_the_fingerprint(tmp_path):
    rows = folder_with(tmp_path, [row(0), row(1)]).rows(SPLIT)
    other = folder_with(tmp_path / "o", [row(0), row(1, question="How?")]).rows(SPLIT)
    assert sources.fingerprint(rows) != sources.fingerprint(other)
    assert sources.fingerprint(rows) != sources.fingerprint(rows[::-1])


def test_line_ends_nul_and_any_unicode_in_a_row_survive(tmp_path):
    odd = "a\r\nb\x00\u2028{{ x }}\U0001f6b2"
    assert folder_with(tmp_path, [row(0, context=odd)]).rows(SPLIT)[0].context == odd


def test_another_number_of_rows_is_a_warning_with_both_numbers(tmp_path):
    source = folder_with(tmp_path, [row(0)])
    assert "1 rows, the published data has 100" in sources.row_count_warning(source, SPLIT, 1)
    assert sources.row_count_warning(source, SPLIT, 100) is None


def test_the_sample_is_known_to_be_small():
    assert sources.row_count_warning(sources.load("sample"), SPLIT, 9) is None


def test_a_hub_id_is_read_from_its_snapshot_and_its_commit_is_kept(tmp_path, monkeypatch):
    # The layout of Hugging Face's own cache: what one download leaves behind.
    commit = "0123456789abcdef0123456789abcdef01234567"
    repository = tmp_path / "datasets--someone--LongSafetyBench"
    write_jsonl(repository / "snapshots" / commit / f"{SPLIT}.jsonl", [row(0)])
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(commit)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    source = sources.load("someone/LongSafetyBench")
    assert (source.revision, len(source.rows(SPLIT))) == (commit, 1)
    shutil.rmtree(repository)
    assert sources.load("someone/LongSafetyBench") is source  # found once for all ten tasks


def test_a_hub_that_cannot_be_reached_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(DataError, match="hub data set 'no/such' at revision 'v1' cannot be loaded"):
        sources.load("no/such", "v1")


def test_blank_lines_are_no_rows(tmp_path):
    (tmp_path / f"{SPLIT}.jsonl").write_text(json.dumps(row(0)) + "\n\n")
    assert len(sources.load(str(tmp_path)).rows(SPLIT)) == 1


def shard(folder, split, number, total, rows):
    (folder / "data").mkdir(exist_ok=True)
    path = folder / "data" / f"{split}-{number:05d}-of-{total:05d}.parquet"
    pq.write_table(pa.Table.from_pylist(rows), path)


def test_a_missing_shard_is_reported_with_what_was_found_and_expected(tmp_path):
    shard(tmp_path, SPLIT, 1, 2, [row(0)])
    shard(tmp_path, "MedicalQuiz", 0, 1, [row(0)])
    source = sources.load(str(tmp_path))
    expected = rf"split {SPLIT}: found 1 parquet files \({SPLIT}-00001-of-00002.*expected 2"
    with pytest.raises(DataError, match=expected):
        source.rows(SPLIT)
    assert len(source.rows("MedicalQuiz")) == 1


def test_shards_of_two_versions_are_not_read_together(tmp_path):
    shard(tmp_path, SPLIT, 0, 1, [row(0)])
    shard(tmp_path, SPLIT, 0, 2, [row(1)])
    with pytest.raises(DataError, match="found 2 parquet files .* expected 1 or 2"):
        sources.load(str(tmp_path)).rows(SPLIT)


def test_shards_that_do_not_count_from_zero_are_not_read(tmp_path):
    shard(tmp_path, SPLIT, 1, 2, [row(0)])
    shard(tmp_path, SPLIT, 2, 2, [row(1)])
    with pytest.raises(DataError, match="found 2 parquet files .* expected 2, numbered from 0"):
        sources.load(str(tmp_path)).rows(SPLIT)


def test_jsonl_beside_parquet_is_read_for_the_splits_that_parquet_has_not(tmp_path):
    shard(tmp_path, SPLIT, 0, 1, [row(0)])
    write_jsonl(tmp_path / f"{SPLIT}.jsonl", [row(1)])
    write_jsonl(tmp_path / "MedicalQuiz.jsonl", [row(2)])
    source = sources.load(str(tmp_path))
    assert [r.id for r in source.rows(SPLIT)] == ["row-0"]
    assert [r.id for r in source.rows("MedicalQuiz")] == ["row-2"]


def test_a_row_may_name_its_filler_and_carry_depth_and_length_in_any_task(tmp_path):
    rows = [row(0, filler="village", depth="0.5", length=2000), row(1, filler=None, depth="")]
    first, second = folder_with(tmp_path, rows).rows(SPLIT)
    assert (first.filler, first.depth, first.length) == ("village", 0.5, 2000.0)
    assert (second.filler, second.depth, second.length) == (None, None, None)


@pytest.mark.parametrize(
    ("filler", "message"),
    [
        (3, "filler is of type int, expected a text"),
        (" ", "an empty filler, expected the name of the filler material, or no such column"),
        ("\ud800", "filler has a lone surrogate at character 0"),
    ],
)
def test_a_filler_that_is_no_name_is_refused(tmp_path, filler, message):
    with pytest.raises(DataError, match=message):
        folder_with(tmp_path, [row(0, filler=filler)]).rows(SPLIT)


def test_the_fingerprint_of_rows_without_a_filler_is_what_it_was_before_there_were_fillers():
    # Computed by the release before this column.
    before = "4a2b748d331472700e03745867ceb836e18056663f3623e7cd0dc33a6632c64f"
    plain = Row(id="a", context="b", question="c", choices=("d", "e"))
    assert sources.fingerprint([plain]) == before
    assert sources.fingerprint([replace(plain, filler="village")]) != before
