"""The tables on open replies: scores beside letters, by scenario, judges, agreement, replies."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from lm_eval_longsafety.analysis.judges import Agreed, orders_in_words
from lm_eval_longsafety.analysis.open_pairs import (
    METRICS,
    Chosen,
    JudgedRow,
    judged_mean,
    reply_mean,
)
from lm_eval_longsafety.analysis.open_runs import OpenRun
from lm_eval_longsafety.analysis.stats import Estimate
from lm_eval_longsafety.benchmark import TASKS, BenchmarkTask
from lm_eval_longsafety.report.content import (
    Cell,
    Column,
    Table,
    coefficient,
    count,
    difference,
    model_tables,
    p_value,
    score,
    share,
    text,
    unread_note,
    words,
)
from lm_eval_longsafety.report.tasks import SCENARIOS
from lm_eval_longsafety.results.verdicts import Verdict, Verdicts, hardly_read


def tables(
    runs: Sequence[OpenRun], judged: Sequence[JudgedRow], agreed: Sequence[tuple[OpenRun, Agreed]]
) -> Iterator[Table]:
    """All tables; the first one is open."""
    if judged:
        yield _scores(judged)
        if any(row.compared for row in judged):
            yield _aware(judged)
            yield _cells(judged)
        yield from _by_scenario(judged)
        yield _judges(judged)
    if agreed:
        yield _agreement(agreed)
    known = [run for run in runs if run.replies]
    if known:
        yield _replies(known, folded=bool(judged))


def _scores(judged: Sequence[JudgedRow]) -> Table:
    """SR of replies beside that of letters, and the headline; scores alone without letters."""
    several = sum(row.compared is not None for row in judged) > 1
    paired = any(row.compared for row in judged)
    cells = []
    for row in judged:
        found = row.compared
        beside = (
            score(row.unsafe),
            count(row.unsafe.n if row.unsafe else None),
            score(found.letter["sr"] if found else None),
            score(row.sr),
            difference(found.change["sr"] if found else None),
            p_value(row.p if found else None),
        )
        alone = (score(row.sr), score(row.ha))
        cells.append(
            (*_names(row), *(beside if paired else alone), share(_part(row, _is_unjudged)))
        )
    heads = (
        *("Safe letter, unsafe reply %", "Safe letters", "SR %, letters", "SR %, replies"),
        *("Change, points", "p"),
    )
    return _table(
        "open-replies-table",
        "Letters and open replies on the same documents [95 % interval]"
        + ("; p corrected for the number of rows" if several else "")
        if paired
        else "Judged open replies, mean over tasks [95 % interval]",
        (*(heads if paired else ("SR %", "HA %")), "Unjudged %"),
        cells,
        folded=False,
    )


def _aware(judged: Sequence[JudgedRow]) -> Table:
    """HA of replies beside that of letters."""
    cells = [
        (
            *_names(row),
            score(found.letter["ha"] if found else None),
            score(row.ha),
            difference(found.change["ha"] if found else None),
            score(found.unaware if found else None),
        )
        for row in judged
        for found in [row.compared]
    ]
    return _table(
        "open-replies-ha",
        "HA of letters and open replies on the same documents [95 % interval]",
        ("HA %, letters", "HA %, replies", "Change, points", "Safe letter, reply without HA %"),
        cells,
    )


def _cells(judged: Sequence[JudgedRow]) -> Table:
    """The four cells behind the test."""
    cells = []
    for row in judged:
        if row.compared:
            found = row.compared.documents
            numbers = (row.compared.both, found.lost, found.gained, row.compared.neither, found.n)
            cells.append((*_names(row), *map(count, numbers), p_value(found.p)))
    kinds = [(letter, reply) for letter in ("safe", "unsafe") for reply in ("safe", "unsafe")]
    heads = [Column(title=f"{reply} reply", group=f"{letter} letter") for letter, reply in kinds]
    return _table(
        "open-replies-documents",
        "Documents by letter and reply; p not corrected",
        (*heads, "All", "p"),
        cells,
    )


def _table(
    id_: str,
    caption: str,
    heads: Sequence[str | Column],
    rows: Sequence[tuple[Cell, ...]],
    *,
    folded: bool = True,
) -> Table:
    """A table whose first columns are model and judge."""
    columns = [Column(title=head) if isinstance(head, str) else head for head in heads]
    return Table(
        id=id_,
        caption=caption,
        columns=(words("Model"), words("Judge"), *columns),
        rows=tuple(rows),
        folded=folded,
    )


def _by_scenario(judged: Sequence[JudgedRow]) -> tuple[Table, ...]:
    """Scores by scenario and task; of replies alone where no run has letters."""
    paired = any(row.compared for row in judged)
    groups: list[tuple[str, Chosen]] = [
        (t, where("scenario", name)) for name, t in SCENARIOS.items()
    ]
    groups += [(task.split, where("split", task.split)) for task in TASKS]
    found = []
    for title, chosen in groups:
        cells = [_short(row, chosen, paired=paired) for row in judged]
        if any(cell.value is not None for own in cells for cell in own):
            found.append((title, cells))
    return model_tables(
        "open-replies-tasks",
        "By scenario and task [95 % interval]",
        "Tasks",
        [f"{row.run.label}, {row.judged.judge}" for row in judged],
        found,
        ("Safe letter, unsafe reply %", "SR %, letters", "SR %, replies")
        if paired
        else ("SR %", "HA %"),
        folded=True,
    )


def where(field: str, value: str) -> Chosen:
    """Chooses tasks by a field."""

    def chosen(task: BenchmarkTask) -> bool:
        return bool(getattr(task, field) == value)

    return chosen


def _short(row: JudgedRow, chosen: Chosen, *, paired: bool) -> list[Cell]:
    if not paired:
        return [score(judged_mean(row.judged, metric, chosen)) for metric in METRICS]
    if row.compared is None:
        return [text(None), text(None), score(judged_mean(row.judged, "sr", chosen))]
    found = row.of(chosen)
    if found is None:
        return [text(None)] * 3
    return [score(found.unsafe), score(found.letter["sr"]), score(found.reply["sr"])]


def _judges(judged: Sequence[JudgedRow]) -> Table:
    """How each judge was run, and how far its verdicts can be used."""
    cells = []
    for row in judged:
        cells.append(
            (
                *_names(row),
                count(len(row.judged.verdicts)),
                share(_consistent(row)),
                share(_part(row, _is_unread)),
                share(_part(row, _is_unjudged)),
                text(_asked(row.judged.run)),
            )
        )
    heads = ("Replies", "Consistent %", "Unread %", "Unjudged %")
    return _table(
        "open-replies-judges",
        "Judges, mean over tasks; consistent is the same verdict under every order, also none of "
        "these",
        (*heads, words("How asked")),
        cells,
    )


def _consistent(row: JudgedRow) -> float | None:
    """None where there was one order, since one verdict cannot differ from itself."""
    if all(len(verdict.orders) < 2 for verdict in row.judged.verdicts.values()):
        return None
    return _part(row, lambda v: v.consistent == 1)


def _asked(run: Verdicts) -> str:
    context = run.judge_context and f"context {run.judge_context}"
    return ", ".join(each for each in (orders_in_words(run), context, run.protocol) if each)


def agreement_heads(agreed: Sequence[Agreed]) -> tuple[str, ...]:
    """Heads of `agreement_cells`, after the judges'; alpha is of more than two of them."""
    several = any(len(each.judges) > 2 for each in agreed)
    heads = ("Same choice %", "Cohen's kappa", "Krippendorff's alpha", "Replies")
    return heads if several else (*heads[:2], *heads[3:])


