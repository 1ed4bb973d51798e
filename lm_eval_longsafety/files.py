"""Write files completely or not at all: to a temporary file first, which is then renamed.

This is the only module that does so. A full disk and a read-only folder are reported in one line,
and no partial file is left behind. `check_place` checks the place before the work is done.
"""

import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from lm_eval_longsafety.errors import OptionError

_BLOCK = 4096
"""Bytes that `check_place` writes at least: an empty file can be created on a full disk."""


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield the path of a temporary file, which replaces `path` at the end of the block.

    After an error in the block `path` is unchanged and the temporary file is removed.

    Raises:
        OptionError: the place cannot be written to.
    """
    new = path.with_name(f".{secrets.token_hex(8)}.part")
    try:
        with _explained(path):
            yield new
            new.replace(path)
    finally:
        with suppress(OSError):
            new.unlink()


@contextmanager
def replacing_folder(folder: Path) -> Iterator[Path]:
    """Yield an empty temporary folder, which replaces `folder` at the end of the block.

    After an error in the block `folder` is unchanged and the temporary folder is removed.

    Raises:
        OptionError: the place cannot be written to.
    """
    folder = folder.resolve()
    new, old = (folder.with_name(f".{secrets.token_hex(8)}.{end}") for end in ("part", "old"))
    try:
        with _explained(folder):
            new.mkdir()
            yield new
            if folder.exists():
                folder.rename(old)
            new.rename(folder)
    finally:
        if old.exists() and not folder.exists():  # The second rename failed.
            old.rename(folder)
        for left in (new, old):
            shutil.rmtree(left, ignore_errors=True)


def write_text(path: Path, text: str) -> None:
    """Write one text; a lone surrogate becomes "?".

    Raises:
        OptionError: the place cannot be written to.
    """
    with replacing(path) as new:
        new.write_bytes(text.encode(errors="replace"))


def write_texts(texts: Mapping[Path, str], *, force: bool = False) -> list[Path]:
    """Write several texts, or none of them if one cannot be written; folders are created.

    Args:
        texts: path -> text.
        force: replace files that have other content.

    Returns:
        The files written; files that already held the same text are left out.

    Raises:
        OptionError: a place cannot be written to, or holds a file with other content.
    """
    new = {path: text for path, text in texts.items() if not _holds(path, text)}
    taken = [str(path) for path in new if path.exists()]
    if taken and not force:
        raise OptionError(
            f"already there with other content: {', '.join(taken)}; "
            "choose another place or replace these files with --force"
        )
    for path in new:
        make_folder(path.parent)
        check_place(path)
    with ExitStack() as stack:
        for path, text in new.items():
            stack.enter_context(replacing(path)).write_bytes(text.encode())
    return list(new)


def _holds(path: Path, text: str) -> bool:
    return path.is_file() and path.read_bytes() == text.encode()


def check_place(path: Path, room: int = _BLOCK) -> None:
    """Check that a file can be written, before the work for it is done.

    Args:
        path: the file to write.
        room: bytes that must fit there.

    Raises:
        OptionError: its folder does not exist or cannot be written to, the disk is full, or
            the name belongs to something that is not a file.
    """
    with _explained(path):
        with suppress(FileNotFoundError):
            path.stat()  # Raises for a name that is too long for any file.
        if os.path.isdir(path):
            raise OptionError(f"{path}: is a folder; name a file in it")
        if os.path.exists(path) and not os.path.isfile(path):
            raise OptionError(f"{path}: is not a regular file; choose another place")
        if not os.path.isdir(path.parent):
            raise OptionError(f"{path}: the folder {path.parent} does not exist; make it first")
        trial = path.with_name(f".{secrets.token_hex(8)}.part")
        try:
            with trial.open("wb") as file:
                for _ in range(0, room, _BLOCK):
                    file.write(b"\0" * _BLOCK)
        finally:
            with suppress(OSError):
                trial.unlink()


def make_folder(folder: Path, room: int = _BLOCK) -> None:
    """Create a folder and check that files can be written to it.

    Args:
        folder: created with its parents.
        room: bytes that must fit there.

    Raises:
        OptionError: it cannot be created or written to, the disk is full, or it is a file.
    """
    if os.path.exists(folder) and not os.path.isdir(folder):
        raise OptionError(f"{folder}: is a file; name a folder")
    with _explained(folder):
        folder.mkdir(parents=True, exist_ok=True)
    check_place(folder / "x", room)


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error).partition("\n")[0] or type(error).__name__
        raise OptionError(
            f"{path}: cannot be written ({reason}); make room there or choose another place"
        ) from None
