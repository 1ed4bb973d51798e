"""Section: documents embedded in longer contexts."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from lm_eval_longsafety.analysis.scores import Subject
from lm_eval_longsafety.report import drawing
from lm_eval_longsafety.report.by_length import Grid, grid_panels, grid_table
from lm_eval_longsafety.report.content import (
    Figure,
    Section,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure as MatplotlibFigure

_LENGTH = "length_"
_LENGTH_CAPTION = "SR % by depth (rows) and prompt tokens (columns) [95 % interval]"


def length_rows(subjects: Sequence[Subject]) -> Section | None:
    """SR by length and depth of `longsafety_length`; None where it was not run."""
    grids = _length_grids(subjects)
    if not grids:
        return None
    return Section(
        id="embedded-lengths",
        title="Documents embedded in longer contexts",
        paragraphs=(
            "Selected documents are placed in harmless filler at a given depth (0: before all "
            "filler, 1: after all filler), in prompts of a given number of tokens. SR is the mean "
            "over the tasks.",
        ),
        figures=(
            Figure(
                id="embedded-curve",
                title="SR against prompt length, embedded documents",
                description="SR with 95 % intervals, one line per model and depth.",
                panels={"": partial(_draw_curve, grids)},
            ),
            Figure(
                id="embedded-map",
                title="SR by depth and prompt length, embedded documents",
                description="A map per model, of the first models; the table below has all.",
                panels=grid_panels(grids),
            ),
        ),
        tables=(grid_table("embedded-table", _LENGTH_CAPTION, grids, "{:,.0f}"),),
    )


def one_length_each(subjects: Sequence[Subject]) -> list[Subject]:
    """The subjects with one length per run and protocol, as its settings are the same for all."""
    seen = set()
    kept = []
    for subject in subjects:
        key = (id(subject.run), subject.protocol)
        if _place(subject.variant) is None or key not in seen:
            kept.append(subject)
        if _place(subject.variant):
            seen.add(key)
    return kept


def _length_grids(subjects: Sequence[Subject]) -> dict[str, Grid]:
    """SR by (depth, length), by model."""
    grids: dict[str, Grid] = {}
    own = [subject for subject in subjects if _place(subject.variant)]
    for subject in own:
        place = _place(subject.variant)
        mean = subject.mean("sr")
        if place and mean:
            label = subject.label.split(" (length ")[0]
            several = len({s.protocol for s in own if s.run is subject.run}) > 1
            label += f" ({subject.protocol})" * several
            grids.setdefault(label, {})[place] = mean
    return grids


def _place(variant: str) -> tuple[float, float] | None:
    """(depth, length) of `length_8192_0.5`."""
    parts = variant.removeprefix(_LENGTH).split("_") if variant.startswith(_LENGTH) else []
    try:
        length, depth = (float(part) for part in parts)
    except ValueError:
        return None
    return depth, length


def _draw_curve(grids: dict[str, Grid]) -> "MatplotlibFigure":
    lines = [
        (
            f"{drawing.shorten(label, 24)}, depth {depth:g}",
            {length: grid[at, length] for at, length in sorted(grid) if at == depth},
        )
        for label, grid in grids.items()
        for depth in sorted({depth for depth, _ in grid})
    ]
    return drawing.curves(lines, "prompt tokens", lambda length: f"{length:,.0f}")
