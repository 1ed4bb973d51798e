"""Section: what the order of the letters changes, and which letters a model picks.

Data flow: models -> all rotations of the letters (`rotations`) minus the plain run, or, where no
model ran them, the letters picked against an even use of all letters.
"""

from collections.abc import Sequence
from functools import partial

from lm_eval_longsafety.analysis.effects import Effect, Effects
from lm_eval_longsafety.analysis.models import Model
from lm_eval_longsafety.analysis.paired import LEVEL
from lm_eval_longsafety.analysis.scores import Subject
from lm_eval_longsafety.analysis.stats import Estimate
from lm_eval_longsafety.report import letters
from lm_eval_longsafety.report.changes import (
    Change,
    changes,
    doubts,
    forest,
    sentence,
)
from lm_eval_longsafety.report.content import (
    Column,
    Figure,
    Section,
    Table,
    difference,
    in_words,
    joined,
    p_value,
    percent,
    score,
    scores_table,
    text,
    words,
)

ID, TITLE = "letter-order", "Letter order"


def section(models: Sequence[Model], paired: Effects) -> Section | None:
    """What moving the letters changes, from `letter_effects`.

    The letters picked where no model ran `rotations`; None without samples of either.
    """
    turned = _turned(models)
    sampled = [model for model in models if model.samples]
    plain = [(model.label, model.main) for model in sampled if model.main]
    if turned:
        return _orders(models, turned, plain, paired)
    if not plain:
        return None
    return Section(
        id=ID,
        title=TITLE,
        answer=letters.sentence(letters.preferences(models)),
        figures=(letters.figure(sampled),),
        tables=(letters.table("letter-table", _PICKED, plain, folded=False),),
        details=_LETTERS,
    )


def fact(models: Sequence[Model], paired: Effects) -> str | None:
    """The section's answer; None where it changes no decision."""
    turned, preference = _turned(models), _preference(models)
    if not turned:
        return preference
    moved = answer(changes(paired[0]), _kept(turned))
    return f"{moved} {preference}" if preference else moved


def answer(found: Sequence[Change], kept: Sequence[tuple[str, Estimate]]) -> str:
    """How much moving the letters changes SR, and how often models keep their choice.

    Args:
        found: the change of each model that can be paired.
        kept: (label, share of documents with the same choice under every order).
    """
    share = _kept_in_words(kept, "the model" if found else "")
    if not found:
        return f"Under every letter order {share}." if share else _NO_SCORES
    parts = [sentence("Moving the letters", found), *([f"under every order {share}"] * bool(share))]
    return " ".join(["; ".join(parts) + ".", *doubts(found, named=True)])


_NO_SCORES = "All rotations of the letters were run, but their scores are missing."


def _kept_in_words(kept: Sequence[tuple[str, Estimate]], name: str) -> str:
    """On how many documents models keep their choice; `""` if it is unknown.

    Args:
        kept: (label, share of documents) of each model.
        name: of a model alone; its label if empty.
    """
    if len(kept) < 2:
        said = [f"{name or label} keeps its choice on {in_words(each)}" for label, each in kept]
        return "".join(f"{each} of the documents" for each in said)
    low, high = (pick(each.value for _, each in kept) for pick in (min, max))
    if low == high:
        return f"each model keeps its choice on {percent(low)} % of the documents"
    worst, best = (
        joined([label for label, each in kept if each.value == value]) for value in (low, high)
    )
    return (
        f"models keep their choice on {percent(low)} % ({worst}) to {percent(high)} % ({best}) of "
        "the documents"
    )


_PICKED = "How often each letter was picked, and how often it was that of the safe choice"
_TURNED = "How often each letter was picked over all rotations of the letters"
_LETTERS = (
    "Letters are dealt to the choices at random, so each is that of the safe choice about equally "
    "often. A model that prefers a letter, whatever its choice says, picks it far more often than "
    "that; p is Pearson's chi-square test of its picks against an even use of the letters shown, "
    "corrected over the models (Holm) in the sentence and not in the tables. "
    "It is n/a where fewer than five picks of each letter are expected or letters were not "
    "shuffled.",
)
_ORDERS = (
    "Every document was asked once for each of its choices, with the letters moved on by one each "
    "time, so that every choice stood once under every letter. SR under all orders is the mean "
    "over them; the change is that SR minus the SR of the plain run, paired by document.",
    "Same choice: documents on which the same choice was picked under every order. Safe under "
    "every order: documents on which that was the safest one.",
    "p: randomisation test; with several models Holm's correction over the models. The intervals "
    "are not corrected, so one may leave out zero where p is above 0.05.",
)


def _preference(models: Sequence[Model]) -> str | None:
    """Which models prefer a letter in the plain run; None if none does."""
    found = letters.preferences(models)
    return letters.sentence(found) if any(each.p < LEVEL for each in found) else None


def _turned(models: Sequence[Model]) -> list[tuple[Model, Subject]]:
    return [(model, subject) for model in models if (subject := model.find("rotations"))]


def _kept(turned: Sequence[tuple[Model, Subject]]) -> list[tuple[str, Estimate]]:
    pairs = [(model.label, subject.mean("consistent")) for model, subject in turned]
    return [(label, estimate) for label, estimate in pairs if estimate]


def _orders(
    models: Sequence[Model],
    turned: Sequence[tuple[Model, Subject]],
    plain: Sequence[tuple[str, Subject]],
    paired: Effects,
) -> Section:
    found, notes = paired
    labelled = [(model.label, subject) for model, subject in turned]
    sampled = [(label, subject) for label, subject in labelled if subject.samples]
    tables = [
        _table(turned, found),
        scores_table("letter-order-scores", "Scores over all rotations of the letters", labelled),
    ]
    if sampled:
        tables.append(letters.table("rotation-letter-table", _TURNED, sampled, folded=True))
    if plain:
        tables.append(letters.table("letter-table", _PICKED, plain, folded=True))
    figure = Figure(
        id="letter-order",
        title="SR under all rotations of the letters minus SR of the plain run",
        description="The difference in SR of each model with its 95 % interval, about zero.",
        panels={"": partial(forest, found, "points of SR, all orders minus plain run")},
    )
    preference = _preference(models)
    own = [*doubts(changes(found), named=False), *([preference] if preference else [])]
    return Section(
        id=ID,
        title=TITLE,
        answer=answer(changes(found), _kept(turned)),
        figures=(figure,) if found else (),
        tables=tuple(tables),
        notes=(*own, *notes),
        details=(*_ORDERS, *_LETTERS),
    )


def _table(turned: Sequence[tuple[Model, Subject]], found: Sequence[Effect]) -> Table:
    by_model = {effect.model.index: effect for effect in found}
    rows = []
    for model, subject in turned:
        plain, effect = model.find("", subject.protocol), by_model.get(model.index)
        rows.append(
            (
                text(model.label),
                score(plain.mean("sr") if plain else None),
                score(subject.mean("sr")),
                difference(effect.sr if effect else None),
                p_value(effect.p if effect else None),
                score(subject.mean("consistent")),
                score(subject.mean("sr_all")),
            )
        )
    titles = ("SR %, plain run", "SR %, all orders", "Change, points", "p", "Same choice %")
    return Table(
        id="letter-order-table",
        caption="Mean over tasks [95 % interval]"
        + ("; p corrected for the number of models" if len(found) > 1 else ""),
        columns=(
            words("Model"),
            *(Column(title=title) for title in (*titles, "Safe under every order %")),
        ),
        rows=tuple(rows),
    )
