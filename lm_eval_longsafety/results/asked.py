"""Find the replies to `longsafety_ask`, with which `longsafety build` completes items.

Data flow: paths -> sample files -> lines of that task -> `AskedReply`, in the order of their time.
"""

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from lm_eval_longsafety.benchmark import ASK
from lm_eval_longsafety.errors import ResultsError
from lm_eval_longsafety.public import public
from lm_eval_longsafety.results.logged import parsed_line, run_of, sample_paths
from lm_eval_longsafety.results.open_replies import filtered_reply

_STAMP = re.compile(r"_(\d{4}-\d\d-\d\dT[\d.-]+)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedReply:
    """One logged reply to a document of `longsafety_ask`."""

    path: Path
    """Of the sample file."""
    key: str
    """Identifies the prompt."""
    kind: str
    """`question` or `choices`: what was asked for."""
    reply: str
    """Without thoughts."""
    cut: bool
    """Whether the limit of tokens is known to have ended it."""
    truncated: bool
    """Whether the prompt was cut to fit the model's window."""
    refused: bool
    """Whether the reply declines; a choice that does may be just what was asked for."""
    model: str | None
    """As far as the results file beside the samples says it."""


def find_asked_replies(paths: Iterable[Path | str]) -> list[AskedReply]:
    """The replies in files and folders, oldest first.

    Args:
        paths: sample files, or folders that may hold any; one that is not there holds none.

    Raises:
        ResultsError: a file is damaged.
    """
    found = [path for path in paths if os.path.exists(path)]
    files = [path for path in sample_paths(found) if path.suffix == ".jsonl"]
    return [reply for path in sorted(files, key=_time) for reply in _replies(path)]


def _time(path: Path) -> tuple[str, str]:
    match = _STAMP.search(path.stem)
    return (match[1] if match else "", str(path))


def _replies(path: Path) -> Iterator[AskedReply]:
    with path.open("rb") as file:
        first = parsed_line(file.readline())
        if not path.name.startswith(f"samples_{ASK}_") and not _is_asked(first):
            return
        file.seek(0)
        model = _model(path)
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            record = parsed_line(line)
            reply = filtered_reply(record.get("filtered_resps")) if _is_asked(record) else None
            if reply is None:
                raise ResultsError(f"{path}: line {number} is damaged; copy the file again")
            doc = record["doc"]
            yield AskedReply(
                path=path,
                key=doc["id"],
                kind=doc["kind"],
                reply=reply,
                cut=record.get("cut") == 1,
                truncated=doc.get("truncated") is True,
                refused=record.get("refused") == 1,
                model=model,
            )


def _is_asked(record: object) -> bool:
    return (
        isinstance(record, dict)
        and isinstance(doc := record.get("doc"), dict)
        and doc.get("task") == ASK
        and isinstance(doc.get("id"), str)
        and doc.get("kind") in ("question", "choices")
    )


def _model(path: Path) -> str | None:
    match = _STAMP.search(path.stem)
    results = path.with_name(f"results_{match[1]}.json") if match else path
    return str(public(run_of(results).model)) if match and results.is_file() else None
