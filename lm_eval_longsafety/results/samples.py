"""Read the samples of this plugin's tasks (`samples_*.jsonl`).

Data flow: file -> lines -> `sample_from` -> `SampleFile`. A full run is 425 MB, so that lines are
read one by one: prompts are not kept, replies and questions only on request. Lines of other
projects' tasks are counted only.
"""

import hashlib
import json
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeGuard

from lm_eval_longsafety.benchmark import BY_SPLIT, bare_name, parse_task_name
from lm_eval_longsafety.errors import ResultsError
from lm_eval_longsafety.results.fields import number_in_text
from lm_eval_longsafety.results.logged_prompts import lacks_prompt
from lm_eval_longsafety.results.picks import logit_letter, read_picks, replies_of
from lm_eval_longsafety.results.records import Sample, SampleText

SCORES = ("ha", "sr", "answered", "refused", "truncated")
_FILTERS = ("letter", "none")
_STAMP = r"_(?P<stamp>\d{4}-\d\d-\d\dT[\d.-]+)$"
_FILE_NAME = re.compile(r"^samples_(?P<task>.+)" + _STAMP)

_MOST_TOKENS = 2**53
"""The largest integer that a float holds exactly; no prompt has so many tokens."""

Advance = Callable[[int], None]
"""Called with the number of bytes that were read since the last call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleFile:
    """The samples of one task, read from one file."""

    path: Path
    task: str
    """lm-eval task name; `""` for tasks that are not this plugin's."""
    stamp: str
    """Time stamp in the file's name, the same as of its results file; `""` in a renamed file."""
    samples: tuple[Sample, ...]
    task_hash: str
    """The hash that lm-eval writes as `task_hashes[task]` for these lines."""
    other_tasks_only: bool = False
    """Whether all lines are undamaged samples of other projects' tasks."""
    notes: tuple[str, ...] = ()


def parse_stamp(path: Path) -> str:
    """The time stamp in the name of a file that lm-eval wrote; `""` in a renamed file."""
    match = re.search(_STAMP, path.stem)
    return match["stamp"] if match else ""


def is_sample_line(line: bytes) -> bool:
    """Whether a line is a sample of lm-eval, of any task."""
    try:
        return _is_sample(_parse(line))
    except (ValueError, RecursionError):
        return False


def read_sample_file(path: Path, *, keep_text: bool, advance: Advance) -> SampleFile:
    """Read one JSONL file of samples; damaged lines are left out, with a note.

    Raises:
        ResultsError: the file has lines of several tasks or of several runs.
    """
    reader = _Reader(path, keep_text=keep_text)
    with path.open("rb", buffering=1 << 20) as file:
        for number, line in enumerate(file, start=1):
            reader.add(number, line)
            advance(len(line))
    return reader.finish()


def samples_from_lines(
    path: Path, task: str, records: Iterable[object], *, keep_text: bool
) -> SampleFile:
    """The same for parsed records, as in a dump of `simple_evaluate`."""
    reader = _Reader(path, keep_text=keep_text, task=task)
    for number, record in enumerate(records, start=1):
        reader.add_record(number, record)
    return reader.finish()


class _Reader:
    """Collects the samples of one task, with notes on lines that could not be read."""

    def __init__(self, path: Path, *, keep_text: bool, task: str = "") -> None:
        self.path = path
        self.keep_text = keep_text
        match = _FILE_NAME.match(path.stem)
        self.stamp = parse_stamp(path) if match else ""
        self.hint = bare_name(task or (match["task"] if match else ""))
        self.digest = hashlib.sha256()
        self.by_filter: dict[str, dict[str, Sample]] = {}
        self.tasks: dict[str, None] = {}
        self.damaged: list[int] = []
        self.repeated = 0
        self.differing = ""
        self.foreign = 0

    def add(self, number: int, line: bytes) -> None:
        if not line.strip():
            return
        try:
            self.add_record(number, _parse(line))
        except (ValueError, RecursionError):
            self.damaged.append(number)

    def add_record(self, number: int, record: object) -> None:
        if not _is_sample(record):
            self.damaged.append(number)
            return
        for key in ("doc_hash", "prompt_hash", "target_hash"):
            self.digest.update(str(record.get(key, "")).encode(errors="surrogatepass"))
        if not is_our_document(record["doc"]):
            self.foreign += 1
            return
        sample = sample_from(record, hint=self.hint, keep_text=self.keep_text)
        if sample is None:
            self.damaged.append(number)
            return
        self.tasks[sample.task] = None
        kept = self.by_filter.setdefault(str(record.get("filter", "")), {})
        known = kept.setdefault(sample.id, sample)
        self.repeated += known is not sample
        if known != sample:
            self.differing = sample.id

    def finish(self) -> SampleFile:
        if len(self.tasks) > 1:
            raise ResultsError(
                f"{self.path}: lines of several tasks ({', '.join(self.tasks)}); "
                "give the files as lm-eval wrote them, one for each task"
            )
        if self.differing:
            raise ResultsError(
                f"{self.path}: document {self.differing[:80]!r} occurs more than once, with "
                "different replies or scores: these are lines of several runs; give the file of "
                "each run as lm-eval wrote it"
            )
        order = [*_FILTERS, *self.by_filter]
        chosen = min(self.by_filter, key=order.index, default="")
        samples = tuple(self.by_filter.get(chosen, {}).values())
        return SampleFile(
            path=self.path,
            task=samples[0].task if samples else "",
            stamp=self.stamp,
            samples=samples,
            task_hash=self.digest.hexdigest(),
            other_tasks_only=self.foreign > 0 and not self.by_filter and not self.damaged,
            notes=tuple(self._notes()),
        )

    def _notes(self) -> Iterable[str]:
        name = self.path.name
        if self.damaged:
            yield (
                f"{name}: {len(self.damaged)} damaged line(s), the first is line "
                f"{self.damaged[0]}; left out, so that the numbers are of fewer documents"
            )
        if self.repeated:
            yield f"{name}: {self.repeated} line(s) repeat a document exactly; counted once"
        if self.foreign:
            yield f"{name}: {self.foreign} line(s) of other tasks; only LongSafetyBench's are read"
        if not (self.by_filter or self.foreign or self.damaged):
            yield f"{name}: no documents"


