"""Read one field of lm-eval's JSON; None where it has another type, as after an edit by hand."""

import math
from collections.abc import Mapping
from typing import Any


def as_mapping(value: object) -> Mapping[str, Any]:
    """A JSON object; empty for anything else."""
    return value if isinstance(value, dict) else {}


def as_text(value: object) -> str | None:
    """The text, unless it is blank."""
    return value if isinstance(value, str) and value.strip() else None


def as_number(value: object) -> float | None:
    """The number, if it is finite; True and False are not numbers."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def as_count(value: object) -> int | None:
    """The number, if it is 0 or more, as an integer."""
    number = as_number(value)
    return int(number) if number is not None and number >= 0 else None


def number_in_text(value: object) -> float | None:
    """The number, also where it is written as a text."""
    if not isinstance(value, str):
        return as_number(value)
    try:
        return as_number(float(value))
    except ValueError:
        return None
