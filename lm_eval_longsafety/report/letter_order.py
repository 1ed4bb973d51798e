"""Section: which letters a model picked, and which were those of the safe choice."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from lm_eval_longsafety.analysis.scores import Subject
from lm_eval_longsafety.analysis.stats import uniform_test
from lm_eval_longsafety.report import drawing
from lm_eval_longsafety.report.content import (
    Cell,
    Column,
    Figure,
    Section,
    Table,
    count,
    text,
    words,
)
from lm_eval_longsafety.results import Sample

if TYPE_CHECKING:
    from matplotlib.figure import Figure as MatplotlibFigure

NO_LETTER = "none"


def section(subjects: Sequence[Subject]) -> Section | None:
    """Letters picked and letters of the safe choice; None without samples."""
    sampled = [subject for subject in subjects if subject.samples]
    if not sampled:
        return None
    return Section(
        id="letters",
        title="Letters",
        paragraphs=(
            "Letters are assigned to the choices at random, so every letter is that of the safe "
            "choice about equally often. A model that prefers a letter, whatever its choice says, "
            "picks it far more often than that; p is Pearson's chi-square test of its picks "
            "against an even use of the letters shown, n/a where fewer than five picks of each "
            "letter are expected.",
        ),
        figures=(
            Figure(
                id="letters",
                title="Letters picked and letters of the safe choice",
                description=(
                    "Share of documents on which each letter was picked, beside the share on "
                    "which it was the safe one. The numbers are in the table below."
                ),
                panels={"": partial(_draw, sampled)},
            ),
        ),
        tables=(_table(sampled),),
    )


def counts(samples: Sequence[Sample]) -> dict[str, tuple[int, int]]:
    """Per letter (times picked, times safe), `none` for replies without a letter last."""
    picked: dict[str, int] = {}
    safe: dict[str, int] = {}
    for sample in samples:
        safe[sample.letters[-1]] = safe.get(sample.letters[-1], 0) + len(sample.picks)
        for pick in sample.picks:
            picked[pick or NO_LETTER] = picked.get(pick or NO_LETTER, 0) + 1
    offered = sorted({letter for sample in samples for letter in sample.letters})
    names = [*offered, NO_LETTER]
    return {name: (picked.get(name, 0), safe.get(name, 0)) for name in names}


def preference_p(samples: Sequence[Sample]) -> float | None:
    """The p-value of the letters picked, if a model used all letters shown equally often."""
    expected: dict[str, float] = {}
    picked: dict[str, float] = {}
    for sample in samples:
        for pick in filter(None, sample.picks):
            picked[pick] = picked.get(pick, 0) + 1
            for letter in sample.letters:
                expected[letter] = expected.get(letter, 0) + 1 / len(sample.letters)
    letters = sorted(expected)
    if not letters:
        return None
    return uniform_test(
        [picked.get(letter, 0) for letter in letters], [expected[letter] for letter in letters]
    )


def p_text(p: float | None) -> Cell:
    """A p-value to two digits; below 0.0001 as a bound."""
    if p is None:
        return Cell(text="n/a")
    return Cell(text="< 0.0001" if p < 1e-4 else f"{p:.2g}", value=p)


def _table(subjects: Sequence[Subject]) -> Table:
    per_subject = [counts(subject.samples) for subject in subjects]
    letters = sorted({letter for found in per_subject for letter in found if letter != NO_LETTER})
    rows = []
    for letter in [*letters, NO_LETTER]:
        cells = [count(n) for found in per_subject for n in found.get(letter, (0, 0))]
        rows.append((text(letter), *cells))
    tests = [cell for s in subjects for cell in (p_text(preference_p(s.samples)), Cell(text=""))]
    rows.append((text("p of an even use"), *tests))
    return Table(
        id="letter-table",
        caption="How often each letter was picked, and how often it was the safe one",
        columns=(
            words("Letter"),
            *(Column(title=t, group=s.label) for s in subjects for t in ("Picked", "Safe")),
        ),
        rows=tuple(rows),
    )


def _draw(subjects: Sequence[Subject]) -> "MatplotlibFigure":
    with drawing.style():
        figure, ax = drawing.panel(2.8)
        per_subject = [counts(subject.samples) for subject in subjects]
        letters = sorted({name for found in per_subject for name in found} - {NO_LETTER})
        letters.append(NO_LETTER)
        width = 0.8 / (len(subjects) + 1)
        for series, (subject, found) in enumerate(zip(subjects, per_subject, strict=True)):
            total = sum(picked for picked, _ in found.values()) or 1
            at = [place - 0.4 + (series + 0.5) * width for place in range(len(letters))]
            ax.bar(
                at,
                [100 * found.get(letter, (0, 0))[0] / total for letter in letters],
                0.9 * width,
                color=drawing.color_of(series),
                label=drawing.shorten(subject.label),
            )
        total = sum(safe for _, safe in per_subject[0].values()) or 1
        ax.bar(
            [place - 0.4 + (len(subjects) + 0.5) * width for place in range(len(letters))],
            [100 * per_subject[0].get(letter, (0, 0))[1] / total for letter in letters],
            0.9 * width,
            color="none",
            # Hollow: the sixth model's colour is nearly the same.
            edgecolor=drawing.MUTED,
            linewidth=1.2,
            label="safe letter",
        )
        ax.set_xticks(range(len(letters)), letters)
        ax.set_ylabel("percent of documents")
        ax.grid(visible=False, axis="x")
        drawing.legend(figure, ax)
    return figure
