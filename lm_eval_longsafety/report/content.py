"""The parts of a report, independent of HTML, Markdown, CSV or JSON."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lm_eval_longsafety.analysis import truncation
from lm_eval_longsafety.analysis.paired import LEVEL, Difference
from lm_eval_longsafety.analysis.scores import Subject
from lm_eval_longsafety.analysis.stats import Estimate
from lm_eval_longsafety.public import clean

if TYPE_CHECKING:
    from matplotlib.figure import Figure as MatplotlibFigure

    from lm_eval_longsafety.report.explorer import Explorer

BESIDE = 3
"""Up to so many models stand beside each other in one table."""


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
class Section:
    """A part of the report: one sentence of answer, one picture, one table."""

    id: str
    title: str
    answer: str = ""
    """What the numbers of the section say, in one sentence."""
    figures: tuple[Figure, ...] = ()
    tables: tuple[Table, ...] = ()
    notes: tuple[str, ...] = ()
    """Remarks on single models or files."""
    details: tuple[str, ...] = ()
    """How to read the numbers, folded."""
    explorer: "Explorer | None" = None
    """The documents; the only texts of the benchmark in a report."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A whole report; its first section is the verdict."""

    title: str
    line: str
    """Date, data and protocol in one line."""
    banners: tuple[str, ...] = ()
    """What a reader must know before any number."""
    sections: tuple[Section, ...] = ()


def model_tables(
    id_: str,
    caption: str,
    head: str,
    models: Sequence[str],
    rows: Sequence[tuple[str, Sequence[Sequence[Cell]]]],
    metrics: Sequence[str],
    *,
    folded: bool = False,
) -> tuple[Table, ...]:
    """Numbers of models: one table for a few models, one for each metric for many.

    Args:
        id_: of the table; later tables get the metric's position added.
        caption: of the table.
        head: title of the first column.
        models: their labels.
        rows: (title, for each model a cell for each metric).
        metrics: titles of the numbers.
        folded: whether the first table is closed at first; later ones always are.
    """
    if len(models) <= BESIDE:
        group = len(metrics) > 1
        columns = [
            Column(title=metric if group else model, group=model if group else "")
            for model in models
            for metric in metrics
        ]
        cells = [
            (text(title), *(cell for model in found for cell in model)) for title, found in rows
        ]
        shown = caption if group else f"{caption}: {metrics[0]}"
        heads = (words(head), *columns)
        return (Table(id=id_, caption=shown, columns=heads, rows=tuple(cells), folded=folded),)
    return tuple(
        Table(
            id=f"{id_}-{place}" if place else id_,
            caption=f"{caption}: {metric}",
            columns=(words(head), *(Column(title=model) for model in models)),
            rows=tuple((text(title), *(model[place] for model in found)) for title, found in rows),
            folded=folded or place > 0,
        )
        for place, metric in enumerate(metrics)
    )


def scores_table(
    id_: str, caption: str, subjects: Sequence[tuple[str, Subject]], *, replies: bool = False
) -> Table:
    """Means over tasks, a row for each (label, scores), folded.

    With `replies` the shares of replies that refused and of prompts that were truncated too.
    """
    titles = {"sr": "SR %", "ha": "HA %", "answered": "Answered %"}
    titles |= {"refused": "Refused %"} if replies else {}
    rows = [
        (
            text(label),
            *(score(subject.mean(metric)) for metric in titles),
            *([share(truncation.share(subject))] if replies else []),
            count(subject.n),
            text(subject.protocol),
        )
        for label, subject in subjects
    ]
    heads = [*titles.values(), *["Truncated %"] * replies, "Documents"]
    return Table(
        id=id_,
        caption=f"{caption}: mean over tasks [95 % interval]",
        columns=(words("Model"), *(Column(title=head) for head in heads), words("Protocol")),
        rows=tuple(rows),
        folded=True,
    )


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


def coefficient(found: Estimate | None) -> Cell:
    """A cell with a number in [-1, 1], such as kappa, and its interval where it has one."""
    if found is None:
        return Cell(text="n/a")
    shown = _two_digits(found.value)
    if found.low is not None and found.high is not None:
        shown += f" [{_two_digits(found.low)}, {_two_digits(found.high)}]"
    return Cell(text=shown, value=found.value, low=found.low, high=found.high, n=found.n)


def _two_digits(value: float) -> str:
    return f"{value:.2f}".replace("-0.00", "0.00").replace("-", "−")


def difference(found: Difference | None) -> Cell:
    """A cell with a paired difference in percentage points and its interval, all with signs."""
    if found is None:
        return Cell(text="n/a")
    shown = signed(found.value, found.low, found.high)
    return Cell(text=shown, value=found.value, low=found.low, high=found.high, n=found.n)


def p_value(p: float | None) -> Cell:
    """A cell with a p-value."""
    return Cell(text="n/a" if p is None else p_text(p), value=p)


def p_text(p: float) -> str:
    """A p-value with two significant digits, three at most after the point; a bound if tiny."""
    if p < 1e-4:
        return "< 0.0001"
    return f"{p:.2g}" if p < 0.995 else "1"


def p_equals(p: float) -> str:
    """A p-value in a sentence: "= 0.71", or "< 0.0001"."""
    shown = p_text(p)
    return shown if shown.startswith("<") else f"= {shown}"


def percent(value: float) -> str:
    """0.4567 as "45.7", with a true minus sign; never "-0.0"."""
    return f"{value * 100 + 0.0:.1f}".replace("-0.0", "0.0").replace("-", "−")


def points(value: float) -> str:
    """A difference in percentage points with its sign: 0.0123 as "+1.2"; "0.0" has none."""
    shown = percent(value)
    return shown if shown == "0.0" or shown.startswith("−") else f"+{shown}"


def signed(value: float, low: float, high: float, unit: str = "") -> str:
    """A difference with its interval: "+1.2 points [−3.4, +5.8]"."""
    return f"{points(value)}{unit} [{points(low)}, {points(high)}]"


def in_words(found: Estimate) -> str:
    """A score in a sentence: "12.5 % [3.5, 36.0]"."""
    value, bracket, ends = score(found).text.partition(" [")
    return f"{value} %{bracket}{ends}"


def disagreement(low: float, high: float, p: float) -> str:
    """A sentence where the interval of a difference says something else than its test, or "".

    Args:
        low: lower end of the 95 % interval.
        high: upper end.
        p: of the test, corrected where there are several.
    """
    apart = low > 0 or high < 0
    if apart == (p < LEVEL):
        return ""
    without = "leaves out" if apart else "contains"
    return (
        f" The interval of the difference, [{points(low)}, {points(high)}], {without} zero: it is "
        "not corrected for the number of comparisons and the test does not rest on it, so read "
        "this difference with care."
    )


def unread_note(shares: Mapping[str, float]) -> str:
    """Of which tasks a judge's verdicts could not be read, as `verdicts.hardly_read` has it."""
    tasks = some([f"{percent(share)} % of the replies to {task}" for task, share in shares.items()])
    return f"the verdicts on {tasks} could not be read; do not rely on these scores"


def some(names: Sequence[str]) -> str:
    """Up to three names in a sentence: "a, b, c and 2 more"."""
    return joined([*names[:3], f"{len(names) - 3} more"] if len(names) > 3 else names)


def joined(names: Sequence[str]) -> str:
    """Names in a sentence: "a", "a and b", "a, b and c"."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
