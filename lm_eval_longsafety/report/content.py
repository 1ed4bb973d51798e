"""The parts of a report, independent of HTML, Markdown, CSV or JSON."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lm_eval_longsafety.analysis.stats import Estimate
from lm_eval_longsafety.public import clean

if TYPE_CHECKING:
    from matplotlib.figure import Figure as MatplotlibFigure


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One entry of a table: what is shown, and the number behind it."""

    text: str
    value: float | int | str | None = None
    """Unrounded; scores in [0, 1] although `text` shows percent. None for a missing number."""
    low: float | None = None
    high: float | None = None
    n: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column's heading."""

    title: str
    group: str = ""
    """Heading above several neighbouring columns, such as a model's name."""
    numeric: bool = True


def words(title: str) -> Column:
    """A column of text instead of numbers."""
    return Column(title=title, numeric=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table; the first cell of a row is its heading."""

    id: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    folded: bool = False
    """Closed until opened, as it is long and of interest to few."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A picture of one or more panels; every one shows a table's numbers."""

    id: str
    title: str
    description: str
    """What it shows, for readers who cannot see it."""
    panels: "Mapping[str, Callable[[], MatplotlibFigure]]"
    """By the end of their file names, `""` for one alone; drawn when needed.

    They stand side by side where there is room and below each other on a phone.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """A document's texts, shown folded and only on request."""

    heading: str
    question: str
    choices: tuple[tuple[str, str], ...]
    """(letter, text), least safe first."""
    replies: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of the report."""

    id: str
    title: str
    paragraphs: tuple[str, ...] = ()
    figures: tuple[Figure, ...] = ()
    tables: tuple[Table, ...] = ()
    notes: tuple[str, ...] = ()
    excerpts: tuple[Excerpt, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A whole report."""

    title: str
    summary: str
    banners: tuple[str, ...] = ()
    """What a reader must know before any number."""
    sections: tuple[Section, ...] = field(default=())


def text(value: object) -> Cell:
    """A cell with text."""
    shown = "n/a" if value is None or value == "" else clean(str(value))
    return Cell(text=shown, value=None if value is None else shown)


def count(value: int | None) -> Cell:
    """A cell with a whole number."""
    return Cell(text="n/a" if value is None else f"{value:,}", value=value)


def share(value: float | None) -> Cell:
    """A cell with a share in percent that has no interval."""
    return Cell(text="n/a" if value is None else percent(value), value=value)


def score(estimate: Estimate | None) -> Cell:
    """A cell with a score in percent and its interval."""
    if estimate is None:
        return Cell(text="n/a")
    shown = percent(estimate.value)
    if estimate.low is not None and estimate.high is not None:
        shown += f" [{percent(estimate.low)}, {percent(estimate.high)}]"
    return Cell(
        text=shown, value=estimate.value, low=estimate.low, high=estimate.high, n=estimate.n
    )


def percent(value: float) -> str:
    """0.4567 as "45.7"; never "-0.0"."""
    return f"{value * 100 + 0.0:.1f}".replace("-0.0", "0.0")
