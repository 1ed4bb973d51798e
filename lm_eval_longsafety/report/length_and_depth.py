"""Section: SR against the length of the context, and where in it the harm stands.

Data flow: models -> a `Trend` of each (shortest against longest contexts, SR by depth) -> sentence
and table; curves and maps -> picture and further tables.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from lm_eval_longsafety.analysis import by_length
from lm_eval_longsafety.analysis.models import Model
from lm_eval_longsafety.analysis.paired import holm
from lm_eval_longsafety.analysis.stats import TINY, Estimate
from lm_eval_longsafety.benchmark import TASKS
from lm_eval_longsafety.report import drawing
from lm_eval_longsafety.report.content import (
    LEVEL,
    Cell,
    Column,
    Figure,
    Section,
    Table,
    count,
    disagreement,
    in_words,
    joined,
    model_tables,
    p_text,
    p_value,
    percent,
    points,
    score,
    some,
    text,
    words,
)
from lm_eval_longsafety.report.tasks import by_sr
from lm_eval_longsafety.results import Sample

if TYPE_CHECKING:
    from matplotlib.figure import Figure as MatplotlibFigure

Curves = list[tuple[Model, dict[by_length.Bucket, Estimate]]]
Maps = list[tuple[Model, dict[by_length.Place, Estimate]]]
"""SR by (depth, length)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """How a model's SR changes with the length of the context."""

    label: str
    ends: tuple[str, str]
    """The shortest and the longest contexts, in words."""
    first: Estimate
    last: Estimate
    low: float
    high: float
    """Ends of the interval of last minus first."""
    p: float | None
    """Corrected over the models; None if the documents differ."""
    depths: Mapping[float, Estimate]
    where: str = ""
    """The tasks that `depths` are of, in words; empty for those of the trend."""

    @property
    def value(self) -> float:
        """Last minus first."""
        return self.last.value - self.first.value


