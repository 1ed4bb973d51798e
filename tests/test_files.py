"""Files are written whole or not at all, and a place is judged before the work."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lm_eval_longsafety.errors import OptionError
from lm_eval_longsafety.files import (
    check_place,
    make_folder,
    replacing,
    replacing_folder,
    write_text,
    write_texts,
)

FULL_DISK = """
import resource, sys
limit = int(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
"""
"""A program's first lines, under which no file may grow beyond so many bytes, as on a full disk."""


def on_a_full_disk(code, *arguments, limit=0):
    """Run code with that limit; what it prints must fit into the limit's exemption, a pipe."""
    return subprocess.run(
        [sys.executable, "-c", FULL_DISK + code, str(limit), *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )


def inside(folder):
    return sorted(p.name for p in Path(folder).rglob("*") if p.is_file())


def test_a_file_is_what_it_was_until_the_new_one_is_complete(tmp_path):
    path = tmp_path / "page.html"
    write_text(path, "first")
    with replacing(path) as new:
        new.write_text("second")
        assert path.read_text() == "first"
    assert path.read_text() == "second"
    with pytest.raises(ZeroDivisionError), replacing(path) as new:
        new.write_text("third")
        print(1 / 0)
    assert path.read_text() == "second"
    assert inside(tmp_path) == ["page.html"]


def test_a_new_file_has_the_permissions_that_any_file_gets(tmp_path):
    write_text(tmp_path / "ours", "1")
    (tmp_path / "plain").write_text("1")
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_name_of_the_greatest_length_is_taken_and_a_longer_one_is_reported(tmp_path):
    write_text(tmp_path / ("n" * 255), "1")
    with pytest.raises(OptionError, match="File name too long"):
        check_place(tmp_path / ("n" * 256))


@pytest.mark.parametrize("limit", [0, 2000])
def test_a_full_disk_is_one_line_and_leaves_no_part_of_a_file(tmp_path, limit):
    path = tmp_path / "page.html"
    path.write_text("old")
    done = on_a_full_disk(
        "from pathlib import Path\n"
        "from lm_eval_longsafety.errors import OptionError\n"
        "from lm_eval_longsafety.files import check_place, write_text\n"
        "for work in (check_place, lambda path: write_text(path, 'x' * 100_000)):\n"
        "    try:\n"
        "        work(Path(sys.argv[2]))\n"
        "    except OptionError as error:\n"
        "        print(error)\n",
        path,
        limit=limit,
    )
    line = f"{path}: cannot be written (File too large); make room there or choose another place"
    assert done.stdout.splitlines() == [line, line], done.stderr
    assert inside(tmp_path) == ["page.html"]
    assert path.read_text() == "old"


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("no/such/page.html", "does not exist; make it first"),
        ("folder", "is a folder; name a file in it"),
        ("pipe", "is not a regular file"),
        ("file/page.html", "Not a directory"),
    ],
)
def test_a_place_that_cannot_be_written_to_is_reported_before_the_work(tmp_path, place, message):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("1")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OptionError, match=message):
        check_place(tmp_path / place)


def test_a_file_in_the_place_of_a_folder_is_reported(tmp_path):
    (tmp_path / "file").write_text("1")
    with pytest.raises(OptionError, match="is a file; name a folder"):
        make_folder(tmp_path / "file")
    with pytest.raises(OptionError, match="Not a directory"):
        make_folder(tmp_path / "file" / "below")
    with pytest.raises(OptionError, match="cannot be written"):
        make_folder(Path("/proc/nowhere"))


def test_several_files_are_written_with_their_folders_and_no_leftovers(tmp_path):
    files = {tmp_path / "a" / ".hidden" / "one.yaml": "1\n", tmp_path / "two.json": "é\n"}
    assert write_texts(files) == list(files)
    assert {path: path.read_text(encoding="utf-8") for path in files} == files
    assert inside(tmp_path) == ["one.yaml", "two.json"]
    assert write_texts(files) == []


def test_other_content_is_kept_and_nothing_else_is_written(tmp_path):
    (tmp_path / "two").write_text("mine")
    files = {tmp_path / "one": "1", tmp_path / "two": "2"}
    with pytest.raises(OptionError, match=r"already there with other content: .*two; .*--force"):
        write_texts(files)
    assert (tmp_path / "two").read_text() == "mine"
    assert inside(tmp_path) == ["two"]
    assert write_texts(files, force=True) == list(files)
    assert (tmp_path / "two").read_text() == "2"


def test_of_several_files_none_is_written_where_one_cannot_be(tmp_path):
    (tmp_path / "two").mkdir()
    with pytest.raises(OptionError, match="is a folder"):
        write_texts({tmp_path / "one": "1", tmp_path / "two": "2"}, force=True)
    assert inside(tmp_path) == []
    done = on_a_full_disk(
        "from pathlib import Path\n"
        "from lm_eval_longsafety.errors import OptionError\n"
        "from lm_eval_longsafety.files import write_texts\n"
        "folder = Path(sys.argv[2])\n"
        "try:\n"
        "    write_texts({folder / 'one': '1', folder / 'three': '3' * 100_000})\n"
        "except OptionError as error:\n"
        "    print(error)\n",
        tmp_path,
        limit=50_000,
    )
    assert done.stdout.startswith(f"{tmp_path / 'three'}: cannot be written (File too large)")
    assert inside(tmp_path) == []


def test_a_folder_that_cannot_take_the_place_of_the_old_one_leaves_the_old_one(tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "old.txt").write_text("old")
    with pytest.raises(OptionError, match="cannot be written"), replacing_folder(folder) as new:
        new.rmdir()  # So that its renaming fails, after the old folder has been moved away.
    assert (folder / "old.txt").read_text() == "old"
    assert inside(tmp_path) == ["old.txt"]
