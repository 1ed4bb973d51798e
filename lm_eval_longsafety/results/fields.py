"""One field of lm-eval's JSON in the type it should have: such files are edited by hand."""

import math
from collections.abc import Mapping
from typing import Any


def as_mapping(value: object) -> Mapping[str, Any]:
    """A JSON object; empty for anything else."""
    return value if isinstance(value, dict) else {}


def as_text(value: object) -> str | None:
    """A text that is not blank."""
    return value if isinstance(value, str) and value.strip() else None


def as_number(value: object) -> float | None:
    """A finite number; True and False are none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def as_count(value: object) -> int | None:
    """A whole number of things, 0 or more."""
    number = as_number(value)
    return int(number) if number is not None and number >= 0 else None


def number_in_text(value: object) -> float | None:
    """A number, or a text that says one."""
    if not isinstance(value, str):
        return as_number(value)
    try:
        return as_number(float(value))
    except ValueError:
        return None
