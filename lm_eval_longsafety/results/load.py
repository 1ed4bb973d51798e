"""Find results under the given paths, recognise them by content and add samples to their runs.

Data flow: paths -> files -> results documents, sample files, compact files -> `match` -> runs. A
file that the user names must be one of these. In folders, other files are skipped with a note.
"""

import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from lm_eval_longsafety.errors import ResultsError
from lm_eval_longsafety.results import compacted, samples
from lm_eval_longsafety.results.match import attach, merge_copies
from lm_eval_longsafety.results.records import Run, Sample
from lm_eval_longsafety.results.results_file import run_from
from lm_eval_longsafety.results.samples import SampleFile
from lm_eval_longsafety.results.summary import is_results, parse_json, summarise

_SUFFIXES = (".json", ".jsonl", ".parquet")
_LISTED = 5
"""Most names of files in one message."""
_FIRST_LINES = 3
_EXPECTED = (
    "expected results_*.json or samples_*.jsonl of lm-eval, or a .parquet of `longsafety compact`"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """All runs that were found, and notes on files that were skipped."""

    runs: tuple[Run, ...]
    notes: tuple[str, ...]


@dataclass(slots=True, kw_only=True)
class _Found:
    runs: list[Run] = field(default_factory=list)
    sample_files: list[SampleFile] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    unrelated: list[str] = field(default_factory=list)
    """Names of files in folders that lm-eval did not write."""
    other_tasks: list[str] = field(default_factory=list)
    """Names of files that hold only samples of other tasks."""


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
        progress: called with the bytes read so far and the bytes of all files.

    Raises:
        ResultsError: a path does not exist, a named file is damaged or was not written by lm-eval,
            or no results were found.
    """
    found = _Found()
    files = _find(paths, found.notes)
    total = sum(map(_size, files))
    done = 0

    def advance(count: int) -> None:
        nonlocal done
        done += count
        if progress is not None:
            progress(done, total)

    for path, depth in files.items():
        before = done
        try:
            _read_readable(path, found, keep_text=keep_text, advance=advance)
        except ResultsError as error:
            if depth == 0:
                raise
            if isinstance(error, _UnrelatedError):
                found.unrelated.append(path.name)
            else:
                # Reports show the note: it must not contain a local path.
                found.notes.append(f"skipped: {error}".replace(str(path), path.name))
        advance(_size(path) - (done - before))
    runs, orphan_notes = attach(merge_copies(found.runs), found.sample_files)
    notes = (*found.notes, *_collected(found), *orphan_notes)
    if not runs:
        raise ResultsError(_nothing(notes))
    # In the user's order, since `compare` takes the first run as the base.
    order = list(files)
    runs.sort(key=lambda run: order.index(run.source))
    names = _names({run.source: max(1, files[run.source]) for run in runs})
    return Collection(runs=tuple(replace(run, file=names[run.source]) for run in runs), notes=notes)


def _collected(found: _Found) -> Iterable[str]:
    """One note for all files of a kind, since there may be thousands."""
    kinds = {
        "file(s) that lm-eval did not write skipped": found.unrelated,
        "sample file(s) of other tasks not read; open replies count as such": found.other_tasks,
    }
    for kind, names in kinds.items():
        if names:
            yield f"{len(names):,} {kind}: {_some(names)}"


def _some(items: Sequence[str], joint: str = ", ") -> str:
    """The first items, and how many more there are."""
    rest = f" and {len(items) - _LISTED:,} more" if len(items) > _LISTED else ""
    return joint.join(items[:_LISTED]) + rest


def _nothing(notes: Sequence[str]) -> str:
    seen = _some(notes, "; ") or "no .json, .jsonl or .parquet file"
    return (
        f"no results of lm-eval found: {seen}; "
        "give the folder that `lm_eval run --output_path ... --log_samples` wrote"
    )


def _find(paths: Iterable[Path | str], notes: list[str]) -> dict[Path, int]:
    """Each file once, in a stable order, with its depth in the given folder.

    The depth is 0 for a file that the user named. Notes on unreadable folders are added.
    """
    found: dict[Path, tuple[Path, int]] = {}
    for path in map(Path, paths):
        if os.path.isdir(path):
            for file in _inside(path, notes):
                depth = len(file.relative_to(path).parts)
                found.setdefault(file.resolve(), (file, depth))
        elif os.path.isfile(path):
            found[path.resolve()] = (path, 0)
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
    return sorted(path for path in files if path.suffix in _SUFFIXES and _may_be_file(path))


def _may_be_file(path: Path) -> bool:
    """False for pipes and broken links; an unreadable file is reported when it is read."""
    try:
        return path.is_file()
    except OSError:
        return True


def _size(path: Path) -> int:
    """Bytes; 0 if the file is unreadable."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _names(depths: dict[Path, int]) -> dict[Path, str]:
    """For each path its last `depth` parts, and more of them where two names would be equal."""
    parts = {path: Path(os.path.abspath(path)).parts for path in depths}
    shown = dict(depths)
    while True:
        names = {path: "/".join(parts[path][-shown[path] :]) for path in depths}
        seen = Counter(names.values())
        equal = [p for p in depths if seen[names[p]] > 1 and shown[p] < len(parts[p])]
        if not equal:
            return names
        for path in equal:
            shown[path] += 1


def _read_readable(path: Path, found: _Found, *, keep_text: bool, advance: samples.Advance) -> None:
    try:
        _read_file(path, found, keep_text=keep_text, advance=advance)
    except OSError as error:
        raise ResultsError(f"{path}: cannot be read ({error.strerror})") from None
    except RecursionError:
        raise ResultsError(f"{path}: nested too deeply to be lm-eval's") from None


def _read_file(path: Path, found: _Found, *, keep_text: bool, advance: samples.Advance) -> None:
    with path.open("rb") as file:
        # Several lines, since the first one may be damaged.
        start = [file.readline(1 << 26) for _ in range(_FIRST_LINES)]
    if start[0].startswith(compacted.MAGIC):
        _read_compact(path, found)
    elif any(map(samples.is_sample_line, start)):
        sample_file = samples.read_sample_file(path, keep_text=keep_text, advance=advance)
        if sample_file.samples:
            found.sample_files.append(sample_file)
        elif sample_file.other_tasks_only:
            found.other_tasks.append(path.name)
        else:
            found.notes.extend(sample_file.notes)
    elif path.suffix == ".jsonl" and start[0] == b"":
        found.notes.append(f"{path.name}: no documents")
    elif path.suffix == ".jsonl":
        raise _UnrelatedError(f"{path}: its first line is not a sample of lm-eval; {_EXPECTED}")
    else:
        _read_document(path, found, keep_text=keep_text)


def _read_compact(path: Path, found: _Found) -> None:
    content = compacted.read_compact(path)
    if content is None:
        raise _UnrelatedError(
            f"{path}: a parquet file that `longsafety compact` did not write; {_EXPECTED}"
        )
    rows, summary, notes = content
    by_task: dict[str, list[Sample]] = {}
    for row in rows:
        by_task.setdefault(row.task, []).append(row)
    run = run_from(summary, path)
    kept = {task: tuple(group) for task, group in by_task.items()}
    notes = tuple(dict.fromkeys((*run.notes, *notes))) if run.tasks else notes
    found.runs.append(replace(run, samples=kept, notes=notes))


def _read_document(path: Path, found: _Found, *, keep_text: bool) -> None:
    data = parse_json(path.read_bytes(), path)
    if isinstance(data, dict) and "config_general" in data:
        raise ResultsError(
            f"{path}: written by lighteval (it has 'config_general'), whose results cannot "
            f"be read; {_EXPECTED}"
        )
    if not is_results(data):
        keys = sorted(map(str, data))[:8] if isinstance(data, dict) else type(data).__name__
        raise _UnrelatedError(f"{path}: no 'results' of lm-eval in it (found {keys}); {_EXPECTED}")
    # Through bytes, so that an unpaired surrogate, which cannot be written, becomes "?".
    written = json.dumps(summarise(data), ensure_ascii=False).encode(errors="replace")
    summary = json.loads(written)
    run = run_from(summary, path)
    embedded = data.get("samples")
    files = [
        samples.samples_from_lines(path, str(task), lines, keep_text=keep_text)
        for task, lines in (embedded.items() if isinstance(embedded, dict) else ())
        if isinstance(lines, list)
    ]
    kept = {file.task: file.samples for file in files if file.samples}
    notes = tuple(note for file in files if file.samples for note in file.notes)
    found.runs.append(replace(run, samples=kept, notes=run.notes + notes))
