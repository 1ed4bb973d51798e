"""Tables of the section on fine-tuning: pairs, groups, tasks, use of the document, other tasks.

Data flow: `Tuning` of each pair -> tables; with the models' capability -> table and sentences.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from lm_eval_longsafety.analysis.by_length import unpaired
from lm_eval_longsafety.analysis.comparison import METRICS
from lm_eval_longsafety.analysis.models import Model
from lm_eval_longsafety.analysis.other_tasks import Average, interval, other_tasks, value_of
from lm_eval_longsafety.analysis.paired import holm
from lm_eval_longsafety.analysis.safety_tasks import is_over_refusal
from lm_eval_longsafety.analysis.stats import Estimate
from lm_eval_longsafety.analysis.tuned_replies import ReplyChange
from lm_eval_longsafety.analysis.tuning import Group, Groups, Tuning
from lm_eval_longsafety.public import clean
from lm_eval_longsafety.report.capability_tables import mean_of
from lm_eval_longsafety.report.changes import task_tables
from lm_eval_longsafety.report.content import (
    Cell,
    Column,
    Table,
    count,
    difference,
    model_tables,
    p_value,
    points,
    score,
    signed,
    text,
    words,
)


def tables(found: Sequence[Tuning]) -> list[Table]:
    """A row for each pair, groups, tasks, and SR with and without the document."""
    if not found:
        return []
    effects = [each.effect for each in found]
    made = [_pairs(found), *_groups(found)]
    for metric in METRICS:
        made += task_tables("tuning-tasks", "of the tuned model minus its base", effects, metric)
    if any(use for each in found for use in each.with_document):
        made.append(_document_use(found))
    return made


def _pairs(found: Sequence[Tuning]) -> Table:
    corrected = [
        holm([each.effect.comparison.overall[metric].p for each in found]) for metric in METRICS
    ]
    rows = []
    for each, p_values in zip(found, zip(*corrected, strict=True), strict=True):
        pair = each.effect.comparison
        both = [
            cell
            for metric, p in zip(METRICS, p_values, strict=True)
            for cell in (difference(pair.overall[metric]), p_value(p))
        ]
        means = [score(subject.mean("sr")) for subject in (pair.first, pair.second)]
        rows.append((text(each.tuned.label), text(each.base.label), *means, *both))
    heads = ("SR % of the base", "SR % tuned", "SR, points", "p", "HA, points", "p")
    return Table(
        id="tuning-pairs",
        caption="Tuned minus base, mean over tasks [95 % interval]"
        + ("; p corrected for the number of pairs" if len(found) > 1 else ""),
        columns=(words("Tuned"), words("Base"), *(Column(title=head) for head in heads)),
        rows=tuple(rows),
    )


def in_replies(found: Sequence[ReplyChange]) -> list[Table]:
    """A row for each judge of both models' open replies; none without any."""
    rows = tuple(
        (
            text(each.tuning.tuned.label),
            text(each.tuning.base.label),
            text(each.judge),
            score(each.base),
            score(each.tuned),
            difference(each.sr),
            p_value(each.p),
            difference(each.ha),
            count(each.sr.n),
        )
        for each in found
    )
    heads = ("SR % of the base", "SR % tuned", "SR, points", "corrected p", "HA, points", "Replies")
    table = Table(
        id="tuning-replies",
        caption="Open replies that one judge judged for both models, tuned minus base, mean over "
        "tasks [95 % interval]",
        columns=(words("Tuned"), words("Base"), words("Judge"), *(Column(title=h) for h in heads)),
        rows=rows,
    )
    return [table] * bool(rows)


def _groups(found: Sequence[Tuning]) -> tuple[Table, ...]:
    """The change in each group of documents, and of one group minus the other."""
    columns = [_group_rows(each) for each in found]
    titles = dict.fromkeys(title for own in columns for title in own)
    empty = (Cell(text="n/a"),) * 2
    return model_tables(
        "tuning-groups",
        "SR of the tuned model minus its base by group of documents [95 % interval]",
        "Group",
        [each.tuned.label for each in found],
        [(title, [own.get(title, empty) for own in columns]) for title in titles],
        ("points", "corrected p"),
    )


