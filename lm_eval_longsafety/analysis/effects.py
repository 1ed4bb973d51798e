"""What a variant changes in each model's scores: paired with the plain run by document.

Data flow: models -> `compare` for each of them -> `Effect`, with p corrected over the models.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lm_eval_longsafety.analysis.comparison import Comparison, compare
from lm_eval_longsafety.analysis.models import Model
from lm_eval_longsafety.analysis.paired import Difference, holm
from lm_eval_longsafety.analysis.scores import Subject
from lm_eval_longsafety.errors import ResultsError


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """One model with and without what the variant changes."""

    model: Model
    comparison: Comparison
    p: float
    """Of SR over all tasks, with Holm's correction over the models."""

    @property
    def sr(self) -> Difference:
        """The difference of SR over all tasks."""
        return self.comparison.overall["sr"]


Effects = tuple[list[Effect], list[str]]
"""The effects, and notes on models that cannot be paired or lack documents."""


def letter_effects(models: Sequence[Model]) -> Effects:
    """All rotations of the letters minus the plain run."""
    return _effects(models, "rotations", plain_last=False)


def context_effects(models: Sequence[Model]) -> Effects:
    """The plain run, which has the context, minus the run without it."""
    return _effects(models, "no_context", plain_last=True)


def _effects(models: Sequence[Model], variant: str, *, plain_last: bool) -> Effects:
    pairs: list[tuple[Model, Subject, Subject]] = []
    notes: list[str] = []
    for model in models:
        changed = model.find(variant)
        if changed is None:
            continue
        plain = model.find("", changed.protocol)
        if plain is None:
            notes.append(f"{model.label}: {_missing(changed)}.")
        else:
            pairs.append((model, *((changed, plain) if plain_last else (plain, changed))))
    found, remarks = paired_effects(pairs)
    return found, [*notes, *remarks]


def paired_effects(pairs: Iterable[tuple[Model, Subject, Subject]]) -> Effects:
    """The effects from (model, what is subtracted, what it is subtracted from)."""
    found: list[tuple[Model, Comparison]] = []
    notes: list[str] = []
    for model, first, second in pairs:
        try:
            pair = compare(first, second)
        except ResultsError as error:
            notes.append(f"{model.label}: no difference can be shown: {error}.")
            continue
        found.append((model, pair))
        if remarks := (*pair.made_differently, *pair.left_out):
            notes.append(f"{model.label}: {' '.join(remarks)}")
    corrected = holm([pair.overall["sr"].p for _, pair in found])
    return [
        Effect(model=model, comparison=pair, p=p)
        for (model, pair), p in zip(found, corrected, strict=True)
    ], notes


def _missing(changed: Subject) -> str:
    return (
        f"the plain tasks were not run under the protocol {changed.protocol}, so there is nothing "
        "to compare with"
    )
