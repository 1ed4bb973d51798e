"""Harmless text to put around a document, from the benchmark itself, a folder or the hub.

Data flow: `load_filler` -> `Filler` -> `Filler.passages`, in an order drawn for each document. No
passage is drawn twice, and none that stands in the document's own task.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from lm_eval_longsafety.benchmark import TASKS
from lm_eval_longsafety.data import hub, sources
from lm_eval_longsafety.data.file_cache import cached
from lm_eval_longsafety.data.rows import BadRow
from lm_eval_longsafety.errors import DataError, OptionError, first_line
from lm_eval_longsafety.prompts.deal import draw
from lm_eval_longsafety.prompts.tokenizer import PromptTokenizer
from lm_eval_longsafety.settings import shorten
from lm_eval_longsafety.variants.length_options import BENCHMARK

BREAK = "\n\n"
"""Between two passages."""
_TEXT_COLUMNS = ("text", "context", "content")
_PATTERNS = ["*.txt", "*.jsonl", "*.parquet"]
_NOT_TEXT = re.compile(
    r"(?:readme|licen[cs]e).*|(?:notice|changelog|citation|contributing|requirements)\.\w+",
    re.IGNORECASE,
)
"""Names of files that describe the other files of their folder."""
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
    """The passages of each text; no passage stands there twice."""
    _counts: dict[tuple[PromptTokenizer, int], list[int]] = field(default_factory=dict)
    """Tokens of each source's passages, counted when they are first drawn."""

    def passages(
        self, tokenizer: PromptTokenizer, *, row_id: str, seed: int, own: frozenset[str]
    ) -> Iterator[tuple[str, int]]:
        """The passages for one document: whole texts in an order drawn by seed and id.

        Yields:
            A passage that is not in `own`, and its tokens with the break after it.
        """
        for index in sorted(range(len(self.sources)), key=lambda i: draw(seed, row_id, i)):
            texts = self.sources[index]
            if own.issuperset(texts):
                continue
            if (tokenizer, index) not in self._counts:
                counted = tokenizer.count([text + BREAK for text in texts])
                self._counts[tokenizer, index] = counted
            for text, count in zip(texts, self._counts[tokenizer, index], strict=True):
                if text not in own:
                    yield text, count


def split_passages(text: str) -> tuple[str, ...]:
    """A text's paragraphs; one of 400 characters or more is split at sentences or lines."""
    return tuple(
        passage.rstrip()
        for paragraph in re.split(r"\n[ \t\r]*\n", text)
        for passage in _PASSAGE.findall(paragraph.strip())
    )


@cached(maxsize=2, places=lambda name, data_name, revision: (name, data_name))
def load_filler(name: str, data_name: str, revision: str | None) -> Filler:
    """Read the filler's texts; files named README, LICENSE and the like are left out.

    Args:
        name: `benchmark`, a folder (.txt, .md, .jsonl or .parquet with a column text, context or
            content), or a hub id (the same without .md).
        data_name: the benchmark's data, for `benchmark`.
        revision: of that data.

    Raises:
        OptionError: there is no such folder, or no text in it.
        DataError: the benchmark's data, the hub or a file cannot be read.
    """
    if name == BENCHMARK:  # The contexts of the tasks whose contexts are harmless.
        source = sources.load(data_name, revision)
        splits = [task.split for task in TASKS if task.scenario == "query_harmful"]
        own = _without_repeats(row.context for split in splits for row in source.rows(split))
        return Filler(name=BENCHMARK, revision=source.revision, sources=own)
    folder, commit = sources.local_path(name), None
    # The Markdown files of a hub repository describe the data.
    patterns = _PATTERNS if folder is None else [*_PATTERNS, "*.md"]
    if folder is None and hub.is_id(name):
        folder = hub.download("filler", name, patterns)
        commit = folder.name
    if folder is None or not folder.is_dir():
        raise OptionError(
            f"filler {shorten(name)} is not a folder on this machine; give a folder, a hub id "
            f"(owner/name), or `{BENCHMARK}` for the benchmark's own harmless contexts"
        )
    found = sorted({path for pattern in patterns for path in folder.rglob(pattern)})
    paths = [path for path in found if not _NOT_TEXT.fullmatch(path.name)]
    texts = _without_repeats(text for path in paths for text in _texts(path))
    if not any(texts):
        raise OptionError(
            f"filler {name!r}: no text in {len(paths)} files; expected {', '.join(patterns)} "
            f"(rows with a column {', '.join(_TEXT_COLUMNS)})"
        )
    return Filler(name=name, revision=commit, sources=texts)


def _without_repeats(texts: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    """The passages of each text, without those that an earlier text has."""
    seen: set[str] = set()
    found = []
    for text in texts:
        new = dict.fromkeys(passage for passage in split_passages(text) if passage not in seen)
        seen.update(new)
        found.append(tuple(new))
    return tuple(found)


def _texts(path: Path) -> Iterator[str]:
    try:
        if path.suffix in (".txt", ".md"):
            yield path.read_text(encoding="utf-8")
            return
        for record in sources.read(path):
            if isinstance(record, BadRow):
                raise ValueError(record.found)
            columns = record if isinstance(record, dict) else {}
            texts = (columns.get(name) for name in _TEXT_COLUMNS)
            for text in [text for text in texts if isinstance(text, str)][:1]:
                text.encode()  # JSON can hold half of a surrogate pair, which no tokenizer takes.
                yield text
    except (OSError, ValueError) as error:
        raise DataError(f"filler {path}: cannot be read ({first_line(error)})") from error
