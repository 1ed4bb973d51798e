"""Drawn pictures as SVG for the page, and as PDF and PNG for papers.

Data flow: drawn figure -> `inline_svg` for the page; `fitted` to a paper's column, `save` for the
files. In the page the palette's colours become CSS variables, so that one picture serves light and
dark.
"""

import io
import re
import textwrap
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lm_eval_longsafety.files import replacing
from lm_eval_longsafety.report.drawing import FONT, GRID, INK, MUTED, PAPER, SERIES, shorten, style

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from matplotlib.text import Text

PRINT = 0.75
"""Size of letters and rows in print; on the page it is 1."""
SMALLEST = 7.0
"""Points: the smallest text in print."""
COLUMNS = {"1": 3.3, "2": 6.8}
"""Inches: width of one and of two columns of a paper."""
_VARIABLES = {INK: "ink", MUTED: "muted", GRID: "grid", PAPER: "paper"} | {
    color: f"series-{index}" for index, color in enumerate(SERIES)
}
_FONT = re.compile(r"'DejaVu Sans'[^;\"]*")


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


def fitted(figure: "Figure", width: float) -> "Figure":
    """The drawn figure, made as wide as a paper's column, with letters and marks for print.

    Args:
        figure: as a section draws it.
        width: in inches.
    """
    from matplotlib.lines import Line2D
    from matplotlib.text import Text

    with style():
        figure.set_size_inches(width, PRINT * figure.get_figheight())
        for text in figure.findobj(Text):
            text.set_fontsize(max(SMALLEST, PRINT * float(text.get_fontsize())))
        for line in figure.findobj(Line2D):
            line.set(markersize=PRINT * line.get_markersize(), lw=PRINT * line.get_linewidth())
            line.set_markeredgewidth(PRINT * line.get_markeredgewidth())
        for ax in figure.axes:
            # Ticks that appear at the new size have that of the axis.
            ax.tick_params(labelsize=PRINT * FONT)
        # Where everything stands at the new size.
        figure.draw_without_rendering()
        for ax in figure.axes:
            titles = [t for t in ax.get_children() if isinstance(t, Text) and t not in ax.texts]
            for text in titles:
                _narrow(text, ax.bbox.x1, textwrap.fill)
            _narrow(ax.xaxis.label, figure.bbox.x1, textwrap.fill)
            for text in ax.texts:
                _narrow(text, figure.bbox.x1, shorten)
    return figure


def _narrow(text: "Text", end: float, shorter: Callable[[str, int], str]) -> None:
    """Make a text shorter until it ends before a place, in pixels, and begins in the figure."""
    words = text.get_text()
    for letters in range(len(words), 5, -1):
        box = text.get_window_extent()
        # With a margin, as letters are wider at other resolutions.
        spare = 0.03 * box.width
        if box.x0 >= spare and box.x1 + spare <= end:
            return
        text.set_text(shorter(words, letters))


def save(figure: "Figure", stem: Path) -> Sequence[Path]:
    """Write the figure as PDF and PNG beside each other."""
    paths = [stem.with_suffix(".pdf"), stem.with_suffix(".png")]
    nothing = dict.fromkeys(("CreationDate", "Producer", "Creator"))
    with style(), replacing(paths[0]) as pdf, replacing(paths[1]) as png:
        figure.savefig(pdf, format="pdf", metadata=nothing)
        figure.savefig(png, format="png", dpi=200, metadata={"Software": None})
    return paths
