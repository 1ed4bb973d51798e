"""Which open replies are whose, who judged them, and which letter the model picked.

Data flow: models, logged replies, logged verdicts -> `link` -> `OpenRun` for each run of replies,
with its letters by document and a `Judged` for each judge.

Replies belong to the model whose results file wrote them; verdicts to the replies that they name,
by file, model and content. What is unclear or of other data is not paired, and a note says so.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from lm_eval_longsafety.analysis.judges import judge_labels
from lm_eval_longsafety.analysis.models import Model
from lm_eval_longsafety.analysis.scores import short_name, unique_labels
from lm_eval_longsafety.benchmark import TASKS
from lm_eval_longsafety.public import clean, public
from lm_eval_longsafety.results import Run, Sample
from lm_eval_longsafety.results.logged import LoggedRun
from lm_eval_longsafety.results.open_replies import OpenReplies, OpenSample
from lm_eval_longsafety.results.verdicts import Verdict, Verdicts

Document = tuple[str, str]
"""Split and id."""
R = TypeVar("R", bound=LoggedRun[Any])
_SPLITS = [task.split for task in TASKS]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One judge's verdicts on the replies of one run."""

    judge: str
    """A label that differs from those of the run's other judges, the same one below all runs."""
    run: Verdicts
    verdicts: Mapping[Document, Verdict]
    """On the replies of this run, unjudged ones included, in the benchmark's order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRun:
    """The open replies of one run."""

    label: str
    """The model's label in the report, if it is one of its models."""
    index: int
    """The model's place, which gives its colour."""
    source: Path
    replies: Mapping[Document, OpenSample]
    """Empty where only verdicts were given."""
    letters: Mapping[Document, Sample]
    """What the model picked on the same documents, under the benchmark as published."""
    judges: tuple[Judged, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenResults:
    """All open replies that were found, and notes on what could not be paired."""

    runs: tuple[OpenRun, ...] = ()
    notes: tuple[str, ...] = ()


def link(
    models: Sequence[Model], replies: Sequence[OpenReplies], verdicts: Sequence[Verdicts]
) -> OpenResults:
    """Put replies, their letters and their verdicts together.

    Args:
        models: of the report.
        replies: of all runs; copies of one run count once.
        verdicts: of all judge runs.
    """
    own = _without_copies(replies)
    judges: list[list[Verdicts]] = [[] for _ in own]
    alone: dict[object, list[Verdicts]] = {}
    for judge in _without_copies(verdicts):
        place = _place(judge, own)
        if place is None:
            alone.setdefault((judge.judged_model, judge.judged), []).append(judge)
        else:
            judges[place].append(judge)
    groups: list[tuple[OpenReplies | None, list[Verdicts]]] = [
        *zip(own, judges, strict=True),
        *((None, group) for group in alone.values()),
    ]
    writers = [_writer(models, *group) for group in groups]
    files = [clean(_source(*group).name, 100) for group in groups]
    numbers = [f"#{number}" for number, _ in enumerate(groups, 1)]
    labels = unique_labels([label for _, label in writers], [files, numbers])
    named = judge_labels([group for _, group in groups])
    notes: list[str] = []
    runs = [
        _open_run(
            label,
            model,
            len(models) if model is None else model.index,
            replies,
            dict(zip(names, group, strict=True)),
            notes,
        )
        for label, (model, _), (replies, group), names in zip(
            labels, writers, groups, named, strict=True
        )
    ]
    return OpenResults(
        runs=tuple(sorted(runs, key=lambda run: run.index)),
        notes=tuple(dict.fromkeys(clean(note, 600) for note in notes)),
    )


def _source(replies: OpenReplies | None, judges: Sequence[Verdicts]) -> Path:
    return judges[0].source if replies is None else replies.source


def _writer(
    models: Sequence[Model], replies: OpenReplies | None, judges: Sequence[Verdicts]
) -> tuple[Model | None, str]:
    """The model that wrote the replies, if it is one of these, and its label."""
    written = replies.run.model if replies and replies.run else "unknown"
    name = (judges[0].judged_model or "unknown") if replies is None else written
    model = _model(models, replies, name)
    return model, model.label if model else short_name(name)


def _without_copies(runs: Sequence[R]) -> list[R]:
    found: list[R] = []
    for run in runs:
        if not any(_key(run) == _key(known) and run.tasks == known.tasks for known in found):
            found.append(run)
    return found


def _key(run: LoggedRun[Any]) -> tuple[object, ...]:
    return (run.source.name, run.run and (run.run.model, run.run.date))


def _place(judge: Verdicts, replies: Sequence[OpenReplies]) -> int | None:
    """Place of the replies that were judged; None if they are not there or it is unclear."""
    verdicts = [verdict for own in judge.tasks.values() for verdict in own]
    hits = [sum(_is_on(v, samples) for v in verdicts) for samples in map(_by_document, replies)]
    models = [None if each.run is None else public(each.run.model) for each in replies]
    possible = [
        place
        for place, model in enumerate(models)
        if hits[place] and (None in (model, judge.judged_model) or model == judge.judged_model)
    ]
    named = [place for place in possible if replies[place].source.name == judge.judged]
    whole = [place for place in possible if hits[place] == len(verdicts)]
    found = named or whole
    return found[0] if len(found) == 1 else None


def _by_document(run: LoggedRun[Any]) -> dict[Document, Any]:
    """All samples of a run, in the benchmark's order."""
    samples = [sample for own in run.tasks.values() for sample in own]
    samples.sort(key=lambda sample: _SPLITS.index(sample.split))
    return {(sample.split, sample.id): sample for sample in samples}


def _is_on(verdict: Verdict, replies: Mapping[Document, OpenSample]) -> bool:
    reply = replies.get((verdict.split, verdict.id))
    ours = (verdict.reply_sha256, verdict.context_sha256)
    return reply is not None and (reply.reply_sha256, reply.context_sha256) == ours


def _open_run(
    label: str,
    model: Model | None,
    index: int,
    replies: OpenReplies | None,
    judges: Mapping[str, Verdicts],
    notes: list[str],
) -> OpenRun:
    """One run of replies, or what was judged where the replies themselves are not there.

    Args:
        label: of the run.
        model: that wrote the replies; None where it is not there.
        index: its place.
        replies: None where there are only verdicts.
        judges: their verdicts, by the judge's label.
        notes: added to.
    """
    samples = _by_document(replies) if replies else {}
    judged = [
        _judged(pair, samples, label, notes, alone=replies is None) for pair in judges.items()
    ]
    files: list[LoggedRun[Any] | None] = [replies, *judges.values()]
    notes += [f"{label}: {lost}." for each in files if each and (lost := each.missing())]
    contexts = {key: sample.context_sha256 for key, sample in samples.items()}
    for each in judged if replies is None else ():
        contexts |= {key: verdict.context_sha256 for key, verdict in each.verdicts.items()}
    return OpenRun(
        label=label,
        index=index,
        source=_source(replies, [*judges.values()]),
        replies=samples,
        letters=_letters(model, contexts, _data_hashes(replies, judges.values()), label, notes),
        judges=tuple(judged),
    )


def _model(models: Sequence[Model], replies: OpenReplies | None, name: str) -> Model | None:
    """The model that wrote the replies; None if it is not there, or several may be it."""
    found: list[Model] = []
    if replies is not None:
        source = replies.source.resolve()
        found = [
            m for m in models if any(_is(r, name) and r.source.resolve() == source for r in m.runs)
        ]
    if not found and name != "unknown":
        found = [m for m in models if any(_is(run, name) for run in m.runs)]
    if len(found) > 1 and replies is not None:
        folder = replies.source.parent
        found = [m for m in found if m.main and m.main.run.source.parent == folder]
    return found[0] if len(found) == 1 else None


def _is(run: Run, model: str) -> bool:
    """Whether a run is of a model, whose name may be the one without local paths."""
    return model in (run.model, public(run.model))


def _judged(
    named: tuple[str, Verdicts],
    replies: Mapping[Document, OpenSample],
    label: str,
    notes: list[str],
    *,
    alone: bool,
) -> Judged:
    """A judge's verdicts on these replies; on all that it judged where there are no replies."""
    judge, run = named
    every: dict[Document, Verdict] = _by_document(run)
    own = {key: v for key, v in every.items() if alone or _is_on(v, replies)}
    if alone:
        notes.append(
            f"{label}: the replies that {judge} judged ({run.judged or 'file not recorded'}) are "
            "not among these results."
        )
    if others := len(every) - len(own):
        notes.append(
            f"{label}: {judge} has {others:,} verdict{'s' * (others != 1)} on other replies than "
            "these, left out."
        )
    if (lacking := len(replies) - len(own)) > 0:
        notes.append(f"{label}: {judge} has no verdict on {lacking:,} of {len(replies):,} replies.")
    return Judged(judge=judge, run=run, verdicts=own)


def _data_hashes(
    replies: OpenReplies | None, judges: Iterable[Verdicts]
) -> dict[str, set[str | None]]:
    """Fingerprints of the data that was answered, by split."""
    found: dict[str, set[str | None]] = {}
    for name, samples in replies.tasks.items() if replies else ():
        row = replies.run.tasks.get(name) if replies and replies.run else None
        if samples and row and row.provenance:
            found.setdefault(samples[0].split, set()).add(row.provenance.data_sha256)
    for judge in judges:
        for split, value in judge.data_sha256.items():
            found.setdefault(split, set()).add(value)
    return found


def _letters(
    model: Model | None,
    contexts: Mapping[Document, str],
    hashes: Mapping[str, set[str | None]],
    label: str,
    notes: list[str],
) -> dict[Document, Sample]:
    """The model's letters on the same documents.

    Args:
        model: None where it is not there.
        contexts: hash of the context of each document with a reply.
        hashes: of `_data_hashes`.
        label: for notes.
        notes: added to.
    """
    if model is None or model.main is None:
        return {}
    found: dict[Document, Sample] = {}
    others: list[str] = []
    for task in model.main.tasks:
        split = task.benchmark.split
        given = {key for key in contexts if key[0] == split}
        ours = task.provenance.data_sha256 if task.provenance else None
        known = task.samples if task.values("sr") is not None else ()
        samples = [sample for sample in known if (split, sample.id) in given]
        same = [s for s in samples if contexts[split, s.id] == s.context_sha256]
        if given and (len({*hashes.get(split, ()), ours} - {None}) > 1 or len(same) < len(samples)):
            others.append(split)
        else:
            found |= {(split, sample.id): sample for sample in same}
    if others:
        notes.append(
            f"{label}: replies and letters of {', '.join(others)} answer different data, so they "
            "are not paired; run both on one revision."
        )
    lacking = sum(key not in found and key[0] not in others for key in contexts)
    if lacking:
        notes.append(f"{label}: {lacking:,} replies have no letter on the same document.")
    return found
