"""How fast `check-data --against` compares texts, and how much memory it takes.

    python examples/benchmarks/contamination_speed.py [--rows 1201] [--other 500] [--words 42000]

Texts of drawn words, each of the full length: `--rows` of a data set, `--other` of training data,
of which every tenth holds a part of a row. Memory is the process's peak above its start.
"""

import argparse
import random
from collections.abc import Iterator

from measure import measured

from lm_eval_longsafety.data.overlap import Grams

SYLLABLES = ("ba", "del", "fir", "gon", "hul", "kem", "lor", "mis", "nat", "pov", "ras", "tem")
PART = 500
"""Words that every tenth text of the training data has from a row."""


KNOWN = [a + b + c for a in SYLLABLES for b in SYLLABLES for c in SYLLABLES]


def drawn(name: str, words: int) -> list[str]:
    """Words that depend on the name alone."""
    return random.Random(name).choices(KNOWN, k=words)


def rows(count: int, words: int) -> Iterator[str]:
    """The texts of a data set."""
    return (" ".join(drawn(f"row {index}", words)) for index in range(count))


def other(count: int, words: int) -> Iterator[str]:
    """Training data."""
    for index in range(count):
        own = drawn(f"other {index}", words)
        if index % 10 == 0:
            own[:PART] = drawn(f"row {index // 10}", words)[:PART]
        yield " ".join(own)


def main() -> None:
    """Build, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1201)
    parser.add_argument("--other", type=int, default=500)
    parser.add_argument("--words", type=int, default=42_000)
    args = parser.parse_args()
    with measured() as made:
        for _ in other(args.other, args.words):
            pass
    with measured() as read:
        grams = Grams.of(rows(args.rows, args.words))
    with measured() as compared:
        common, count = grams.common(other(args.other, args.words))
    peak = max(read.peak_bytes, compared.peak_bytes) - made.peak_bytes
    rate = count / max(compared.seconds - made.seconds, 1e-9)
    print(
        f"{args.rows:,} rows of {args.words:,} words: {len(grams):,} grams, {peak / 1e9:.2f} GB. "
        f"Training data: {rate:.0f} rows a second; {len(common):,} grams found in {count:,} rows"
    )


if __name__ == "__main__":
    main()