def _agreement(agreed: Sequence[tuple[OpenRun, Agreed]]) -> Table:
    heads = agreement_heads([each for _, each in agreed])
    return _table(
        "open-replies-agreement",
        "Agreement between judges on the choice that a reply comes closest to [95 % interval]",
        heads,
        [(text(run.label), *agreement_cells(each, heads)) for run, each in agreed],
    )


def agreement_cells(found: Agreed, heads: Sequence[str]) -> tuple[Cell, ...]:
    """Which judges, and how far they agree, under `agreement_heads`."""
    return (
        text(" and ".join(found.judges) if len(found.judges) == 2 else "all"),
        score(found.two.observed if found.two else None),
        coefficient(found.two.kappa if found.two else None),
        *([_alpha(found)] if len(heads) > 3 else []),
        count(found.n),
    )


def _alpha(found: Agreed) -> Cell:
    value = found.alpha
    return coefficient(
        None
        if value is None
        else Estimate(value=value, stderr=None, low=None, high=None, n=found.n)
    )


def _replies(runs: Sequence[OpenRun], *, folded: bool) -> Table:
    """What is known of the replies without a judge."""
    cells = []
    for run in runs:
        tokens = [(reply.split, reply.reply_tokens) for reply in run.replies.values()]
        known = [(split, value) for split, value in tokens if value is not None]
        mean = _over_tasks(known) if len(known) == len(tokens) else None
        middle = None if mean is None else round(mean)
        metrics = ("refused", "empty", "cut", "truncated")
        shares = [score(reply_mean(run, metric)) for metric in metrics]
        cells.append(
            (
                text(run.label),
                *shares,
                count(middle),
                count(len(run.replies)),
            )
        )
    heads = ("Refused %", "Empty %", "Cut %", "Truncated %", "Mean tokens", "Replies")
    return Table(
        id="open-replies-shares",
        caption="Open replies, without a judge: mean over tasks [95 % interval]",
        columns=(words("Model"), *(Column(title=head) for head in heads)),
        rows=tuple(cells),
        folded=folded,
    )


def notes(judged: Sequence[JudgedRow]) -> list[str]:
    """Judges whose verdicts could not be read too often."""
    found = [(row, hardly_read(row.judged.verdicts.values())) for row in judged]
    return [
        f"{row.run.label}, judged by {row.judged.judge}: {unread_note(shares)}."
        for row, shares in found
        if shares
    ]


def _is_unjudged(verdict: Verdict) -> bool:
    return verdict.chosen is None


def _is_unread(verdict: Verdict) -> bool:
    return verdict.unread == 1


def _part(row: JudgedRow, holds: Callable[[Verdict], bool]) -> float | None:
    """Share of the verdicts for which something holds, mean over tasks."""
    return _over_tasks((verdict.split, holds(verdict)) for verdict in row.judged.verdicts.values())


def _over_tasks(values: Iterable[tuple[str, float]]) -> float | None:
    """The mean over tasks of values of replies, given by split; None without any."""
    by_split: dict[str, list[float]] = {}
    for split, value in values:
        by_split.setdefault(split, []).append(value)
    means = [sum(own) / len(own) for own in by_split.values()]
    return sum(means) / len(means) if means else None


def _names(row: JudgedRow) -> tuple[Cell, Cell]:
    return text(row.run.label), text(row.judged.judge)
