"""Load the benchmark's rows from a hub id, a folder or the embedded sample, and check each.

Data flow: source -> `load` -> `DataSource` -> `rows(split)` -> checked `Row`s. One download serves
all ten tasks. Never drops or corrects a bad row: one error lists all bad rows of a split.
"""

import hashlib
import json
import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lm_eval_longsafety.benchmark import BY_SPLIT
from lm_eval_longsafety.data import hub
from lm_eval_longsafety.data.file_cache import cached
from lm_eval_longsafety.data.rows import BadRow, Row, check_rows
from lm_eval_longsafety.errors import DataError, first_line
from lm_eval_longsafety.settings import shorten

_SHARD = re.compile(r"(?P<split>.+)-(?P<number>[0-9]{5})-of-(?P<total>[0-9]{5})\.parquet")
SAMPLE_DIR = Path(__file__).resolve().parent / "sample"
"""The embedded sample, as `longsafety build examples/sample/recipe.yaml` writes it."""
_LAYOUTS = "data/<Split>-00000-of-00001.parquet (a clone of the hub's repository) or <Split>.jsonl"
_LISTED = 10
"""Bad rows that one error lists at most."""
_LFS_POINTER = b"version https://git-lfs"
"""The first bytes of the text that a clone without Git LFS has in place of a file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSource:
    """The files of a data set, by split."""

    name: str
    """As the user gave it: a hub id, a folder or `sample`."""
    revision: str | None
    """The hub's commit; None for files on this machine."""
    folder: Path
    """With the files of all splits, perhaps in its folder `data`."""
    files: dict[str, tuple[Path, ...]]
    """Files of each split, in reading order."""

    def rows(self, split: str) -> list[Row]:
        """The checked rows of one split, in file order.

        Raises:
            DataError: the split or one of its files is missing, a file cannot be read, or rows are
                malformed.
        """
        raw = list(self.raw(split))
        if not raw:
            names = ", ".join(path.name for path in self.files[split])
            raise DataError(f"{self.name}, split {split}: no rows in {names}")
        grid = split in BY_SPLIT and BY_SPLIT[split].grid
        rows, bad = check_rows(raw, grid=grid)
        if bad:
            raise DataError(f"{self.name}, split {split}: " + describe_bad_rows(bad, len(raw)))
        return rows

    def raw(self, split: str) -> Iterator[Any]:
        """The rows of one split as they are read, one after the other; see `read`.

        Raises:
            DataError: the split or one of its files is missing, or a file cannot be read.
        """
        if split not in self.files:
            found = ", ".join(sorted(self.files)) or "none"
            raise DataError(f"{self.name}: no split {split!r}; found {found}. Expected {_LAYOUTS}")
        _refuse_missing_shards(f"{self.name}, split {split}", self.files[split])
        for path in self.files[split]:
            yield from read(path)


def describe_bad_rows(bad: Sequence[BadRow], total: int) -> str:
    """The number of bad rows of a split, and a description of the first ten."""
    listed = "; ".join(str(row) for row in bad[:_LISTED])
    more = f"; and {len(bad) - _LISTED} more" if len(bad) > _LISTED else ""
    return f"{len(bad)} of {total} rows are malformed: {listed}{more}"


def row_count_warning(source: DataSource, split: str, rows: int) -> str | None:
    """A warning if a split does not have the published number of rows, else None."""
    expected = BY_SPLIT[split].rows
    if source.name == "sample" or rows == expected:
        return None
    return (
        f"{source.name}, split {split}: {rows} rows, the published data has {expected}; "
        "scores cannot be compared with published ones"
    )


def fingerprint(rows: Sequence[Row]) -> str:
    """SHA-256 over all fields of the rows in order; runs on the same data have the same."""
    digest = hashlib.sha256()
    for row in rows:
        # A row without a filler has the hash that it had before rows could have one.
        filler = () if row.filler is None else (row.filler,)
        fields = (row.id, row.context, row.question, *row.choices, row.depth, row.length, *filler)
        for field in fields:
            data = b"-" if field is None else str(field).encode()
            digest.update(b"%d:" % len(data) + data)
        digest.update(b"\n")
    return digest.hexdigest()


@cached(maxsize=4, places=lambda name, revision=None: (name,))
def load(name: str, revision: str | None = None) -> DataSource:
    """Find the files of a data set; those of a hub id are downloaded once.

    Args:
        name: `sample`, a folder in one of the two layouts, or a hub id `owner/name`.
        revision: the hub's branch, tag or commit; ignored for files on this machine.

    Raises:
        DataError: there is no such data set, or the hub cannot be reached.
    """
    if name == "sample":
        return DataSource(
            name=name, revision=None, folder=SAMPLE_DIR, files=_find(SAMPLE_DIR, name)
        )
    path = local_path(name)
    if path is not None and path.is_dir():
        return DataSource(name=name, revision=None, folder=path, files=_find(path, name))
    if path is not None or not hub.is_id(name):
        kind = "is not a folder here" if path is None else "is a file"
        raise DataError(
            f"data {shorten(name)} {kind}; give a hub id (owner/name), a folder, or `sample`"
        )
    snapshot = hub.download("hub data set", name, ["data/*.parquet", "*.jsonl"], revision)
    return DataSource(
        name=name, revision=snapshot.name, folder=snapshot, files=_find(snapshot, name)
    )


