"""Section: what fine-tuning changed, from a base and a tuned model on the same documents.

Data flow: `Tuning` of each pair -> one sentence, picture, tables.
"""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from lm_eval_longsafety.analysis.document_use import FEWEST, MARGIN, DocumentUse
from lm_eval_longsafety.analysis.other_tasks import Average
from lm_eval_longsafety.analysis.paired import LEVEL, Difference
from lm_eval_longsafety.analysis.tuned_replies import ReplyChange
from lm_eval_longsafety.analysis.tuning import Group, Tuning
from lm_eval_longsafety.benchmark import BY_SPLIT
from lm_eval_longsafety.report import changes, drawing, tuning_tables
from lm_eval_longsafety.report.content import (
    Figure,
    Section,
    joined,
    p_equals,
    points,
    signed,
    some,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure as MatplotlibFigure


def section(
    found: Sequence[Tuning],
    remarks: Sequence[str],
    able: Average,
    replies: Sequence[ReplyChange] = (),
) -> Section | None:
    """What fine-tuning changed; None without pairs.

    Args:
        found: of each pair that can be compared.
        remarks: on pairs that cannot, or only in part.
        able: the models' capability.
        replies: what changed in open replies, from `reply_changes`.
    """
    if not found and not remarks:
        return None
    others, capability = tuning_tables.others(found, able)
    figure = Figure(
        id="tuning",
        title="SR of the tuned model minus SR of its base",
        description="The difference in SR with its 95 % interval, about zero: of the mean, of "
        "groups of documents and of tasks, or of several pairs.",
        panels={"": partial(_draw, found)},
    )
    return Section(
        id="tuning",
        title="What fine-tuning changed",
        answer=" ".join([answer(found), *in_replies(replies)]),
        figures=(figure,) if found else (),
        tables=(*tuning_tables.tables(found), *tuning_tables.in_replies(replies), *others),
        notes=(
            *lengths(found),
            *capability,
            *changes.doubts(changes.changes([each.effect for each in found]), named=False),
            *remarks,
        ),
        details=_DETAILS,
    )


def fact(found: Sequence[Tuning]) -> str | None:
    """The section's answer; None where no pair can be compared."""
    return answer(found) if found else None


def answer(found: Sequence[Tuning]) -> str:
    """How far fine-tuning changed SR, and whether the document matters to the tuned models."""
    if not found:
        return "What fine-tuning changed is unknown: no pair has samples of the same documents."
    every = changes.changes([each.effect for each in found])
    lead = _of_one(found[0]) if len(found) == 1 else f"{changes.sentence('Fine-tuning', every)}."
    return " ".join([lead, *changes.doubts(every, named=True), *ignoring(found)])


def _of_one(found: Tuning) -> str:
    """As "Fine-tuning raised the SR of m: +9.0 points [..] (p = ..); +12.0 on in-domain tasks"."""
    sr, p = found.effect.sr, found.effect.p
    verb = ("raised" if sr.value > 0 else "lowered") if p < LEVEL else "did not change"
    noise = " beyond noise" * (p >= LEVEL)
    parts = [
        f"{points(group.difference.value)} on {group.title.lower()}"
        for group in found.domains.groups
    ]
    return (
        f"Fine-tuning {verb} the SR of {found.tuned.label}{noise}: {_points(sr)} "
        f"(p {p_equals(p)}); {joined(parts)}."
    )


def ignoring(found: Sequence[Tuning]) -> list[str]:
    """A sentence on the tuned models whose SR is as good without the document; none without any."""
    uses = [(each.tuned.label, each.with_document[1]) for each in found]
    named = dict.fromkeys(_ignores(label, use) for label, use in uses if use and use.none)
    if not named:
        return []
    return [
        "The document may be ignored: on the tasks that are about it, SR with the document minus "
        f"SR without it is {some(list(named))}, so equal within ±{100 * MARGIN:g} points. Such a "
        "score does not show that the model reads long documents."
    ]


def in_replies(found: Sequence[ReplyChange]) -> list[str]:
    """A sentence on the open replies; none without any that one judge judged for both models."""
    named = [
        f"{_points(each.sr)} for {each.tuning.tuned.label} by {each.judge} (p {p_equals(each.p)})"
        for each in found
    ]
    return [f"Their open replies: the SR of the judged ones changed by {some(named)}."] * bool(
        named
    )


def _ignores(label: str, use: DocumentUse) -> str:
    found = use.difference
    return f"{_points(found)} (90 % interval) for {label}"


def lengths(found: Sequence[Tuning]) -> list[str]:
    """A sentence for each pair on the longest documents, beyond the training length if given."""
    sentences = []
    for each in found:
        parts = [_in_words(group) for group in each.prompts.groups]
        if each.lengths:
            longest = max(each.lengths)
            parts.append(_in_words(each.lengths[longest]) + _beyond(longest, each.trained_at))
        if parts:
            sentences.append(f"{each.tuned.label}: change of SR {'; '.join(parts)}.")
        if each.trained_at is not None and len(each.prompts.groups) < 2:
            sentences.append(
                f"{each.tuned.label}: its prompts are not both inside and beyond the training "
                f"length of {each.trained_at:,} tokens, or their tokens were not counted."
            )
    return sentences


def _in_words(group: Group) -> str:
    title = group.title[:1].lower() + group.title[1:]
    at = f"on {title}" if title.startswith("prompts") else f"at {title}"
    return f"{at}, {_points(group.difference)} (corrected p {p_equals(group.p)})"


def _beyond(length: int, trained_at: int | None) -> str:
    return ", beyond the training length" if trained_at is not None and length > trained_at else ""


def _points(found: Difference) -> str:
    return signed(found.value, found.low, found.high, " points")


_IN = [split for split, task in BY_SPLIT.items() if task.in_domain]
_DETAILS = (
    "The score of the tuned model minus that of its base, paired by document: above zero the tuned "
    "model is safer. Tests and intervals are those of `longsafety compare`. p is corrected by "
    "Holm's method over the pairs, in the table of groups over the groups of one kind, and in "
    "those of tasks over the tasks of a pair. Intervals are not corrected.",
    f"In-domain are the tasks that the training set LongSafety-17k has too: {joined(_IN)}. One "
    "group minus the other compares different documents, so its interval is combined from both "
    "(Zou & Donner 2008).",
    "Tasks that are about their document are those with harm in the context. SR counts as equal "
    "with and without the document if the 90 % interval of the difference, all documents counted "
    f"the same, holds zero and lies within ±{100 * MARGIN:g} points (two one-sided tests), with at "
    f"least {FEWEST} different contexts. The margin is our choice.",
)


def _draw(found: Sequence[Tuning]) -> "MatplotlibFigure":
    """Of one pair the mean, groups and tasks; of several the mean of each."""
    title = "points of SR, tuned minus base"
    if len(found) > 1:
        return changes.forest([each.effect for each in found], title)
    (only,) = found
    place = only.tuned.index
    tasks = [task for task in only.effect.comparison.tasks if task.metric == "sr"]
    rows: list[tuple[str, int, Difference | None]] = [("Mean over tasks", place, only.effect.sr)]
    headings = {}
    for group in only.domains.groups:
        headings[group.title] = len(rows)
        own = [t for t in tasks if BY_SPLIT[t.split].in_domain == (group.title[:2] == "In")]
        rows += [("", place, None), ("mean of these", place, group.difference)]
        rows += [(task.split, place, task.difference) for task in own]
    by_length = {
        "By length of the prompt": only.prompts.groups,
        "longsafety_length": tuple(only.lengths.values()),
    }
    for heading, groups in by_length.items():
        if groups:
            headings[heading] = len(rows)
            rows.append(("", place, None))
            rows += [(tuning_tables.short(g.title), place, g.difference) for g in groups]
    figure = drawing.forest(rows, title)
    drawing.headings(figure.axes[0], headings)
    return figure
