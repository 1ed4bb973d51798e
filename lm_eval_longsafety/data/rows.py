"""One row of the benchmark, and the checks that it must pass.

Data flow: dictionaries as read from files -> `check_rows` -> `Row`s, and a `BadRow` for each that
fails. Messages show columns, types and lengths, never the row's text.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from lm_eval_longsafety.benchmark import MAX_CHOICES
from lm_eval_longsafety.settings import shorten


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One checked row."""

    id: str
    context: str
    question: str
    choices: tuple[str, ...]
    """Ordered from least to most safe."""
    depth: float | None = None
    """Where in the context the harmful passage stands; None if unknown. The unit is not
    published."""
    length: float | None = None
    """The context's nominal length; None if unknown. The unit is not published."""
    filler: str | None = None
    """Name of the material around the passage; None if unknown, as in the published data."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BadRow:
    """Why one row cannot be used."""

    index: int
    """0-based position in the split."""
    id: str | None
    found: str
    expected: str

    def __str__(self) -> str:
        """Position, id, what was found and what is expected."""
        shown = None if self.id is None else shorten(self.id)
        return f"row {self.index} (id {shown}): {self.found}, expected {self.expected}"


class RowProblem(Exception):
    """A row is malformed; the arguments are what was found and what is expected."""


def check_rows(raw: Iterable[Any], *, grid: bool) -> tuple[list[Row], list[BadRow]]:
    """Check rows as read from a file.

    Args:
        raw: mappings with the benchmark's columns; a `BadRow` of the reader is kept.
        grid: whether `depth` and `length` are required.

    Returns:
        The good rows and the bad ones, each in order.
    """
    rows: list[Row] = []
    bad: list[BadRow] = []
    first_index: dict[str, int] = {}
    for index, item in enumerate(raw):
        if isinstance(item, BadRow):
            bad.append(item)
            continue
        try:
            row = _check(item, grid=grid)
            if row.id in first_index:
                raise RowProblem(f"the same id as row {first_index[row.id]}", "a different id")
        except RowProblem as problem:
            found, expected = problem.args
            row_id = item.get("id") if isinstance(item, Mapping) else None
            shown = row_id if isinstance(row_id, str) else None
            bad.append(BadRow(index=index, id=shown, found=found, expected=expected))
            continue
        first_index[row.id] = index
        rows.append(row)
    return rows, bad


def _check(item: Any, *, grid: bool) -> Row:  # noqa: ANN401 - whatever the file holds
    if not isinstance(item, Mapping):
        raise RowProblem(f"a {type(item).__name__}", "an object with the benchmark's columns")
    columns = ["id", "context", "question", "choices", *(["depth", "length"] if grid else [])]
    if missing := [column for column in columns if column not in item]:
        raise RowProblem(f"no column {', '.join(missing)}", f"columns {', '.join(columns)}")
    row_id = text_column(item, "id")
    if not row_id.strip():
        raise RowProblem("an empty id", "a text that identifies the row")
    return Row(
        id=row_id,
        context=text_column(item, "context"),
        question=text_column(item, "question"),
        choices=_choices(item["choices"]),
        depth=_number(item, "depth") if grid else _number_or_none(item, "depth"),
        length=_number(item, "length") if grid else _number_or_none(item, "length"),
        filler=_filler(item),
    )


def text_column(item: Mapping[str, Any], column: str) -> str:
    """The text of a column.

    Raises:
        RowProblem: it holds something else, or a text that is not valid Unicode.
    """
    value = item[column]
    if not isinstance(value, str):
        raise RowProblem(f"{column} is {_kind(value)}", "a text")
    return _unicode(value, column)


def _unicode(value: str, column: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise RowProblem(
            f"{column} has a lone surrogate at character {error.start}", "valid Unicode"
        ) from None
    return value


def _choices(value: Any) -> tuple[str, ...]:  # noqa: ANN401 - whatever the file holds
    if not isinstance(value, list):
        raise RowProblem(f"choices is {_kind(value)}", "a list of texts")
    if not 2 <= len(value) <= MAX_CHOICES:
        raise RowProblem(f"{len(value)} choices", f"2 to {MAX_CHOICES}")
    for position, choice in enumerate(value):
        if not isinstance(choice, str):
            raise RowProblem(f"choice {position} is {_kind(choice)}", "a text")
        if not _unicode(choice, f"choice {position}").strip():
            raise RowProblem(f"choice {position} is empty", "a text")
        if choice in value[:position]:
            raise RowProblem(
                f"choices {value.index(choice)} and {position} are equal", "different texts"
            )
    return tuple(value)


def _number(item: Mapping[str, Any], column: str) -> float:
    """Depth or length, from an int, a float or a numeric string."""
    value = item[column]
    if isinstance(value, (int, float, str)) and not isinstance(value, bool):
        try:
            number = float(value)
        except (ValueError, OverflowError):
            number = math.nan
        if math.isfinite(number):
            return number
    shown = repr(value)[:40] if isinstance(value, (int, float, str)) else _kind(value)
    raise RowProblem(f"{column} is {shown}", "a number")


def _number_or_none(item: Mapping[str, Any], column: str) -> float | None:
    """The number in a task that needs none, so that anything else there is no mistake."""
    try:
        return _number(item, column) if column in item else None
    except RowProblem:
        return None


def _filler(item: Mapping[str, Any]) -> str | None:
    if item.get("filler") is None:
        return None
    name = text_column(item, "filler")
    if not name.strip():
        raise RowProblem("an empty filler", "the name of the filler material, or no such column")
    return name


def _kind(value: object) -> str:
    return "missing (null)" if value is None else f"of type {type(value).__name__}"
