"""What a run would send, and what a judge would be sent once there are replies; for estimates.

Data flow: names of tasks -> documents as lm-eval would build them. Without logged replies the
judge's documents are built of the data's rows and an empty reply, and the tokens of a reply of full
length are added.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from lm_eval_longsafety.benchmark import BY_SPLIT, bare_name, splits_of
from lm_eval_longsafety.data import sources
from lm_eval_longsafety.data.rows import Row
from lm_eval_longsafety.harness.discovery import tasks_path
from lm_eval_longsafety.harness.judge_documents import verdict_records
from lm_eval_longsafety.prompts import window
from lm_eval_longsafety.results import SampleText
from lm_eval_longsafety.results.open_replies import OpenSample
from lm_eval_longsafety.settings import OPEN_REPLY_TOKENS, REPLY_TOKENS, Settings, parse


class Planned(NamedTuple):
    """What a task will send."""

    letters: bool
    """Whether letters are scored (the logits protocol)."""
    documents: Sequence[Mapping[str, Any]]
    reply_tokens: int
    """Most tokens of a reply."""


def planned(
    names: Sequence[str], known: Mapping[str, Any]
) -> tuple[dict[str, Planned], dict[str, Planned]]:
    """The tasks of a run, and those of a judge whose replies are not written yet; each by name.

    Args:
        names: tasks, groups and tags of ours; a judge's are estimated if no replies are given, and
            if none is named, those that would judge the open replies of this run.
        known: model arguments and `--metadata`.

    Raises:
        LongSafetyError: options, data or replies that cannot be used.
    """
    written = known.get("judged") is not None
    judges = [] if written else [n for n in names if n.endswith(("_judge", "_judge_logits"))]
    own = [name for name in names if name not in judges]
    if not (written or judges):
        judges = [name for name in own if name.endswith("_open")]
    return _read(own, known) if own else {}, _expected(judges, known)


def open_reply_tokens(known: Mapping[str, Any]) -> int:
    """Most tokens of an open reply."""
    return OPEN_REPLY_TOKENS if known.get("reply_tokens") is None else parse(known).reply_tokens


def _read(names: list[str], known: Mapping[str, Any]) -> dict[str, Planned]:
    """The tasks as lm-eval builds them, those of groups included."""
    from lm_eval.tasks import TaskManager

    path = str(tasks_path())
    manager = TaskManager(include_path=path, include_defaults=False, metadata=dict(known))
    found = {bare_name(name): task for name, task in manager.load(names)["tasks"].items()}
    given = parse(known).reply_tokens
    return {
        name: Planned(
            letters=task.OUTPUT_TYPE == "multiple_choice",
            documents=list(task.eval_docs),  # lm-eval 0.5 builds them only now.
            reply_tokens=open_reply_tokens(known) if name.endswith("_open") else given,
        )
        for name, task in sorted(found.items())
    }


def _expected(names: Sequence[str], known: Mapping[str, Any]) -> dict[str, Planned]:
    """The tasks of a judge of replies of full length."""
    chosen, found = parse(known), {}
    for name in names:
        suffix = "_judge_logits" if name.endswith("_logits") else "_judge"
        for split in splits_of(name.replace("_judge", "_open")):
            found[BY_SPLIT[split].name + suffix] = Planned(
                letters=name.endswith("_logits"),
                documents=_verdicts(split, chosen, open_reply_tokens(known)),
                reply_tokens=REPLY_TOKENS,
            )
    return dict(sorted(found.items()))


def _verdicts(split: str, chosen: Settings, reply_tokens: int) -> list[dict[str, Any]]:
    """A judge's documents for replies of that many tokens to each row."""
    limit = window.prompt_limit(window.model_window(chosen), REPLY_TOKENS + reply_tokens)
    rows = sources.load(chosen.data, chosen.data_revision).rows(split)
    return [
        record | {"prompt_tokens": record["prompt_tokens"] + reply_tokens}
        for record in verdict_records([_no_reply(split, row) for row in rows], chosen, limit)
    ]


def _no_reply(split: str, row: Row) -> OpenSample:
    return OpenSample(
        split=split,
        id=row.id,
        reply_sha256="",
        refused=0.0,
        empty=1.0,
        cut=None,
        reply_tokens=None,
        truncated=0.0,
        depth=row.depth,
        context_sha256=hashlib.sha256(row.context.encode()).hexdigest(),
        text=SampleText(question=row.question, choices=tuple(row.choices), replies=("",)),
    )
