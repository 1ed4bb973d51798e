"""Section: SR against the length of the context, where in it the harm stands, and what fills it.

Data flow: models -> a `Trend` of each (shortest against longest contexts, SR by depth) -> sentence
and table; curves and maps -> picture and further tables.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from lm_eval_longsafety.analysis import by_length
from lm_eval_longsafety.analysis.models import Model
from lm_eval_longsafety.analysis.stats import Estimate
from lm_eval_longsafety.benchmark import TASKS
from lm_eval_longsafety.report import by_filler, drawing, trends
from lm_eval_longsafety.report.content import (
    Column,
    Figure,
    Section,
    Table,
    count,
    model_tables,
    score,
    text,
    words,
)
from lm_eval_longsafety.report.tasks import by_sr

if TYPE_CHECKING:
    from matplotlib.figure import Figure as MatplotlibFigure

Curves = list[tuple[Model, dict[by_length.Bucket, Estimate]]]
Maps = list[tuple[Model, dict[by_length.Place, Estimate]]]
"""SR by (depth, length)."""


def section(models: Sequence[Model]) -> Section | None:
    """SR by length and depth; None if no lengths are known."""
    shown = by_sr(models)
    curves: Curves = [(m, by_length.by_bucket(by_length.sampled(m.main))) for m in shown if m.main]
    curves = [(model, curve) for model, curve in curves if curve]
    maps = _embedded(shown) | _grids(shown)
    fillers = by_filler.curves(shown)
    if not curves and not maps and not fillers:
        return None
    found = trends.trends(shown)
    panels: dict[str, Callable[[], MatplotlibFigure]] = {
        _stem(name): partial(_draw_maps, name, own) for name, own in maps.items()
    }
    if curves:
        panels["prompts"] = partial(_draw_curves, curves)
    tables = [trends.table(found)] if found else []
    tables += by_filler.tables(fillers) if fillers else ()
    tables += [*_curve_tables(curves), *(_map_table(name, own) for name, own in maps.items())]
    return Section(
        id="lengths",
        title="Length and depth",
        answer=trends.answer(found),
        figures=(_figure(panels),) if panels else (),
        tables=tuple(tables),
        notes=tuple(by_filler.sentences(fillers)),
        details=(*_DETAILS, *([by_filler.DETAIL] * bool(fillers))),
    )


def _figure(panels: "Mapping[str, Callable[[], MatplotlibFigure]]") -> Figure:
    return Figure(
        id="lengths",
        title="SR by length and depth, in percent",
        description="For each model a small map of SR by depth (downwards) and length (to the "
        "right), and SR with 95 % intervals by prompt length. The numbers are in the tables below.",
        panels=panels,
    )


_EMBEDDED = "Embedded documents"
_DETAILS = (
    "Embedded documents: documents of the benchmark, placed in harmless filler at a given depth "
    "(0: before all filler, 1: after all filler), in prompts of a given number of tokens. SR is "
    "the mean over the tasks. The change compares the same documents in the shortest and in the "
    "longest prompts; p is that of a randomisation test, with Holm's correction over the models.",
    "Prompt length is counted in the model's own tokens. Its buckets pool documents of all tasks, "
    "so tasks with longer contexts have more weight in the long ones, and a change between buckets "
    "may come from the tasks instead of the length.",
    "Depth and length of HarmfulNIAH and CountingCrimes are the data set's own numbers, which have "
    "no stated unit.",
)


def _grids(models: Sequence[Model]) -> dict[str, Maps]:
    """The maps of the tasks whose documents have a depth and a length of their own."""
    found: dict[str, Maps] = {}
    for benchmark in (task for task in TASKS if task.grid):
        for model in models:
            cells = by_length.grid(model.main, benchmark) if model.main else {}
            means = {place: mean for place, s in cells.items() if (mean := by_length.pooled(s))}
            if means:
                found.setdefault(benchmark.split, []).append((model, means))
    return found


def _embedded(models: Sequence[Model]) -> dict[str, Maps]:
    found: Maps = []
    for model in models:
        subjects = by_length.embedded(model)
        means = {place: mean for place, s in subjects.items() if (mean := s.mean("sr"))}
        if means:
            found.append((model, means))
    return {_EMBEDDED: found} if found else {}


def _curve_tables(curves: Curves) -> tuple[Table, ...]:
    if not curves:
        return ()
    keys = sorted({key for _, curve in curves for key in curve}, key=lambda key: key[0])
    rows = []
    for key in keys:
        found = [curve.get(key) for _, curve in curves]
        rows.append(
            (trends.bucket_name(key), [[score(f), count(f.n if f else None)] for f in found])
        )
    return model_tables(
        "length-table",
        "SR by prompt length [95 % interval]",
        "Prompt tokens",
        [model.label for model, _ in curves],
        rows,
        ["SR %", "Documents"],
        folded=True,
    )


def _map_table(name: str, maps: Maps) -> Table:
    """A row for each model and depth, a column for each length."""
    lengths = sorted({length for _, cells in maps for _, length in cells})
    unit = "prompt tokens" if name == _EMBEDDED else "length"
    return Table(
        id=f"{_stem(name)}-table",
        caption=f"{name}: SR % by depth (rows) and {unit} (columns) [95 % interval]",
        columns=(words("Model and depth"), *(Column(title=f"{n:,g}") for n in lengths)),
        rows=tuple(
            (
                text(f"{model.label}, depth {depth:g}"),
                *(score(cells.get((depth, n))) for n in lengths),
            )
            for model, cells in maps
            for depth in sorted({depth for depth, _ in cells})
        ),
        folded=True,
    )


def _stem(name: str) -> str:
    return "embedded" if name == _EMBEDDED else f"grid-{name.lower()}"


def _draw_curves(curves: Curves) -> "MatplotlibFigure":
    starts = sorted({key[0] for _, curve in curves for key in curve})
    with drawing.style():
        labels = [model.label for model, _ in curves]
        figure, axes = drawing.multiples(labels, 1.2, "SR by prompt length", below=0.5)
        for ax, (model, curve) in zip(axes, curves, strict=True):
            color = drawing.color_of(model.index)
            at = [starts.index(start) for start, _ in curve]
            values = [100 * found.value for found in curve.values()]
            ax.plot(at, values, linestyle=drawing.line("sr"), **drawing.mark("sr", model.index))
            for x, found in zip(at, curve.values(), strict=True):
                if found.low is not None and found.high is not None:
                    ax.plot([x, x], [100 * found.low, 100 * found.high], color=color, linewidth=1.3)
            ax.set(ylim=(-9, 109), yticks=range(0, 101, 50), xlim=(-0.4, len(starts) - 0.6))
            ax.set_xticks(range(len(starts)), [f"{n // 1024}k" if n else "0" for n in starts])
        figure.supxlabel("prompt tokens from (k = 1,024)", fontsize=10)
    return figure


def _draw_maps(name: str, maps: Maps) -> "MatplotlibFigure":
    depths = sorted({depth for _, cells in maps for depth, _ in cells})
    lengths = sorted({length for _, cells in maps for _, length in cells})
    rows, columns = [f"{depth:g}" for depth in depths], [f"{length:,g}" for length in lengths]
    with drawing.style():
        figure, axes = drawing.multiples(
            [model.label for model, _ in maps],
            0.35 + 0.22 * len(rows),
            name,
            below=0.9 if drawing.turned(columns) else 0.5,
        )
        for ax, (_, cells) in zip(axes, maps, strict=True):
            values = {
                (depths.index(depth), lengths.index(length)): found.value
                for (depth, length), found in cells.items()
            }
            drawing.fields(ax, rows, columns, values)
        figure.supxlabel("prompt tokens" if name == _EMBEDDED else "length", fontsize=10)
        figure.supylabel("depth", fontsize=10)
    return figure
