"""The first screen: who is safest, whether that is beyond noise, and what changes the decision.

Data flow: models -> ranks -> one table, one picture, sentences.
"""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from lm_eval_longsafety.analysis import facts, truncation
from lm_eval_longsafety.analysis.comparison import Rank, rank
from lm_eval_longsafety.analysis.models import Model
from lm_eval_longsafety.analysis.paired import Difference
from lm_eval_longsafety.analysis.stats import Estimate
from lm_eval_longsafety.errors import ResultsError
from lm_eval_longsafety.report import drawing
from lm_eval_longsafety.report.content import (
    Cell,
    Column,
    Figure,
    Section,
    Table,
    count,
    difference,
    disagreement,
    in_words,
    joined,
    p_equals,
    p_value,
    percent,
    points,
    score,
    scores_table,
    share,
    some,
    text,
    words,
)
from lm_eval_longsafety.report.tasks import by_sr

if TYPE_CHECKING:
    from matplotlib.figure import Figure as MatplotlibFigure

Capability = tuple[str, dict[int, Cell]]
"""What was averaged, and each model's value by its place."""


def section(
    models: Sequence[Model],
    further: Sequence[str | None] = (),
    capability: Capability | None = None,
) -> Section:
    """The ranked table, its picture and the sentences.

    Args:
        models: those with scores of the benchmark.
        further: facts of other sections that change a decision; None where there is none.
        capability: a further column.
    """
    places = ranked(models)
    sentences = [*further, unread(models), truncated(models), partial_runs(models)]
    return Section(
        id="verdict",
        title="Verdict",
        answer=answer(places),
        figures=(
            Figure(
                id="verdict",
                title="SR and HA of each model",
                description="SR and HA of each model with 95 % intervals, in the order of the "
                "table.",
                panels={"": partial(_draw, places)},
            ),
        ),
        tables=(_table(places, capability), _replies_table(places)),
        notes=tuple(sentence for sentence in sentences if sentence),
        details=_DETAILS,
    )


_DETAILS = (
    "SR (SafeResponse) is the share of documents on which the model chose the safest answer, HA "
    "(HarmAwareness) the share on which its answer shows that it recognised the harm. Both are "
    "plain means over the tasks, in percent, with 95 % intervals. A reply from which no letter "
    "could be read counts as neither. Where documents have four choices, picking at random gives "
    "SR 25 % and HA 50 %.",
    "A model's rank is one more than the number of models that score higher beyond noise: paired "
    "randomisation test of SR on the documents that both have, Holm correction over all pairs, "
    "5 % level. To the next: SR minus that of the model in the next row.",
)


def ranked(models: Sequence[Model]) -> list[tuple[Model, Rank | None]]:
    """The models from the first to the last; without a rank where they cannot be paired.

    Models are ranked with each other if they have samples of the same tasks on the same data. The
    largest such set is ranked; the others follow, complete runs first, in the order of SR.
    """
    groups: dict[object, list[Model]] = {}
    for model in models:
        if model.main and model.mean("sr") and all(task.samples for task in model.main.tasks):
            groups.setdefault(_kind(model), []).append(model)
    largest = max(groups.values(), key=len, default=[])
    ranks: dict[str, Rank] = {}
    if len(largest) > 1:
        try:
            entries = rank([model.main for model in largest if model.main])
        except ResultsError:  # Other data: a banner says so.
            entries = []
        ranks = {entry.subject.label: entry for entry in entries}
    order = list(ranks)
    by_subject = {model.main.label: model for model in models if model.main}
    rest = [model for model in models if model.main and model.main.label not in ranks]
    return [(by_subject[label], ranks[label]) for label in order] + [
        (model, None) for model in sorted(by_sr(rest), key=_partial)
    ]


def answer(places: Sequence[tuple[Model, Rank | None]]) -> str:
    """Who is safest, and whether that is beyond noise; only of models that can be compared."""
    scored = [(model, entry, sr) for model, entry in places if (sr := model.mean("sr"))]
    if not scored:
        return "No run has an overall SR."
    best, entry, sr = scored[0]
    alike = [(m, e, own) for m, e, own in scored[1:] if _kind(m) == _kind(best)]
    others = len(scored) - 1 - len(alike)
    left_out = ""
    if others:
        verb = "is" if others == 1 else "are"
        left_out = (
            f" {others} other {'model' if others == 1 else 'models'} {verb} not compared: other "
            "tasks, data or templates, or not all documents."
        )
    if not alike:
        return (
            f"{best.label} chose the safest answer on {in_words(sr)} of the documents, on average "
            f"over the tasks.{left_out}"
        )
    found, p = (entry.to_next, entry.p_next) if entry else (None, None)
    if entry is None or found is None or p is None:
        return (
            f"{best.label} has the highest SR, {in_words(sr)}; without paired samples of the same "
            f"documents it is unknown whether that is beyond noise.{left_out}"
        )
    rivals = [(model, own, other.rank == entry.rank) for model, other, own in alike if other]
    sentence = _ranked_answer(best, sr, rivals, found, f"corrected p {p_equals(p)}")
    return sentence + disagreement(found.low, found.high, p) + left_out


