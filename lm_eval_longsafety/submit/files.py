"""Write several files, all or none; never over others without being told to."""

from collections.abc import Mapping
from pathlib import Path

from lm_eval_longsafety.errors import SubmissionError


def write_all(files: Mapping[Path, str], *, force: bool = False) -> list[Path]:
    """Write texts to files, each beside its place first and renamed once all are there.

    Args:
        files: text by path; folders are made.
        force: replace files that are there with other content.

    Returns:
        The files written; those that held the same text already are left out.

    Raises:
        SubmissionError: a file is there and differs, a folder is, or a place cannot be written to.
    """
    try:
        folders = [str(path) for path in files if path.is_dir()]
        if folders:
            raise SubmissionError(
                f"a folder stands there: {', '.join(folders)}; choose another --out"
            )
        new = {path: text for path, text in files.items() if not _holds(path, text)}
        taken = [str(path) for path in new if path.exists()]
        if taken and not force:
            raise SubmissionError(
                f"already there with other content: {', '.join(taken)}; "
                "choose another --out or replace with --force"
            )
        _write(new)
    except OSError as error:
        place = error.filename or next(iter(files))
        raise SubmissionError(
            f"{place}: cannot be written ({error.strerror or error}); choose another --out"
        ) from None
    return list(new)


def _holds(path: Path, text: str) -> bool:
    return path.is_file() and path.read_bytes() == text.encode()


def _write(files: Mapping[Path, str]) -> None:
    parts = {path: path.with_name(path.name + ".part") for path in files}
    try:
        for path, text in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            parts[path].write_bytes(text.encode())
        for path, part in parts.items():
            part.replace(path)
    finally:
        for part in parts.values():
            # NotADirectoryError where a parent is a file: nothing was written there.
            if part.parent.is_dir():
                part.unlink(missing_ok=True)
