"""Remember token counts and cuts of prompts, so that a second run need not tokenise them.

One small SQLite file per tokenizer in Hugging Face's assets cache: SHA-256 of the prompt -> token
count, SHA-256 of the tokens, and where its middle cut fell. No text is stored. The store
only saves time: if it cannot be used, prompts are tokenised again.
"""

import contextlib
import hashlib
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from lm_eval_longsafety.prompts.tokenizer import Measure, PromptTokenizer

_SCHEMA = """
CREATE TABLE IF NOT EXISTS measures (
    prompt BLOB PRIMARY KEY, tokens INTEGER NOT NULL, ids TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS cuts_by_rule (
    rule TEXT, prompt BLOB, kept INTEGER, head INTEGER NOT NULL, tail INTEGER NOT NULL,
    PRIMARY KEY (rule, prompt, kept)
) WITHOUT ROWID;
"""


class TokenCounts:
    """Token counts and middle cuts under one tokenizer, remembered between runs."""

    def __init__(self, tokenizer: PromptTokenizer, path: Path | None = None) -> None:
        """Use the store at `path`; the default place is a file of its own for each tokenizer."""
        self._tokenizer = tokenizer
        self._path = path

    def count(self, prompts: Sequence[str]) -> list[int]:
        """Tokens of each prompt; only prompts never seen before are tokenised."""
        return [measure.tokens for measure in self.measure(prompts)]

    def measure(self, prompts: Sequence[str]) -> list[Measure]:
        """Count and hash of each prompt's tokens; only new prompts are tokenised."""
        keys = [_key(prompt) for prompt in prompts]
        with contextlib.closing(self._connect()) as store:
            known = {
                key: Measure(*row)
                for key in keys
                if (row := _remembered(store, _SELECT_MEASURE, (key,), (int, str))) is not None
            }
            new = {
                key: prompt for key, prompt in zip(keys, prompts, strict=True) if key not in known
            }
            fresh = dict(zip(new, self._tokenizer.measure(list(new.values())), strict=True))
            rows = [(key, *measure) for key, measure in fresh.items()]
            _save(store, "INSERT OR REPLACE INTO measures VALUES (?, ?, ?)", rows)
        return [known[key] if key in known else fresh[key] for key in keys]

    def cut(self, prompt: str, kept: int, cut: Callable[[str], str], *, rule: str) -> str:
        """The result of `cut(prompt)`, remembered where it is the prompt's own head and tail.

        Args:
            prompt: the whole prompt.
            kept: how many tokens the cut keeps; part of the key.
            cut: makes the cut text; called only where it is not remembered.
            rule: name of what `cut` does; part of the key.
        """
        key = (rule, _key(prompt), kept)
        with contextlib.closing(self._connect()) as store:
            row = _remembered(store, _SELECT_CUT, key, (int, int))
            if row is not None:
                return prompt[: row[0]] + prompt[len(prompt) - row[1] :]
            text = cut(prompt)
            if (head := _head_length(prompt, text)) is not None:
                row = (*key, head, len(text) - head)
                _save(store, "INSERT OR REPLACE INTO cuts_by_rule VALUES (?, ?, ?, ?, ?)", [row])
            return text

    def _connect(self) -> sqlite3.Connection:
        """The store, or an empty one in memory where the file cannot be used."""
        try:
            path = self._path or _default_path(self._tokenizer.fingerprint)
            connection = sqlite3.connect(path, timeout=30)
            connection.executescript(_SCHEMA)
        except (sqlite3.Error, OSError):
            connection = sqlite3.connect(":memory:")
            connection.executescript(_SCHEMA)
        return connection


_SELECT_MEASURE = "SELECT tokens, ids FROM measures WHERE prompt = ?"
_SELECT_CUT = "SELECT head, tail FROM cuts_by_rule WHERE rule = ? AND prompt = ? AND kept = ?"


def _default_path(fingerprint: str) -> Path:
    from huggingface_hub import cached_assets_path

    folder: Path = cached_assets_path(library_name="lm-eval-longsafety", namespace="token_counts")
    return folder / f"{fingerprint}.sqlite"


def _remembered(
    store: sqlite3.Connection, select: str, key: Sequence[object], types: tuple[type, ...]
) -> tuple[Any, ...] | None:
    """A row of the store; None where there is none, or where it is damaged."""
    try:
        row: tuple[Any, ...] | None = store.execute(select, key).fetchone()
    except sqlite3.Error:
        return None
    return row if row is not None and tuple(map(type, row)) == types else None


def _save(store: sqlite3.Connection, statement: str, rows: Sequence[tuple[object, ...]]) -> None:
    """Write new rows; with a full disk or a busy store nothing is remembered."""
    with contextlib.suppress(sqlite3.Error), store:
        store.executemany(statement, rows)


def _key(prompt: str) -> bytes:
    return hashlib.sha256(prompt.encode()).digest()


def _head_length(prompt: str, text: str) -> int | None:
    """The head's length where `text` is the prompt's head and tail; None where it is not.

    It is not where the tokenizer does not restore its input exactly: a character is cut in two, or
    spaces have changed.
    """
    low, high = 0, min(len(prompt), len(text))
    while low < high:  # The longest common prefix, by bisection: slices compare at C speed.
        middle = (low + high + 1) // 2
        if prompt[low:middle] == text[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low if prompt.endswith(text[low:]) else None
