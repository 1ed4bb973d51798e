"""Rows of a table in a CSV, JSONL, parquet or YAML file, each with its place for errors."""

import csv
import io
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lm_eval_longsafety.build.yaml_file import read_utf8, read_yaml
from lm_eval_longsafety.data import sources
from lm_eval_longsafety.data.rows import BadRow
from lm_eval_longsafety.errors import BuildError
from lm_eval_longsafety.settings import shorten

TABLES = (".csv", ".jsonl", ".parquet", ".yaml", ".yml")
"""Endings of the files that `read_table` reads."""
_LONGEST_CELL = 2**31 - 1
"""Characters; Python's own limit for a CSV file is 131,072."""


def read_table(path: Path, name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each row of a table, and its place: `items.csv, row 2`, counted from 1 without the heading.

    A cell of a CSV file is a text; an empty one is left out, and so is a null elsewhere.

    Args:
        path: the file.
        name: of the file in errors.

    Raises:
        BuildError: the file is missing, cannot be read, has no rows, or a row is no mapping.
    """
    if path.suffix not in TABLES:
        raise BuildError(f"{name}: expected a file that ends in {', '.join(TABLES)}")
    if not os.path.isfile(path):
        raise BuildError(f"{name}: there is no such file")
    number = 0
    for number, row in enumerate(_rows(path, name), start=1):
        where = f"{name}, row {number}"
        if isinstance(row, BadRow):
            raise BuildError(f"{name}: {row.found}, expected {row.expected}")
        if not isinstance(row, dict):
            raise BuildError(f"{where}: expected keys with values, found {shorten(row)}")
        try:
            json.dumps(row, ensure_ascii=False, default=str).encode()
        except UnicodeEncodeError:
            raise BuildError(f"{where}: has half of a surrogate pair, which is no text") from None
        yield where, {key: value for key, value in row.items() if value not in (None, "")}
    if not number:
        raise BuildError(f"{name}: has no rows")


def _rows(path: Path, name: str) -> Iterator[Any]:
    if path.suffix == ".csv":
        yield from _csv(read_utf8(path, name), name)
    elif path.suffix in (".jsonl", ".parquet"):
        yield from sources.read(path)
    else:
        entry = read_yaml(path, name)
        yield from entry.plain() if isinstance(entry.value, list) else [entry.plain()]


def _csv(text: str, name: str) -> Iterator[dict[str, str]]:
    limit = csv.field_size_limit(_LONGEST_CELL)
    try:
        reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        columns = reader.fieldnames or []
        if len(set(columns)) < len(columns) or "" in columns:
            raise BuildError(f"{name}: a column has no name, or two have the same one")
        for number, row in enumerate(reader, start=1):
            if None in row or None in row.values():
                raise BuildError(
                    f"{name}, row {number}: has more or fewer cells than the {len(columns)} columns"
                )
            yield row
    except csv.Error as error:
        raise BuildError(f"{name}: is not CSV ({error})") from None
    finally:
        csv.field_size_limit(limit)
