"""Put the sections together into one report, the verdict first."""

from collections.abc import Sequence

from lm_eval_longsafety.analysis import facts
from lm_eval_longsafety.analysis.effects import context_effects, letter_effects
from lm_eval_longsafety.analysis.models import Model, models
from lm_eval_longsafety.analysis.open_runs import OpenResults, link
from lm_eval_longsafety.analysis.other_tasks import average
from lm_eval_longsafety.analysis.tuned_pairs import detected, named
from lm_eval_longsafety.analysis.tuned_replies import reply_changes
from lm_eval_longsafety.analysis.tuning import Tuning, tunings
from lm_eval_longsafety.errors import OptionError
from lm_eval_longsafety.public import clean
from lm_eval_longsafety.report import (
    capability,
    context_cost,
    explorer,
    gap,
    how_it_was_run,
    length_and_depth,
    letter_and_reply,
    letter_order,
    published,
    tasks,
    verdict,
    what_tuning_changed,
)
from lm_eval_longsafety.report.content import Report, Section, joined
from lm_eval_longsafety.results import Collection
from lm_eval_longsafety.results.open_replies import OpenReplies
from lm_eval_longsafety.results.verdicts import Verdicts

_METHOD = Section(
    id="method",
    title="How intervals and tests are computed",
    details=(
        "Intervals of single tasks are Wilson score intervals; where documents share a context "
        "the number of documents is replaced by the effective number that the cluster-robust "
        "standard error implies (arXiv 2411.00640). Means over tasks treat tasks as strata: "
        "standard error √(Σ se²) / T, interval combined from those of the tasks.",
        "Intervals cover the choice of documents only: not another prompt, letter order or seed.",
        "Two models whose intervals overlap may still differ: differences are paired by document "
        "and tested by a randomisation test over contexts, in single tasks without repeated "
        "contexts by McNemar's exact test; p-values are corrected by Holm's method.",
    ),
)


def build(
    found: Collection,
    replies: Sequence[OpenReplies] = (),
    verdicts: Sequence[Verdicts] = (),
    *,
    show_text: bool = False,
    show_published: bool = True,
    capability_tasks: Sequence[str] | None = None,
    pairs: Sequence[str] = (),
    trained_at: int | None = None,
) -> Report:
    """The report on everything that was found.

    Args:
        found: runs, read with `keep_text` if `show_text`.
        replies: open replies of these runs.
        verdicts: of judges on open replies.
        show_text: whether questions and replies appear.
        show_published: whether published scores of other models appear.
        capability_tasks: tasks and groups whose mean is the capability; None for all that fit.
        pairs: base and tuned models as `base=tuned`; without any those that the models name.
        trained_at: tokens of the longest rows that the tuned models were trained on.

    Raises:
        OptionError: one of `capability_tasks` or `pairs` is unknown or cannot be used, or
            `trained_at` is given without pairs.
    """
    shown = models(found.runs)
    scored = [model for model in shown if model.main]
    able = average(shown, capability_tasks)
    turned, short = letter_effects(shown), context_effects(shown)
    opened = link(shown, replies, verdicts)
    judged = letter_and_reply.section(opened)
    tuned, doubts = _tuned(shown, pairs, trained_at)
    sections: list[Section | None] = []
    if scored:
        further = (
            what_tuning_changed.fact(tuned),
            letter_order.fact(scored, turned),
            context_cost.fact(short),
            letter_and_reply.fact(opened, judged),
            capability.fact(scored, able),
        )
        sections.append(verdict.section(scored, further, capability.column(scored, able)))
        sections.append(
            what_tuning_changed.section(tuned, doubts, able, reply_changes(tuned, opened.runs))
        )
        sections += [tasks.section(scored), gap.section(scored)]
    sections.append(length_and_depth.section(shown))
    sections.append(letter_order.section(shown, turned))
    sections.append(context_cost.section(shown, short))
    sections.append(judged)
    sections.append(capability.section(shown, able))
    if scored:
        sections.append(published.section(scored) if show_published else None)
    sections.append(explorer.section(shown) if show_text else None)
    sections.append(how_it_was_run.section(shown) if shown else None)
    if opened.runs or any(model.subjects for model in shown):
        sections.append(_METHOD)
    sections.append(_notes(found, shown))
    return Report(
        title="Long-context safety report",
        line=_line(shown, opened),
        banners=tuple(clean(banner, 600) for banner in _banners(shown, opened)),
        sections=tuple(section for section in sections if section is not None),
    )