def _group_rows(found: Tuning) -> dict[str, tuple[Cell, Cell]]:
    rows: dict[str, tuple[Cell, Cell]] = {}
    for kind in (found.domains, found.prompts):
        rows |= {group.title: _change(group) for group in kind.groups}
        if kind.contrast:
            rows[_contrast_title(kind)] = (_unpaired(*kind.contrast), Cell(text="n/a"))
    trained = found.trained_at
    for length, group in found.lengths.items():
        mark = "" if trained is None else f", {'beyond' if length > trained else 'inside'} training"
        rows[f"longsafety_length, {group.title}{mark}"] = _change(group)
    return rows


def _change(group: Group) -> tuple[Cell, Cell]:
    return difference(group.difference), p_value(group.p)


def _contrast_title(kind: Groups) -> str:
    first, second = (group.title for group in kind.groups)
    return f"{first} minus {second[:1].lower()}{second[1:]}, not paired"


def short(title: str) -> str:
    """A group's title as a row of a picture."""
    return title.replace("Prompts of more than", "above").replace("Prompts of up to", "up to")


def _unpaired(value: float, low: float, high: float, unit: str = "") -> Cell:
    return Cell(text=signed(value, low, high, unit), value=value, low=low, high=high)


def _document_use(found: Sequence[Tuning]) -> Table:
    rows = {}
    for each in found:
        for model, use in zip((each.base, each.tuned), each.with_document, strict=True):
            if use:
                shown = (difference(use.difference), count(use.difference.n))
                same = "yes" if use.none else "not shown"
                rows[model.index] = (text(model.label), *shown, text(same))
    return Table(
        id="tuning-document",
        caption="SR with the document minus SR without it, on tasks that are about their document "
        "[90 % interval]",
        columns=(
            words("Model"),
            Column(title="Points"),
            Column(title="Documents"),
            words("As good without it"),
        ),
        rows=tuple(rows.values()),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """One value of both models of a pair."""

    name: str
    base: Estimate
    tuned: Estimate

    def change(self, unit: str = "") -> Cell:
        """Tuned minus base; without an interval where one of them has none."""
        value = self.tuned.value - self.base.value
        ends = unpaired(self.base, self.tuned)
        if ends is None:
            return Cell(text=f"{points(value)}{unit}", value=value)
        return _unpaired(value, *ends, unit)


def others(found: Sequence[Tuning], able: Average) -> tuple[list[Table], list[str]]:
    """Capability and refusals of harmless questions, as a table and in sentences."""
    made: list[tuple[Tuning, _Row]] = []
    for each in found:
        made += [(each, row) for row in _other_rows(each.base, each.tuned, able)]
    notes = [f"{each.tuned.label}: {row.name}, {row.change(' points').text}." for each, row in made]
    if found and not any(is_over_refusal(row.name) for _, row in made):
        notes.append(
            "Whether fine-tuning made models refuse harmless questions is not known: no "
            "over-refusal task (such as XSTest or OR-Bench) was run for base and tuned."
        )
    if not made:
        return [], notes
    rows = [
        (text(each.tuned.label), text(row.name), score(row.base), score(row.tuned), row.change())
        for each, row in made
    ]
    table = Table(
        id="tuning-others",
        caption="Capability, and tasks on refusals of harmless questions, in percent [95 % "
        "interval]; not paired",
        columns=(
            *(words(head) for head in ("Tuned", "Task")),
            *(Column(title=head) for head in ("Base", "Tuned model", "Change, points")),
        ),
        rows=tuple(rows),
    )
    return [table], notes


def _other_rows(base: Model, tuned: Model, able: Average) -> list[_Row]:
    rows = []
    means = able.means.get(base.index), able.means.get(tuned.index)
    if means[0] and means[1]:
        rows.append(_Row(name=f"capability ({mean_of(able.names)})", base=means[0], tuned=means[1]))
    for name in filter(is_over_refusal, other_tasks([*base.runs, *tuned.runs])):
        metrics = value_of(base, name), value_of(tuned, name)
        if metrics[0] and metrics[1] and metrics[0].name == metrics[1].name:
            first, second = interval(metrics[0]), interval(metrics[1])
            if first and second:
                shown = f"{clean(name, 60)} ({metrics[0].name})"
                rows.append(_Row(name=shown, base=first, tuned=second))
    return rows
