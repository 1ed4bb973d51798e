"""How SR changes from the shortest to the longest contexts, as numbers, a sentence and a table.

Data flow: models -> a `Trend` of each -> sentence, table. Three sources, the first that there is:
documents embedded in longer contexts, which are paired; buckets of prompt tokens; the lengths of
the tasks whose documents have one.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from lm_eval_longsafety.analysis import by_length
from lm_eval_longsafety.analysis.models import Model
from lm_eval_longsafety.analysis.paired import LEVEL, holm
from lm_eval_longsafety.analysis.stats import TINY, Estimate
from lm_eval_longsafety.benchmark import TASKS
from lm_eval_longsafety.report.content import (
    Cell,
    Column,
    Table,
    disagreement,
    in_words,
    joined,
    p_equals,
    p_value,
    percent,
    score,
    signed,
    some,
    text,
    words,
)
from lm_eval_longsafety.results import Sample

_Curve = list[tuple[str, Estimate]]
"""(length in words, SR), the shortest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """How a model's SR changes with the length of the context."""

    label: str
    ends: tuple[str, str]
    """The shortest and the longest contexts, such as "8,192 tokens"."""
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
        # Rounded, since equal means may differ in the last bit.
        return round(self.last.value - self.first.value, 12)


def trends(models: Sequence[Model]) -> list[Trend]:
    """The models' trends, all from the same source; models without it are left out."""
    return _embedded(models) or _apart(models, _buckets) or _apart(models, _grid_lengths)


def _embedded(models: Sequence[Model]) -> list[Trend]:
    """Of models that ran `longsafety_length` at several lengths: the same documents."""
    found = []
    for model in models:
        cells = {p: by_length.sampled(s) for p, s in by_length.embedded(model).items()}
        if change := by_length.change(cells):
            found.append((model.label, change, by_length.by_first(cells)))
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


def _apart(models: Sequence[Model], curve_of: Callable[[Model], _Curve]) -> list[Trend]:
    """From the first to the last point of each model's curve: other documents."""
    found = []
    for model in models:
        curve = curve_of(model)
        if len(curve) < 2:
            continue
        (shortest, first), (longest, last) = curve[0], curve[-1]
        if ends := by_length.unpaired(first, last):
            cells, where = _own_cells(model)
            found.append(
                Trend(
                    label=model.label,
                    ends=(shortest, longest),
                    first=first,
                    last=last,
                    low=ends[0],
                    high=ends[1],
                    p=None,
                    depths=by_length.by_first(cells),
                    where=where,
                )
            )
    return found


def _buckets(model: Model) -> _Curve:
    found = by_length.by_bucket(by_length.sampled(model.main)) if model.main else {}
    return [(f"{bucket_name(key)} tokens", mean) for key, mean in found.items()]


def _grid_lengths(model: Model) -> _Curve:
    cells, where = _own_cells(model)
    turned = {(length, depth): samples for (depth, length), samples in cells.items()}
    means = by_length.by_first(turned)
    return [(f"length {length:,g} of {where}", mean) for length, mean in means.items()]


def bucket_name(key: by_length.Bucket) -> str:
    """A bucket of prompt tokens in words."""
    return f"{key[0]:,} and more" if key[1] is None else f"{key[0]:,} to {key[1] - 1:,}"


def _own_cells(model: Model) -> tuple[dict[by_length.Place, list[Sample]], str]:
    """The samples of tasks whose documents have a depth and a length, and those tasks' names."""
    cells: dict[by_length.Place, list[Sample]] = {}
    splits = []
    for benchmark in (task for task in TASKS if task.grid):
        if own := by_length.grid(model.main, benchmark) if model.main else None:
            splits.append(benchmark.split)
            for place, samples in own.items():
                cells.setdefault(place, []).extend(samples)
    return cells, joined(splits)


def answer(found: Sequence[Trend]) -> str:
    """How SR changes with the length, and at which depth it is lowest."""
    if not found:
        return (
            "How SR changes with the length of the context is unknown: that needs samples of "
            "prompts of several lengths."
        )
    most = max(found, key=lambda trend: (round(abs(trend.value), 12), -trend.value))
    sentence = (
        f"{_lead(found, most)} from {percent(most.first.value)} % at {most.ends[0]} to "
        f"{percent(most.last.value)} % at {most.ends[1]}: "
        f"{signed(most.value, most.low, most.high, ' points')}"
    )
    if most.p is None:
        sentence += ", not paired, since these are other documents"
    else:
        name = "corrected p" if len(found) > 1 else "p"
        sentence += f", {name} {p_equals(most.p)}, paired by document"
    sentence += _depth(most)
    return sentence + "." + ("" if most.p is None else disagreement(most.low, most.high, most.p))


def _depth(trend: Trend) -> str:
    at = [f"depth {depth:g} ({in_words(found)})" for depth, found in lowest(trend.depths)]
    return f"; its SR{trend.where and f' on {trend.where}'} is lowest at {some(at)}" if at else ""


def _lead(found: Sequence[Trend], most: Trend) -> str:
    """The beginning of the sentence: whose SR changes, and for how many models beyond noise."""
    if len(found) == 1:
        verb = "rises" if most.value > 0 else "falls" if most.value < 0 else "does not change,"
        if most.value and most.p is not None and most.p >= LEVEL:
            verb = "does not change beyond noise,"
        return f"With longer contexts SR of {most.label} {verb}"
    if most.p is None:
        return f"With longer contexts SR changes most for {most.label},"
    moved = [trend.value for trend in found if trend.p is not None and trend.p < LEVEL]
    falls, rises = sum(value < 0 for value in moved), sum(value > 0 for value in moved)
    noise = f"beyond noise (corrected p < {LEVEL:g})"
    counts = f"falls {noise} for {falls or 'none'} and rises for {rises or 'none'}"
    if not moved:
        counts = f"changes {noise} for none"
    return (
        f"With longer contexts SR {counts} of {len(found)} models; it changes most for "
        f"{most.label},"
    )


def lowest(depths: Mapping[float, Estimate]) -> list[tuple[float, Estimate]]:
    """The depths with the lowest SR; none where it is the same at every depth."""
    low = min((mean.value for mean in depths.values()), default=0.0)
    at = [(depth, mean) for depth, mean in depths.items() if mean.value - low < TINY]
    return at if len(at) < len(depths) else []


def table(found: Sequence[Trend]) -> Table:
    """A row for each model."""
    paired = any(trend.p is not None for trend in found)
    rows = []
    for trend in found:
        at = lowest(trend.depths)
        change = signed(trend.value, trend.low, trend.high)
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
    how = "paired by document" if paired else "not paired"
    if paired and len(found) > 1:
        how += ", p corrected for the number of models"
    if where := next((trend.where for trend in found if trend.where), ""):
        how += f"; depth on {where}"
    return Table(
        id="length-change",
        caption=f"SR in the shortest and the longest contexts [95 % interval]; {how}",
        columns=(
            words("Model"),
            words("Shortest"),
            Column(title="SR % in the shortest"),
            words("Longest"),
            Column(title="SR % in the longest"),
            Column(title="Change, points"),
            *([Column(title="p")] * paired),
            words("Lowest at depth"),
            Column(title="SR % at that depth"),
        ),
        rows=tuple(rows),
    )
