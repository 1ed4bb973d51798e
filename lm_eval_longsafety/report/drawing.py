"""Colours, axes and export of the report's pictures, all by matplotlib's object interface.

Data flow: section module -> `panel` -> drawn figure -> `inline_svg` for the page, `save` for PDF
and PNG. In the page the palette's colours become CSS variables, so that one picture serves light
and dark. Every panel is as wide as a phone: its letters stay legible there.
"""

import io
import re
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from lm_eval_longsafety.analysis.stats import Estimate
from lm_eval_longsafety.files import replacing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_Length = TypeVar("_Length", float, tuple[int, int])
INK, MUTED, GRID, PAPER = "#1b2430", "#5a6675", "#d5dbe3", "#fefefe"
SERIES = ("#0b62c4", "#b4490f", "#0d7468", "#9c1f9f", "#75650b", "#4b5b70")
MARKERS = ("o", "s", "D", "^", "v", "P")
MAP_LOW, MAP_HIGH = "#f6e3d7", "#0b4f9e"
_VARIABLES = {INK: "ink", MUTED: "muted", GRID: "grid", PAPER: "paper"} | {
    color: f"series-{index}" for index, color in enumerate(SERIES)
}
_STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "lm-eval-longsafety",
    "pdf.fonttype": 42,
    # Names are untrusted: a "$" in one must not start a formula.
    "text.parse_math": False,
    "font.family": "sans-serif",
    "font.size": 10,
    "text.color": INK,
    "axes.edgecolor": GRID,
    "axes.labelcolor": INK,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "legend.frameon": False,
    "figure.facecolor": PAPER,
    "axes.facecolor": PAPER,
}
SMALL = 9
"""Points: the smallest text of a picture, still legible on a phone."""
_WIDTH = 5.0
"""Inches: 360 points, about the width of a phone's screen in CSS pixels."""
_LINE = 56
"""Letters that fit beside each other in that width."""
_FONT = re.compile(r"'DejaVu Sans'[^;\"]*")


def color_of(series: int) -> str:
    """Colour of the n-th model."""
    return SERIES[series % len(SERIES)]


