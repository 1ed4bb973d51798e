"""Write the items and the filler of the demo's recipe: phrases of phrases.yaml, put together.

    python items.py FOLDER [--items 1080] [--seed 0]

Data flow: phrases.yaml -> for each task a table of items, <task>.csv, and filler.csv, beside a copy
of recipe.yaml. The same seed writes the same files on every machine.
"""

import argparse
import csv
import random
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent
FILLER, SENTENCES = 400, 12
"""Texts, and sentences in each: about 150 words."""
_NAME = re.compile(r"\{(?P<name>[a-z_]+?)(?P<number>\d?)(?P<capital>_cap)?\}")


class Writer:
    """Fills the names in a text; one writer is one item, so that a name stays the same phrase."""

    def __init__(self, phrases: dict[str, list[str]], draw: random.Random) -> None:
        """No name has a phrase yet."""
        self._phrases, self._draw = phrases, draw
        self._chosen: dict[str, str] = {}

    def write(self, texts: list[str]) -> str:
        """One of the texts, with the phrases of its names; its first letter is a capital."""
        return _capital(self._fill(self._draw.choice(texts)))

    def _fill(self, text: str) -> str:
        return _NAME.sub(self._phrase, text)

    def _phrase(self, found: re.Match[str]) -> str:
        name = found["name"]
        key = name + found["number"]
        if key not in self._chosen:
            taken = {value for other, value in self._chosen.items() if other[:-1] == name}
            free = [each for each in self._phrases[name] if each not in taken]
            self._chosen[key] = self._fill(self._draw.choice(free))
        phrase = self._chosen[key]
        return _capital(phrase) if found["capital"] else phrase


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def items(
    kind: dict[str, Any], phrases: dict[str, list[str]], number: int, draw: random.Random
) -> Iterator[dict[str, str]]:
    """Different items of one task.

    Args:
        kind: `question`, `choices` and perhaps `passage`: the texts that each is drawn from.
        phrases: name -> phrases.
        number: of items.
        draw: the random numbers.
    """
    columns = {"question": kind["question"]}
    columns |= {f"choice_{i}": texts for i, texts in enumerate(kind["choices"], start=1)}
    columns |= {"passage": kind["passage"]} if "passage" in kind else {}
    seen = set()
    while len(seen) < number:
        writer = Writer(phrases, draw)
        item = {column: writer.write(texts) for column, texts in columns.items()}
        if (known := tuple(item.values())) not in seen:
            seen.add(known)
            yield item


def filler(phrases: dict[str, list[str]], draw: random.Random) -> Iterator[dict[str, str]]:
    """Texts about nothing in particular."""
    for _ in range(FILLER):
        sentences = (Writer(phrases, draw).write(phrases["sentence"]) for _ in range(SENTENCES))
        yield {"text": " ".join(sentences)}


def save(path: Path, rows: list[dict[str, str]]) -> None:
    """A table with one column for each key."""
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, rows[0])
        table.writeheader()
        table.writerows(rows)


def main() -> None:
    """Write every table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--items", type=int, default=1080, help="for each of the ten tasks")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    texts = yaml.safe_load((HERE / "phrases.yaml").read_text(encoding="utf-8"))
    for task, kind in texts["items"].items():
        draw = random.Random(f"{asked.seed} {task}")
        save(asked.folder / f"{task}.csv", list(items(kind, texts["phrases"], asked.items, draw)))
    draw = random.Random(f"{asked.seed} filler")
    save(asked.folder / "filler.csv", list(filler(texts["phrases"], draw)))
    shutil.copy(HERE / "recipe.yaml", asked.folder)


if __name__ == "__main__":
    main()
