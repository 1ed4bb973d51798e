"""Write rows as parquet or JSON Lines, one batch in memory at a time, and their metadata.

Parquet holds its metadata itself; beside JSON Lines it stands in a small JSON file. The SHA-256 is
that of the JSON lines, so that both formats of the same rows have the same.
"""

import hashlib
import json
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from lm_eval_longsafety.errors import DataError, first_line
from lm_eval_longsafety.files import replacing
from lm_eval_longsafety.training.options import side_files

if TYPE_CHECKING:
    import pyarrow

FORMAT = "longsafety.training"
"""Key of the metadata in a parquet file."""
_BATCH_BYTES = 16_000_000
"""Of rows that are written together."""


class RowsFile:
    """A file of rows that is there completely or, after an error, not at all."""

    def __init__(self, path: Path) -> None:
        """Name the file; it is written as a context manager."""
        self.path = path
        self.rows = 0
        self._digest = hashlib.sha256()
        self._stack = ExitStack()
        self._batch: list[Mapping[str, Any]] = []
        self._bytes = 0

    def __enter__(self) -> "RowsFile":
        """Open a temporary file in the same folder.

        Raises:
            OptionError: the place cannot be written to.
        """
        self._beside = [
            self._stack.enter_context(replacing(path)) for path in side_files(self.path)
        ]
        # Last, since an error is explained with the name of the file that was opened last.
        new = self._stack.enter_context(replacing(self.path))
        if self._beside:
            self._lines = self._stack.enter_context(new.open("wb"))
            self._parquet = None
        else:
            import pyarrow.parquet as pq

            writer = pq.ParquetWriter(new, _schema(), compression="zstd")
            self._parquet = self._stack.enter_context(writer)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Put the file in its place, unless an error was raised."""
        self._stack.__exit__(kind, error, trace)

    @property
    def sha256(self) -> str:
        """Over the rows as JSON lines, in order."""
        return self._digest.hexdigest()

    def add(self, row: Mapping[str, Any]) -> None:
        """Write one row."""
        line = json.dumps(row, ensure_ascii=False).encode() + b"\n"
        self._digest.update(line)
        self.rows += 1
        if self._parquet is None:
            self._lines.write(line)
            return
        self._batch.append(row)
        self._bytes += len(line)
        if self._bytes >= _BATCH_BYTES:
            self._flush()

    def finish(self, metadata: Mapping[str, Any]) -> None:
        """Write what is left, and the metadata with the number and the SHA-256 of the rows."""
        document = json.dumps({**metadata, "rows": self.rows, "sha256": self.sha256})
        if self._parquet is None:
            for path in self._beside:
                path.write_text(document + "\n", encoding="utf-8")
            return
        self._flush()
        self._parquet.add_key_value_metadata({FORMAT: document})

    def _flush(self) -> None:
        import pyarrow as pa

        if self._batch and self._parquet is not None:
            self._parquet.write_table(pa.Table.from_pylist(self._batch, schema=_schema()))
        self._batch, self._bytes = [], 0


def read_metadata(path: Path) -> dict[str, Any]:
    """The metadata of rows that `longsafety training-data` wrote.

    Raises:
        DataError: the file has none, or cannot be read.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        if path.suffix == ".jsonl":
            document = side_files(path)[0].read_bytes()
        else:
            document = (pq.read_metadata(path).metadata or {})[FORMAT.encode()]
        found: dict[str, Any] = json.loads(document)
        return found
    except (OSError, pa.ArrowException, KeyError, ValueError) as error:
        raise DataError(
            f"{path}: not rows of `longsafety training-data`, or damaged ({first_line(error)})"
        ) from error


def _schema() -> "pyarrow.Schema":
    import pyarrow as pa

    text = pa.string()
    messages = pa.list_(pa.struct([("role", text), ("content", text)]))
    return pa.schema(
        [
            *(("prompt", messages), ("completion", messages)),
            *(("task", text), ("scenario", text), ("tokens", pa.int64()), ("id", text)),
        ]
    )