def marker_of(series: int) -> str:
    """Mark of the n-th model: the seventh has the first's colour, but another mark."""
    return MARKERS[(series + series // len(SERIES)) % len(MARKERS)]


@contextmanager
def style() -> Iterator[None]:
    """The report's matplotlib settings, while a figure is drawn or saved."""
    import matplotlib

    with matplotlib.rc_context(_STYLE), warnings.catch_warnings():
        # A model's name may hold letters that the PDF and PNG font lacks; the page's text has them.
        warnings.filterwarnings("ignore", message=r"Glyph .* missing from font")
        yield


def panel(height: float) -> "tuple[Figure, Axes]":
    """A figure with one pair of axes, `height` inches high without its legend."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(_WIDTH, height), layout="constrained")
    return figure, figure.subplots()


def shorten(label: str, limit: int = 30) -> str:
    """A label that fits a picture; the tables have it whole."""
    if len(label) <= limit:
        return label
    end = label[-(limit - 1) :]
    # Without the organisation rather than with the end of its name.
    return "…" + end[max(end.find("/"), 0) :]


def percent_axis(ax: "Axes", title: str) -> None:
    """Make the x axis 0 to 100 percent."""
    ax.set_xlim(-2, 102)
    ax.set_xticks(range(0, 101, 20))
    ax.set_xlabel(title)
    ax.grid(visible=False, axis="y")


def interval(
    ax: "Axes", position: float, estimate: Estimate, series: int, *, label: str = ""
) -> None:
    """A horizontal interval with its point, in percent, at height `position`."""
    color, value = color_of(series), 100 * estimate.value
    if estimate.low is not None and estimate.high is not None:
        ends = [100 * estimate.low, 100 * estimate.high]
        ax.plot(ends, [position] * 2, color=color, linewidth=2.2, solid_capstyle="round")
    ax.plot(
        [value],
        [position],
        linestyle="none",
        marker=marker_of(series),
        markersize=6.5,
        color=color,
        markeredgecolor=PAPER,
        markeredgewidth=0.8,
        label=label or "_",
    )


def curves(
    lines: "Sequence[tuple[str, Mapping[_Length, Estimate]]]",
    xlabel: str,
    tick: "Callable[[_Length], str]",
) -> "Figure":
    """SR in percent against length: a line with intervals for each (label, SR by length).

    Args:
        lines: from the first series to the last; not every line needs every length.
        xlabel: title of the x axis.
        tick: the name of a length on that axis.
    """
    with style():
        figure, ax = panel(3.0)
        lengths = sorted({length for _, line in lines for length in line})
        for series, (label, line) in enumerate(lines):
            shift = 0.3 * ((series + 0.5) / len(lines) - 0.5)
            own = list(line.values())
            below = [100 * (e.value - e.low) for e in own if e.low is not None]
            above = [100 * (e.high - e.value) for e in own if e.high is not None]
            ax.errorbar(
                [lengths.index(length) + shift for length in line],
                [100 * e.value for e in own],
                yerr=[below, above] if len(below) == len(above) == len(own) else None,
                color=color_of(series),
                marker=marker_of(series),
                linewidth=1.5,
                label=label,
            )
        ax.set_xticks(range(len(lengths)), [tick(length) for length in lengths])
        ax.set(xlabel=xlabel, ylabel="SR, percent", ylim=(-2, 102))
        ax.grid(visible=False, axis="x")
        legend(figure, ax)
    return figure


def key(ax: "Axes", series: int, label: str, linewidth: float = 2.2) -> None:
    """Add a series to the legend."""
    ax.plot(
        [],
        [],
        color=color_of(series),
        marker=marker_of(series),
        linewidth=linewidth,
        label=label,
    )


def legend(figure: "Figure", ax: "Axes") -> None:
    """A legend below the axes, for which the figure grows."""
    handles, labels = ax.get_legend_handles_labels()
    if len(handles) < 2:
        return
    columns = _legend_columns(labels)
    figure.set_figheight(figure.get_figheight() + 0.21 * -(-len(labels) // columns))
    figure.legend(handles, labels, loc="outside lower center", ncols=columns)


def _legend_columns(labels: Sequence[str]) -> int:
    """As many columns as fit beside each other, at most three."""
    from numpy import array_split

    for columns in range(min(3, len(labels)), 1, -1):
        # matplotlib fills the columns one after the other, in these parts.
        parts = array_split([len(label) for label in labels], columns)
        longest = [max(part) for part in parts]
        # Mark and space take as much as eight letters.
        if sum(longest) + 8 * len(longest) <= _LINE:
            return columns
    return 1


def inline_svg(figure: "Figure", prefix: str) -> str:
    """The figure as an `<svg>` element for an HTML page.

    Args:
        figure: a drawn figure.
        prefix: put before every id, as several pictures share the page.
    """
    out = io.StringIO()
    with style():
        figure.savefig(
            out, format="svg", transparent=True, metadata={"Date": None, "Creator": None}
        )
    svg = out.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'\bid="', f'id="{prefix}-', svg)
    svg = re.sub(r'(href="|url\()#', rf"\1#{prefix}-", svg)
    svg = re.sub(r'<svg ([^>]*?)width="[^"]*" ?', r"<svg \1", svg, count=1)
    svg = re.sub(r'<svg ([^>]*?)height="[^"]*" ?', r"<svg \1", svg, count=1)
    svg = _FONT.sub("var(--font)", svg)
    for color, name in _VARIABLES.items():
        svg = svg.replace(color, f"var(--{name})")
    return svg.strip()


def save(figure: "Figure", stem: Path) -> Sequence[Path]:
    """Write the figure as PDF and PNG beside each other."""
    paths = [stem.with_suffix(".pdf"), stem.with_suffix(".png")]
    nothing = dict.fromkeys(("CreationDate", "Producer", "Creator"))
    with style(), replacing(paths[0]) as pdf, replacing(paths[1]) as png:
        figure.savefig(pdf, format="pdf", metadata=nothing)
        figure.savefig(png, format="png", dpi=200, metadata={"Software": None})
    return paths
