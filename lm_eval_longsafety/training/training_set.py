"""A training set's rows, read one after the other as often as asked; none is held in memory.

Data flow: hub id, folder or file -> `TrainingSet` -> `survey`, which checks every row before the
long work starts -> `Conversation`s.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lm_eval_longsafety.data import sources
from lm_eval_longsafety.data.progress import progress
from lm_eval_longsafety.data.rows import BadRow
from lm_eval_longsafety.errors import DataError
from lm_eval_longsafety.training.conversations import Conversation, parse
from lm_eval_longsafety.training.middle_cut import context_and_question, longest

GENERAL = "general"
"""Task of a row of general data that names none."""
_TRAIN = "train"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What is remembered of a row between the two readings."""

    task: str
    context: bytes
    """SHA-256 of its context; rows about one document have the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingSet:
    """Rows to train on."""

    name: str
    revision: str | None = None
    """The hub's commit; None for files on this machine."""
    source: sources.DataSource | Path
    task: str | None = None
    """Of rows that name none; None where every row must name its task."""

    def raw(self) -> Iterator[Any]:
        """The rows as they are read: of the split `train`, else of all splits."""
        if isinstance(self.source, Path):
            yield from sources.read(self.source)
            return
        splits = [_TRAIN] if _TRAIN in self.source.files else sorted(self.source.files)
        for split in splits:
            yield from self.source.raw(split)

    def conversations(self) -> Iterator[Conversation]:
        """The rows, checked.

        Raises:
            DataError: a row is malformed, which `survey` would have reported too.
        """
        for index, item in enumerate(self.raw()):
            row = parse(item, index, self.task)
            if isinstance(row, BadRow):
                raise DataError(f"{self.name}: {row}")
            yield row

    def survey(self) -> list[Seen]:
        """Read and check every row.

        Raises:
            DataError: a file cannot be read, there is no row, or rows are malformed.
        """
        seen, bad = [], []
        bar = progress(f"checking {Path(self.name).name}", self.raw(), unit=" rows")
        for index, item in enumerate(bar):
            row = parse(item, index, self.task)
            if isinstance(row, BadRow):
                bad.append(row)
            else:
                seen.append(_seen(row))
        total = len(seen) + len(bad)
        if bad:
            raise DataError(f"{self.name}: {sources.describe_bad_rows(bad, total)}")
        if not seen:
            raise DataError(f"{self.name}: no rows")
        return seen


def open_set(name: str, revision: str | None = None) -> TrainingSet:
    """Find the files of a hub id or folder.

    Raises:
        DataError: there is no such data set, or the hub cannot be reached.
    """
    source = sources.load(name, revision)
    return TrainingSet(name=name, revision=source.revision, source=source)


def open_file(path: Path) -> TrainingSet:
    """General data in one parquet or JSONL file, whose rows need not name a task."""
    return TrainingSet(name=str(path), source=path, task=GENERAL)


def _seen(row: Conversation) -> Seen:
    context, question = context_and_question(row, longest(row))
    return Seen(
        task=row.task,
        context=hashlib.sha256((context or question).encode()).digest(),
    )
