"""Harmless text to put around a document, from the benchmark itself, a folder or the hub.

Data flow: `load_filler` -> `Filler` -> `paragraphs` in the order drawn for one document. Never text
of the document's own task. Nothing is repeated: filler that does not suffice is an error elsewhere.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lm_eval_longsafety import data
from lm_eval_longsafety.benchmark import TASKS
from lm_eval_longsafety.errors import DataError, OptionError, first_line
from lm_eval_longsafety.files import cached
from lm_eval_longsafety.length_options import BENCHMARK
from lm_eval_longsafety.settings import shorten

BREAK = "\n\n"
"""Between two paragraphs."""
_HUB_ID = re.compile(r"\w[\w.-]*/\w[\w.-]*")
_TEXT_COLUMNS = ("text", "context", "content")
_PATTERNS = ("*.txt", "*.md", "*.jsonl", "*.parquet")
_SENTENCE_END = re.compile(r"""\n|[.!?…]["')\]»”’]*\s|[。！？]""")
_WORD_END = re.compile(r"\s")
_WORD_REACH = 200
"""Characters within which a word's end is looked for: there is none in Chinese, say."""
_MOVES = 3
"""A place is guessed by characters, then corrected by the tokens found there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filler:
    """Texts that filler is drawn from."""

    name: str
    """As the user gave it."""
    sources: tuple[tuple[str, ...], ...]
    """The paragraphs of each text."""
    splits: tuple[str, ...]
    """The benchmark task that each text is from; `""` for the user's."""

    def paragraphs(
        self, *, split: str, row_id: str, seed: int, own: Set[str]
    ) -> Iterator[tuple[int, int]]:
        """The paragraphs for one document: whole texts in an order drawn by seed and id.

        Args:
            split: the document's task, whose texts are left out.
            row_id: of the document.
            seed: any whole number.
            own: paragraphs of the document's task, left out wherever they stand.

        Yields:
            (source, paragraph) indices; a paragraph that stands in several places once.
        """
        seen: set[str] = set()
        for source in sorted(range(len(self.sources)), key=lambda i: _draw(seed, row_id, i)):
            if self.splits[source] == split:
                continue
            for index, text in enumerate(self.sources[source]):
                if text not in own and text not in seen:
                    seen.add(text)
                    yield source, index


def split_paragraphs(text: str) -> tuple[str, ...]:
    """A text's paragraphs, at blank lines; those without text are dropped."""
    return tuple(part for each in re.split(r"\n[ \t\r]*\n", text) if (part := each.strip()))


def cut_place(
    text: str,
    wanted: float,
    *,
    count: Callable[[Sequence[str]], Sequence[int]],
    tokens: int,
    beside: float,
) -> tuple[int, int]:
    """Where to cut a paragraph so that a number of its tokens stand before the cut.

    Args:
        text: the paragraph.
        wanted: tokens before the cut.
        count: tokens of each of some texts.
        tokens: of the paragraph.
        beside: tokens by which the end of a sentence or line may be away; else a word's is taken.

    Returns:
        The place, in characters; how many tokens are before it.
    """
    per_token = len(text) / tokens
    place, found = 0, 0
    for _ in range(_MOVES):
        guess = place + round((wanted - found) * per_token)
        place, found = _moved(text, place, found, guess, count)
    end = _closest(_SENTENCE_END, text, place, beside * per_token)
    end = _closest(_WORD_END, text, place, _WORD_REACH) if end is None else end
    return (place, found) if end is None else _moved(text, place, found, end, count)


def _moved(
    text: str, place: int, found: int, to: int, count: Callable[[Sequence[str]], Sequence[int]]
) -> tuple[int, int]:
    """Another place, and the tokens before it."""
    to = min(max(to, 0), len(text))
    between = count([text[min(place, to) : max(place, to)]])[0]
    return to, found + (between if to > place else -between)


