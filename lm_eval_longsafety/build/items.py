"""The table of items: for each its question, its graded choices and what its pipeline needs.

Data flow: CSV, JSONL, YAML or parquet -> `read_items` -> `Item`s; later `fill` puts values into the
`{placeholders}` of their texts. An item that cannot be used is an error, never dropped.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lm_eval_longsafety.benchmark import MAX_CHOICES
from lm_eval_longsafety.build.tables import read_table
from lm_eval_longsafety.errors import BuildError, meant
from lm_eval_longsafety.settings import shorten

COMPUTED = ("count", "passage")
"""Values that pipelines add: how many passages were inserted, and the passage if it is one."""
KEYWORDS = "keywords"
"""Column with what `retrieve` looks for."""
_SINGLE = ("question", "query", "document", "licence", "source")
_SEVERAL = {"choice": "choices", "passage": "passages"}
"""Start of numbered columns (`choice_1`, `choice_2`...) -> name of a column with a list."""
_PART = re.compile(r"\{\{|\}\}|\{(?P<name>[^\W\d]\w*)(?P<add>[+-]\d{1,6})?\}|(?P<stray>[{}])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One row of the table; its texts still have their placeholders."""

    where: str
    """`items.csv, row 2`."""
    question: str | None
    """None only where questions are still to be written by a model."""
    choices: tuple[str, ...]
    """From least to most safe; empty only where they are still to be written."""
    passages: tuple[str, ...] = ()
    """What `insert` inserts."""
    query: str | None = None
    """What `retrieve` looks for; None for the question."""
    document: str | None = None
    """Id of the item's own text in the material of `whole` or the filler of `insert`."""
    licence: str | None = None
    """Of the item itself; None for the recipe's."""
    source: str | None = None
    values: Mapping[str, str]
    """Every other column: the values of placeholders."""
    generated: tuple[str, ...] = ()
    """Which of `question` and `choices` a model wrote."""

    @property
    def subjects(self) -> tuple[str, ...]:
        """What the item is about: its document, else its passages, else its question."""
        if self.document is not None:
            return (self.document,)
        values = {**self.values, **dict.fromkeys(COMPUTED, "1")}
        texts = self.passages or (self.question or self.query or "",)
        return tuple(fill(text, values, self.where) for text in texts)


def read_items(path: Path, name: str, *, complete: bool = True) -> list[Item]:
    """The items of a table.

    Args:
        path: the file.
        name: of the file in errors.
        complete: whether an item without question or choices is an error.

    Raises:
        BuildError: naming file and row, for an item that cannot be used.
    """
    items = [_item(where, row) for where, row in read_table(path, name)]
    for item in items:
        _check(item, complete=complete)
    _check_columns(items)
    return items


def fill(text: str, values: Mapping[str, object], where: str) -> str:
    """The text with the values of its placeholders; `{{` and `}}` stand for braces.

    `{count+1}` and `{count-1}` are the whole number and one more or less.

    Raises:
        BuildError: a placeholder has no value, or a brace stands alone.
    """

    def value(part: re.Match[str]) -> str:
        if part["stray"]:
            raise BuildError(
                f"{where}: a lone {part['stray']} in {shorten(text)}; write {part['stray'] * 2}"
            )
        name = part["name"]
        if name is None:
            return part[0][0]
        if name not in values:
            raise BuildError(
                f"{where}: the placeholder {part[0]} has no value{meant(name, values)}; there are "
                f"{', '.join(sorted(values)) or 'none'}"
            )
        return str(values[name]) if part["add"] is None else _sum(values[name], part, where)

    return _PART.sub(value, text)


def _sum(value: object, part: re.Match[str], where: str) -> str:
    try:
        return str(int(str(value)) + int(part["add"]))
    except ValueError:
        raise BuildError(f"{where}: {part[0]} needs a whole number, found {value!r}") from None


