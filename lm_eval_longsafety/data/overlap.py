"""Texts that two data sets share: the 13-grams of one, looked up in the other.

Data flow: rows of the smaller set -> `Grams` in memory; texts of the larger set, streamed -> the
grams that both have -> the share of each row's grams. A gram is 13 words in a row, casefolded and
without punctuation; in scripts without spaces each character is a word. Texts are never kept.

13-grams are the usual measure of contamination since GPT-3 (arXiv 2005.14165, appendix C).
"""

import functools
import re
import unicodedata
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lm_eval_longsafety.data import hub, sources
from lm_eval_longsafety.data.rows import BadRow, Row
from lm_eval_longsafety.errors import DataError
from lm_eval_longsafety.settings import shorten

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SIZE = 13
"""Words of a gram."""
PARTS: dict[str, Callable[[Row], str]] = {
    "context": lambda row: row.context,
    "question and choices": lambda row: "\n".join((row.question, *row.choices)),
}
"""The parts of a row that are looked up apart from each other."""
_PATTERNS = ("*.jsonl", "*.parquet")
_FACTORS = [pow(0x9E3779B97F4A7C15, power, 1 << 64) for power in range(1, SIZE + 1)]
"""Odd numbers, one for each place in a gram."""
UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\U00020000-\U0003ffff"
)
"""Characters of scripts without spaces: Thai, Lao, Burmese, Khmer, Japanese and Chinese."""
_ONE_UNSPACED = re.compile(f"[{UNSPACED}]")
_UNSPACED_OR_WORD = re.compile(rf"[{UNSPACED}]|[^{UNSPACED}\s]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """How much of a text is shared."""

    count: int
    """Its grams that are shared; a gram that it repeats counts each time."""
    total: int
    """All its grams; 0 for a text of fewer than 13 words."""

    @property
    def share(self) -> float:
        """In [0, 1]; 0 without any grams."""
        return self.count / self.total if self.total else 0.0


class Grams:
    """The 13-grams of some texts, in 8 bytes each."""

    def __init__(self, hashes: "NDArray[np.uint64]") -> None:
        """Take hashes in ascending order."""
        self._hashes = hashes

    @classmethod
    def of(cls, texts: Iterable[str]) -> "Grams":
        """All grams of the texts."""
        import numpy as np

        found = array("Q")
        for text in texts:
            found.frombytes(_hashes(text).tobytes())
        hashes = np.frombuffer(found, dtype=np.uint64)
        hashes.sort()  # In place: there is only one copy.
        return cls(hashes)

    def __len__(self) -> int:
        """The number of grams, repeated ones counted each time."""
        return len(self._hashes)

    def shared(self, text: str) -> Shared:
        """How many of a text's grams are among these."""
        hashes = _hashes(text)
        return Shared(count=int(self._contains(hashes)[1].sum()), total=len(hashes))

    def common(self, texts: Iterable[str]) -> "tuple[Grams, int]":
        """Those of these grams that stand in the texts, each once, and the number of texts.

        Takes a byte for each of these grams, however many texts there are.
        """
        import numpy as np

        seen, count = np.zeros(len(self._hashes), dtype=bool), 0
        for text in texts:
            count += 1
            places, known = self._contains(_hashes(text))
            seen[places[known]] = True
        return Grams(self._hashes[seen]), count

    def _contains(
        self, hashes: "NDArray[np.uint64]"
    ) -> "tuple[NDArray[np.intp], NDArray[np.bool_]]":
        """The first place of each hash, sorted, among these, and whether it is there."""
        import numpy as np

        if not len(self._hashes):
            return np.zeros(len(hashes), dtype=np.intp), np.zeros(len(hashes), dtype=bool)
        ordered = np.sort(hashes)  # Neighbours are found together, which is several times faster.
        places = np.searchsorted(self._hashes, ordered).clip(max=len(self._hashes) - 1)
        return places, self._hashes[places] == ordered


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """What the rows of one split share with other texts, in one part of the rows."""

    split: str
    part: str
    """A key of `PARTS`."""
    rows: tuple[tuple[str, Shared], ...]
    """The id of each row, and what is shared."""

    @property
    def sharing(self) -> int:
        """Rows that share at least one gram."""
        return sum(found.count > 0 for _, found in self.rows)

    @property
    def short(self) -> int:
        """Rows without 13 words, which cannot share any."""
        return sum(found.total == 0 for _, found in self.rows)

    @property
    def largest(self) -> float:
        """The largest share of a row's grams, in [0, 1]."""
        return max((found.share for _, found in self.rows), default=0.0)


def overlaps(splits: Iterable[tuple[str, Sequence[Row]]], common: Grams) -> Iterator[Overlap]:
    """What each row shares with the texts by which `common` was made, by split and part."""
    for split, rows in splits:
        for part, text_of in PARTS.items():
            found = tuple((row.id, common.shared(text_of(row))) for row in rows)
            yield Overlap(split=split, part=part, rows=found)


def files_of(name: str) -> list[Path]:
    """The files of a data set of any layout.

    Args:
        name: `sample`, a .jsonl or .parquet file, a folder with such files at any depth, or a hub
            id `owner/name`.

    Raises:
        DataError: there is no such file.
    """
    place = sources.SAMPLE_DIR if name == "sample" else sources.local_path(name)
    if place is None and hub.is_id(name):
        place = hub.download("hub data set", name, _PATTERNS)
    if place is None:
        raise DataError(
            f"{shorten(name)} is not a file or folder here; give one, a hub id (owner/name), or "
            "`sample`"
        )
    paths = [place] if place.is_file() else [p for each in _PATTERNS for p in place.rglob(each)]
    if not paths or any(path.suffix not in (".jsonl", ".parquet") for path in paths):
        raise DataError(f"{name}: expected .jsonl or .parquet files, found none")
    return sorted(paths)


def texts_of(paths: Iterable[Path]) -> Iterator[str]:
    """Each row's texts as one, whatever its columns are: of rows of a data set or for training.

    Raises:
        DataError: a file or a line cannot be read, or no row has any text.
    """
    any_text = False
    for path in (paths := list(paths)):
        for row in sources.read(path):
            if isinstance(row, BadRow):
                raise DataError(f"{path}: {row.found}, expected {row.expected}")
            text = "\n".join(_strings(row))
            any_text = any_text or bool(text.strip())
            yield text
    if not any_text:
        raise DataError(f"{', '.join(map(str, paths[:3]))}: no row has any text")


def _strings(value: Any) -> Iterator[str]:  # noqa: ANN401 - whatever a row holds
    """All texts in a value, in their order."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _strings(each)


def _hashes(text: str) -> "NDArray[np.uint64]":
    """A 64-bit hash of each gram.

    Python's own hash of the words differs between processes; nothing but the rare collision (one
    in 2^60 comparisons) depends on it.
    """
    import numpy as np

    words = _words(text)
    of_words = np.fromiter(map(hash, words), dtype=np.int64, count=len(words)).view(np.uint64)
    count = max(0, len(words) - SIZE + 1)
    found = np.zeros(count, dtype=np.uint64)
    for place, factor in enumerate(_FACTORS):
        found += of_words[place : place + count] * np.uint64(factor)
    return found


def _words(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKC", text).casefold().translate(_separators())
    unspaced = not plain.isascii() and _ONE_UNSPACED.search(plain)
    return _UNSPACED_OR_WORD.findall(plain) if unspaced else plain.split()


@functools.lru_cache(maxsize=1)
def _separators() -> dict[int, str]:
    """All punctuation, symbols and control characters, as spaces."""
    every = range(0x20000)  # No punctuation stands above.
    return {code: " " for code in every if unicodedata.category(chr(code))[0] in "PSC"}
