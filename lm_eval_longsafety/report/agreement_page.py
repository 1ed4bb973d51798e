"""The page of `longsafety judge agreement`: each judge against people, and judges among themselves.

Data flow: what `analysis.judges` found -> `page` -> the same formats as the report.
"""

from collections.abc import Mapping, Sequence

from lm_eval_longsafety.analysis.agreement import Agreement
from lm_eval_longsafety.analysis.judges import AgainstPeople, Agreed
from lm_eval_longsafety.public import clean
from lm_eval_longsafety.report.content import (
    Cell,
    Column,
    Report,
    Section,
    Table,
    coefficient,
    count,
    in_words,
    score,
    text,
    unread_note,
    words,
)
from lm_eval_longsafety.report.reply_tables import agreement_cells, agreement_heads

_DETAILS = (
    "Agreement is the share of replies of which people and the judge say the same; kappa is that "
    "beyond chance, 1 at most and 0 for chance. The first pair of columns is about the choice that "
    "a reply comes closest to, the second about safe (the last choice) or unsafe (any other).",
    "The corrected share is that of Rogan and Gladen: (judged share + specificity - 1) / "
    "(sensitivity + specificity - 1). Sensitivity is the share judged unsafe of the replies "
    "that people call unsafe, specificity the share judged safe of those that people call "
    "safe. Both shares are over all judged replies of the run together, whereas SR of a group is a "
    "mean over tasks. Unjudged replies are in no share but their own count.",
)


def page(
    labels: str,
    model: str,
    people: Mapping[str, AgainstPeople],
    agreed: Sequence[Agreed],
    empty: int,
) -> Report:
    """One row and one table for each judge; nothing is averaged over judges.

    Args:
        labels: name of the file with labels.
        model: that wrote the replies.
        people: by the judge's label, at least one.
        agreed: the judges among themselves; empty for one judge.
        empty: rows of the file without a label.
    """
    labelled = next(iter(people.values())).labelled
    return Report(
        title="Is the judge right? Verdicts on open replies against labels of people",
        line=f"{clean(labels)} · {labelled:,} labels · replies of {clean(model)}",
        sections=(
            Section(
                id="agreement",
                title="Judges and people",
                answer=_answer(people),
                tables=(
                    _counts(people),
                    _agreement(people),
                    _unsafe(people),
                    *(
                        _confusion(f"{scale}-{place}", judge, scale, found)
                        for place, (judge, each) in enumerate(people.items(), start=1)
                        for scale, found in (("choice", each.choice), ("safety", each.safety))
                        if found
                    ),
                    *([_between(agreed)] if agreed else []),
                ),
                notes=_notes(people, empty),
                details=_DETAILS,
            ),
        ),
    )


def _answer(people: Mapping[str, AgainstPeople]) -> str:
    more = [f"{len(people) - 3} more judges are in the tables."] * (len(people) > 3)
    return " ".join([*(_of_judge(*each) for each in list(people.items())[:3]), *more])


def _of_judge(judge: str, found: AgainstPeople) -> str:
    if found.safety is None:
        return f"{judge} has no verdict on any labelled reply."
    said = (
        f"{judge} and people agree on {in_words(found.safety.observed)} of "
        f"{found.safety.observed.n:,} labelled replies, safe or unsafe"
    )
    if found.unsafe is None or found.corrected is None:
        return f"{said}; the share of unsafe replies cannot be corrected."
    return (
        f"{said}; it judged {in_words(found.unsafe)} of its {found.unsafe.n:,} replies unsafe, "
        f"corrected for its errors {in_words(found.corrected)}."
    )


def _counts(people: Mapping[str, AgainstPeople]) -> Table:
    heads = ("Labelled", "Judged", "Unjudged", "Not asked")
    return Table(
        id="label-counts",
        caption="Labelled replies; only judged ones are compared",
        columns=(words("Judge"), *(Column(title=head) for head in heads)),
        rows=tuple(
            (
                text(judge),
                count(each.labelled),
                count(each.labelled - each.unseen - each.unjudged),
                count(each.unjudged),
                count(each.unseen),
            )
            for judge, each in people.items()
        ),
    )


def _agreement(people: Mapping[str, AgainstPeople]) -> Table:
    scales = ["Choice"] * any(each.choice for each in people.values()) + ["Safe or unsafe"]
    return Table(
        id="with-people",
        caption="Agreement with people [95 % interval]",
        columns=(
            words("Judge"),
            *(Column(title=head, group=g) for g in scales for head in ("agreement %", "kappa")),
        ),
        rows=tuple(
            (
                text(judge),
                *(
                    cell
                    for found in (each.choice, each.safety)[-len(scales) :]
                    for cell in (score(found.observed if found else None), _kappa(found))
                ),
            )
            for judge, each in people.items()
        ),
    )


def _kappa(found: Agreement | None) -> Cell:
    return coefficient(found.kappa if found else None)


def _unsafe(people: Mapping[str, AgainstPeople]) -> Table:
    heads = ("Replies", "As judged", "Corrected", "Sensitivity", "Specificity")
    return Table(
        id="unsafe",
        caption="Unsafe replies in all that the judge judged, % [95 % interval]",
        columns=(words("Judge"), *(Column(title=head) for head in heads)),
        rows=tuple(
            (
                text(judge),
                count(each.unsafe.n if each.unsafe else 0),
                score(each.unsafe),
                score(each.corrected),
                _fraction(each.sensitivity),
                _fraction(each.specificity),
            )
            for judge, each in people.items()
        ),
    )


def _fraction(found: tuple[int, int]) -> Cell:
    return Cell(
        text=f"{found[0]:,} of {found[1]:,}",
        value=found[0] / found[1] if found[1] else None,
        n=found[1],
    )


def _confusion(id_: str, judge: str, scale: str, found: Agreement) -> Table:
    what = "choice, 0 is the least safe" if scale == "choice" else "safe or unsafe"
    heads = (Column(title=str(label), group="Judge") for label in found.labels)
    return Table(
        id=f"confusion-{id_}",
        caption=f"{judge}: number of replies by what people and the judge said ({what})",
        columns=(words("People"), *heads),
        rows=tuple(
            (text(label), *map(count, row))
            for label, row in zip(found.labels, found.table, strict=True)
        ),
    )


def _between(agreed: Sequence[Agreed]) -> Table:
    heads = agreement_heads(agreed)
    return Table(
        id="between-judges",
        caption="The judges among themselves: the choice that a reply comes closest to, over all "
        "replies of the run [95 % interval]",
        columns=(words("Judges"), *(Column(title=head) for head in heads)),
        rows=tuple(agreement_cells(each, heads) for each in agreed),
    )


def _notes(people: Mapping[str, AgainstPeople], empty: int) -> tuple[str, ...]:
    notes = [f"Rows without a label, which are left out: {empty:,}."] * bool(empty)
    for judge, each in people.items():
        if each.unread:
            notes.append(f"{judge}: {unread_note(each.unread)}.")
        if each.safety and each.corrected is None:
            one_kind = not (each.sensitivity[1] and each.specificity[1])
            only = "safe" if each.specificity[1] else "unsafe"
            reason = (
                f"all labelled replies that it judged are {only}; label some of both"
                if one_kind
                else "the judge is no better than chance on the labelled replies"
            )
            notes.append(f"{judge}: nothing can be corrected, since {reason}.")
        if each.safety and each.safety.kappa is None:
            notes.append(f"{judge}: kappa is not defined where all say the same of every reply.")
    return tuple(notes)
