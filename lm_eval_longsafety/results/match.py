"""Find the run of each sample file, and merge copies of one run.

A file belongs to a run whose mean scores it has, or whose time stamp stands in its name; lm-eval's
hash of the lines, the names and the folder decide between several. Where two runs fit a file
equally well, or two files a run, the samples are not used and a note says so.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from lm_eval_longsafety.benchmark import parse_task_name
from lm_eval_longsafety.public import public
from lm_eval_longsafety.results.fields import as_mapping
from lm_eval_longsafety.results.records import Run
from lm_eval_longsafety.results.sample_files import SampleFile, stamp_of


def merge_copies(runs: Iterable[Run]) -> list[Run]:
    """One run for each evaluation: a results file and its compact file are one run."""
    merged: list[Run] = []
    for run in runs:
        other = next((known for known in merged if _is_copy(known, run)), None)
        if other is None:
            merged.append(run)
        else:
            merged[merged.index(other)] = _merged(other, run)
    return merged


def _is_copy(first: Run, second: Run) -> bool:
    """Whether two runs are one evaluation; in a compact file the model's name was made public."""
    if first.date is None or first.date != second.date or not (first.tasks and second.tasks):
        return False
    names = {first.model, second.model}
    same = len(names) == 1 or names in ({name, public(name)} for name in names)
    return same and str(first.summary.get("results")) == str(second.summary.get("results"))


def _merged(first: Run, second: Run) -> Run:
    whole = [run for run in (first, second) if run.source.suffix != ".parquet"]
    notes = [*first.notes, *second.notes]
    if len(whole) == 2:
        # Two results files of one evaluation may be a mistake; a compact file is not.
        notes.append(f"{second.source.name}: a copy of another run; counted once")
    return replace(
        # The results file of lm-eval names the run, if there is one.
        (*whole, first)[0],
        samples={**second.samples, **first.samples},
        notes=tuple(dict.fromkeys(notes)),
    )


_Fit = tuple[tuple[int, ...], SampleFile]
"""A file and its `_evidence` for a run."""


def attach(runs: Sequence[Run], files: Sequence[SampleFile]) -> tuple[list[Run], list[str]]:
    """The runs with their samples; sample files without results become separate runs.

    Returns:
        The runs, and notes on sample files that fit several runs.
    """
    given: list[dict[str, list[_Fit]]] = [{} for _ in runs]
    orphans: list[SampleFile] = []
    notes: list[str] = []
    for file in (_named_by_hash(file, runs) for file in files):
        fits = [_evidence(run, file) for run in runs]
        best = max(fits, default=())
        if not best:
            orphans.append(file)
        elif fits.count(best) > 1:
            notes.append(
                f"{file.path.name}: fits {fits.count(best)} runs equally well and was not "
                "used; keep each run's files in a separate folder"
            )
        else:
            given[fits.index(best)].setdefault(file.task, []).append((best, file))
    full = [_with_samples(run, own) for run, own in zip(runs, given, strict=True)]
    return full + _runs_of(orphans), notes


def _named_by_hash(file: SampleFile, runs: Iterable[Run]) -> SampleFile:
    """A renamed file under the task name of the same hash, which also gives the variant."""
    own = parse_task_name(file.task)
    names = {
        name
        for run in runs
        for name, value in _hashes(run).items()
        if value == file.task_hash
        and (parsed := parse_task_name(name))
        and own == replace(parsed, variant="")
    }
    if len(names) != 1 or stamp_of(file.path):
        return file
    (name,) = names
    samples = tuple(replace(sample, task=name) for sample in file.samples)
    return replace(file, task=name, samples=samples)


def _hashes(run: Run) -> Mapping[str, object]:
    return as_mapping(run.summary.get("task_hashes"))


def _evidence(run: Run, file: SampleFile) -> tuple[int, ...]:
    """How well a file fits a run: (scores, stamp, name, folder, hash); empty where it does not.

    The hash covers documents and prompts, so that it is the same for all models, and two models
    may have the same mean. So a file without the run's stamp must have its scores and one more of
    these.
    """
    task, stamp, other = run.tasks.get(file.task), stamp_of(file.path), stamp_of(run.source)
    if task is None or (stamp and other and stamp != other):
        return ()
    known = task.value("sr") is not None and task.value("ha") is not None
    same_scores = known and task.contradiction(file.samples) is None
    same_stamp = bool(stamp) and stamp == other
    same_name = len(run.source.stem) * file.path.stem.startswith(run.source.stem)
    same_folder = file.path.parent == run.source.parent
    same_hash = _hashes(run).get(file.task) == file.task_hash
    if not (same_stamp or (same_scores and (same_name or same_folder or same_hash))):
        return ()
    return (same_scores, same_stamp, same_name, same_folder, same_hash)


def _with_samples(run: Run, given: Mapping[str, list[_Fit]]) -> Run:
    samples = dict(run.samples)
    notes = list(run.notes)
    for name, fits in given.items():
        fits.sort(key=lambda fit: fit[0], reverse=True)
        best = [file for evidence, file in fits if evidence == fits[0][0]]
        if any(file.samples != best[0].samples for file in best):
            notes += [
                f"{file.path.name}: one of several files with samples of {name} that fit this run "
                "equally well; not used, keep each run's files in a separate folder"
                for _, file in fits
            ]
            continue
        if name not in samples:
            samples[name] = best[0].samples
            notes += best[0].notes
            if differs := run.tasks[name].contradiction(samples[name]):
                notes.append(
                    f"{best[0].path.name}: holds {differs}; the score is taken from the results "
                    "file, only letters, lengths and grids from these samples"
                )
        notes += [
            f"{file.path.name}: not used, other samples of {name} fit better"
            for _, file in fits
            if file.samples != samples[name]
        ]
    return replace(run, samples=samples, notes=tuple(dict.fromkeys(notes)))


def _runs_of(files: Iterable[SampleFile]) -> list[Run]:
    """A run of unknown model for each folder and time stamp, and for each renamed file.

    A second file for a task is a run of its own, too: samples do not contain the model's name.
    """
    groups: dict[tuple[Path, str], dict[str, SampleFile]] = {}
    for file in files:
        stamp = stamp_of(file.path)
        key = (file.path.parent, stamp) if stamp else (file.path, "")
        if file.task in groups.get(key, ()):
            key = (file.path, "")
        groups.setdefault(key, {})[file.task] = file
    found = []
    for (place, stamp), own in groups.items():
        name = f"{place.name or 'samples'} {stamp}" if stamp else place.name
        notes = [note for file in own.values() for note in file.notes]
        notes.append("samples without their results file: model, window and versions are unknown")
        found.append(
            Run(
                source=next(iter(own.values())).path,
                model=f"unknown ({name})",
                samples={task: file.samples for task, file in own.items()},
                notes=tuple(dict.fromkeys(notes)),
            )
        )
    return found
