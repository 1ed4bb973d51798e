"""Points with intervals in both directions, each with its name beside it.

Data flow: `cross` for every point -> `name_points`, which finds a free place for each name.
"""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from lm_eval_longsafety.analysis.stats import Estimate, Floats
from lm_eval_longsafety.report import drawing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Annotation
    from matplotlib.transforms import Bbox


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
    figure.draw_without_rendering()
    frame, scale = ax.get_window_extent(), figure.dpi / 72
    taken = [drawn.get_window_extent() for drawn in ax.lines]
    notes = []
    for x, y, name, model in points:
        note = ax.annotate(
            drawing.shorten(name, 24), (x, y), (0, 0), textcoords="offset points",
            fontsize=drawing.SMALL, color=drawing.color_of(model), va="center", in_layout=False,
        )  # fmt: skip
        size, at = note.get_window_extent(), ax.transData.transform((x, y))
        boxes = {place: _box(place, scale, size, at) for place in _PLACES}
        outside = {
            place: not (frame.contains(*box.min) and frame.contains(*box.max))
            for place, box in boxes.items()
        }
        notes.append((note, boxes, outside))
    # First the names that have room at their point, then the others, each in the order of places.
    for places in (_PLACES[:_NEAR], _PLACES):
        for each in list(notes):
            note, boxes, outside = each
            faults = {p: boxes[p].count_overlaps(taken) + 100 * outside[p] for p in places}
            place = min(places, key=faults.__getitem__)
            if faults[place] == 0 or places is _PLACES:
                _put(ax, note, place)
                taken.append(boxes[place])
                notes.remove(each)


def _box(place: tuple[int, int], scale: float, size: "Bbox", at: "Floats") -> "Bbox":
    """Where a name of that size would stand, in pixels, with a margin for other fonts."""
    from matplotlib.transforms import Bbox

    right, up = place
    left = at[0] + scale * right - size.width * (0.5 if right == 0 else right < 0)
    bottom = at[1] + scale * up - size.height / 2
    return Bbox.from_bounds(left - 2, bottom, size.width + 4, size.height)


def _put(ax: "Axes", note: "Annotation", place: tuple[int, int]) -> None:
    """Move a name to its place, with a line to its point unless it is near."""
    right = place[0]
    note.set(position=place, ha="left" if right > 0 else "right" if right < 0 else "center")
    if place not in _PLACES[:_NEAR]:
        line = {"arrowstyle": "-", "color": drawing.MUTED, "linewidth": 0.7, "shrinkA": 0}
        ax.annotate("", note.xy, place, textcoords="offset points", in_layout=False,
                    arrowprops=line | {"shrinkB": 4})  # fmt: skip


_PLACES = sorted(
    ((right, up) for right in (7, -7, 0, 20, -20, 34, -34) for up in range(-88, 89, 11)),
    key=lambda place: math.hypot(*place),
)[1:]
"""Where a name may stand, in points from its mark, the nearest first."""
_NEAR = 4
"""So many of them are so near that they need no line: right, left, above and below."""
