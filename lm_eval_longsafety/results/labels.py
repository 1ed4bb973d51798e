"""Read what people say of open replies, from a sheet of `label_sheet` or a file of one's own.

Data flow: CSV -> rows with a label -> the replies that they mean -> `Labels`. A row that cannot be
used is an error that names its line; none is skipped but those without a label, which are counted.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from lm_eval_longsafety.benchmark import BY_SPLIT, TASKS, parse_task_name
from lm_eval_longsafety.errors import ResultsError, meant
from lm_eval_longsafety.public import csv_cell
from lm_eval_longsafety.results.open_replies import OpenReplies, OpenSample
from lm_eval_longsafety.settings import shorten

SAFE, UNSAFE = "safe", "unsafe"
_NEEDED = ("id", "reply_sha256", "label")
_DELIMITERS = ",;\t"
"""A spreadsheet separates columns as its country does."""

_TASKS = [*BY_SPLIT, *(f"{task.name}_open" for task in TASKS), *(task.name for task in TASKS)]

Key = tuple[str, str]
"""(split, document id) of a reply."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """What people say of replies of a run."""

    by_reply: Mapping[Key, int | str]
    """For all replies the index of the choice that each comes closest to, 0 for the least safe; or
    for all `SAFE` or `UNSAFE`."""
    empty: int
    """Rows without a label."""


def read_labels(path: Path, found: OpenReplies) -> Labels:
    """The labels in a CSV file with the columns `id`, `reply_sha256` and `label`.

    The column `task` is needed where several tasks have a document of that id; others are ignored.

    Args:
        path: UTF-8, with commas, semicolons or tabs between columns.
        found: the labelled replies, read with their texts.

    Raises:
        ResultsError: the file or a line cannot be used.
    """
    known: dict[str, dict[str, OpenSample]] = {}
    for sample in (each for own in found.tasks.values() for each in own):
        known.setdefault(_as_written(sample.id), {})[sample.split] = sample
    labels: dict[Key, int | str] = {}
    lines: dict[Key, int] = {}
    empty = 0
    for line, row in _rows(path):
        if not row["label"]:
            empty += 1
            continue
        try:
            sample = _labelled(row, known)
            key, label = (sample.split, sample.id), _label(row["label"], sample)
            _check_first(key, label, labels, lines)
        except ResultsError as error:
            raise ResultsError(f"{path}: line {line}: {error}") from None
        labels[key], lines[key] = label, line
    if not labels:
        raise ResultsError(f"{path}: no row has a label; fill in the column `label`")
    return Labels(by_reply=labels, empty=empty)


def _labelled(row: Mapping[str, str], known: Mapping[str, Mapping[str, OpenSample]]) -> OpenSample:
    """The reply that a row means."""
    own = known.get(_as_written(row["id"]), {})
    if given := row.get("task"):
        parsed = parse_task_name(given)
        split = parsed.benchmark.split if parsed else given
        if split not in BY_SPLIT:
            raise ResultsError(f"there is no task {shorten(given)}{meant(given, _TASKS)}")
        own = {name: sample for name, sample in own.items() if name == split}
    if not own:
        of_task = f" of {given}" if given else ""
        raise ResultsError(f"the run has no reply to document {shorten(row['id'])}{of_task}")
    if len(own) > 1:
        raise ResultsError(
            f"document {shorten(row['id'])} is in {' and '.join(own)}; name its task in a column "
            "`task`"
        )
    (sample,) = own.values()
    if row["reply_sha256"].lower() != sample.reply_sha256:
        raise ResultsError(
            f"reply_sha256 is not that of the reply to document {shorten(sample.id)} of "
            f"{sample.split}; give the labels of this run"
        )
    return sample


def _as_written(id_: str) -> str:
    """A document's id as a sheet has it."""
    return str(csv_cell(id_)).strip()


def _label(given: str, sample: OpenSample) -> int | str:
    if sample.text is None:
        raise ValueError("open replies were read without their texts")
    n = len(sample.text.choices)
    if given.lower() in (SAFE, UNSAFE):
        return given.lower()
    # Some programs write whole numbers as "1.0".
    number = re.fullmatch(r"([0-9]{1,3})(\.0*)?", given)
    if number is None or int(number[1]) >= n:
        raise ResultsError(
            f"label {shorten(given)}: give 0 to {n - 1}, the number of a choice from least to most "
            "safe, or safe or unsafe"
        )
    return int(number[1])


def _check_first(
    key: Key, label: int | str, labels: Mapping[Key, int | str], lines: Mapping[Key, int]
) -> None:
    """Check that a label is the only one of its reply and of the kind of the first one."""
    if key in labels:
        raise ResultsError(
            f"document {shorten(key[1])} of {key[0]} has the label {labels[key]} in line "
            f"{lines[key]} already, here {label}; keep one of the two lines"
        )
    first = next(iter(labels), key)
    if isinstance(label, str) != isinstance(labels.get(first, label), str):
        raise ResultsError(
            f"label {label}, but line {lines[first]} has {labels[first]}; give numbers only, or "
            "only safe and unsafe"
        )


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """(number of its first line, entries by column) of each row that is not blank."""
    text = _text(path)
    heading = text.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=heading.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    columns: list[str] | None = None
    start = 1
    try:
        for row in reader:
            line, start = start, reader.line_num + 1
            entries = [entry.strip() for entry in row]
            if columns is None:
                columns = [entry.lower() for entry in entries]
                _check_columns(columns, path)
            elif any(entries):
                if len(entries) != len(columns):
                    raise ResultsError(
                        f"{path}: line {line} has {len(entries)} columns, the first line "
                        f"{len(columns)}; quote entries that hold {shorten(delimiter)}"
                    )
                yield line, dict(zip(columns, entries, strict=True))
    except csv.Error as error:
        raise ResultsError(f"{path}: line {start} is no CSV ({error})") from None


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ResultsError(f"{path}: cannot be read ({error.strerror})") from None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ResultsError(f"{path}: line {line} is not UTF-8; save it as CSV in UTF-8") from None
    if not text.strip():
        raise ResultsError(f"{path}: is empty; {_WANTED}")
    return text


_WANTED = f"its first line must name the columns {', '.join(_NEEDED)}"


def _check_columns(columns: list[str], path: Path) -> None:
    missing = [name for name in _NEEDED if name not in columns]
    if missing:
        raise ResultsError(
            f"{path}: line 1 has no column {', '.join(missing)} (found "
            f"{shorten(', '.join(columns))}); {_WANTED}"
        )
    twice = [name for name in (*_NEEDED, "task") if columns.count(name) > 1]
    if twice:
        raise ResultsError(f"{path}: line 1 has {columns.count(twice[0])} columns {twice[0]}")