def section(models: Sequence[Model]) -> Section | None:
    """SR by length and depth; None if no lengths are known."""
    shown = by_sr(models)
    curves: Curves = [(m, by_length.by_bucket(by_length.sampled(m.main))) for m in shown if m.main]
    curves = [(model, curve) for model, curve in curves if curve]
    maps = _embedded(shown) | _grids(shown)
    if not curves and not maps:
        return None
    trends = paired_trends(shown) or bucket_trends(curves)
    panels: dict[str, Callable[[], MatplotlibFigure]] = {
        _stem(name): partial(_draw_maps, name, found) for name, found in maps.items()
    }
    if curves:
        panels["prompts"] = partial(_draw_curves, curves)
    tables = [_trend_table(trends)] if trends else []
    tables += _curve_tables(curves) + [_map_table(name, found) for name, found in maps.items()]
    return Section(
        id="lengths",
        title="Length and depth",
        answer=answer(trends),
        figures=(
            Figure(
                id="lengths",
                title="SR by length and depth, in percent",
                description="For each model a small map of SR by depth (downwards) and length (to "
                "the right), and SR with 95 % intervals by prompt length. The numbers are in the "
                "tables below.",
                panels=panels,
            ),
        ),
        tables=tuple(tables),
        details=_DETAILS,
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


def paired_trends(models: Sequence[Model]) -> list[Trend]:
    """The trends of models that ran `longsafety_length` at several lengths."""
    found = []
    for model in models:
        cells = {p: by_length.sampled(s) for p, s in by_length.embedded(model).items()}
        if change := by_length.change(cells):
            found.append((model.label, change, by_length.by_depth(cells)))
    corrected = holm([change.difference.p for _, change, _ in found])
    return [
        Trend(
            label=label,
            ends=(f"{change.shortest:,.0f} tokens", f"{change.longest:,.0f} tokens"),
            first=change.first,
            last=change.last,
            low=change.difference.low,
            high=change.difference.high,
            p=p,
            depths=depths,
        )
        for (label, change, depths), p in zip(found, corrected, strict=True)
    ]


def bucket_trends(curves: Curves) -> list[Trend]:
    """The trends between the buckets of the shortest and of the longest prompts."""
    found = []
    for model, curve in curves:
        shortest, longest = next(iter(curve)), next(reversed(curve))
        ends = by_length.unpaired(curve[shortest], curve[longest])
        depths, where = _own_depths(model)
        if shortest != longest and ends:
            found.append(
                Trend(
                    label=model.label,
                    ends=(f"{_bucket(shortest)} tokens", f"{_bucket(longest)} tokens"),
                    first=curve[shortest],
                    last=curve[longest],
                    low=ends[0],
                    high=ends[1],
                    p=None,
                    depths=depths,
                    where=where,
                )
            )
    return found


def answer(trends: Sequence[Trend]) -> str:
    """How SR changes with the length, and at which depth it is lowest."""
    if not trends:
        return (
            "How SR changes with the length of the context is unknown: that needs samples of "
            "prompts of several lengths."
        )
    most = max(trends, key=lambda trend: (round(abs(trend.value), 12), -trend.value))
    sentence = (
        f"{_lead(trends, most)} from {percent(most.first.value)} % at {most.ends[0]} to "
        f"{percent(most.last.value)} % at {most.ends[1]}: {points(most.value)} points "
        f"[{points(most.low)}, {points(most.high)}]"
    )
    if most.p is None:
        sentence += ", not paired, since these are other documents"
    else:
        shown = p_text(most.p)
        name = "corrected p" if len(trends) > 1 else "p"
        sentence += f", {name} {shown if '<' in shown else f'= {shown}'}, paired by document"
    sentence += _depth(most)
    return sentence + "." + ("" if most.p is None else disagreement(most.low, most.high, most.p))


def _depth(trend: Trend) -> str:
    at = [f"depth {depth:g} ({in_words(found)})" for depth, found in lowest(trend.depths)]
    return f"; its SR{trend.where and f' on {trend.where}'} is lowest at {some(at)}" if at else ""


def _lead(trends: Sequence[Trend], most: Trend) -> str:
    """The beginning of the sentence: whose SR changes, and for how many models beyond noise."""
    verb = "rises" if most.value > 0 else "falls" if most.value < 0 else "does not change,"
    if len(trends) == 1:
        return f"With longer contexts SR of {most.label} {verb}"
    if most.p is None:
        return f"With longer contexts SR changes most for {most.label},"
    moved = [trend.value for trend in trends if trend.p is not None and trend.p < LEVEL]
    falls, rises = sum(value < 0 for value in moved), sum(value > 0 for value in moved)
    noise = f"beyond noise (corrected p < {LEVEL:g})"
    counts = f"falls {noise} for {falls or 'none'} and rises for {rises or 'none'}"
    if not moved:
        counts = f"changes {noise} for none"
    return (
        f"With longer contexts SR {counts} of {len(trends)} models; it changes most for "
        f"{most.label},"
    )


def lowest(depths: Mapping[float, Estimate]) -> list[tuple[float, Estimate]]:
    """The depths with the lowest SR; none where it is the same at every depth."""
    low = min((found.value for found in depths.values()), default=0.0)
    at = [(depth, found) for depth, found in depths.items() if found.value - low < TINY]
    return at if len(at) < len(depths) else []


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


def _own_depths(model: Model) -> tuple[dict[float, Estimate], str]:
    """SR by depth over the tasks whose documents have one, and the names of those tasks."""
    cells: dict[by_length.Place, list[Sample]] = {}
    splits = []
    for benchmark in (task for task in TASKS if task.grid):
        if own := by_length.grid(model.main, benchmark) if model.main else None:
            splits.append(benchmark.split)
            for place, samples in own.items():
                cells.setdefault(place, []).extend(samples)
    return by_length.by_depth(cells), joined(splits)


def _trend_table(trends: Sequence[Trend]) -> Table:
    paired = any(trend.p is not None for trend in trends)
    rows = []
    for trend in trends:
        at = lowest(trend.depths)
        change = f"{points(trend.value)} [{points(trend.low)}, {points(trend.high)}]"
        rows.append(
            (
                text(trend.label),
                text(trend.ends[0]),
                score(trend.first),
                text(trend.ends[1]),
                score(trend.last),
                Cell(text=change, value=trend.value, low=trend.low, high=trend.high),
                *([p_value(trend.p)] * paired),
                text(joined([f"{depth:g}" for depth, _ in at])),
                score(at[0][1] if at else None),
            )
        )
    how = "paired by document, p corrected for the number of models" if paired else "not paired"
    if where := next((trend.where for trend in trends if trend.where), ""):
        how += f"; depth on {where}"
    return Table(
        id="length-change",
        caption=f"SR in the shortest and the longest contexts [95 % interval]; {how}",
        columns=(
            words("Model"),
            words("Shortest"),
            Column(title="SR %"),
            words("Longest"),
            Column(title="SR %"),
            Column(title="Change, points"),
            *([Column(title="p")] * paired),
            words("Lowest at depth"),
            Column(title="SR %"),
        ),
        rows=tuple(rows),
    )


def _curve_tables(curves: Curves) -> list[Table]:
    keys = sorted({key for _, curve in curves for key in curve}, key=lambda key: key[0])
    rows = []
    for key in keys:
        found = [curve.get(key) for _, curve in curves]
        rows.append((_bucket(key), [[score(f), count(f.n if f else None)] for f in found]))
    tables = model_tables(
        "length-table",
        "SR by prompt length [95 % interval]",
        "Prompt tokens",
        [model.label for model, _ in curves],
        rows,
        ["SR %", "Documents"],
    )
    return [replace(table, folded=True) for table in tables] if curves else []


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
    return "embedded" if name == _EMBEDDED else name.lower()


def _bucket(key: by_length.Bucket) -> str:
    return f"{key[0]:,} and more" if key[1] is None else f"{key[0]:,} to {key[1] - 1:,}"


def _draw_curves(curves: Curves) -> "MatplotlibFigure":
    starts = sorted({key[0] for _, curve in curves for key in curve})
    with drawing.style():
        labels = [model.label for model, _ in curves]
        figure, axes = drawing.multiples(labels, 1.3, "SR by prompt length")
        for ax, (model, curve) in zip(axes, curves, strict=True):
            color = drawing.color_of(model.index)
            at = [starts.index(start) for start, _ in curve]
            values = [100 * found.value for found in curve.values()]
            ax.plot(at, values, linestyle=drawing.line("sr"), **drawing.mark("sr", model.index))
            for x, found in zip(at, curve.values(), strict=True):
                if found.low is not None and found.high is not None:
                    ax.plot([x, x], [100 * found.low, 100 * found.high], color=color, linewidth=1.3)
            ax.set(ylim=(-9, 109), yticks=range(0, 101, 50), xlim=(-0.4, len(starts) - 0.6))
            ax.set_xticks(range(len(starts)), [f"{start // 1024}k" for start in starts])
        figure.supxlabel("prompt tokens from (k = 1,024)", fontsize=10)
    return figure


def _draw_maps(name: str, maps: Maps) -> "MatplotlibFigure":
    depths = sorted({depth for _, cells in maps for depth, _ in cells})
    lengths = sorted({length for _, cells in maps for _, length in cells})
    with drawing.style():
        height = 0.45 + 0.22 * len(depths)
        figure, axes = drawing.multiples([m.label for m, _ in maps], height, name)
        for ax, (_, cells) in zip(axes, maps, strict=True):
            values = {
                (depths.index(depth), lengths.index(length)): found.value
                for (depth, length), found in cells.items()
            }
            drawing.fields(ax, [f"{d:g}" for d in depths], [f"{n:,g}" for n in lengths], values)
        figure.supxlabel("prompt tokens" if name == _EMBEDDED else "length", fontsize=10)
        figure.supylabel("depth", fontsize=10)
    return figure
