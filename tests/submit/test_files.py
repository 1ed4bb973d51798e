"""Files are written whole or not at all, and never over others unasked."""

import os

import pytest

from lm_eval_longsafety.errors import SubmissionError
from lm_eval_longsafety.submit.files import write_all


def test_files_are_written_with_their_folders_and_no_leftovers(tmp_path):
    files = {tmp_path / "a" / ".hidden" / "one.yaml": "1\n", tmp_path / "two.json": "é\n"}
    assert write_all(files) == list(files)
    assert {path: path.read_text(encoding="utf-8") for path in files} == files
    assert sorted(p.name for p in tmp_path.rglob("*.*")) == [".hidden", "one.yaml", "two.json"]


def test_the_same_text_again_changes_nothing(tmp_path):
    files = {tmp_path / "one": "1"}
    write_all(files)
    assert write_all(files) == []


def test_other_content_is_kept_and_nothing_else_is_written(tmp_path):
    (tmp_path / "two").write_text("mine")
    files = {tmp_path / "one": "1", tmp_path / "two": "2"}
    with pytest.raises(SubmissionError, match="already there with other content: .*two; .*--force"):
        write_all(files)
    assert (tmp_path / "two").read_text() == "mine"
    assert not (tmp_path / "one").exists()
    assert write_all(files, force=True) == list(files)
    assert (tmp_path / "two").read_text() == "2"


def test_a_folder_in_the_place_of_a_file_leaves_nothing_half_written(tmp_path):
    (tmp_path / "two").mkdir()
    files = {tmp_path / "one": "1", tmp_path / "two": "2"}
    with pytest.raises(SubmissionError, match="a folder stands there"):
        write_all(files, force=True)
    assert os.listdir(tmp_path) == ["two"]


def test_a_file_in_the_place_of_the_folder_is_told(tmp_path):
    (tmp_path / "out").write_text("x")
    with pytest.raises(SubmissionError, match="cannot be written .*choose another --out"):
        write_all({tmp_path / "out" / "sub" / "one": "1"})
    assert os.listdir(tmp_path) == ["out"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write all")
def test_a_folder_without_permission_is_told(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(SubmissionError, match="cannot be written"):
        write_all({tmp_path / "one": "1"})
    tmp_path.chmod(0o700)


def test_a_full_device_leaves_nothing(tmp_path):
    if not os.path.exists("/dev/full"):
        pytest.skip("no /dev/full on this system")
    (tmp_path / "one.part").symlink_to("/dev/full")
    with pytest.raises(SubmissionError, match="No space left"):
        write_all({tmp_path / "one": "1" * 100_000})
    assert os.listdir(tmp_path) == []