def _closest(pattern: re.Pattern[str], text: str, place: int, reach: float) -> int | None:
    """The end of the match that is closest to a place; None where none is within reach."""
    low, high = max(0, int(place - reach)), int(place + reach) + 1
    ends = (match.end() for match in pattern.finditer(text, low, high))
    return min(ends, key=lambda end: abs(end - place), default=None)


@cached(maxsize=2, places=lambda name, data_name, revision: (name, data_name))
def load_filler(name: str, data_name: str, revision: str | None) -> Filler:
    """The filler's texts.

    Args:
        name: `benchmark`, a folder (.txt, .md, .jsonl or .parquet with a column text, context or
            content), or a hub id.
        data_name: the benchmark's data, for `benchmark`.
        revision: of that data.

    Raises:
        OptionError: no such folder, or no text in it.
        DataError: the benchmark's data or a file cannot be read.
    """
    if name == BENCHMARK:
        return _own_filler(data_name, revision)
    folder = data.local_path(name)
    if folder is None or not folder.is_dir():
        if folder is not None or not _HUB_ID.fullmatch(name):
            raise OptionError(
                f"filler {shorten(name)} is no folder here; give a folder, a hub id (owner/name), "
                f"or `{BENCHMARK}` for the benchmark's own harmless contexts"
            )
        folder = _download(name)
    paths = sorted({path for pattern in _PATTERNS for path in folder.rglob(pattern)})
    texts = [split_paragraphs(text) for path in paths for text in _texts(path)]
    sources = tuple(text for text in texts if text)
    if not sources:
        raise OptionError(
            f"filler {name!r}: no text in {len(paths)} files; expected {', '.join(_PATTERNS)} "
            f"(rows with a column {', '.join(_TEXT_COLUMNS)})"
        )
    return Filler(name=name, sources=sources, splits=("",) * len(sources))


def _own_filler(data_name: str, revision: str | None) -> Filler:
    """The contexts of the tasks whose contexts are harmless, each once."""
    source = data.load(data_name, revision)
    found: dict[str, str] = {}
    for task in TASKS:
        if task.scenario == "query_harmful":
            for row in source.rows(task.split):
                found.setdefault(row.context, task.split)
    return Filler(
        name=BENCHMARK,
        sources=tuple(split_paragraphs(text) for text in found),
        splits=tuple(found.values()),
    )


def _download(hub_id: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        patterns = [*_PATTERNS, *(f"**/{pattern}" for pattern in _PATTERNS)]
        return Path(snapshot_download(hub_id, repo_type="dataset", allow_patterns=patterns))
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError) as error:
        raise OptionError(
            f"filler {hub_id!r} cannot be fetched from the hub ({type(error).__name__}); check the "
            "id, the network and HF_TOKEN, or give a folder"
        ) from error


def _texts(path: Path) -> Iterator[str]:
    try:
        if path.suffix in (".txt", ".md"):
            yield path.read_text(encoding="utf-8")
        elif path.suffix == ".jsonl":
            with path.open(encoding="utf-8") as file:
                for line in file:
                    for text in _of(json.loads(line)) if line.strip() else ():
                        text.encode()  # JSON can hold half characters, tokenizers take none
                        yield text
        else:
            yield from _of_parquet(path)
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"filler {path}: cannot be read ({first_line(error)})") from error


def _of_parquet(path: Path) -> Iterator[str]:
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        columns = [name for name in _TEXT_COLUMNS if name in file.schema_arrow.names][:1]
        for batch in file.iter_batches(batch_size=32, columns=columns) if columns else ():
            for record in batch.to_pylist():
                yield from _of(record)


def _of(record: Any) -> Iterator[str]:  # noqa: ANN401 - whatever the file holds
    for name in _TEXT_COLUMNS:
        if isinstance(record, dict) and isinstance(record.get(name), str):
            yield record[name]
            return


def _draw(seed: int, row_id: str, source: int) -> bytes:
    return hashlib.sha256(f"{seed}\0{row_id}\0{source}".encode()).digest()
