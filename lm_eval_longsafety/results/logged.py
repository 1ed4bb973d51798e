"""Find runs by the samples of one kind that they logged: open replies, or verdicts on them.

Data flow: paths -> sample files of that kind -> lines -> samples, by run. Unlike those of `load`,
damaged lines are errors, since a reply that is left out would change what is said of the others.
"""

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from lm_eval_longsafety.benchmark import bare_name, parse_task_name
from lm_eval_longsafety.errors import ResultsError
from lm_eval_longsafety.results.records import Run
from lm_eval_longsafety.results.results_file import run_from
from lm_eval_longsafety.results.summary import is_results, parse_json, summarise

_NAME = re.compile(r"samples_(?P<task>.+)_(?P<stamp>\d{4}-\d\d-\d\dT[\d.-]+)$")
_RESULTS = re.compile(r"results_(?P<stamp>\d{4}-\d\d-\d\dT[\d.-]+)\.json$")
_COMPACT = b"PAR1"


class _Identified(Protocol):
    @property
    def id(self) -> str: ...


S = TypeVar("S", bound=_Identified)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedRun(Generic[S]):
    """The samples of one kind of one run."""

    WORD: ClassVar[str]
    """What the samples are called in messages."""

    source: Path
    """The run's results file, else one of its sample files."""
    run: Run | None
    """What the results file says; None where there is none."""
    tasks: Mapping[str, tuple[S, ...]]
    """By lm-eval task name."""
    lost: tuple[str, ...] = ()
    """Tasks of the results file whose samples are not beside it."""

    def missing(self) -> str | None:
        """Which samples of the run are not in its files; None where nothing is known to be."""
        for name, samples in self.tasks.items():
            row = self.run.tasks.get(name) if self.run else None
            if row and row.n_effective is not None and row.n_effective != len(samples):
                return f"{name} has {len(samples)} of the {row.n_effective} {self.WORD} of its run"
        if self.lost:
            return f"the file with the {self.WORD} of {self.lost[0]} is missing"
        return None

    def partial(self) -> str | None:
        """Why these are not all samples of a whole run; None if they are, as far as is known."""
        for name, samples in self.tasks.items():
            row = self.run.tasks.get(name) if self.run else None
            if row and row.n_original is not None and row.n_original != len(samples):
                return f"{name} ran on {len(samples)} of {row.n_original} documents"
        return None


R = TypeVar("R", bound=LoggedRun[Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind(Generic[S]):
    """How samples of one kind are recognised and read."""

    variant: str
    """Of the task names in files' names."""
    task: Callable[[Any], str | None]
    """The task of a parsed line, for a renamed file; None if it is not of this kind."""
    sample: Callable[[Any], S | None]
    """The sample of a parsed line of this kind; None where it is damaged."""


def find_logged(paths: Iterable[Path | str], kind: Kind[S], made: type[R]) -> list[R]:
    """The samples of one kind under the given files and folders, by run.

    Args:
        paths: sample files, or folders that hold any.
        kind: how the samples are read.
        made: the class of what is returned.

    Raises:
        ResultsError: a path does not exist, a line is damaged, or a document occurs twice.
    """
    runs: dict[tuple[Path, str], dict[str, Path]] = {}
    for path in sample_paths(paths):
        if task := _task_in(path, kind, made.WORD):
            match = _NAME.match(path.stem)
            files = runs.setdefault((path.parent, match["stamp"] if match else ""), {})
            if task in files:
                raise ResultsError(
                    f"{path}: {made.WORD} of {task} also stand in {files[task].name}"
                )
            files[task] = path
    return [_of_run(stamp, files, kind, made) for (_, stamp), files in runs.items()]


def run_of(path: Path) -> Run:
    """The run of a results file, without samples; unlike `load.read` it needs no extra packages.

    Raises:
        ResultsError: the file is damaged or not lm-eval's.
    """
    data = parse_json(path.read_bytes(), path)
    if not is_results(data):
        raise ResultsError(f"{path}: no 'results' of lm-eval in it; copy the file again")
    return run_from(summarise(data), path)


def may_hold_samples(path: Path) -> bool:
    """Whether `find_logged` may be given a path: a folder, or a file other than results."""
    return path.is_dir() or path.suffix not in (".json", ".parquet")


def printable(value: object) -> str:
    """As text that can be encoded: an unpaired surrogate becomes "?"."""
    return str(value).encode(errors="replace").decode()


def sample_paths(paths: Iterable[Path | str]) -> Iterator[Path]:
    """Files that may hold samples; a named file is always among them.

    A results file stands for the samples of its run.

    Raises:
        ResultsError: there is no such file or folder.
    """
    for path in map(Path, paths):
        if path.is_dir():
            inside = (Path(folder, name) for folder, _, names in os.walk(path) for name in names)
            yield from sorted(file for file in inside if file.suffix == ".jsonl")
        elif path.is_file():
            match = _RESULTS.match(path.name)
            beside = path.parent.glob(f"samples_*_{match['stamp']}.jsonl") if match else ()
            yield from sorted(beside) or [path]
        else:
            raise ResultsError(f"{path}: no such file or folder")


def _task_in(path: Path, kind: Kind[S], word: str) -> str | None:
    """The task whose samples a file holds; None for a file that holds none of this kind.

    Raises:
        ResultsError: a compact file, which holds no such samples.
    """
    with path.open("rb") as file:
        start = file.read(4)
        file.seek(0)
        first = parsed_line(file.readline())
    if start == _COMPACT:
        raise ResultsError(
            f"{path}: compact files hold no {word}; give lm-eval's own samples_*.jsonl, made with "
            "--log_samples"
        )
    match = _NAME.match(path.stem)
    named = bare_name(match["task"]) if match else ""
    parsed = parse_task_name(named)
    return named if parsed and parsed.variant == kind.variant else kind.task(first)


def parsed_line(line: bytes) -> Any:  # noqa: ANN401 (any JSON)
    """A line of a sample file; None if it is not JSON."""
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _of_run(stamp: str, files: Mapping[str, Path], kind: Kind[S], made: type[R]) -> R:
    first = next(iter(files.values()))
    results = first.parent / f"results_{stamp}.json"
    run = run_of(results) if stamp and results.is_file() else None
    return made(
        source=results if run else first,
        run=run,
        lost=_lost(run, stamp, kind) if run else (),
        tasks={task: tuple(_samples(path, kind)) for task, path in files.items()},
    )


def _lost(run: Run, stamp: str, kind: Kind[S]) -> tuple[str, ...]:
    """Tasks without a file beside the results; files that were not named are not lost."""
    matches = (_NAME.match(path.stem) for path in run.source.parent.glob(f"*_{stamp}.jsonl"))
    there = {bare_name(match["task"]) for match in matches if match}
    parsed = {name: parse_task_name(name) for name in run.tasks if name not in there}
    return tuple(name for name, own in parsed.items() if own and own.variant == kind.variant)


def _samples(path: Path, kind: Kind[S]) -> Iterator[S]:
    seen: dict[str, int] = {}
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            record = parsed_line(line)
            try:
                sample = kind.sample(record) if kind.task(record) else None
            except ResultsError as error:
                raise ResultsError(f"{path}: line {number}: {error}") from None
            if sample is None:
                raise ResultsError(f"{path}: line {number} is damaged; copy the file again")
            if seen.setdefault(sample.id, number) != number:
                raise ResultsError(
                    f"{path}: lines {seen[sample.id]} and {number} hold the same document; "
                    "give the files of each run as lm-eval wrote them"
                )
            yield sample
