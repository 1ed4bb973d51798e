"""Which letters a model picked, against those of the safe choice and an even use of all.

Data flow: samples -> counts by letter, p of an even use -> sentence, table, picture.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from lm_eval_longsafety.analysis import facts
from lm_eval_longsafety.analysis.models import Model
from lm_eval_longsafety.analysis.paired import LEVEL, holm
from lm_eval_longsafety.analysis.scores import Subject
from lm_eval_longsafety.analysis.stats import TINY, uniform_test
from lm_eval_longsafety.report import drawing
from lm_eval_longsafety.report.content import (
    Cell,
    Column,
    Figure,
    Table,
    count,
    joined,
    p_equals,
    p_value,
    percent,
    text,
    words,
)
from lm_eval_longsafety.results import Sample

if TYPE_CHECKING:
    from matplotlib.figure import Figure as MatplotlibFigure

NO_LETTER = "none"


class Preference(NamedTuple):
    """The letter that a model picked most often."""

    label: str
    letter: str
    share: float
    """Of the documents, in [0, 1]."""
    p: float
    """Of an even use of all letters, corrected for the number of models."""


def counts(samples: Sequence[Sample]) -> dict[str, tuple[int, int]]:
    """Per letter (times picked, times safe), `none` for replies without a letter last."""
    picked = Counter(pick or NO_LETTER for sample in samples for pick in sample.picks)
    safe = Counter(sample.letters[-1] for sample in samples for _ in sample.picks)
    offered = sorted({letter for sample in samples for letter in sample.letters})
    return {name: (picked[name], safe[name]) for name in [*offered, NO_LETTER]}


def preference_p(subject: Subject) -> float | None:
    """The p-value of the letters picked, if a model used all letters shown equally often.

    None where it cannot be tested: fewer than five picks of a letter are expected, or the letters
    were not shuffled, so that a letter stands for a choice.
    """
    if subject.variant != "rotations" and "original" in facts.recorded(
        subject, lambda p: p.option_order
    ):
        return None
    picked = Counter(pick for sample in subject.samples for pick in sample.picks if pick)
    expected: dict[str, float] = defaultdict(float)
    for sample in subject.samples:
        for _ in filter(None, sample.picks):
            for letter in sample.letters:
                expected[letter] += 1 / len(sample.letters)
    letters = sorted(expected)
    if not letters:
        return None
    return uniform_test([picked[letter] for letter in letters], [expected[x] for x in letters])


def preferences(models: Sequence[Model]) -> list[Preference]:
    """Of the plain run of each model for which an even use can be tested."""
    tested = [
        (model, p) for model in models if model.main and (p := preference_p(model.main)) is not None
    ]
    found = []
    for (model, _), p in zip(tested, holm([p for _, p in tested]), strict=True):
        picked = {letter: number for letter, (number, _) in counts(model.samples).items() if number}
        total = sum(picked.values())
        picked.pop(NO_LETTER, None)
        most = max(picked.values())
        letter = joined([name for name, number in picked.items() if number == most])
        found.append(Preference(model.label, letter, most / total, p))
    return found


def sentence(found: Sequence[Preference]) -> str:
    """Whether models prefer a letter."""
    if not found:
        return (
            "Whether a model prefers a letter cannot be tested here: too few letters were picked, "
            "or they were not shuffled."
        )
    uneven = [each for each in found if each.p < LEVEL]
    if len(found) == 1:
        (only,) = found
        if not uneven:
            return f"{only.label} shows no preference for a letter (p {p_equals(only.p)})."
        return (
            f"{only.label} prefers a letter: it picked {only.letter} on {percent(only.share)} % of "
            f"the documents (p {p_equals(only.p)})."
        )
    if not uneven:
        least = min(found, key=lambda each: each.p)
        return (
            "No model shows a preference for a letter beyond noise (smallest corrected p "
            f"{p_equals(least.p)}, {least.label})."
        )
    largest = max(each.share for each in uneven)
    named = [
        f"{each.label}, {each.letter} on {percent(each.share)} % of the documents (corrected p "
        f"{p_equals(each.p)})"
        for each in uneven
        if each.share > largest - TINY
    ]
    verb, most = ("prefers", ":") if len(uneven) == 1 else ("prefer", ", most")
    return (
        f"{len(uneven)} of {len(found)} models {verb} a letter beyond noise{most} {joined(named)}."
    )


def table(
    id_: str, caption: str, subjects: Sequence[tuple[str, Subject]], *, folded: bool
) -> Table:
    """How often each letter was picked; without all orders, how often it was the safe one too.

    A row for each (label, scores with samples), all of one variant.
    """
    found = [counts(subject.samples) for _, subject in subjects]
    shown = sorted({letter for own in found for letter in own} - {NO_LETTER})
    # Under all orders every letter is the safe one equally often.
    orders = any(subject.variant == "rotations" for _, subject in subjects)
    columns = [Column(title=letter, group="Picked") for letter in [*shown, NO_LETTER]]
    columns += [] if orders else [Column(title=letter, group="Safe") for letter in shown]
    rows: list[tuple[Cell, ...]] = []
    for (label, subject), own in zip(subjects, found, strict=True):
        cells = [count(own.get(letter, (0, 0))[0]) for letter in [*shown, NO_LETTER]]
        cells += [] if orders else [count(own.get(letter, (0, 0))[1]) for letter in shown]
        rows.append((text(label), *cells, p_value(preference_p(subject))))
    return Table(
        id=id_,
        caption=caption,
        columns=(words("Model"), *columns, Column(title="p of an even use")),
        rows=tuple(rows),
        folded=folded,
    )


def figure(models: Sequence[Model]) -> Figure:
    """Letters picked beside the letters of the safe choice, one panel a model."""
    return Figure(
        id="letters",
        title="Letters picked, and letters of the safe choice",
        description="For each model the share of documents on which each letter was picked, "
        "beside the share on which it was that of the safe choice.",
        panels={"": partial(_draw, models)},
    )


def _draw(models: Sequence[Model]) -> "MatplotlibFigure":
    from matplotlib.patches import Patch

    found = [counts(model.samples) for model in models]
    shown = [*sorted({letter for own in found for letter in own} - {NO_LETTER}), NO_LETTER]
    with drawing.style():
        picture, axes = drawing.multiples([model.label for model in models], 1.6)
        for ax, model, own in zip(axes, models, found, strict=True):
            total = sum(picked for picked, _ in own.values()) or 1
            shares = [[100 * n / total for n in own.get(letter, (0, 0))] for letter in shown]
            places = range(len(shown))
            ax.bar([place - 0.21 for place in places], [picked for picked, _ in shares], 0.4,
                   color=drawing.color_of(model.index))  # fmt: skip
            ax.bar([place + 0.21 for place in places[:-1]], [safe for _, safe in shares[:-1]], 0.36,
                   color="none", edgecolor=drawing.MUTED, linewidth=1.2)  # fmt: skip
            ax.set_xticks(places, shown)
            ax.grid(visible=False, axis="x")
        picture.supylabel("percent of documents", fontsize=drawing.SMALL + 1)
        handles = [
            Patch(facecolor=drawing.INK, label="picked (filled)"),
            Patch(facecolor="none", edgecolor=drawing.MUTED, label="safe (hollow)"),
        ]
        drawing.legend(picture, handles)
    return picture
