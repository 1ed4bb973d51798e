"""Find results under the given paths, recognise them by content and add samples to their runs.

Data flow: paths -> files -> results documents, sample files, compact files -> `match` -> runs. A
file that the user names must be one of these. In folders, other files are skipped with a note.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from lm_eval_longsafety.errors import ResultsError
from lm_eval_longsafety.results import compacted
from lm_eval_longsafety.results.fields import as_mapping
from lm_eval_longsafety.results.match import attach, merge_copies
from lm_eval_longsafety.results.records import Run
from lm_eval_longsafety.results.results_file import run_from
from lm_eval_longsafety.results.sample_files import (
    SampleFile,
    is_sample_line,
    read_sample_file,
    sample_file,
)
from lm_eval_longsafety.results.summary import is_results, parse_json

_SUFFIXES = (".json", ".jsonl", ".parquet")
_LISTED = 5
"""Most names of files in one message."""
_FIRST_LINES = 3
"""Lines that are looked at to recognise a file, since the first one may be damaged."""
_EXPECTED = (
    "expected results_*.json or samples_*.jsonl of lm-eval, or a .parquet of `longsafety compact`"
)
_UNRELATED = "file(s) that lm-eval did not write skipped"
_OTHER_TASKS = "sample file(s) of other tasks not read"


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """All runs that were found, and notes on files that were skipped."""

    runs: tuple[Run, ...]
    notes: tuple[str, ...]


class _UnrelatedError(ResultsError):
    """An undamaged file that lm-eval did not write."""


def load(paths: Iterable[Path | str]) -> list[Run]:
    """All runs under the given files and folders; see `read`."""
    return list(read(paths).runs)


def read(
    paths: Iterable[Path | str],
    *,
    keep_text: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Collection:
    """Read every run under the given files and folders.

    Args:
        paths: results files, sample files, compact files, or folders that hold any of them.
        keep_text: keep questions, choices and replies of the samples.
        progress: called after each file with the bytes read so far and the bytes of all files.

    Raises:
        ResultsError: a path does not exist, a named file is damaged or was not written by lm-eval,
            or no results were found.
    """
    notes: list[str] = []
    files = _find(paths, notes)
    runs: list[Run] = []
    sample_files: list[SampleFile] = []
    for found in _read_all(files, notes, keep_text=keep_text, progress=progress):
        if isinstance(found, Run):
            runs.append(found)
        else:
            sample_files.append(found)
    runs, unclear = attach(merge_copies(runs), sample_files)
    notes += unclear
    if not runs:
        seen = _some(notes, "; ") or "no .json, .jsonl or .parquet file"
        raise ResultsError(
            f"no results of lm-eval found: {seen}; "
            "give the folder that `lm_eval run --output_path ... --log_samples` wrote"
        )
    # In the user's order, since `compare` takes the first run as the base.
    order = {path: place for place, path in enumerate(files)}
    runs.sort(key=lambda run: order[run.source])
    names = _shortened([run.source for run in runs])
    named_runs = (replace(run, file=name) for run, name in zip(runs, names, strict=True))
    return Collection(runs=tuple(named_runs), notes=tuple(notes))


def _read_all(
    files: Mapping[Path, bool],
    notes: list[str],
    *,
    keep_text: bool,
    progress: Callable[[int, int], None] | None,
) -> Iterator[Run | SampleFile]:
    """What the files hold; notes are added on those in folders that hold nothing for us."""
    skipped: dict[str, list[str]] = {_UNRELATED: [], _OTHER_TASKS: []}
    sizes = {path: path.stat().st_size if path.exists() else 0 for path in files}
    done, total = 0, sum(sizes.values())
    for path, named in files.items():
        try:
            found = _read_file(path, keep_text=keep_text)
            if isinstance(found, Run) or found.samples:
                yield found
            elif found.other_tasks_only and not found.of_open_replies:
                skipped[_OTHER_TASKS].append(path.name)
            elif not found.other_tasks_only:
                notes += found.notes
        except ResultsError as error:
            if named:
                raise
            if isinstance(error, _UnrelatedError):
                skipped[_UNRELATED].append(path.name)
            else:
                # Reports show the note: it must not contain a local path.
                notes.append(f"skipped: {error}".replace(str(path), path.name))
        done += sizes[path]
        if progress is not None:
            progress(done, total)
    # One note for all files of a kind, since there may be thousands.
    notes += [f"{len(names):,} {kind}: {_some(names)}" for kind, names in skipped.items() if names]


def _some(items: Sequence[str], joint: str = ", ") -> str:
    """The first items, and how many more there are."""
    rest = f" and {len(items) - _LISTED:,} more" if len(items) > _LISTED else ""
    return joint.join(items[:_LISTED]) + rest


def _find(paths: Iterable[Path | str], notes: list[str]) -> dict[Path, bool]:
    """Each file once, in a stable order, and whether the user named it.

    Notes on unreadable folders are added.
    """
    found: dict[Path, tuple[Path, bool]] = {}
    for path in map(Path, paths):
        if os.path.isdir(path):
            for file in _inside(path, notes):
                found.setdefault(file.resolve(), (file, False))
        elif os.path.isfile(path):
            found[path.resolve()] = (path, True)
        else:
            raise ResultsError(f"{path}: no such file or folder")
    return dict(found.values())


def _inside(folder: Path, notes: list[str]) -> list[Path]:
    """Files in a folder and its subfolders that lm-eval may have written, by their suffix.

    Raises:
        ResultsError: the folder itself cannot be read.
    """

    def unreadable(error: OSError) -> None:
        inner = os.path.relpath(error.filename, folder)
        if inner == ".":
            raise ResultsError(f"{folder}: cannot be read ({error.strerror})")
        notes.append(f"{inner}: cannot be read ({error.strerror}); runs in it are missing")

    walk = os.walk(folder, onerror=unreadable)
    files = (Path(root, name) for root, _, names in walk for name in names)
    # An unreadable file is reported when it is read; a pipe would be waited for.
    may_be_file = (path for path in files if os.path.isfile(path) or not os.path.exists(path))
    return sorted(path for path in may_be_file if path.suffix in _SUFFIXES)


def _shortened(paths: Sequence[Path]) -> list[str]:
    """As many last parts of each path as all need to differ."""
    parts = [Path(os.path.abspath(path)).parts for path in paths]
    depth = 1
    while len({own[-depth:] for own in parts}) < len(parts):
        depth += 1
    return ["/".join(own[-depth:]) for own in parts]


def _read_file(path: Path, *, keep_text: bool) -> Run | SampleFile:
    try:
        with path.open("rb") as file:
            start = [file.readline(1 << 26) for _ in range(_FIRST_LINES)]
        if start[0].startswith(compacted.MAGIC):
            if run := compacted.read_compact(path):
                return run
            raise _UnrelatedError(
                f"{path}: a parquet file that `longsafety compact` did not write; {_EXPECTED}"
            )
        if any(map(is_sample_line, start)) or (path.suffix == ".jsonl" and not start[0]):
            return read_sample_file(path, keep_text=keep_text)
        if path.suffix == ".jsonl":
            raise _UnrelatedError(f"{path}: its first line is not a sample of lm-eval; {_EXPECTED}")
        return _read_document(path, keep_text=keep_text)
    except OSError as error:
        raise ResultsError(f"{path}: cannot be read ({error.strerror})") from None
    except RecursionError:
        raise ResultsError(f"{path}: nested too deeply to be lm-eval's") from None


def _read_document(path: Path, *, keep_text: bool) -> Run:
    data = parse_json(path.read_bytes(), path)
    if isinstance(data, dict) and "config_general" in data:
        raise ResultsError(
            f"{path}: written by lighteval (it has 'config_general'), whose results cannot "
            f"be read; {_EXPECTED}"
        )
    if not is_results(data):
        keys = sorted(map(str, data))[:8] if isinstance(data, dict) else type(data).__name__
        raise _UnrelatedError(f"{path}: no 'results' of lm-eval in it (found {keys}); {_EXPECTED}")
    run = run_from(data, path)
    files = [
        sample_file(path, enumerate(lines, 1), task, keep_text=keep_text)
        for task, lines in as_mapping(data.get("samples")).items()
        if isinstance(lines, list)
    ]
    scored = [file for file in files if file.samples]
    notes = (*run.notes, *(note for file in scored for note in file.notes))
    return replace(run, samples={file.task: file.samples for file in scored}, notes=notes)
