"""Section: depth x length maps of the grid tasks, and SR against prompt length."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from lm_eval_longsafety.analysis.scores import Subject
from lm_eval_longsafety.analysis.stats import Estimate, Values, proportion
from lm_eval_longsafety.benchmark import TASKS, BenchmarkTask
from lm_eval_longsafety.report import drawing
from lm_eval_longsafety.report.breakdown import task_of
from lm_eval_longsafety.report.content import Column, Figure, Section, Table, score, text, words
from lm_eval_longsafety.results import Sample

if TYPE_CHECKING:
    from matplotlib.figure import Figure as MatplotlibFigure

_EDGES = tuple(1024 * 2**power for power in range(0, 12))
_PANELS = 4
Grid = dict[tuple[float, float], Estimate]
"""SR by (depth, length)."""


def section(subjects: Sequence[Subject]) -> Section | None:
    """Where in the context and at which length models fail; None without samples."""
    sampled = [subject for subject in subjects if subject.samples]
    if not sampled:
        return None
    figures, tables, notes = [], [], []
    curves = {subject.label: by_length(subject.samples) for subject in sampled}
    curves = {label: curve for label, curve in curves.items() if curve}
    if curves:
        figures.append(
            Figure(
                id="length",
                title="SR against prompt length",
                description=(
                    "SR with 95 % intervals per bucket of prompt tokens, one line per model."
                ),
                panels={"": partial(_draw_curves, curves)},
            )
        )
        tables.append(_curve_table(curves))
    else:
        notes.append(
            "The runs had no tokenizer to count prompts with, so SR against length cannot be shown."
        )
    for benchmark in (task for task in TASKS if task.grid):
        grids = {s.label: grid for s in sampled if (grid := grid_of(s, benchmark))}
        if grids:
            figures.append(_grid_figure(benchmark, grids))
            caption = (
                f"{benchmark.split}: SR % by depth (rows) and length (columns) [95 % interval]"
            )
            id_ = f"grid-{benchmark.split.lower()}-table"
            tables.append(grid_table(id_, caption, grids, "length {:,g}", folded=True))
    if len(sampled) > _PANELS:
        notes.append(
            f"The maps show the first {_PANELS} models that have one, the tables show all."
        )
    return Section(
        id="lengths",
        title="Length and depth",
        paragraphs=(
            "Prompt length is counted in the model's own tokens. Depth and length of the maps "
            "are the data set's own numbers, which have no stated unit. Buckets pool documents of "
            "all tasks, so tasks with longer contexts have more weight in the long ones.",
        ),
        figures=tuple(figures),
        tables=tuple(tables),
        notes=tuple(notes),
    )


def by_length(samples: Sequence[Sample]) -> dict[tuple[int, int], Estimate]:
    """SR per bucket [from, below) of prompt tokens, in order; unknown lengths left out."""
    buckets: dict[tuple[int, int], list[Sample]] = defaultdict(list)
    for sample in samples:
        if sample.prompt_tokens is not None:
            below = next((edge for edge in _EDGES if sample.prompt_tokens < edge), 2**31)
            start = 0 if below == _EDGES[0] else min(below // 2, _EDGES[-1])
            buckets[start, below].append(sample)
    return {key: _sr(buckets[key]) for key in sorted(buckets)}


def grid_of(subject: Subject, benchmark: BenchmarkTask) -> Grid:
    """SR per (depth, length) of a grid task; empty without samples that carry both."""
    task = task_of(subject, benchmark)
    cells: dict[tuple[float, float], list[Sample]] = defaultdict(list)
    for sample in task.samples if task else ():
        if sample.depth is not None and sample.length is not None:
            cells[sample.depth, sample.length].append(sample)
    return {key: _sr(cells[key]) for key in sorted(cells)}


def _sr(samples: Sequence[Sample]) -> Estimate:
    return proportion(
        Values.of([sample.sr for sample in samples], [sample.context_sha256 for sample in samples])
    )


def _bucket(key: tuple[int, int]) -> str:
    return f"{key[0]:,} and more" if key[1] == 2**31 else f"{key[0]:,} to {key[1] - 1:,}"


def _curve_table(curves: dict[str, dict[tuple[int, int], Estimate]]) -> Table:
    keys = sorted({key for curve in curves.values() for key in curve})
    rows = []
    for key in keys:
        found = [curve.get(key) for curve in curves.values()]
        rows.append(
            (
                text(_bucket(key)),
                *(
                    cell
                    for estimate in found
                    for cell in (score(estimate), text(estimate.n if estimate else None))
                ),
            )
        )
    return Table(
        id="length-table",
        caption="SR by prompt length in tokens [95 % interval]",
        columns=(
            words("Prompt tokens"),
            *(Column(title=title, group=label) for label in curves for title in ("SR %", "n")),
        ),
        rows=tuple(rows),
    )


def grid_table(
    id_: str, caption: str, grids: dict[str, Grid], head: str, *, folded: bool = False
) -> Table:
    """SR by depth and length: a row for each model and depth, a column for each length.

    Args:
        id_: of the table.
        caption: of the table.
        grids: SR by (depth, length), by model.
        head: format of a column's title, such as `length {:,g}`.
        folded: closed until opened.
    """
    lengths = sorted({length for grid in grids.values() for _, length in grid})
    return Table(
        id=id_,
        caption=caption,
        columns=(words("Model and depth"), *(Column(title=head.format(n)) for n in lengths)),
        rows=tuple(
            (text(f"{label}, depth {depth:g}"), *(score(grid.get((depth, n))) for n in lengths))
            for label, grid in grids.items()
            for depth in sorted({depth for depth, _ in grid})
        ),
        folded=folded,
    )


def _grid_figure(benchmark: BenchmarkTask, grids: dict[str, Grid]) -> Figure:
    return Figure(
        id=f"grid-{benchmark.split.lower()}",
        title=f"{benchmark.split}: SR by depth and length",
        description=(
            "A map per model: depth downwards, length to the right, each field with its SR in "
            "percent. The numbers are in the table below."
        ),
        panels=grid_panels(grids),
    )


def _draw_curves(curves: dict[str, dict[tuple[int, int], Estimate]]) -> "MatplotlibFigure":
    lines = [(drawing.shorten(label), curve) for label, curve in curves.items()]
    title = "prompt tokens, bucket starting at (k = 1,024)"
    return drawing.curves(lines, title, lambda bucket: f"{bucket[0] // 1024}k")


def grid_panels(grids: dict[str, Grid]) -> "dict[str, Callable[[], MatplotlibFigure]]":
    """A map of SR by depth and length for each of the first models."""
    shown = list(grids.items())[:_PANELS]
    return {
        str(number): partial(_draw_grid, label, grid)
        for number, (label, grid) in enumerate(shown, start=1)
    }


def _draw_grid(label: str, grid: Grid) -> "MatplotlibFigure":
    from matplotlib.colors import LinearSegmentedColormap

    colors = LinearSegmentedColormap.from_list("sr", [drawing.MAP_LOW, drawing.MAP_HIGH])
    depths = sorted({depth for depth, _ in grid})
    lengths = sorted({length for _, length in grid})
    with drawing.style():
        figure, ax = drawing.panel(1.2 + 0.34 * len(depths))
        ax.grid(visible=False)
        for (depth, length), estimate in grid.items():
            x, y = lengths.index(length), depths.index(depth)
            ax.fill_between(
                [x - 0.48, x + 0.48], y - 0.46, y + 0.46, color=colors(estimate.value), lw=0
            )
            dark = estimate.value > 0.45
            ax.text(x, y, f"{100 * estimate.value:.0f}", ha="center", va="center",
                    fontsize=drawing.SMALL, color="#ffffff" if dark else "#111111")  # fmt: skip
        ax.set_xticks(range(len(lengths)), [f"{length:,g}" for length in lengths], rotation=30)
        ax.set_yticks(range(len(depths)), [f"{depth:g}" for depth in depths])
        ax.set_ylim(len(depths) - 0.4, -0.6)
        ax.set(title=drawing.shorten(label), xlabel="length", ylabel="depth")
    return figure