def _tuned(
    shown: Sequence[Model], asked: Sequence[str], trained_at: int | None
) -> tuple[list[Tuning], list[str]]:
    """What fine-tuning changed in the pairs that were asked for, else in those that were found."""
    pairs, doubts = (named(asked, shown), []) if asked else detected(shown)
    if trained_at is not None and not pairs:
        raise OptionError(
            "--trained-at: no model of these results names another one as its base; name both with "
            "--pair base=tuned"
        )
    found, notes = tunings(pairs, trained_at)
    return found, [*doubts, *notes]


def _line(shown: Sequence[Model], opened: OpenResults) -> str:
    """Dates, data and protocols."""
    subjects = [subject for model in shown for subject in model.subjects]
    dates = sorted(run.date for model in shown for run in model.runs if run.date)
    days = dict.fromkeys(f"{date:%Y-%m-%d}" for date in (dates[:1] + dates[-1:]))
    rows = (row for model in shown for run in model.runs for row in run.tasks.values())
    data = dict.fromkeys(row.provenance.data for row in rows if row.provenance)
    protocols = dict.fromkeys(subject.protocol for subject in subjects)
    names = {model.label for model in shown} | {run.label for run in opened.runs}
    parts = [
        " to ".join(days),
        f"data: {joined([clean(name) for name in data if name])}" if any(data) else "",
        f"protocol: {joined(list(protocols))}" if protocols else "",
        "open replies" if opened.runs else "" if protocols else "no LongSafetyBench task",
        f"{len(names)} models" if len(names) > 1 else "".join(names),
    ]
    return clean(" · ".join(part for part in parts if part), 400)


def _banners(shown: Sequence[Model], opened: OpenResults) -> list[str]:
    """What a reader must know before any number."""
    plain = [subject for model in shown for subject in (model.main, model.other) if subject]
    runs = {id(run): (model.label, run) for model in shown for run in model.runs}
    for opened_run in opened.runs:
        for judge in () if opened_run.replies else opened_run.judges:
            if judge.run.run:
                runs[id(judge.run.run)] = (opened_run.label, judge.run.run)
    found = (
        []
        if opened.runs or any(model.subjects for model in shown)
        else ["No LongSafetyBench task in these results: only other tasks are shown."]
    )
    found += facts.banners(plain, runs.values())
    found += facts.differences([model.main for model in shown if model.main])
    for model in shown:
        if model.main and model.other and model.main.run is not model.other.run:
            found += facts.differences([model.main, model.other], of_one_model=True)
    return found


def _notes(found: Collection, shown: Sequence[Model]) -> Section | None:
    """What was missing, damaged or skipped, one line a model."""
    notes = [clean(note) for note in found.notes]
    for model in shown:
        own = [clean(note) for run in model.runs for note in run.notes]
        bare = [name for run in model.runs for name in run.longsafety() if name not in run.samples]
        if bare:
            own.append(
                f"no samples for {len(bare)} task{'s' * (len(bare) != 1)}, so lengths, letters and "
                "shared contexts are not known there; run lm-eval with --log_samples"
            )
        if own:
            notes.append(f"{model.label}: " + "; ".join(note.rstrip(".") for note in own) + ".")
    if not notes:
        return None
    return Section(id="notes", title="Notes on the files", notes=tuple(notes))
