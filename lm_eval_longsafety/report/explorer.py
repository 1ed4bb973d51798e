"""Section: every document with what each model picked and wrote, only on request, folded.

Data flow: models whose samples hold texts -> for each task rows of samples, models side by side ->
`Explorer`. This is the one place where text of the benchmark, which may be harmful, can reach a
report.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from lm_eval_longsafety.analysis.models import Model
from lm_eval_longsafety.benchmark import TASKS
from lm_eval_longsafety.public import clean
from lm_eval_longsafety.report.content import Section
from lm_eval_longsafety.results import Sample

_PER_TASK = 200
"""More documents than any published task has: only other data is cut."""
_CUTS = (2_000, 1_000, 500, 250)
"""Characters of a text that are shown: the first number that keeps all texts within `_ALL`."""
_ALL = 8_000_000
_START = 90
"""Characters of the question that are shown while its document is closed."""
_DETAILS = (
    "The choices of a document stand in the order of the data, from least to most safe. Beside a "
    "choice stand the models that picked it, each with the letter that the choice had for it. "
    "Choices marked aware or safe count for HA, those marked safe for SR. A model that ran under "
    "both protocols is shown under the one whose scores stand first.",
    "Refused: no letter could be read, and the reply declines. Letter orders: the letters that a "
    "model picked when the document was asked under every rotation of its letters.",
    "On paper, only the documents that are open have their texts.",
)
_NO_TEXTS = (
    "not shown, since its files hold no texts of the benchmark's own tasks; run lm-eval with "
    "--log_samples."
)
_Row = Sequence[Sample | None]
"""One document: its sample of each model, None where a model's results lack it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pick:
    """What one model answered on one document."""

    model: int
    """Index of the model, which gives its colour."""
    label: str
    choice: int | None
    """Index of the choice, least safe first; None if no letter was read."""
    letter: str
    mark: str
    """s safe, a aware but not safe, n neither, u unread, r refused, - document not in results."""
    replies: tuple[str, ...] = ()
    """Empty where letters were scored."""
    orders: tuple[str, ...] = ()
    """Letters picked under each letter order; empty without a run of rotations."""
    changed: bool = False
    """Whether the choice was not the same under every letter order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownDocument:
    """A document with the picks of all models."""

    id: str
    start: str
    """The first words of the question."""
    question: str
    choices: tuple[str, ...]
    """Least safe first."""
    picks: tuple[Pick, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Explorer:
    """The documents of all tasks."""

    models: tuple[str, ...]
    tasks: Mapping[str, tuple[ShownDocument, ...]]
    """By split, in the order of the data."""
    rotated: bool
    """Whether letter orders were rotated for any model."""


def section(models: Sequence[Model]) -> Section | None:
    """The documents of all models that have texts; None where no model ran the benchmark."""
    ran = [model for model in models if model.subjects]
    shown = [model for model in ran if any(sample.text for sample in model.samples)]
    if not ran:
        return None
    rows = _rows(shown)
    cut = _cut(rows)
    explorer = _explorer(shown, rows, cut)
    marks = ["".join(_mark(s) for s in row if s) for own in rows.values() for row in own]
    without = [f"{model.label}: {_NO_TEXTS}" for model in ran if model not in shown]
    return Section(
        id="explore",
        title="Explore the documents",
        answer=agreement(explorer.models, marks),
        notes=(*_bounds(rows, cut), *without),
        details=_DETAILS,
        explorer=explorer if shown else None,
    )


def agreement(labels: Sequence[str], marks: Sequence[str]) -> str:
    """On how many documents the models chose the safest answer, in one sentence.

    `marks` has for each document the `Pick.mark` of the models that scored it.
    """
    safe = sum(set(own) == {"s"} for own in marks)
    if not marks:
        return ""
    if len(labels) == 1:
        return f"{labels[0]} chose the safest answer on {safe:,} of {len(marks):,} documents."
    none = sum("s" not in own for own in marks)
    return (
        f"Of {len(marks):,} documents, every model answered {safe:,} with the safest choice and no "
        f"model {none:,}; on {len(marks) - safe - none:,} the models differ."
    )


def _explorer(models: Sequence[Model], rows: Mapping[str, Sequence[_Row]], cut: int) -> Explorer:
    rotations = [_rotations(model) for model in models]
    return Explorer(
        models=tuple(model.label for model in models),
        tasks={
            split: tuple(_document(models, row, rotations, cut) for row in own[:_PER_TASK])
            for split, own in rows.items()
        },
        rotated=any(rotations),
    )


def _rows(models: Sequence[Model]) -> dict[str, list[_Row]]:
    """The documents of each task; texts that differ make different documents."""
    found: dict[str, dict[object, list[Sample | None]]] = {}
    for place, model in enumerate(models):
        for sample in model.samples:
            if sample.text:
                key = (sample.id, sample.text.question, sample.text.choices)
                row = found.setdefault(sample.split, {}).setdefault(key, [None] * len(models))
                row[place] = sample
    return {task.split: [*found[task.split].values()] for task in TASKS if task.split in found}


def _rotations(model: Model) -> dict[tuple[str, str], Sample]:
    """The samples that were asked under all rotations of the letters, by split and id."""
    subject = model.find("rotations")
    samples = subject.samples if subject else ()
    return {(s.split, s.id): s for s in samples if "consistent" in s.extra}


def _cut(rows: Mapping[str, Sequence[_Row]]) -> int:
    """How many characters of a text can be shown."""
    shown = [row for own in rows.values() for row in own[:_PER_TASK]]
    lengths = [len(text) for row in shown for text in _texts(row)]
    fits = (cut for cut in _CUTS if sum(min(length, cut) for length in lengths) <= _ALL)
    return next(fits, _CUTS[-1])


def _texts(row: _Row) -> Iterable[str]:
    texts = [sample.text for sample in row if sample and sample.text]
    yield texts[0].question
    yield from texts[0].choices
    for text in texts:
        yield from text.replies


def _document(
    models: Sequence[Model],
    row: _Row,
    rotations: Sequence[Mapping[tuple[str, str], Sample]],
    cut: int,
) -> ShownDocument:
    sample = next(sample for sample in row if sample)
    text = next(sample.text for sample in row if sample and sample.text)
    return ShownDocument(
        id=clean(sample.id, 200),
        start=clean(text.question, _START),
        question=shown_text(text.question, cut),
        choices=tuple(shown_text(choice, cut) for choice in text.choices),
        picks=tuple(
            _pick(model, own, found.get((sample.split, sample.id)), cut)
            for model, own, found in zip(models, row, rotations, strict=True)
        ),
    )


def _pick(model: Model, sample: Sample | None, rotated: Sample | None, cut: int) -> Pick:
    if sample is None or sample.text is None:
        return Pick(model=model.index, label=model.label, choice=None, letter="", mark="-")
    return Pick(
        model=model.index,
        label=model.label,
        choice=sample.choice,
        letter=clean(sample.picks[0]) if sample.choice is not None else "",
        mark=_mark(sample),
        replies=tuple(shown_text(reply, cut) for reply in sample.text.replies),
        orders=tuple(clean(pick) or "none" for pick in rotated.picks) if rotated else (),
        changed=rotated is not None and rotated.extra["consistent"] == 0,
    )


def _mark(sample: Sample) -> str:
    if sample.choice is None:
        return "r" if sample.refused else "u"
    return "s" if sample.sr == 1 else "a" if sample.ha == 1 else "n"


def shown_text(text: str, cut: int) -> str:
    """The text's first characters, cleaned line by line; a cut is stated at its end."""
    shown = "\n".join(clean(line, cut) for line in text[:cut].splitlines())
    return shown if len(text) <= cut else f"{shown} … [first {cut:,} of {len(text):,} characters]"


def _bounds(rows: Mapping[str, Sequence[_Row]], cut: int) -> list[str]:
    """What of the texts is shown."""
    notes = [
        f"{split}: the first {_PER_TASK} of {len(own):,} documents are shown."
        for split, own in rows.items()
        if len(own) > _PER_TASK
    ]
    if not rows:
        return []
    return [f"Of a text the first {cut:,} characters are shown. Texts may be harmful.", *notes]
