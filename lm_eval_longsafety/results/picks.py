"""What a model answered, from one line of lm-eval's samples: its replies and letters."""

import math
from collections.abc import Iterable, Mapping
from typing import Any


def replies_of(record: Mapping[str, Any]) -> tuple[str, ...]:
    """The replies, one for each order of the choices; empty where letters were scored instead."""
    resps = record.get("resps")
    first = [entry[0] for entry in resps if isinstance(entry, list) and entry] if resps else []
    return tuple(reply for reply in first if isinstance(reply, str))


def logit_letter(record: Mapping[str, Any], letters: Iterable[str]) -> str | None:
    """The letter with the highest log-probability, the first one if several are equal.

    Returns:
        `""` where a log-probability is NaN; None where the line holds no log-probabilities.
    """
    ranked = sorted(letters)
    values = []
    for entry in record.get("resps") or []:
        pair = entry[0] if isinstance(entry, list) and entry else None
        if not isinstance(pair, list) or not pair:
            return None
        try:
            values.append(float(pair[0]))
        except (TypeError, ValueError):
            return None
    if len(values) != len(ranked) or not ranked:
        return None
    if any(math.isnan(value) for value in values):
        return ""
    return ranked[values.index(max(values))]


def read_picks(record: Mapping[str, Any], letters: tuple[str, ...]) -> tuple[str, ...]:
    """The letter for each order of the choices; `""` where none could be read."""
    resps, orders = record.get("resps"), record["doc"].get("orders")
    if isinstance(orders, list) and orders and isinstance(resps, list):
        # Log-probabilities for all orders: those of one order follow each other.
        n = len(letters)
        parts = [resps[n * i : n * (i + 1)] for i in range(len(orders))]
        read = [logit_letter({"resps": part}, letters) for part in parts]
        if None not in read:
            return tuple(letter or "" for letter in read)
    scored = logit_letter(record, letters)
    if scored is not None:
        return (scored,)
    filtered = record.get("filtered_resps")
    if not isinstance(filtered, list):
        return ("",)
    # Each request has a letter, or a list with one letter.
    flat = [pick for each in filtered for pick in (each if isinstance(each, list) else [each])]
    return tuple(pick if pick in letters else "" for pick in flat)
