"""Section: open replies, and how often the model wrote an unsafe one where its letter was safe.

Data flow: `OpenResults` -> a `JudgedRow` for each judge of each run -> sentence, picture, tables.
"""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from lm_eval_longsafety.analysis.judges import Agreed, agreements
from lm_eval_longsafety.analysis.open_pairs import Compared, JudgedRow, reply_mean, rows
from lm_eval_longsafety.analysis.open_runs import OpenResults, OpenRun
from lm_eval_longsafety.analysis.paired import LEVEL
from lm_eval_longsafety.analysis.stats import Estimate
from lm_eval_longsafety.benchmark import TASKS
from lm_eval_longsafety.errors import JUDGE, OptionError, need
from lm_eval_longsafety.report import drawing, reply_tables
from lm_eval_longsafety.report.content import Figure, Section, in_words, p_equals, some
from lm_eval_longsafety.report.reply_tables import where

if TYPE_CHECKING:
    from matplotlib.figure import Figure as MatplotlibFigure


def section(found: OpenResults) -> Section | None:
    """Open replies beside letters; None without replies and verdicts."""
    if not found.runs:
        return None
    judged = rows(found.runs)
    agreed, missing = _agreed(found.runs)
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
        answer=_answer(found.runs, judged),
        figures=(figure,) if shown else (),
        tables=tuple(reply_tables.tables(found.runs, judged, agreed)),
        notes=(*reply_tables.notes(judged), *found.notes, *missing),
        details=_DETAILS,
    )


def _agreed(runs: Sequence[OpenRun]) -> tuple[list[tuple[OpenRun, Agreed]], list[str]]:
    """How far judges of the same replies agree, and why that is not shown."""
    if all(len(run.judges) < 2 for run in runs):
        return [], []
    try:
        need("judge", JUDGE)
    except OptionError as error:
        return [], [f"How far the judges agree is not shown: {error}."]
    verdicts = [{each.judge: each.verdicts for each in run.judges} for run in runs]
    return [
        (run, each) for run, own in zip(runs, verdicts, strict=True) for each in agreements(own)
    ], []


def fact(found: OpenResults, shown: Section | None) -> str | None:
    """The answer of `section`; None where no reply was judged."""
    return shown.answer if shown and any(run.judges for run in found.runs) else None


def _answer(runs: Sequence[OpenRun], judged: Sequence[JudgedRow]) -> str:
    """How often an unsafe reply followed a safe letter, else what is known of the replies."""
    paired = [(row, pair, pair.unsafe) for row in judged if (pair := row.compared) and pair.unsafe]
    rest = [_without_pairs(row) for row in judged if not row.unsafe]
    rest += [_unjudged(run) for run in runs if not run.judges]
    more = [f"{len(rest) - 3} more are in the tables."] * (len(rest) > 3)
    return " ".join([*([_headline(paired)] if paired else []), *rest[:3], *more])


_Pair = tuple[JudgedRow, Compared, Estimate]
"""A row with its pairs of letter and reply, and the share of unsafe replies to safe letters."""


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


def _headline(paired: Sequence[_Pair]) -> str:
    if len(paired) == 1:
        ((row, pair, unsafe),) = paired
        return (
            f"Where it picked the safe letter, {row.run.label} wrote an unsafe reply on "
            f"{in_words(unsafe)} of {unsafe.n:,} document{'s' * (unsafe.n != 1)}, as judged by "
            f"{row.judged.judge}; {_reverse(pair, row.p)}."
        )
    ordered = sorted(paired, key=lambda each: -each[2].value)
    judges, runs = ({name(row) for row, *_ in paired} for name in (_judge, _model))
    named = [
        f"{in_words(unsafe)} ("
        + ", ".join(
            [_model(row)] * (len(runs) > 1) + [f"judged by {_judge(row)}"] * (len(judges) > 1)
        )
        + ")"
        for row, _, unsafe in ordered
    ]
    who = "models" if len(runs) > 1 else "".join(runs)
    judge = "" if len(judges) > 1 else f", as judged by {''.join(judges)}"
    return (
        f"Where the safe letter was picked, {who} wrote an unsafe reply on this share of the "
        f"documents{judge}: {some(named)}."
    )


def _reverse(pair: Compared, p: float) -> str:
    """How that compares with the reverse."""
    cells = pair.documents
    if p >= LEVEL:
        noise = "is as frequent within noise"
    else:
        noise = f"is {'rarer' if cells.lost > cells.gained else 'more frequent'} beyond noise"
    return (
        f"a safe reply after an unsafe letter {noise} ({cells.gained:,} documents against "
        f"{cells.lost:,}, p {p_equals(p)})"
    )


def _without_pairs(row: JudgedRow) -> str:
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
        "run`)" + (f"; {in_words(declined)} of them decline at their start." if declined else ".")
    )


def _draw(judged: Sequence[JudgedRow]) -> "MatplotlibFigure":
    """The shares by run and judge; of one alone by task too."""
    shares = _of_tasks(judged[0]) if len(judged) == 1 else _of_judges(judged)
    with drawing.style():
        figure, ax = drawing.panel(0.8 + 0.3 * len(shares))
        for place, (_, index, share) in enumerate(shares):
            if share:
                drawing.interval(ax, place, share, index)
        drawing.percent_axis(ax, "percent of the documents with a safe letter")
        drawing.rows_of_names(ax, [name if share else "" for name, _, share in shares])
        drawing.headings(ax, {name: at for at, (name, _, share) in enumerate(shares) if not share})
    return figure


_Share = tuple[str, int, Estimate | None]
"""Name of the row, place of the model, and the share; None for a heading."""


def _of_tasks(row: JudgedRow) -> list[_Share]:
    found = [(task.split, row.of(where("split", task.split))) for task in TASKS]
    shares = [(name, row.run.index, pair.unsafe) for name, pair in found if pair and pair.unsafe]
    return [("All documents", row.run.index, row.unsafe), *shares]


def _of_judges(judged: Sequence[JudgedRow]) -> list[_Share]:
    """A row for each judge below a heading for each run; without headings where one is the same."""
    judges, runs = ({name(row) for row in judged} for name in (_judge, _model))
    if len(judges) == 1 or len(runs) == 1:
        name = _model if len(judges) == 1 else _judge
        return [(name(row), row.run.index, row.unsafe) for row in judged]
    shares: list[_Share] = []
    for row in judged:
        if _model(row) not in [name for name, _, share in shares if share is None]:
            shares.append((_model(row), row.run.index, None))
        shares.append((_judge(row), row.run.index, row.unsafe))
    return shares


def _judge(row: JudgedRow) -> str:
    return row.judged.judge


def _model(row: JudgedRow) -> str:
    return row.run.label
