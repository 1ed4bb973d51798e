"""Colours, axes and marks of the report's pictures, all by matplotlib's object interface.

Data flow: section module -> `panel` -> drawn figure -> `export`. Every panel is as wide as a phone:
its letters stay legible there.
"""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from lm_eval_longsafety.analysis.paired import Difference
from lm_eval_longsafety.analysis.stats import Estimate

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, MUTED, GRID, PAPER = "#1b2430", "#56616f", "#d5dbe3", "#fefefe"
SERIES = (
    *("#1d69fc", "#a36716", "#640c48", "#865db1"),
    *("#5a4904", "#b01365", "#430692", "#0806e1"),
)
"""A colour for each model, at least 4.5:1 on white.

Found by a random search for the greatest least distance (OKLab) under simulated red, green and blue
blindness (Machado et al., IEEE TVCG 2009); a test holds it. `page.css` has the dark page's colours.
"""
MAP_LOW, MAP_HIGH = "#f6e3d7", "#0b4f9e"
FONT = 10
_STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "lm-eval-longsafety",
    "pdf.fonttype": 42,
    # Names are untrusted: a "$" in one must not start a formula.
    "text.parse_math": False,
    "font.family": "sans-serif",
    "font.size": FONT,
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
WIDTH = 5.0
"""Inches: 360 points, about the width of a phone's screen in CSS pixels."""


def color_of(model: int) -> str:
    """Colour of the n-th model; hue says nothing else."""
    return SERIES[model % len(SERIES)]


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

    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    return figure, figure.subplots()


def multiples(
    titles: Sequence[str], height: float, heading: str = "", below: float = 0.3
) -> "tuple[Figure, list[Axes]]":
    """A figure with small axes of the same scales, two beside each other, one for each title.

    Args:
        titles: such as the models' labels.
        height: of each pair of axes, in inches.
        heading: above all of them.
        below: room for the labels below the lowest ones, in inches.
    """
    from matplotlib.figure import Figure

    rows = -(-len(titles) // 2) if len(titles) > 1 else 1
    columns = min(2, len(titles))
    above = 0.3 if heading else 0
    figure = Figure(figsize=(WIDTH, above + height * rows + below), layout="constrained")
    if heading:
        figure.suptitle(heading, x=0.01, ha="left", fontsize=11, fontweight="bold")
    grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    places = list(grid.flat)
    for ax in places[len(titles) :]:
        ax.set_axis_off()
    for ax, title in zip(places, titles, strict=False):
        ax.set_title(shorten(title, 24), fontsize=SMALL + 1)
    # The last axes of a column keep their tick labels where those below them are empty.
    for ax in places[len(titles) - columns : len(titles)]:
        ax.tick_params(labelbottom=True)
    return figure, places[: len(titles)]


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


def mark(metric: str, model: int | None = None) -> dict[str, Any]:
    """Matplotlib's properties of a point: SR filled and round, HA hollow and pointed.

    Args:
        metric: `sr` or `ha`.
        model: its place, which gives the colour; None for a legend.
    """
    color = INK if model is None else color_of(model)
    if metric == "ha":
        return {"marker": "D", "color": color, "markerfacecolor": PAPER, "markersize": 5.5}
    return {"marker": "o", "color": color, "markeredgecolor": PAPER, "markersize": 6.5}


def line(metric: str) -> str:
    """Matplotlib's line style of a metric: SR solid, HA dashed."""
    return "--" if metric == "ha" else "-"


def interval(
    ax: "Axes", position: float, found: Estimate | Difference, model: int, metric: str = "sr"
) -> None:
    """A horizontal interval with its point, in percent, at height `position`."""
    if found.low is not None and found.high is not None:
        ax.plot(
            [100 * found.low, 100 * found.high],
            [position] * 2,
            color=color_of(model),
            linewidth=1.3 if metric == "ha" else 2.2,
            linestyle=line(metric),
        )
    ax.plot([100 * found.value], [position], linestyle="none", **mark(metric, model))


def metric_legend(figure: "Figure") -> None:
    """A legend that explains the metrics' marks, below the axes."""
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], linestyle=line(metric), label=metric.upper(), **mark(metric))
        for metric in ("sr", "ha")
    ]
    legend(figure, handles)


