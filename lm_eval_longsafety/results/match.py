"""Find the run of each sample file, and merge copies of one run.

Evidence, strongest first: the same mean scores, the same time stamp in the names, the same
beginning of the names, the same folder, lm-eval's own hash of the lines. Where two runs fit a file
equally well, or two files a run, the samples are not used and a note says so.
"""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from lm_eval_longsafety.benchmark import parse_task_name
from lm_eval_longsafety.public import public
from lm_eval_longsafety.results.records import Run, Sample, TaskResult
from lm_eval_longsafety.results.samples import SCORES, SampleFile, parse_stamp

_TOLERANCE = 1e-9


def merge_copies(runs: Iterable[Run]) -> list[Run]:
    """One run for each evaluation: a results file and its compact file are one run."""
    merged: list[Run] = []
    for run in runs:
        other = next((known for known in merged if _is_copy(known, run)), None)
        if other is None:
            merged.append(run)
            continue
        notes = tuple(dict.fromkeys((*other.notes, *run.notes, *_copy_note(other, run))))
        samples = {**run.samples, **other.samples}
        # The results file of lm-eval names the run, if there is one.
        source = other.source if other.source.suffix == ".json" else run.source
        merged[merged.index(other)] = replace(other, samples=samples, notes=notes, source=source)
    return merged


def _is_copy(first: Run, second: Run) -> bool:
    """Whether two runs are one evaluation; in a compact file the model's name was made public."""
    if first.date is None or first.date != second.date or not (first.tasks and second.tasks):
        return False
    names = {first.model, second.model}
    same = len(names) == 1 or names in ({m, public(m)} for m in names)
    return same and str(first.summary.get("results")) == str(second.summary.get("results"))


def _copy_note(first: Run, second: Run) -> list[str]:
    """Two results files of one evaluation may be a mistake; a compact file is not."""
    if first.source.suffix != ".json" or second.source.suffix != ".json":
        return []
    return [f"{second.source.name}: a copy of another run; counted once"]


def attach(runs: Sequence[Run], files: Sequence[SampleFile]) -> tuple[list[Run], list[str]]:
    """The runs with their samples; sample files without results become separate runs.

    Returns:
        The runs, and notes on sample files that fit several runs.
    """
    given: list[list[tuple[_Evidence, SampleFile]]] = [[] for _ in runs]
    orphans: list[SampleFile] = []
    notes: list[str] = []
    for file in (_named_by_hash(file, runs) for file in files):
        scores = [_evidence(run, file) for run in runs]
        best = max(scores, default=_NONE)
        if best == _NONE:
            orphans.append(file)
        elif scores.count(best) > 1:
            notes.append(
                f"{file.path.name}: fits {scores.count(best)} runs equally well and was not "
                "used; keep each run's files in a separate folder"
            )
        else:
            given[scores.index(best)].append((best, file))
    full = [_with_samples(run, own) for run, own in zip(runs, given, strict=True)]
    return full + _runs_of(orphans), notes


_Evidence = tuple[int, ...]
_NONE: _Evidence = ()


def _evidence(run: Run, file: SampleFile) -> _Evidence:
    """How well a file fits a run: (scores, stamp, name, folder, hash); empty where it does not.

    The hash covers documents and prompts, so that it is the same for all models, and two models
    may have the same mean. So a file without the run's stamp must have its scores and one more of
    these.
    """
    task = run.tasks.get(file.task)
    stamp = parse_stamp(run.source)
    if task is None or (file.stamp and stamp and file.stamp != stamp):
        return _NONE
    same_scores = int(_same_scores(task, file.samples))
    same_stamp = int(bool(file.stamp) and file.stamp == stamp)
    same_name = len(run.source.stem) * file.path.stem.startswith(run.source.stem)
    same_folder = int(file.path.parent == run.source.parent)
    same_hash = int(run.task_hashes.get(file.task) == file.task_hash)
    if not (same_stamp or (same_scores and same_name + same_folder + same_hash)):
        return _NONE
    return (same_scores, same_stamp, same_name, same_folder, same_hash)