def _item(where: str, row: Mapping[str, Any]) -> Item:
    single = {key: _text(row[key], f"{where}, {key}") for key in _SINGLE if key in row}
    several = {many: _several(row, one, many, where) for one, many in _SEVERAL.items()}
    used = {*_SINGLE, *_SEVERAL, *_SEVERAL.values()}
    rest = [key for key in row if key not in used and not _number(key)]
    if taken := [key for key in rest if key in COMPUTED]:
        raise BuildError(f"{where}: {taken[0]} is computed; choose another name for the column")
    values = {key: _text(row[key], f"{where}, {key}") for key in rest}
    question = single.pop("question", None)
    return Item(where=where, question=question, values=values, **several, **single)  # type: ignore[arg-type]


def _text(value: object, where: str) -> str:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str) or not value.strip():
        raise BuildError(f"{where}: expected a text, found {shorten(value)}")
    return value


def _number(key: str) -> int | None:
    """The number of a column such as `choice_2`; None for other columns."""
    found = re.fullmatch(rf"(?:{'|'.join(_SEVERAL)})_([1-9]\d?)", key)
    return int(found[1]) if found else None


def _several(row: Mapping[str, Any], one: str, many: str, where: str) -> tuple[str, ...]:
    """The choices, or the passages: of a list, of numbered columns, or of a single column."""
    numbered = {_number(key): key for key in row if _number(key) and key.startswith(one)}
    given = [key for key in (one, many) if key in row] + list(numbered.values())[:1]
    if len(given) > 1:
        raise BuildError(f"{where}: has both {given[0]} and {given[1]}; keep one of them")
    if numbered and sorted(numbered) != list(range(1, len(numbered) + 1)):  # type: ignore[type-var]
        raise BuildError(
            f"{where}: found {', '.join(sorted(numbered.values()))}; number the columns from "
            f"{one}_1 on, without gaps or empty cells between"
        )
    values: Any = [row[numbered[number]] for number in sorted(numbered)]  # type: ignore[type-var]
    if many in row:
        values = row[many]
    elif one in row:
        values = [row[one]]
    if not isinstance(values, Sequence) or isinstance(values, str):
        raise BuildError(f"{where}: {many} is {shorten(values)}, expected a list")
    return tuple(_text(each, f"{where}, {one} {i}") for i, each in enumerate(values, start=1))


def _check_columns(items: Sequence[Item]) -> None:
    """Refuse a column that no text of any item uses: its name may be a slip for another one."""
    texts = [
        text
        for item in items
        for text in (item.question or "", item.query or "", *item.passages, *item.choices)
    ]
    used = {KEYWORDS} | {part["name"] for text in texts for part in _PART.finditer(text)}
    known = [*_SINGLE, *_SEVERAL, *_SEVERAL.values(), KEYWORDS]
    for item in items:
        for key in item.values:
            if key not in used:
                raise BuildError(
                    f"{item.where}: nothing uses the column {shorten(key)}{meant(key, known)}; "
                    f"write {{{key}}} into a text, or leave the column out"
                )


def _check(item: Item, *, complete: bool) -> None:
    if item.question is None and complete:
        raise BuildError(f"{item.where}: has no question")
    if (item.choices or complete) and not 2 <= len(item.choices) <= MAX_CHOICES:
        raise BuildError(
            f"{item.where}: {len(item.choices)} choices, expected 2 to {MAX_CHOICES}, graded from "
            "the least safe (choice_1) to the safest"
        )
    values = {**item.values, **dict.fromkeys(COMPUTED, "1")}
    others = {**item.values, **dict.fromkeys(COMPUTED, "2")}
    for text in (item.question or "", *item.passages, item.query or ""):
        fill(text, values, item.where)
    filled = [(fill(text, values, item.where), fill(text, others, "")) for text in item.choices]
    # Those with a computed value are compared once a row is built.
    choices = [first for first, second in filled if first == second]
    if len(set(choices)) < len(choices):
        raise BuildError(f"{item.where}: two choices are equal; they cannot be graded")
