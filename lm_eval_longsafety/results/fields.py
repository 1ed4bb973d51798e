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


def number_in_text(value: object) -> float | None:
    """The number, also where it is a text, if it is finite; True and False are not numbers."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def as_number(value: object) -> float | None:
    """The same, but None for a text."""
    return None if isinstance(value, str) else number_in_text(value)


def as_int(value: object, least: float = -math.inf, most: float = math.inf) -> int | None:
    """The number as an integer, also where it is a text, if it is not outside these limits."""
    number = number_in_text(value)
    return int(number) if number is not None and least <= number <= most else None