def _named_by_hash(file: SampleFile, runs: Sequence[Run]) -> SampleFile:
    """The file with the task name of the same hash, if its own name does not give the task."""
    if file.stamp:
        return file
    names = {
        name
        for run in runs
        for name, value in run.task_hashes.items()
        if value == file.task_hash and _same_benchmark(name, file.task)
    }
    if len(names) != 1:
        return file
    (name,) = names
    samples = tuple(replace(sample, task=name) for sample in file.samples)
    return replace(file, task=name, samples=samples)


def _same_benchmark(name: str, other: str) -> bool:
    first, second = parse_task_name(name), parse_task_name(other)
    return first is not None and second is not None and first.benchmark is second.benchmark


def _same_scores(task: TaskResult, samples: Sequence[Sample]) -> bool:
    """Whether the row has SR and HA, and each of its metrics is the mean over the samples."""
    rows = {name: row.value for name in SCORES if (row := task.metric(name))}
    if rows.get("sr") is None or rows.get("ha") is None or task.contradiction(samples):
        return False
    means = {name: statistics.fmean(getattr(each, name) for each in samples) for name in rows}
    return all(
        value is None or abs(value - means[name]) <= _TOLERANCE for name, value in rows.items()
    )


def _with_samples(run: Run, files: Sequence[tuple[_Evidence, SampleFile]]) -> Run:
    samples: dict[str, tuple[Sample, ...]] = dict(run.samples)
    notes = list(run.notes)
    ordered = sorted(files, key=lambda found: found[0], reverse=True)
    unclear = _equal_rivals(ordered)
    for _, file in ordered:
        name = file.path.name
        if file.task in unclear:
            notes.append(
                f"{name}: one of several files with samples of {file.task} that fit this run "
                "equally well; not used, keep each run's files in a separate folder"
            )
            continue
        if file.task in samples:
            if samples[file.task] != file.samples:
                notes.append(f"{name}: not used, other samples of {file.task} fit better")
            continue
        samples[file.task] = file.samples
        notes.extend(file.notes)
        if differs := run.tasks[file.task].contradiction(file.samples):
            notes.append(
                f"{name}: holds {differs}; the score is taken from the results file, "
                "only letters, lengths and grids from these samples"
            )
    return replace(run, samples=samples, notes=tuple(dict.fromkeys(notes)))


def _equal_rivals(ordered: Sequence[tuple[_Evidence, SampleFile]]) -> set[str]:
    """Tasks for which several different files fit equally well; the best files come first."""
    best: dict[str, tuple[_Evidence, SampleFile]] = {}
    unclear = set()
    for evidence, file in ordered:
        first, other = best.setdefault(file.task, (evidence, file))
        if evidence == first and file.samples != other.samples:
            unclear.add(file.task)
    return unclear


def _runs_of(files: Sequence[SampleFile]) -> list[Run]:
    """Sample files without a results file: one run for each folder and time stamp.

    A renamed file is a separate run, and so is a second file for a task, since samples do not
    contain the model's name.
    """
    groups: dict[tuple[Path, str], dict[str, SampleFile]] = {}
    for file in files:
        key = (file.path.parent, file.stamp) if file.stamp else (file.path, "")
        if file.task in groups.get(key, ()):
            key = (file.path, "")
        groups.setdefault(key, {})[file.task] = file
    return [_unknown_run(stamp, list(own.values())) for (_, stamp), own in groups.items()]


def _unknown_run(stamp: str, files: Sequence[SampleFile]) -> Run:
    first = files[0].path
    name = f"{first.parent.name or 'samples'} {stamp}" if stamp else first.name
    notes = [note for file in files for note in file.notes]
    notes.append("samples without their results file: model, window and versions are unknown")
    return Run(
        source=first,
        model=f"unknown ({name})",
        samples={file.task: file.samples for file in files},
        notes=tuple(dict.fromkeys(notes)),
    )