def legend(figure: "Figure", handles: "Sequence[Artist]") -> None:
    """A legend below the axes, in room of its own."""
    figure.set_figheight(figure.get_figheight() + 0.21)
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))


def rows_of_names(ax: "Axes", names: Sequence[str]) -> None:
    """Name the rows of a plot, the first one at the top."""
    ax.set_yticks(range(len(names)), [shorten(name, 24) for name in names])
    ax.set_ylim(len(names) - 0.4, -0.6)


def forest(rows: "Sequence[tuple[str, int, Difference | None]]", title: str) -> "Figure":
    """Paired differences in percentage points with their intervals, one row each, about zero.

    Args:
        rows: (name, place of the model whose colour the row has, difference).
        title: of the x axis.
    """
    with style():
        figure, ax = panel(0.8 + 0.3 * len(rows))
        for place, (_, model, found) in enumerate(rows):
            if found is not None:
                interval(ax, place, found, model)
        ax.axvline(0, color=MUTED, linewidth=1, zorder=0)
        rows_of_names(ax, [name for name, *_ in rows])
        ax.set_xlabel(title)
        ax.grid(visible=False, axis="y")
        ax.xaxis.set_major_formatter(_signed)
    return figure


def headings(ax: "Axes", places: "Mapping[str, int]") -> None:
    """Write headings of groups of rows into rows that have neither name nor point.

    Args:
        ax: as `forest` draws it.
        places: the row of each heading.
    """
    from matplotlib.transforms import blended_transform_factory

    # From the figure's left edge, since the row's name is empty.
    where = blended_transform_factory(ax.figure.transFigure, ax.transData)
    for title, place in places.items():
        ax.text(0.01, place, title, transform=where, va="center", in_layout=False,
                fontsize=SMALL, fontweight="bold", color=INK,
                bbox={"facecolor": PAPER, "edgecolor": "none", "pad": 1.5})  # fmt: skip


def _signed(value: float, _: float) -> str:
    return f"{value:+g}".replace("-", "−") if value else "0"


def fields(
    ax: "Axes",
    rows: Sequence[str],
    columns: Sequence[str],
    values: "Mapping[tuple[int, int], float]",
) -> None:
    """Draw a map of shares: coloured fields with their percent written in them.

    Args:
        ax: empty axes.
        rows: names from top to bottom.
        columns: names from left to right.
        values: shares in [0, 1] by (row, column); fields without one stay empty.
    """
    from matplotlib.collections import PolyCollection
    from matplotlib.colors import LinearSegmentedColormap

    colors = LinearSegmentedColormap.from_list("share", [MAP_LOW, MAP_HIGH])
    ax.grid(visible=False)
    corners = [(-0.48, -0.46), (0.48, -0.46), (0.48, 0.46), (-0.48, 0.46)]
    boxes = [[(x + right, y + up) for right, up in corners] for y, x in values]
    ax.add_collection(PolyCollection(boxes, facecolors=[*map(colors, values.values())]))
    for (y, x), value in values.items():
        # Not in the layout: a map has hundreds of them, and none leaves its field.
        ax.text(x, y, f"{100 * value:.0f}", ha="center", va="center", in_layout=False,
                fontsize=SMALL, color=_readable(colors(value)))  # fmt: skip
    ax.set_xticks(range(len(columns)), columns)
    if turned(columns):
        ax.tick_params("x", rotation=40)
        for name in ax.get_xticklabels():
            name.set(ha="right", rotation_mode="anchor")
    rows_of_names(ax, rows)
    ax.set_xlim(-0.6, len(columns) - 0.4)


def turned(names: Sequence[str]) -> bool:
    """Whether names below the columns of a small map are too long to stand beside each other."""
    return sum(len(name) + 1 for name in names) > 24


def _readable(color: tuple[float, ...]) -> str:
    """Black or white, whichever has more contrast on a colour (WCAG 2.2)."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in color[:3]]
    luminance = sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
    return "#000000" if (luminance + 0.05) / 0.05 > 1.05 / (luminance + 0.05) else "#ffffff"