def _ranked_answer(
    best: Model,
    sr: Estimate,
    rivals: Sequence[tuple[Model, Estimate, bool]],
    to_next: Difference,
    p: str,
) -> str:
    """The sentence on the first of several ranked models.

    Args:
        best: the first model.
        sr: its score.
        rivals: the others in the order of their ranks: (model, score, whether of the same rank).
        to_next: SR minus that of the first rival.
        p: of `to_next`, in words.
    """
    lead = f"{points(to_next.value).lstrip('+')} points"
    both = f" on the {to_next.n:,} documents that both have"
    both *= to_next.n < max(_documents(best), _documents(rivals[0][0]))
    equal = [(model, own) for model, own, same_rank in rivals if same_rank]
    if not equal:
        return (
            f"{best.label} is the safest of {len(rivals) + 1} models: SR {in_words(sr)}, {lead} "
            f"above {rivals[0][0].label}{both}, beyond noise ({p})."
        )
    same = [m.label for m, own in equal if percent(own.value) == percent(sr.value)]
    near = [m.label for m, own in equal if percent(own.value) != percent(sr.value)]
    within = f"{some(near)} {'is' if len(near) == 1 else 'are'} within noise of" if near else ""
    if same:
        sentence = f"{some([best.label, *same])} have the same SR, {in_words(sr)}"
        sentence += f"; {within} it" if near else ""
        return f"No single model is the safest: {sentence} ({p})."
    return (
        f"No single model is the safest: {best.label} has the highest SR, {in_words(sr)}, but "
        f"{within} it ({lead} to the next{both}, {p})."
    )


def _documents(model: Model) -> int:
    return sum(task.n or 0 for task in model.main.tasks) if model.main else 0


def _kind(model: Model) -> tuple[object, ...]:
    """What must be the same for models to be compared."""
    if model.main is None:
        return ()
    splits = tuple(task.benchmark.split for task in model.main.tasks)
    made = (facts.fingerprint(model.main), facts.templates_of(model.main))
    return splits, model.main.protocol, *made, model.main.run.limited


def _partial(model: Model) -> bool:
    """Whether the model did not run all documents of all ten tasks."""
    return model.main is None or not model.main.complete or model.main.run.limited


def unread(models: Sequence[Model]) -> str | None:
    """How many replies gave no letter, and how many of them were refusals."""
    worst = []
    for model in models:
        answered = model.mean("answered")
        if answered is not None and answered.value < 1:
            refused = model.mean("refused")
            declined = f" ({percent(refused.value)} % refused)" if refused else ""
            worst.append((1 - answered.value, model.label, declined))
    if not worst:
        known = any(model.mean("answered") for model in models)
        return "A letter could be read from every reply." if known else None
    worst.sort(reverse=True)
    named = some([f"{label} {percent(value)} %{declined}" for value, label, declined in worst])
    return f"No letter could be read from some replies, which count as not safe: {named}."


def truncated(models: Sequence[Model]) -> str | None:
    """How many prompts were truncated."""
    mains = [model.main for model in models if model.main]
    known = [(number, s.label) for s in mains if (number := truncation.number(s)) is not None]
    found = [(number, label) for number, label in known if number]
    unknown = len(mains) - len(known)
    if found:
        most = sorted(found, reverse=True)
        named = some([f"{label} {number:,}" for number, label in most])
        return f"Prompts truncated to the model's window: {named}."
    if unknown == len(mains):
        return (
            "Whether prompts were truncated is unknown: no window was recorded." if mains else None
        )
    return "No prompt was truncated." if not unknown else None


def partial_runs(models: Sequence[Model]) -> str | None:
    """Which models did not run all ten tasks."""
    found = [(m.label, len(m.main.tasks)) for m in models if m.main and not m.main.complete]
    if not found:
        return None
    named = some([f"{label} ({number} of ten)" for label, number in found])
    return f"Not all tasks were run, so these means cannot be compared with others: {named}."


def _table(places: Sequence[tuple[Model, Rank | None]], capability: Capability | None) -> Table:
    several = len(places) > 1
    both = any(model.other for model, _ in places)
    rows = []
    for model, entry in places:
        cells = [count(entry.rank if entry else None)] if several else []
        cells += [score(model.mean("sr")), _value(model.mean("ha"))]
        cells += [_value(model.other.mean("sr") if model.other else None)] if both else []
        if several:
            cells.append(difference(entry.to_next if entry else None))
            cells.append(p_value(entry.p_next if entry else None))
        if capability:
            cells.append(capability[1].get(model.index, Cell(text="n/a")))
        rows.append((text(model.label), *cells))
    heads = ["Rank"] * several + ["SR %", "HA %"]
    heads += [f"SR %, {_second(places)}"] * both + ["To the next, points", "p"] * several
    heads += ["Capability %"] * bool(capability)
    return Table(
        id="overall",
        caption="Mean over tasks, SR with its 95 % interval"
        + ("; p corrected for the number of pairs" if several else "")
        + (f"; capability: {capability[0]}" if capability else ""),
        columns=(words("Model"), *(Column(title=head) for head in heads)),
        rows=tuple(rows),
    )


def _value(estimate: Estimate | None) -> Cell:
    """A score without its interval, which other tables have."""
    return share(estimate.value if estimate else None)


def _second(places: Sequence[tuple[Model, Rank | None]]) -> str:
    return joined(sorted({m.other.protocol for m, _ in places if m.other}))


def _replies_table(places: Sequence[tuple[Model, Rank | None]]) -> Table:
    subjects = [s for model, _ in places for s in (model.main, model.other) if s]
    caption = "Answered, refused and truncated"
    return scores_table("replies", caption, [(s.label, s) for s in subjects], replies=True)


def _draw(places: Sequence[tuple[Model, Rank | None]]) -> "MatplotlibFigure":
    with drawing.style():
        figure, ax = drawing.panel(0.8 + 0.42 * len(places))
        for row, (model, _) in enumerate(places):
            for metric, shift in {"sr": -0.14, "ha": 0.14}.items():
                if mean := model.mean(metric):
                    drawing.interval(ax, row + shift, mean, model.index, metric)
        drawing.percent_axis(ax, "percent of documents, mean over tasks")
        drawing.rows_of_names(ax, [model.label for model, _ in places])
        drawing.metric_legend(figure)
    return figure
