"""Sheets in which people label open replies; `labels` reads them back.

Data flow: open replies of a run -> `draw` -> `sheet_text`, as CSV. A sheet never names a model or
a judge's verdict, and holds texts only on request.
"""

import csv
import hashlib
import io
from collections.abc import Iterable, Mapping
from functools import partial

from lm_eval_longsafety.benchmark import BY_SPLIT
from lm_eval_longsafety.errors import OptionError, ResultsError, printable
from lm_eval_longsafety.public import csv_cell
from lm_eval_longsafety.results.open_replies import OpenReplies, OpenSample

_COLUMNS = ("id", "task", "reply_sha256", "n_choices", "label")
_TEXTS = ("question", "choices", "reply")


def draw(found: OpenReplies, n: int, seed: int) -> list[OpenSample]:
    """A random sample of the replies in which each task has its share, and at least one reply.

    But for rounding every reply is equally probable, so that a plain mean over the sample estimates
    that over the run. Replies are taken in the order of a hash of seed, task and id. Empty ones are
    left out, since nothing can be said of them.

    Args:
        found: the replies of a run.
        n: size of the sample; all replies are taken if there are not more.
        seed: another one gives another sample.

    Raises:
        OptionError: n is smaller than the number of tasks.
        ResultsError: every reply is empty.
    """
    rank = partial(_rank, seed)
    tasks = {
        name: replies
        for name, samples in found.tasks.items()
        if (replies := sorted((each for each in samples if not each.empty), key=rank))
    }
    if not tasks:
        raise ResultsError(f"{found.source}: every reply is empty; there is nothing to label")
    if n < len(tasks):
        raise OptionError(f"--n {n}: give at least {len(tasks)}, one reply for each task")
    counts = _counts({name: len(replies) for name, replies in tasks.items()}, n)
    return sorted((each for name in tasks for each in tasks[name][: counts[name]]), key=rank)


def _rank(seed: int, sample: OpenSample) -> bytes:
    return hashlib.sha256(f"{seed}\0{sample.split}\0{sample.id}".encode()).digest()


def _counts(sizes: Mapping[str, int], n: int) -> dict[str, int]:
    """How many replies of each task: one, and every further one where most are lacking."""
    total = sum(sizes.values())
    counts = dict.fromkeys(sizes, 1)
    for _ in range(min(n, total) - len(sizes)):
        share = {name: min(n, total) * size / total for name, size in sizes.items()}
        counts[max(sizes, key=lambda name: share[name] - counts[name])] += 1
    return counts


def sheet_text(samples: Iterable[OpenSample], *, texts: bool) -> str:
    """The sheet as CSV, with the mark by which spreadsheets recognise UTF-8.

    Args:
        samples: read with their texts.
        texts: add question, choices under their numbers, and reply.
    """
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([*_COLUMNS, *_TEXTS] if texts else _COLUMNS)
    for sample in samples:
        writer.writerow([csv_cell(each) for each in _row(sample, texts=texts)])
    return "\ufeff" + out.getvalue()


def _row(sample: OpenSample, *, texts: bool) -> list[object]:
    if sample.text is None:
        raise ValueError("open replies were read without their texts")
    choices = "\n".join(f"{index}. {each}" for index, each in enumerate(sample.text.choices))
    shown = (sample.text.question, choices, sample.text.replies[0])
    row = [
        sample.id,
        BY_SPLIT[sample.split].name,
        sample.reply_sha256,
        len(sample.text.choices),
        "",
    ]
    return [*row, *(map(printable, shown) if texts else ())]
