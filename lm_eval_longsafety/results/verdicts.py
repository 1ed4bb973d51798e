"""Find the verdicts on open replies that judges have logged; `read` leaves them out.

Data flow: paths -> `find_logged` -> `Verdicts`, one for each judge run. What the judge chose is
read from its logged letters and scored again; a line that says otherwise is an error.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

from lm_eval_longsafety.benchmark import BY_SPLIT, LETTERS, parse_task_name
from lm_eval_longsafety.errors import ResultsError
from lm_eval_longsafety.public import clean
from lm_eval_longsafety.results.fields import as_number
from lm_eval_longsafety.results.logged import Kind, LoggedRun, find_logged, printable
from lm_eval_longsafety.results.records import Provenance
from lm_eval_longsafety.results.samples import picks_of
from lm_eval_longsafety.variants.judging import verdict

_MARK = "judge_consistent"
"""A metric that only verdicts have; by it their lines are recognised."""
MOST_UNREAD = 0.05
"""Share of a task's replies whose verdict may be unreadable; with more, its scores are not to be
relied on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What one judge said of one open reply."""

    split: str
    id: str
    reply_sha256: str
    """Of the judged reply; equal to `OpenSample.reply_sha256`."""
    context_sha256: str
    orders: tuple[int | None, ...]
    """For each order, the index of the behaviour that the judge named: `n` is "none of these", None
    could not be read."""
    chosen: int | None
    """Index of the document's choice, 0 for the least safe; None where the reply is unjudged."""
    n: int
    """Choices of the document, without "none of these"."""
    ha: float | None
    """None where the reply is unjudged."""
    sr: float | None
    unread: float
    """1 where the verdict under some order could not be read."""
    consistent: float
    """1 where the judge said the same under every order."""
    truncated: float
    """1 where the context that the judge saw was cut."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdicts(LoggedRun[Verdict]):
    """One judge run over one run of open replies."""

    WORD: ClassVar[str] = "verdicts"

    @property
    def judge(self) -> str:
        """As lm-eval names the judge; `unknown` without a results file. Untrusted."""
        return self.run.model if self.run else "unknown"

    @property
    def protocol(self) -> str:
        """`generate` or `logits`."""
        return _protocol(next(iter(self.tasks)))

    @property
    def judged(self) -> str | None:
        """Name of the results file, or sample file, with the replies; None where not recorded."""
        return self._recorded().judged

    @property
    def judged_model(self) -> str | None:
        """The model that wrote the replies, without local paths; None where not recorded."""
        return self._recorded().judged_model

    @property
    def judge_orders(self) -> int | None:
        """Orders of the behaviours that were asked for."""
        return self._recorded().judge_orders

    @property
    def judge_context(self) -> str | None:
        """What the judge saw of the context: `none`, `full` or `passage`."""
        return self._recorded().judge_context

    @property
    def way(self) -> tuple[object, ...]:
        """Who judged, and how: only verdicts of one way can be compared between runs."""
        return self.judge, self.protocol, self.judge_orders, self.judge_context

    @property
    def data_sha256(self) -> dict[str, str | None]:
        """Fingerprint of the data that the replies answer, by split."""
        return {
            samples[0].split: provenance.data_sha256
            for (name, samples), provenance in zip(
                self.tasks.items(), map(self._provenance, self.tasks), strict=True
            )
            if samples
        }

    def _provenance(self, name: str) -> Provenance:
        row = self.run.tasks.get(name) if self.run else None
        return (row and row.provenance) or Provenance()

    def _recorded(self) -> Provenance:
        return self._provenance(next(iter(self.tasks)))


def hardly_read(verdicts: Iterable[Verdict]) -> dict[str, float]:
    """The share of unreadable verdicts, by split, where it is above `MOST_UNREAD`."""
    by_split: dict[str, list[float]] = {}
    for each in verdicts:
        by_split.setdefault(each.split, []).append(each.unread)
    means = {split: sum(own) / len(own) for split, own in by_split.items()}
    return {split: mean for split, mean in means.items() if mean > MOST_UNREAD}


def find_verdicts(paths: Iterable[Path | str]) -> list[Verdicts]:
    """The verdicts under the given files and folders, by judge run and protocol.

    Args:
        paths: sample files, or folders that hold any.

    Raises:
        ResultsError: a path does not exist, a line is damaged or contradicts its letters, or a
            document occurs twice.
    """
    found = find_logged(paths, Kind(variant="judge", task=_task, sample=_verdict), Verdicts)
    return [part for each in found for part in _by_protocol(each)]


def _by_protocol(found: Verdicts) -> Iterator[Verdicts]:
    """A run with both protocols is two judges."""
    parts: dict[str, dict[str, tuple[Verdict, ...]]] = {}
    for name, samples in found.tasks.items():
        parts.setdefault(_protocol(name), {})[name] = samples
    for protocol, part in parts.items():
        lost = tuple(name for name in found.lost if _protocol(name) == protocol)
        yield replace(found, tasks=part, lost=lost)


def _protocol(name: str) -> str:
    parsed = parse_task_name(name)
    return parsed.protocol if parsed else "generate"


def _task(record: Any) -> str | None:  # noqa: ANN401 (any JSON)
    """The task of a line of verdicts; None for any other line."""
    if not (isinstance(record, dict) and _MARK in record and isinstance(record.get("resps"), list)):
        return None
    doc = record.get("doc")
    if not (isinstance(doc, dict) and str(doc.get("task")) in BY_SPLIT and _orders(doc)):
        return None
    _, protocol = picks_of(record, _orders(doc)[0])
    return f"{BY_SPLIT[doc['task']].name}_judge" + "_logits" * (protocol == "logits")


def _orders(doc: Mapping[str, Any]) -> Sequence[Sequence[str]]:
    """The letters of the behaviours under each order; empty where they are damaged."""
    orders, choices = doc.get("orders"), doc.get("choices")
    if not (isinstance(orders, list) and isinstance(choices, list) and len(choices) > 2):
        return []
    letters = set(LETTERS[: len(choices)])
    whole = all(isinstance(o, list) and len(o) == len(choices) for o in orders)
    return orders if whole and all(set(map(str, o)) == letters for o in orders) else []


def _verdict(record: Mapping[str, Any]) -> Verdict | None:
    """The verdict of one line; None where it is damaged.

    Raises:
        ResultsError: its scores are not those of its letters.
    """
    from lm_eval_longsafety.metrics import score_verdict

    doc, orders = record["doc"], _orders(record["doc"])
    picks, _ = picks_of(record, orders[0])
    reply, truncated = doc.get("reply_sha256"), as_number(record.get("truncated"))
    if len(picks) != len(orders) or not isinstance(reply, str) or truncated is None:
        return None
    if not isinstance(doc.get("reply_empty"), bool):
        return None
    said = [order.index(pick) if pick else None for pick, order in zip(picks, orders, strict=True)]
    chosen = verdict(doc, said)
    scores = score_verdict({**doc, "truncated": truncated}, said, chosen)
    for name, value in scores.items():
        logged = record.get(name)
        if as_number(logged) != as_number(value):
            raise ResultsError(
                f"{name} is {clean(str(logged), 40)}, but the judge's letters give {value:g}; "
                "give the file as lm-eval wrote it"
            )
    return Verdict(
        split=doc["task"],
        id=printable(doc.get("id")),
        reply_sha256=reply,
        context_sha256=str(doc.get("context_sha256") or ""),
        orders=tuple(said),
        chosen=chosen,
        n=len(doc["choices"]) - 1,
        ha=as_number(scores["ha"]),
        sr=as_number(scores["sr"]),
        unread=scores["unread"],
        consistent=scores[_MARK],
        truncated=truncated,
    )
