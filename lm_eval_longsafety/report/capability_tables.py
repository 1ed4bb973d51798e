"""Tables of the tasks that are not LongSafetyBench's: capability, other safety tasks, subtasks.

Data flow: models -> names of tasks -> one metric each -> rows.
"""

from collections.abc import Sequence
from dataclasses import replace

from lm_eval_longsafety.analysis.models import Model
from lm_eval_longsafety.analysis.other_tasks import (
    Average,
    all_values,
    below_groups,
    interval,
    is_share,
    value_of,
)
from lm_eval_longsafety.analysis.safety_tasks import direction, is_safety
from lm_eval_longsafety.analysis.stats import Z95, Estimate
from lm_eval_longsafety.public import clean
from lm_eval_longsafety.report.content import (
    BESIDE,
    Cell,
    Column,
    Table,
    in_words,
    joined,
    score,
    text,
    words,
)
from lm_eval_longsafety.results import Metric

NAMED = 12
"""So many tasks are named in a caption."""


def tables(models: Sequence[Model], names: Sequence[str], found: Average) -> tuple[Table, ...]:
    """Capability tasks, other safety tasks, and folded the subtasks of groups.

    `names` are those of all tasks and groups of the models that are not LongSafetyBench's.
    """
    below = below_groups(run for model in models for run in model.runs)
    main = [name for name in names if name not in below]
    kinds = {
        ("capability-table", "Capability tasks"): [n for n in main if not is_safety(n)],
        ("safety-table", "Other safety and bias tasks"): [n for n in main if is_safety(n)],
        ("capability-leaves", "Subtasks of these groups"): [n for n in names if n in below],
    }
    made = [_table(*kind, own, models, found) for kind, own in kinds.items() if own]
    if len(models) > BESIDE:
        made.append(_metrics_table(names, models))
    return tuple(made)


def mean_of(names: Sequence[str]) -> str:
    """What a mean over these tasks is of."""
    return named(names) if len(names) == 1 else f"mean of {named(names)}"


def named(names: Sequence[str]) -> str:
    """All names, or the first ones of many."""
    shown = [clean(name, 60) for name in names[:NAMED]]
    shown += [f"{len(names) - NAMED} more"] * (len(names) > NAMED)
    return joined(shown)


def _table(
    id_: str, caption: str, names: Sequence[str], models: Sequence[Model], found: Average
) -> Table:
    shown = [m for m in models if any(all_values(m, name) for name in names)]
    beside = len(models) <= BESIDE
    rows = []
    if id_ == "capability-table" and found.means:
        means = [_share(found.means.get(model.index)) for model in shown]
        rows.append((text("Capability"), *[text(mean_of(found.names))] * beside, *means))
    for name in names:
        cells = [_cell(value_of(model, name)) for model in shown]
        rows.append((text(name), *[text(_described(name, models))] * beside, *cells))
    return Table(
        id=id_,
        caption=f"{caption} [95 % interval]",
        columns=(
            words("Task"),
            *[words("Metric")] * beside,
            *(Column(title=m.label) for m in shown),
        ),
        rows=tuple(rows),
        folded=id_ == "capability-leaves",
    )


def _metrics_table(names: Sequence[str], models: Sequence[Model]) -> Table:
    """The metric of each task, where the tables of many models have no room for it."""
    return Table(
        id="capability-metrics",
        caption="Metrics of these tasks",
        columns=(words("Task"), words("Metric")),
        rows=tuple((text(name), text(_described(name, models))) for name in names),
        folded=True,
    )


def _described(name: str, models: Sequence[Model]) -> str:
    """Metric and filter, and in which direction it is to be read."""
    metrics = [metric for model in models for metric in all_values(model, name)]
    filters = [f", {m.filter}" if m.filter not in ("", "none") else "" for m in metrics]
    named = dict.fromkeys(m.name + own for m, own in zip(metrics, filters, strict=True))
    read = reading(name, models)
    return " / ".join(named) + (f"; {read}" if read else "")


def reading(name: str, models: Sequence[Model]) -> str:
    """In which direction a task's values are to be read; `""` where higher is better."""
    metrics = [metric for model in models for metric in all_values(model, name)]
    lower = any(metric.higher_is_better is False for metric in metrics)
    return direction(name) or ("lower is better" if lower else "")


def _cell(metric: Metric | None) -> Cell:
    """Percent for what looks like a share, else the number in the metric's own unit."""
    if metric is None or metric.value is None:
        return Cell(text="n/a")
    if is_share(metric):
        return _share(interval(metric))
    shown = f"{metric.value:,.6g}"
    if not metric.stderr or metric.stderr < 0:
        return Cell(text=shown, value=metric.value)
    half = Z95 * metric.stderr
    low, high = metric.value - half, metric.value + half
    return Cell(text=f"{shown} ± {half:,.2g}", value=metric.value, low=low, high=high)


def _share(estimate: Estimate | None) -> Cell:
    """A cell with "%": other tasks are not all in percent."""
    return score(None) if estimate is None else replace(score(estimate), text=in_words(estimate))