def local_path(name: str) -> Path | None:
    """The file or folder of that name on this machine; None if there is none.

    Raises:
        DataError: a folder above it cannot be read.
    """
    try:
        path = Path(name).expanduser()
        return path if path.exists() else None
    except PermissionError as error:
        raise DataError(f"{shorten(name)}: cannot be read ({error.strerror})") from error
    except (OSError, RuntimeError, ValueError):
        # The name is too long, has an invalid character, or is of an unknown user's home.
        return None


def _find(folder: Path, name: str) -> dict[str, tuple[Path, ...]]:
    """The files of each split; parquet files are used where both layouts have the split."""
    inside = _listing(folder)
    shards: dict[str, list[Path]] = {}
    for path in sorted((folder / "data").glob("*.parquet")):
        if match := _SHARD.fullmatch(path.name):
            shards.setdefault(match["split"], []).append(path)
    found: dict[str, tuple[Path, ...]] = {
        path.stem: (path,) for path in sorted(folder.glob("*.jsonl"))
    }
    found |= {split: tuple(paths) for split, paths in shards.items()}
    if not found:
        raise DataError(
            f"{name}: no splits in this folder (it holds {inside[:_LISTED]}); expected {_LAYOUTS}"
        )
    return found


def _listing(folder: Path) -> list[str]:
    """The names in a folder; an error if it or its `data` is unreadable, which `glob` ignores."""
    try:
        if (folder / "data").is_dir():
            os.listdir(folder / "data")
        return sorted(os.listdir(folder))
    except OSError as error:
        raise DataError(f"{error.filename}: cannot be read ({error.strerror})") from error


def _refuse_missing_shards(where: str, paths: Sequence[Path]) -> None:
    """Compare the numbers in the names of a split's parquet files with those that are there."""
    shards = [match for path in paths if (match := _SHARD.fullmatch(path.name))]
    totals = {int(shard["total"]) for shard in shards}
    numbers = sorted(int(shard["number"]) for shard in shards)
    if not shards or (totals == {len(shards)} and numbers == list(range(len(shards)))):
        return
    raise DataError(
        f"{where}: found {len(shards)} parquet files "
        f"({', '.join(shard.string for shard in shards[:_LISTED])}), expected "
        f"{' or '.join(str(total) for total in sorted(totals))}, numbered from 0, as their names "
        "say; fetch the others, or remove those of another version"
    )


def read(path: Path) -> Iterator[Any]:
    """The rows of a .jsonl or .parquet file; a `BadRow` for each line that cannot be read.

    Raises:
        DataError: it is not a readable file of its kind.
    """
    try:
        _refuse_stand_in(path)
        yield from _read_parquet(path) if path.suffix == ".parquet" else _read_jsonl(path)
    except OSError as error:
        raise DataError(
            f"{path}: cannot be read ({error.strerror or first_line(error)})"
        ) from error


def _refuse_stand_in(path: Path) -> None:
    """Refuse what is not the file itself; opening a pipe would wait for a writer forever."""
    if not path.is_file():
        raise DataError(f"{path}: found a folder, a pipe or a broken link, expected a file")
    with path.open("rb") as file:
        if file.read(len(_LFS_POINTER)) == _LFS_POINTER:
            raise DataError(
                f"{path}: found a Git LFS pointer, expected a file; run `git lfs pull` in the clone"
            )


def _read_parquet(path: Path) -> Iterator[Any]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            columns = file.schema_arrow.names
            if twice := [column for column in columns if columns.count(column) > 1]:
                raise DataError(f"{path}: two columns are named {shorten(twice[0])}, expected one")
            for batch in file.iter_batches(batch_size=32):
                yield from batch.to_pylist()
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise DataError(
            f"{path}: not a readable parquet file ({first_line(error)}); fetch it again"
        ) from error


def _read_jsonl(path: Path) -> Iterator[Any]:
    """One value per line; a line that cannot be read is reported with the malformed rows."""
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if line.strip():
                yield _parse_line(line, number)


def _parse_line(line: bytes, number: int) -> Any:  # noqa: ANN401 - whatever the JSON holds
    try:
        return json.loads(line.decode(), object_pairs_hook=_object)
    except json.JSONDecodeError as error:
        found = f"is not JSON ({error.msg} at column {error.colno})"
    except (ValueError, RecursionError) as error:
        found = f"cannot be read ({first_line(error)})"
    expected = "one JSON object per line"
    return BadRow(index=number - 1, id=None, found=f"line {number} {found}", expected=expected)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The object; `json` itself would keep the last one of two values for one key."""
    made = dict(pairs)
    if len(made) < len(pairs):
        [(key, _)] = Counter(key for key, _ in pairs).most_common(1)
        raise ValueError(f"the key {shorten(key)} stands there twice")
    return made
