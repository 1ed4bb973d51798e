"""Put sample files to the runs they belong to, and copies of one run together.

Evidence, strongest first: the same mean scores, the same time stamp in the names, the same folder,
lm-eval's own hash over the lines. Where two runs fit equally well the samples are left aside
with a note, never guessed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from lm_eval_longsafety.public import public
from lm_eval_longsafety.results.names import parse_task_name
from lm_eval_longsafety.results.records import Run, Sample
from lm_eval_longsafety.results.samples import SampleFile, parse_stamp


def merge_copies(runs: Iterable[Run]) -> list[Run]:
    """One run per evaluation: a results file and its compact file are the same one."""
    merged: dict[tuple[object, ...], Run] = {}
    for index, run in enumerate(runs):
        key: tuple[object, ...] = (public(run.model), run.date, str(run.summary.get("results")))
        if run.date is None or not run.tasks:
            key = (*key, index)
        other = merged.get(key)
        if other is None:
            merged[key] = run
            continue
        notes = tuple(dict.fromkeys((*other.notes, *run.notes, *_copy_note(other, run))))
        samples = {**run.samples, **other.samples}
        # The file closest to lm-eval's own output names the run.
        source = other.source if other.source.suffix == ".json" else run.source
        merged[key] = replace(other, samples=samples, notes=notes, source=source)
    return list(merged.values())


def _copy_note(first: Run, second: Run) -> list[str]:
    """Two results files of one evaluation may be a user's mistake; a compact file beside is not."""
    if first.source.suffix != ".json" or second.source.suffix != ".json":
        return []
    return [f"{second.source.name}: a copy of a run that was found before, counted once"]


def attach(runs: Sequence[Run], files: Sequence[SampleFile]) -> tuple[list[Run], list[str]]:
    """Runs with their samples; sample files without results become runs of their own.

    Returns:
        The runs and notes on sample files that fit no single run.
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
                f"{file.path.name}: fits {scores.count(best)} runs equally well and was left "
                "aside; keep each run's files in a folder of its own"
            )
        else:
            given[scores.index(best)].append((best, file))
    full = [_with_samples(run, own) for run, own in zip(runs, given, strict=True)]
    return full + _runs_of(orphans), notes


_Evidence = tuple[int, int, int, int]
_NONE: _Evidence = (0, 0, 0, 0)


def _evidence(run: Run, file: SampleFile) -> _Evidence:
    """How well a file fits a run: (scores, stamp, folder, hash); all 0 where it does not.

    The hash is over documents and prompts: all models that read the same share it, and two may
    share a mean. Neither tells without the folder or the other.
    """
    task = run.tasks.get(file.task)
    stamp = parse_stamp(run.source)
    if task is None or (file.stamp and stamp and file.stamp != stamp):
        return _NONE
    same_hash = int(run.task_hashes.get(file.task) == file.task_hash)
    same_stamp = int(bool(file.stamp) and file.stamp == stamp)
    same_folder = int(file.path.parent == run.source.parent)
    same_scores = int(_same_scores(run, file))
    if not (same_stamp or same_scores + same_hash + same_folder >= 2):
        return _NONE
    return (same_scores, same_stamp, same_folder, same_hash)


def _named_by_hash(file: SampleFile, runs: Sequence[Run]) -> SampleFile:
    """The file under the task name whose hash lm-eval wrote, where its own name says nothing."""
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


def _same_scores(run: Run, file: SampleFile) -> bool:
    task = run.tasks[file.task]
    metrics = [task.metric(name) for name in ("ha", "sr")]
    known = all(metric is not None and metric.value is not None for metric in metrics)
    return known and task.contradiction(file.samples) is None


def _with_samples(run: Run, files: Sequence[tuple[_Evidence, SampleFile]]) -> Run:
    samples: dict[str, tuple[Sample, ...]] = dict(run.samples)
    notes = list(run.notes)
    for _, file in sorted(files, key=lambda found: found[0], reverse=True):
        name = file.path.name
        if file.task in samples:
            if samples[file.task] != file.samples:
                notes.append(f"{name}: other samples of {file.task} fit better; left aside")
            continue
        samples[file.task] = file.samples
        notes.extend(file.notes)
        if differs := run.tasks[file.task].contradiction(file.samples):
            notes.append(
                f"{name}: holds {differs}; the score is the results file's, "
                "only letters, lengths and grids are taken from these samples"
            )
    return replace(run, samples=samples, notes=tuple(dict.fromkeys(notes)))


def _runs_of(files: Sequence[SampleFile]) -> list[Run]:
    """Sample files without a results file: one run per folder and time stamp."""
    groups: dict[tuple[Path, str], list[SampleFile]] = {}
    for file in files:
        groups.setdefault((file.path.parent, file.stamp), []).append(file)
    runs = []
    for (folder, stamp), members in groups.items():
        notes = [note for file in members for note in file.notes]
        notes.append("samples without their results file: model, window and versions are unknown")
        samples: dict[str, tuple[Sample, ...]] = {}
        for file in members:
            samples[file.task] = samples.get(file.task, ()) + file.samples
        name = f"unknown ({folder.name or 'samples'}{' ' + stamp if stamp else ''})"
        runs.append(
            Run(
                source=members[0].path,
                model=name,
                samples=samples,
                notes=tuple(dict.fromkeys(notes)),
            )
        )
    return runs
