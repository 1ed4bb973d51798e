"""Find the open replies that runs have logged; `read` leaves them out, since they hold no letters.

Data flow: paths -> sample files of tasks `..._open` -> lines -> `OpenReplies`, one for each run.
"""

import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lm_eval_longsafety.benchmark import BY_SPLIT, bare_name, parse_task_name
from lm_eval_longsafety.errors import ResultsError
from lm_eval_longsafety.results.fields import as_number
from lm_eval_longsafety.results.records import Run, SampleText
from lm_eval_longsafety.results.results_file import run_from
from lm_eval_longsafety.results.summary import is_results, parse_json, summarise

_NAME = re.compile(r"samples_(?P<task>.+)_(?P<stamp>\d{4}-\d\d-\d\dT[\d.-]+)$")
_MARK = "reply_tokens"
"""A metric that only open replies have; by it their lines are recognised."""
_COMPACT = b"PAR1"


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
class OpenReplies:
    """The open replies of one run."""

    source: Path
    """The run's results file, else one of its sample files."""
    run: Run | None
    """What the results file says; None where there is none."""
    tasks: Mapping[str, tuple[OpenSample, ...]]
    """By lm-eval task name."""

    def missing(self) -> str | None:
        """Which replies of the run are not in its files; None where nothing is known to be."""
        for name, samples in self.tasks.items():
            row = self.run.tasks.get(name) if self.run else None
            if row and row.n_effective is not None and row.n_effective != len(samples):
                return f"{name} has {len(samples)} of the {row.n_effective} replies of its run"
        return None

    def partial(self) -> str | None:
        """Why these are not all replies of a whole run; None if they are, as far as is known."""
        for name, samples in self.tasks.items():
            row = self.run.tasks.get(name) if self.run else None
            if row and row.n_original is not None and row.n_original != len(samples):
                return f"{name} ran on {len(samples)} of {row.n_original} documents"
        return None


def find_open_replies(paths: Iterable[Path | str], *, keep_text: bool = False) -> list[OpenReplies]:
    """The open replies under the given files and folders, by run.

    Args:
        paths: sample files, or folders that hold any.
        keep_text: keep questions, choices and replies.

    Raises:
        ResultsError: a path does not exist, a line is damaged, or a document occurs twice.
    """
    runs: dict[tuple[Path, str], dict[str, Path]] = {}
    for path in sample_paths(paths):
        if task := _open_task(path):
            match = _NAME.match(path.stem)
            files = runs.setdefault((path.parent, match["stamp"] if match else ""), {})
            if task in files:
                raise ResultsError(f"{path}: replies of {task} also stand in {files[task].name}")
            files[task] = path
    return [_of_run(stamp, files, keep_text=keep_text) for (_, stamp), files in runs.items()]


def run_of(path: Path) -> Run:
    """The run of a results file, without samples; unlike `load.read` it needs no extra packages.

    Raises:
        ResultsError: the file is damaged or not lm-eval's.
    """
    data = parse_json(path.read_bytes(), path)
    if not is_results(data):
        raise ResultsError(f"{path}: no 'results' of lm-eval in it; copy the file again")
    return run_from(summarise(data), path)


def sample_paths(paths: Iterable[Path | str]) -> Iterator[Path]:
    """Files that may hold samples; a named file is always among them.

    Raises:
        ResultsError: there is no such file or folder.
    """
    for path in map(Path, paths):
        if path.is_dir():
            inside = (Path(folder, name) for folder, _, names in os.walk(path) for name in names)
            yield from sorted(file for file in inside if file.suffix == ".jsonl")
        elif path.is_file():
            yield path
        else:
            raise ResultsError(f"{path}: no such file or folder")


def _open_task(path: Path) -> str | None:
    """The task whose open replies a file holds; None for any other file.

    Raises:
        ResultsError: a compact file, which holds no replies.
    """
    with path.open("rb") as file:
        start = file.read(4)
        file.seek(0)
        first = parsed_line(file.readline())
    if start == _COMPACT:
        raise ResultsError(f"{path}: compact files hold no replies; {_GIVE}")
    match = _NAME.match(path.stem)
    named = bare_name(match["task"]) if match else ""
    parsed = parse_task_name(named)
    if parsed and parsed.variant == "open":
        return named
    return f"{BY_SPLIT[first['doc']['task']].name}_open" if _is_open(first) else None


_GIVE = "give lm-eval's own samples_*.jsonl, made with --log_samples"


def parsed_line(line: bytes) -> Any:  # noqa: ANN401 (any JSON)
    """A line of a sample file; None if it is not JSON."""
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _is_open(record: Any) -> bool:  # noqa: ANN401
    return (
        isinstance(record, dict)
        and _MARK in record
        and isinstance(doc := record.get("doc"), dict)
        and isinstance(doc.get("task"), str)
        and doc["task"] in BY_SPLIT
        and isinstance(doc.get("choices"), list)
    )


def _of_run(stamp: str, files: Mapping[str, Path], *, keep_text: bool) -> OpenReplies:
    first = next(iter(files.values()))
    results = first.parent / f"results_{stamp}.json"
    found = stamp and results.is_file()
    return OpenReplies(
        source=results if found else first,
        run=run_of(results) if found else None,
        tasks={task: tuple(_samples(path, keep_text=keep_text)) for task, path in files.items()},
    )


def _samples(path: Path, *, keep_text: bool) -> Iterator[OpenSample]:
    seen: dict[str, int] = {}
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            record = parsed_line(line)
            sample = _sample(record, keep_text=keep_text) if _is_open(record) else None
            if sample is None:
                raise ResultsError(f"{path}: line {number} is damaged; copy the file again")
            if seen.setdefault(sample.id, number) != number:
                raise ResultsError(
                    f"{path}: lines {seen[sample.id]} and {number} hold the same document; "
                    "give the files of each run as lm-eval wrote them"
                )
            yield sample


def _sample(record: Mapping[str, Any], *, keep_text: bool) -> OpenSample | None:
    doc = record["doc"]
    scores = {name: as_number(record.get(name)) for name in ("refused", "empty", "truncated")}
    reply = filtered_reply(record.get("filtered_resps"))
    if reply is None or None in scores.values():
        return None
    return OpenSample(
        split=doc["task"],
        id=_text(doc.get("id")),
        reply_sha256=hashlib.sha256(reply.encode()).hexdigest(),
        **{name: value or 0.0 for name, value in scores.items()},
        cut=as_number(record.get("cut")),
        reply_tokens=as_number(record[_MARK]),
        depth=as_number(doc.get("depth")),
        context_sha256=str(doc.get("context_sha256") or ""),
        text=SampleText(
            question=_text(doc.get("question", "")),
            choices=tuple(map(_text, doc["choices"])),
            replies=(reply,),
        )
        if keep_text
        else None,
    )


def filtered_reply(filtered: object) -> str | None:
    """The reply: lm-eval logs a list with one text, or with a list of one text."""
    while isinstance(filtered, list) and len(filtered) == 1:
        (filtered,) = filtered
    return _text(filtered) if isinstance(filtered, str) else None


def _text(value: object) -> str:
    """As text that can be encoded: an unpaired surrogate becomes "?"."""
    return str(value).encode(errors="replace").decode()