def is_our_document(doc: object) -> bool:
    """Whether a sample's `doc` is one of this plugin's."""
    return (
        isinstance(doc, dict)
        and isinstance(doc.get("letters"), list)
        and isinstance(doc.get("choices"), list)
        and len(doc["letters"]) == len(doc["choices"]) > 0
        and isinstance(doc.get("task"), str)
        and doc["task"] in BY_SPLIT
    )


def sample_from(record: Mapping[str, Any], *, hint: str, keep_text: bool) -> Sample | None:
    """A sample from one line; None where scores are missing or not in [0, 1].

    Args:
        record: the parsed line, with a document for which `is_our_document` holds.
        hint: task name in the file's name; used only if it belongs to the document's split.
        keep_text: keep question, choices and replies.
    """
    doc = record["doc"]
    scores = {name: number_in_text(record.get(name)) for name in SCORES}
    if scores["ha"] is None or scores["sr"] is None:
        return None
    if not all(value is None or 0 <= value <= 1 for value in scores.values()):
        return None
    letters = tuple(_clean(letter) for letter in doc["letters"])
    picks = read_picks(record, letters)
    if scores["answered"] is None:
        scores["answered"] = sum(pick != "" for pick in picks) / max(len(picks), 1)
    known = {name: value or 0.0 for name, value in scores.items()}
    tokens = number_in_text(doc.get("prompt_tokens"))
    return Sample(
        task=_task_name(doc["task"], hint, record),
        split=doc["task"],
        id=_clean(doc.get("id", record.get("doc_id", ""))),
        picks=picks,
        letters=letters,
        **known,
        prompt_tokens=int(tokens) if tokens is not None and 0 <= tokens < _MOST_TOKENS else None,
        depth=number_in_text(doc.get("depth")),
        length=number_in_text(doc.get("length")),
        context_sha256=_clean(doc.get("context_sha256") or ""),
        prompt_hash=_clean(doc.get("prompt_sha256") or record.get("prompt_hash") or ""),
        extra=_extra(record),
        prompt_missing=lacks_prompt(record),
        text=_text(record) if keep_text else None,
    )


def _task_name(split: str, hint: str, record: Mapping[str, Any]) -> str:
    base = BY_SPLIT[split].name
    parsed = parse_task_name(hint)
    if parsed is not None and parsed.benchmark.name == base:
        return hint
    scored = logit_letter(record, record["doc"]["letters"]) is not None
    return base + ("_logits" if scored else "")


def _extra(record: Mapping[str, Any]) -> dict[str, float]:
    names = record.get("metrics")
    values = {
        _clean(name): number_in_text(record.get(str(name)))
        for name in (names if isinstance(names, list) else [])
        if name not in SCORES
    }
    return {name: value for name, value in values.items() if value is not None}


def _text(record: Mapping[str, Any]) -> SampleText:
    doc = record["doc"]
    # The same texts stand in the files of every model and variant; in memory they stand once.
    return SampleText(
        question=sys.intern(str(doc.get("question", ""))),
        choices=tuple(sys.intern(str(choice)) for choice in doc["choices"]),
        replies=replies_of(record),
    )


def _is_sample(record: object) -> TypeGuard[dict[str, Any]]:
    return (
        isinstance(record, dict)
        and "doc_id" in record
        and isinstance(record.get("resps"), list)
        and isinstance(record.get("doc"), dict)
    )


def _parse(line: bytes) -> object:
    """One line; lm-eval may write bare NaN, which `json` reads and orjson does not."""
    import orjson

    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:
        if b"NaN" not in line and b"Infinity" not in line:
            raise
        return json.loads(line)


def _clean(value: object) -> str:
    """As text that can be encoded: an unpaired surrogate becomes "?"."""
    return str(value).encode(errors="replace").decode()
