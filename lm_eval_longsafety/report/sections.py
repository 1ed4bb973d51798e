"""Put the sections together into one report."""

from collections.abc import Sequence

from lm_eval_longsafety.analysis import facts
from lm_eval_longsafety.analysis.scores import Subject, run_labels, subjects
from lm_eval_longsafety.public import clean
from lm_eval_longsafety.report import (
    breakdown,
    by_length,
    capability,
    controls,
    excerpts,
    gap,
    headline,
    how_it_was_run,
    letter_order,
    variant_tables,
)
from lm_eval_longsafety.report.content import Report, Section
from lm_eval_longsafety.results import Collection, Run

_METHOD = Section(
    id="method",
    title="How to read the intervals",
    paragraphs=(
        "Intervals of single tasks are Wilson score intervals; where documents share a context "
        "the number of documents is replaced by the effective number that the cluster-robust "
        "standard error implies (arXiv 2411.00640). Means over tasks treat tasks as strata: "
        "standard error √(Σ se²) / T, interval combined from those of the tasks.",
        "Intervals cover the choice of documents only: not another prompt, letter order or seed.",
        "Two models whose intervals overlap may still differ: the command longsafety compare pairs "
        "them document by document.",
    ),
)


def build(found: Collection, *, show_text: bool = False) -> Report:
    """The report on everything that was found.

    Args:
        found: runs, read with `keep_text` if `show_text`.
        show_text: whether questions and replies appear.
    """
    runs = found.runs
    labelled = list(zip(run_labels(runs), runs, strict=True))
    scored = subjects(runs)
    plain = [subject for subject in scored if subject.variant == ""]
    sections: list[Section | None] = []
    if plain:
        sections += [headline.section(plain), breakdown.section(plain), gap.section(plain)]
        sections += [by_length.section(plain), letter_order.section(plain)]
    sections.append(variant_tables.section(scored))
    sections += [controls.rotation_letters(scored), controls.context_cost(scored)]
    sections.append(controls.length_rows(scored))
    sections.append(capability.section(plain, runs))
    sections.append(how_it_was_run.section(controls.one_length_each(scored), runs))
    sections.append(excerpts.section(plain) if show_text else None)
    sections += [_METHOD if scored else None, _notes(found)]
    missing = (
        [] if scored else ["No LongSafetyBench task in these results: only other tasks are shown."]
    )
    return Report(
        title="Long-context safety report",
        summary=_summary(plain or scored, runs),
        banners=tuple(clean(line, 600) for line in (*missing, *facts.banners(plain, labelled))),
        sections=tuple(section for section in sections if section is not None),
    )


def _summary(scored: Sequence[Subject], runs: Sequence[Run]) -> str:
    """The overall SR of the best models in one sentence."""
    if not scored:
        return f"{len(runs)} run(s) without LongSafetyBench."
    best = [(mean.value, s.label) for s in scored if (mean := s.mean("sr"))]
    parts = [f"{label} {100 * value:.1f} %" for value, label in sorted(best, reverse=True)[:6]]
    return "LongSafetyBench, SafeResponse over the tasks: " + ", ".join(parts) + "."


def _notes(found: Collection) -> Section | None:
    """What was missing, damaged or skipped."""
    notes = [clean(note) for note in found.notes]
    for label, run in zip(run_labels(found.runs), found.runs, strict=True):
        notes += [f"{label}: {clean(note)}" for note in run.notes]
        ours = [name for name in run.longsafety() if name not in run.samples]
        if ours:
            notes.append(
                f"{label}: no samples for {len(ours)} task(s), so lengths, letters and shared "
                "contexts are not known for them; run lm-eval with --log_samples."
            )
    if not notes:
        return None
    return Section(id="notes", title="Notes on the files", notes=tuple(notes))
