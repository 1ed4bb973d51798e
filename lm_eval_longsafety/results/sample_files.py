"""Read the samples of one task, from a `samples_*.jsonl` or a list of parsed lines.

Data flow: file -> lines -> `samples.sample_from` -> `SampleFile`. A full run is 425 MB, so that
lines are read one by one. Lines of other projects' tasks are counted only.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from lm_eval_longsafety.benchmark import bare_name, parse_task_name
from lm_eval_longsafety.errors import ResultsError
from lm_eval_longsafety.results.records import Sample
from lm_eval_longsafety.results.samples import is_our_document, is_sample, sample_from
from lm_eval_longsafety.results.summary import loads

_FILE_NAME = re.compile(r"(samples_(?P<task>.+)|.*)_(?P<stamp>\d{4}-\d\d-\d\dT[\d.-]+)$", re.S)


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleFile:
    """The samples of one task, read from one file."""

    path: Path
    task: str
    """lm-eval task name; `""` for tasks that are not this plugin's."""
    samples: tuple[Sample, ...]
    task_hash: str
    """The hash that lm-eval writes as `task_hashes[task]` for these lines."""
    other_tasks_only: bool
    """Whether all lines are undamaged samples of other projects' tasks, or of open replies."""
    notes: tuple[str, ...]

    @property
    def of_open_replies(self) -> bool:
        """Whether the file's name is that of open replies or verdicts, which `logged` reads."""
        match = _FILE_NAME.match(self.path.stem)
        parsed = parse_task_name(bare_name((match and match["task"]) or ""))
        return parsed is not None and parsed.variant in ("open", "judge")


def stamp_of(path: Path) -> str:
    """The time stamp that lm-eval writes into names of files; `""` for a renamed file."""
    match = _FILE_NAME.match(path.stem)
    return match["stamp"] if match else ""


def is_sample_line(line: bytes) -> bool:
    """Whether a line is a sample of lm-eval, of any task."""
    return is_sample(_parse(line))


def read_sample_file(path: Path, *, keep_text: bool) -> SampleFile:
    """Read one JSONL file of samples; damaged lines are left out, with a note.

    Raises:
        ResultsError: the file has lines of several tasks or of several runs.
    """
    match = _FILE_NAME.match(path.stem)
    with path.open("rb", buffering=1 << 20) as file:
        lines = ((number, _parse(line)) for number, line in enumerate(file, 1) if line.strip())
        return sample_file(path, lines, (match and match["task"]) or "", keep_text=keep_text)


def _parse(line: bytes) -> object:
    """The parsed line; None if it is not JSON."""
    import orjson

    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:
        pass
    try:
        return loads(line)  # Reads bare NaN, too, which lm-eval may write.
    except (ValueError, RecursionError):
        return None


def sample_file(
    path: Path, records: Iterable[tuple[int, object]], task: str, *, keep_text: bool
) -> SampleFile:
    """The samples among numbered records, with notes on those that could not be read.

    Args:
        path: named in notes and errors.
        records: number of the line and its parsed content.
        task: task name in the file's name; `""` in a renamed file.
        keep_text: keep questions, choices and replies.

    Raises:
        ResultsError: the records are of several tasks or of several runs.
    """
    digest = hashlib.sha256()
    damaged: list[int] = []
    foreign = repeated = 0
    by_filter: dict[str, dict[str, Sample]] = {}
    first: Sample | None = None
    for number, record in records:
        if not is_sample(record):
            damaged.append(number)
            continue
        for key in ("doc_hash", "prompt_hash", "target_hash"):
            digest.update(str(record.get(key, "")).encode())
        if not is_our_document(record["doc"]):
            foreign += 1
            continue
        sample = sample_from(record, hint=bare_name(task), keep_text=keep_text)
        if sample is None:
            damaged.append(number)
            continue
        known = by_filter.setdefault(str(record.get("filter", "")), {})
        repeated += sample.id in known
        first = first or sample
        _check_same(path, first, sample, known.setdefault(sample.id, sample))
    samples = by_filter.get("letter") or next(iter(by_filter.values()), {})
    return SampleFile(
        path=path,
        task=first.task if first else "",
        samples=tuple(samples.values()),
        task_hash=digest.hexdigest(),
        other_tasks_only=foreign > 0 and not samples and not damaged,
        notes=tuple(_notes(path.name, damaged, repeated, foreign, len(samples))),
    )


def _check_same(path: Path, first: Sample, sample: Sample, known: Sample) -> None:
    if sample.task != first.task:
        raise ResultsError(
            f"{path}: lines of several tasks ({first.task}, {sample.task}); "
            "give the files as lm-eval wrote them, one for each task"
        )
    if sample != known:
        raise ResultsError(
            f"{path}: document {sample.id[:80]!r} occurs more than once, with different replies or "
            "scores: these are lines of several runs; give the file of each run as lm-eval wrote it"
        )


def _notes(
    name: str, damaged: Sequence[int], repeated: int, foreign: int, scored: int
) -> Iterator[str]:
    if damaged:
        yield (
            f"{name}: {len(damaged)} damaged line(s), the first is line {damaged[0]}; "
            "left out, so that the numbers are of fewer documents"
        )
    if repeated:
        yield f"{name}: {repeated} line(s) repeat a document exactly; counted once"
    if foreign:
        yield f"{name}: {foreign} line(s) of other tasks; only LongSafetyBench's are read"
    if not (scored or foreign or damaged):
        yield f"{name}: no documents"
