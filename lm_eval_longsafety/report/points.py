"""Points with intervals in both directions, each with its name beside it.

Data flow: `cross` for every point -> `name_points`, which finds a free place for each name.
"""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from lm_eval_longsafety.analysis.stats import Estimate
from lm_eval_longsafety.report import drawing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def cross(ax: "Axes", x: Estimate, y: Estimate, model: int) -> None:
    """A point with its intervals in both directions, in percent."""
    at, color = (100 * x.value, 100 * y.value), drawing.color_of(model)
    if x.low is not None and x.high is not None:
        ax.plot([100 * x.low, 100 * x.high], [at[1]] * 2, color=color, linewidth=1.6)
    if y.low is not None and y.high is not None:
        ax.plot([at[0]] * 2, [100 * y.low, 100 * y.high], color=color, linewidth=1.6)
    ax.plot(at[:1], at[1:], linestyle="none", **drawing.mark("sr", model))


def name_points(
    figure: "Figure", ax: "Axes", points: "Sequence[tuple[float, float, str, int]]"
) -> None:
    """Write each point's name near it, where it covers neither names nor what is drawn.

    Args:
        figure: complete but for the names.
        ax: its axes, whose limits are fixed.
        points: (x, y, name, place of the model) in the axes' units.
    """
    from matplotlib.transforms import Bbox

    figure.draw_without_rendering()
    frame, scale = ax.get_window_extent(), figure.dpi / 72
    taken = [drawn.get_window_extent() for drawn in ax.lines]
    for x, y, name, model in points:
        note = ax.annotate(
            drawing.shorten(name, 24), (x, y), (0, 0), textcoords="offset points",
            fontsize=drawing.SMALL, color=drawing.color_of(model), va="center", in_layout=False,
        )  # fmt: skip
        size, (left, bottom) = note.get_window_extent(), ax.transData.transform((x, y))
        found = []
        for right, up in _PLACES:
            start = left + scale * right - size.width * (0.5 if right == 0 else right < 0)
            middle = bottom + scale * up - size.height / 2
            box = Bbox.from_bounds(start, middle, size.width, size.height)
            outside = not (frame.contains(*box.min) and frame.contains(*box.max))
            found.append((box.count_overlaps(taken) + 100 * outside, box, right, up))
        # The nearest of those that cover least.
        _, box, right, up = min(found, key=lambda place: place[0])
        taken.append(box)
        side = "left" if right > 0 else "right" if right < 0 else "center"
        note.set(position=(right, up), ha=side)
        if math.hypot(right, up) > _NEAR:
            line = {
                "arrowstyle": "-",
                "color": drawing.MUTED,
                "linewidth": 0.7,
                "shrinkA": 0,
                "shrinkB": 4,
            }
            ax.annotate("", (x, y), (right, up), textcoords="offset points", arrowprops=line,
                        in_layout=False)  # fmt: skip


_NEAR = 11
_PLACES = sorted(
    ((right, up) for right in (7, -7, 0, 20, -20, 34, -34) for up in range(-88, 89, 11)),
    key=lambda place: math.hypot(*place),
)[1:]
"""Where a name may stand, in points from its mark, the nearest first; nearer ones need no line."""
