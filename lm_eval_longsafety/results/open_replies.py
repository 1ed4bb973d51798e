"""Find the open replies that runs have logged; `read` leaves them out, since they hold no letters.

Data flow: paths -> `find_logged` -> `OpenReplies`, one for each run.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from lm_eval_longsafety.benchmark import BY_SPLIT
from lm_eval_longsafety.errors import OptionError, ResultsError
from lm_eval_longsafety.results.fields import as_number
from lm_eval_longsafety.results.logged import Kind, LoggedRun, find_logged, printable
from lm_eval_longsafety.results.records import SampleText

_MARK = "reply_tokens"
"""A metric that only open replies have; by it their lines are recognised."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSample:
    """One logged open reply."""

    split: str
    id: str
    reply_sha256: str
    """Of the reply without its thoughts, as UTF-8."""
    refused: float
    empty: float
    cut: float | None
    """None where the tokens of replies were not known."""
    reply_tokens: float | None
    truncated: float
    depth: float | None
    context_sha256: str
    text: SampleText | None
    """The question, the choices from least to most safe, and the reply; None unless kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenReplies(LoggedRun[OpenSample]):
    """The open replies of one run."""

    WORD: ClassVar[str] = "replies"


def find_open_replies(paths: Iterable[Path | str], *, keep_text: bool = False) -> list[OpenReplies]:
    """The open replies under the given files and folders, by run.

    Args:
        paths: sample files, or folders that hold any.
        keep_text: keep questions, choices and replies.

    Raises:
        ResultsError: a path does not exist, a line is damaged, or a document occurs twice.
    """
    kind = Kind(variant="open", task=_task, sample=partial(_sample, keep_text=keep_text))
    return find_logged(paths, kind, OpenReplies)


def replies_of_one_run(paths: Sequence[Path], *, keep_text: bool = False) -> OpenReplies:
    """The open replies of the only run under the given files and folders.

    Raises:
        OptionError: they are of several runs.
        ResultsError: there are none, or not as many as their run has written.
    """
    found = find_open_replies(paths, keep_text=keep_text)
    places = ", ".join(map(str, paths))
    if not found:
        raise ResultsError(
            f"no open replies in {places}; run longsafety_open first, with --output_path and "
            "--log_samples"
        )
    if len(found) > 1:
        names = ", ".join(sorted(str(each.source) for each in found))
        raise OptionError(
            f"{places}: holds open replies of {len(found)} runs ({names}); name one of them"
        )
    if missing := found[0].missing():
        raise ResultsError(f"{places}: {missing}; copy the run's files again")
    return found[0]


def _task(record: Any) -> str | None:  # noqa: ANN401 (any JSON)
    """The task of a line of open replies; None for any other line."""
    is_open = (
        isinstance(record, dict)
        and _MARK in record
        and isinstance(doc := record.get("doc"), dict)
        and isinstance(doc.get("task"), str)
        and doc["task"] in BY_SPLIT
        and isinstance(doc.get("choices"), list)
    )
    return f"{BY_SPLIT[record['doc']['task']].name}_open" if is_open else None


def _sample(record: Mapping[str, Any], *, keep_text: bool) -> OpenSample | None:
    doc = record["doc"]
    scores = {name: as_number(record.get(name)) for name in ("refused", "empty", "truncated")}
    reply = filtered_reply(record.get("filtered_resps"))
    if reply is None or None in scores.values():
        return None
    return OpenSample(
        split=doc["task"],
        id=printable(doc.get("id")),
        reply_sha256=hashlib.sha256(reply.encode()).hexdigest(),
        **{name: value or 0.0 for name, value in scores.items()},
        cut=as_number(record.get("cut")),
        reply_tokens=as_number(record[_MARK]),
        depth=as_number(doc.get("depth")),
        context_sha256=str(doc.get("context_sha256") or ""),
        text=SampleText(
            question=printable(doc.get("question", "")),
            choices=tuple(map(printable, doc["choices"])),
            replies=(reply,),
        )
        if keep_text
        else None,
    )


def filtered_reply(filtered: object) -> str | None:
    """The reply: lm-eval logs a list with one text, or with a list of one text."""
    while isinstance(filtered, list) and len(filtered) == 1:
        (filtered,) = filtered
    return printable(filtered) if isinstance(filtered, str) else None
