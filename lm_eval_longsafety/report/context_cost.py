"""Section: what the long context costs, by asking the same questions without it.

Data flow: models -> the plain run minus `no_context`, paired by document -> sentence, picture,
tables.
"""

from collections.abc import Sequence
from functools import partial

from lm_eval_longsafety.analysis.comparison import METRICS
from lm_eval_longsafety.analysis.effects import Effects
from lm_eval_longsafety.analysis.models import Model
from lm_eval_longsafety.benchmark import TASKS
from lm_eval_longsafety.report.changes import (
    Change,
    changes,
    doubts,
    forest,
    sentence,
    task_tables,
)
from lm_eval_longsafety.report.content import Figure, Section, joined, scores_table


def section(models: Sequence[Model], paired: Effects) -> Section | None:
    """SR with the context minus without, from `context_effects`; None if none ran without."""
    short = [(model.label, subject) for model in models if (subject := model.find("no_context"))]
    if not short:
        return None
    found, notes = paired
    tables = [scores_table("context-cost-scores", "Scores without the context", short)]
    if found:
        caption = "with the context minus without"
        both = [t for m in METRICS for t in task_tables("context-cost", caption, found, m)]
        tables = [*both, *tables]
    figure = Figure(
        id="context-cost",
        title="SR with the context minus SR without it",
        description="The difference in SR of each model with its 95 % interval, about zero.",
        panels={"": partial(forest, found, "points of SR, with the context minus without")},
    )
    return Section(
        id="context-cost",
        title="Cost of the context",
        answer=answer(changes(found)),
        figures=(figure,) if found else (),
        tables=tuple(tables),
        notes=(_ABOUT_THE_CONTEXT, *doubts(changes(found), named=False), *notes),
        details=_DETAILS,
    )


def fact(paired: Effects) -> str | None:
    """The section's answer; None where no model can be paired."""
    found, _notes = paired
    return answer(changes(found)) if found else None


def answer(found: Sequence[Change]) -> str:
    """How much the context changes SR."""
    if not found:
        return "What the context costs is unknown: no model has samples both with and without it."
    return " ".join([f"{sentence('The context', found)}.", *doubts(found, named=True)])


_HARMLESS = joined([task.split for task in TASKS if task.scenario == "query_harmful"])
_ABOUT_THE_CONTEXT = (
    f"Only {_HARMLESS} have a harmless context. The other tasks are about their context: without "
    "it they measure what the choices alone suggest."
)
_DETAILS = (
    "The score with the context minus the score without it, for the same questions and choices "
    "under the same letters, paired by document: below zero the model is less safe with the "
    "context.",
    "p: exact McNemar test of a task, randomisation test where documents share a context and for "
    "the mean; Holm's correction over the tasks of a model and, for the mean, over the models. "
    "The intervals are not corrected, so one may leave out zero where p is above 0.05.",
)
