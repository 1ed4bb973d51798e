"""Rank documents by BM25 for queries that are known before the documents are read.

Data flow: queries -> `words` -> vocabulary; documents, one at a time -> numbers of these words ->
`bm25s` -> `Ranking.best`. No text is kept, and no list of stop words of any language is needed:
`Ranking.keywords` leaves out what most documents hold.
"""

import re
import unicodedata
from array import array
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from lm_eval_longsafety.data.overlap import UNSPACED

_WORD = re.compile(rf"(?P<unspaced>[{UNSPACED}]+)|[^\W_{UNSPACED}]+")


def words(text: str) -> Iterator[str]:
    """The words of a text, without case; of scripts without spaces, each two characters."""
    for match in _WORD.finditer(unicodedata.normalize("NFKC", text).casefold()):
        run = match[0]
        if match["unspaced"] and len(run) > 1:
            yield from (run[i : i + 2] for i in range(len(run) - 1))
        else:
            yield run


class Ranking:
    """BM25 scores (Lucene's formula, k1 1.5, b 0.75) of all documents, for the words of queries."""

    def __init__(self, texts: Iterable[str], queries: Iterable[str]) -> None:
        """Index the documents.

        Args:
            texts: read once; at least one, none without words.
            queries: everything that `keywords` and `best` will be asked for.
        """
        import bm25s

        known = sorted({word for query in queries for word in words(query)})
        # Word 0 stands for all others: they count for the length of a document.
        self._ids = {word: number for number, word in enumerate(known, start=1)}
        documents = [array("i", (self._ids.get(word, 0) for word in words(t))) for t in texts]
        self._size = len(documents)
        self._index = bm25s.BM25(backend="numpy")
        self._index.index((documents, {"": 0, **self._ids}), show_progress=False)

    def known(self, query: str) -> list[str]:
        """The words of a query that some documents hold, each once."""
        return [word for word in dict.fromkeys(words(query)) if self._held(word)]

    def keywords(self, query: str) -> list[str]:
        """The words of a query that some documents hold, but no more than half of all."""
        return [word for word in self.known(query) if self._held(word) <= self._size / 2]

    def _held(self, word: str) -> int:
        """How many documents hold a word."""
        start, end = self._index.scores["indptr"][self._ids[word] :][:2]
        return int(end - start)

    def best(self, keywords: Sequence[str]) -> list[int]:
        """Indices of the documents that hold a keyword, best first; equal ones in their order."""
        scores = self._index.get_scores_from_ids([self._ids[word] for word in keywords])
        order = np.argsort(-scores, kind="stable")
        return [int(index) for index in order[: np.count_nonzero(scores)]]
