"""Deal a letter to each choice.

Data flow: row id, number of choices -> `deal` -> letters in dataset order. The deal depends
only on the seed and the row's id, so it is the same on every machine, for any `--limit` and any
order of rows.
"""

import hashlib

from lm_eval_longsafety.benchmark import LETTERS, MAX_CHOICES


def deal(row_id: str, n: int, *, order: str, seed: int) -> list[str]:
    """The letter of each choice, in dataset order.

    Args:
        row_id: the row's id; one deal per (seed, id).
        n: number of choices, 2 to 26; only the first n letters are dealt.
        order: `shuffled` (a permutation drawn by SHA-256, uniform over the orders) or `original`
            (A, B, C ...).
        seed: any whole number.

    Returns:
        n letters; item i is the letter under which choice i is shown.
    """
    if not 2 <= n <= MAX_CHOICES:
        raise ValueError(f"cannot deal letters to {n} choices (2 to {MAX_CHOICES})")
    if order == "original":
        return list(LETTERS[:n])
    # A hash instead of `random`, whose sequences may change between Python versions.
    return sorted(LETTERS[:n], key=lambda letter: draw(seed, row_id, letter))


def draw(seed: int, row_id: str, item: object) -> bytes:
    """32 bytes by which items are sorted, so that each seed and row has its own order."""
    return hashlib.sha256(f"{seed}\0{row_id}\0{item}".encode()).digest()
