"""Harmless text to put around a document, from the benchmark itself, a folder or the hub.

Data flow: `load_filler` -> `Filler` -> `passages` in the order drawn for one document. Never text
of the document's own task. Nothing is repeated: filler that does not suffice is an error elsewhere.
"""

import json
import re
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lm_eval_longsafety.benchmark import TASKS
from lm_eval_longsafety.data import hub, sources
from lm_eval_longsafety.data.file_cache import cached
from lm_eval_longsafety.errors import DataError, OptionError, first_line
from lm_eval_longsafety.prompts.deal import draw
from lm_eval_longsafety.settings import shorten
from lm_eval_longsafety.variants.length_options import BENCHMARK

BREAK = "\n\n"
"""Between two passages."""
_TEXT_COLUMNS = ("text", "context", "content")
_HUB_PATTERNS = ("*.txt", "*.jsonl", "*.parquet")
"""A hub repository's Markdown files describe it."""
_PATTERNS = (*_HUB_PATTERNS, "*.md")
_NOT_TEXT = re.compile(
    r"(?:readme|licen[cs]e).*|(?:notice|changelog|citation|contributing|requirements)\.\w+",
    re.IGNORECASE,
)
"""Names of files that are about the others in their folder."""
# At most 400 characters: to the end of the paragraph, else the last end of a sentence or line, else
# the last end of a word, else (Chinese without punctuation) 400 characters.
_PASSAGE = re.compile(
    r"""\S.{,397}(?:\Z|(?=\n)|[.!?…]["')\]»”’]?(?=\s)|[。！？])|\S.{,398}(?=\s)|\S.{,399}""",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filler:
    """Texts that filler is drawn from."""

    name: str
    """As the user gave it."""
    revision: str | None = None
    """The hub's commit; None for files on this machine."""
    sources: tuple[tuple[str, ...], ...]
    """The passages of each text; none stands in two places."""
    splits: tuple[str, ...]
    """The benchmark task that each text is from; `""` for the user's."""

    def passages(
        self, *, split: str, row_id: str, seed: int, own: Set[str]
    ) -> Iterator[tuple[int, int]]:
        """The passages for one document: whole texts in an order drawn by seed and id.

        Args:
            split: the document's task, whose texts are left out.
            row_id: of the document.
            seed: any whole number.
            own: passages of the document's task, left out wherever they stand.

        Yields:
            (source, passage) indices.
        """
        for source in sorted(range(len(self.sources)), key=lambda i: draw(seed, row_id, i)):
            if self.splits[source] != split:
                for index, text in enumerate(self.sources[source]):
                    if text not in own:
                        yield source, index


def split_passages(text: str) -> tuple[str, ...]:
    """A text's paragraphs, at blank lines; one of 400 characters or more in sentences or lines."""
    return tuple(
        passage.rstrip()
        for paragraph in re.split(r"\n[ \t\r]*\n", text)
        for passage in _PASSAGE.findall(paragraph.strip())
    )


@cached(maxsize=2, places=lambda name, data_name, revision: (name, data_name))
def load_filler(name: str, data_name: str, revision: str | None) -> Filler:
    """The filler's texts.

    Args:
        name: `benchmark`, a folder (.txt, .md, .jsonl or .parquet with a column text, context or
            content), or a hub id (the same without .md). Files named README, LICENSE and the like
            are left out.
        data_name: the benchmark's data, for `benchmark`.
        revision: of that data.

    Raises:
        OptionError: no such folder, or no text in it.
        DataError: the benchmark's data, the hub or a file cannot be read.
    """
    if name == BENCHMARK:
        return _own_filler(data_name, revision)
    folder, commit = sources.local_path(name), None
    patterns: tuple[str, ...] = _PATTERNS
    if folder is None and hub.is_id(name):
        patterns = _HUB_PATTERNS
        folder = hub.download("filler", name, patterns)
        commit = folder.name
    if folder is None or not folder.is_dir():
        raise OptionError(
            f"filler {shorten(name)} is no folder here; give a folder, a hub id (owner/name), "
            f"or `{BENCHMARK}` for the benchmark's own harmless contexts"
        )
    found = sorted({path for pattern in patterns for path in folder.rglob(pattern)})
    paths = [path for path in found if not _NOT_TEXT.fullmatch(path.name)]
    texts = _sources(text for path in paths for text in _texts(path))
    if not any(texts):
        raise OptionError(
            f"filler {name!r}: no text in {len(paths)} files; expected {', '.join(patterns)} "
            f"(rows with a column {', '.join(_TEXT_COLUMNS)})"
        )
    return Filler(name=name, revision=commit, sources=texts, splits=("",) * len(texts))


def _own_filler(data_name: str, revision: str | None) -> Filler:
    """The contexts of the tasks whose contexts are harmless."""
    source = sources.load(data_name, revision)
    splits = [task.split for task in TASKS if task.scenario == "query_harmful"]
    found = [(split, row.context) for split in splits for row in source.rows(split)]
    return Filler(
        name=BENCHMARK,
        revision=source.revision,
        sources=_sources(text for _, text in found),
        splits=tuple(split for split, _ in found),
    )


def _sources(texts: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    """The passages of each text, without those that stood in an earlier place."""
    seen: set[str] = set()
    sources = []
    for text in texts:
        new = dict.fromkeys(passage for passage in split_passages(text) if passage not in seen)
        seen.update(new)
        sources.append(tuple(new))
    return tuple(sources)


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
