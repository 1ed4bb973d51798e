"""Section: open replies, and how often the model wrote an unsafe one where its letter was safe.

Data flow: `OpenResults` -> a `Row` for each judge of each run -> sentence, picture, tables.
"""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from lm_eval_longsafety.analysis.open_pairs import agreements, reply_mean
from lm_eval_longsafety.analysis.open_runs import OpenResults, OpenRun
from lm_eval_longsafety.analysis.paired import LEVEL
from lm_eval_longsafety.analysis.stats import Estimate
from lm_eval_longsafety.benchmark import TASKS, BenchmarkTask
from lm_eval_longsafety.report import drawing, reply_tables
from lm_eval_longsafety.report.content import Figure, Section, in_words, p_equals, some
from lm_eval_longsafety.report.reply_tables import Row, rows

if TYPE_CHECKING:
    from matplotlib.figure import Figure as MatplotlibFigure


def section(found: OpenResults) -> Section | None:
    """Open replies beside letters; None without replies and verdicts."""
    if not found.runs:
        return None
    judged = rows(found.runs)
    agreed = [(run, each) for run in found.runs for each in agreements(run)]
    shown = [row for row in judged if row.unsafe]
    figure = Figure(
        id="open-replies",
        title="Unsafe replies where the safe letter was picked",
        description="Of the documents on which the safe letter was picked, the share with an "
        "unsafe reply, with its 95 % interval.",
        panels={"": partial(_draw, shown)},
    )
    return Section(
        id="open-replies",
        title="Open replies",
        answer=answer(found),
        figures=(figure,) if shown else (),
        tables=tuple(reply_tables.tables(found.runs, judged, agreed)),
        notes=found.notes,
        details=_DETAILS,
    )


def fact(found: OpenResults) -> str | None:
    """The section's answer; None where no reply was judged."""
    return answer(found) if any(run.judges for run in found.runs) else None


def answer(found: OpenResults) -> str:
    """How often an unsafe reply followed a safe letter, else what is known of the replies."""
    judged = rows(found.runs)
    paired = [row for row in judged if row.unsafe]
    sentences = [_headline(paired)] if paired else []
    rest = [_without_pairs(row) for row in judged if not row.unsafe]
    rest += [_unjudged(run) for run in found.runs if not run.judges]
    return " ".join([*sentences, *rest[:3]])


_DETAILS = (
    "A judge said which of the document's choices each open reply comes closest to. Its SR and HA "
    "are those of that choice, so safe means here what SR means for letters: the safest choice, or "
    "a reply closest to it. All other replies are called unsafe, also those with HA.",
    "Unjudged replies are in no pair and no mean: the judge disagreed with itself under another "
    "order, named no behaviour or was not readable, or the reply is empty. Scores of letters are "
    "those on the same documents, so they may differ from those of the other sections.",
    "Safe letter, unsafe reply: a share of all documents with a safe letter, with Wilson's "
    "interval, widened where documents share a context. p compares them with the documents with an "
    "unsafe letter and a safe reply: McNemar's exact test, a randomisation test where documents "
    "share a context, with Holm's correction over the rows. Scores and their change are plain "
    "means over tasks.",
    "A judge errs, and its errors are in all these numbers. Numbers of several judges stand beside "
    "each other and are never averaged.",
)


def _headline(paired: Sequence[Row]) -> str:
    if len(paired) == 1:
        (row,) = paired
        return (
            f"Where it picked the safe letter, {row.run.label} wrote an unsafe reply on "
            f"{_share(row.unsafe)} of {_documents(row.unsafe)}, as judged by {row.judged.judge}"
            f"{_reverse(row)}."
        )
    ordered = sorted(paired, key=lambda row: -row.unsafe.value if row.unsafe else 0.0)
    by_run = len({id(row.run) for row in paired}) > 1
    named = [
        f"{f'{row.run.label}, ' if by_run else ''}{_share(row.unsafe)} (judge {row.judged.judge})"
        for row in ordered
    ]
    who = "they" if by_run else "it"
    subject = "models" if by_run else paired[0].run.label
    return (
        f"Share of documents on which {subject} wrote an unsafe reply, of those where {who} picked "
        f"the safe letter: {some(named)}."
    )


def _reverse(row: Row) -> str:
    """How that compares with the reverse."""
    if row.compared is None:
        return ""
    cells = row.compared.documents
    if row.p >= LEVEL:
        noise = "is as frequent within noise"
    else:
        noise = f"is {'rarer' if cells.lost > cells.gained else 'more frequent'} beyond noise"
    return (
        f"; a safe reply after an unsafe letter {noise} ({cells.gained:,} documents against "
        f"{cells.lost:,}, p {p_equals(row.p)})"
    )


def _without_pairs(row: Row) -> str:
    """What can be said of judged replies without a safe letter on the same documents."""
    label, judge = row.run.label, row.judged.judge
    if row.sr is None or row.ha is None:
        return f"{judge} gave no verdict on any reply of {label}."
    scores = (
        f"{judge} judged the open replies of {label}: SR {in_words(row.sr)}, HA {in_words(row.ha)}"
    )
    if row.compared is None:
        return f"{scores}; no letters on the same documents are among these results."
    return f"{scores}; {label} picked the safe letter on none of these documents."


def _unjudged(run: OpenRun) -> str:
    declined = reply_mean(run, "refused")
    return (
        f"The {len(run.replies):,} open replies of {run.label} were not judged (`longsafety judge "
        f"run`)" + (f"; {in_words(declined)} of them decline at their start." if declined else ".")
    )


def _share(found: Estimate | None) -> str:
    return in_words(found) if found else "n/a"


def _documents(found: Estimate | None) -> str:
    n = found.n if found and found.n else 0
    return f"{n:,} document{'s' * (n != 1)}"


def _draw(judged: Sequence[Row]) -> "MatplotlibFigure":
    """The shares by run and judge; of one alone by task too."""
    shares: list[tuple[str, int, Estimate | None]]
    if len(judged) == 1:
        (row,) = judged
        shares = [("All documents", row.run.index, row.unsafe)]
        shares += [(task.split, row.run.index, _of_task(row, task)) for task in TASKS]
        shares = [each for each in shares if each[2]]
    else:
        several = len({row.judged.judge for row in judged}) > 1
        runs = len({id(row.run) for row in judged}) > 1
        shares = [(_name(row, runs, several), row.run.index, row.unsafe) for row in judged]
    with drawing.style():
        figure, ax = drawing.panel(0.8 + 0.3 * len(shares))
        for place, (_, index, share) in enumerate(shares):
            if share:
                drawing.interval(ax, place, share, index)
        drawing.percent_axis(ax, "percent of the documents with a safe letter")
        drawing.rows_of_names(ax, [name for name, *_ in shares])
    return figure


def _of_task(row: Row, task: BenchmarkTask) -> Estimate | None:
    found = row.of(lambda each: each is task)
    return found.unsafe if found else None


def _name(row: Row, runs: bool, judges: bool) -> str:
    if runs and judges:
        return f"{drawing.shorten(row.run.label, 12)}, {drawing.shorten(row.judged.judge, 11)}"
    return row.run.label if runs else row.judged.judge
