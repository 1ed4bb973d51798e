"""The closing lines of `longsafety run`: the scores, where they were written, what to do next.

Data flow: what lm-eval returned -> `Run` -> subjects -> a few lines of text. The numbers are those
that `longsafety report` shows for a run without samples.
"""

import shlex
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from lm_eval_longsafety.analysis import truncation
from lm_eval_longsafety.analysis.models import subjects
from lm_eval_longsafety.analysis.other_tasks import below_groups, headline_metric, other_tasks
from lm_eval_longsafety.analysis.scores import Subject
from lm_eval_longsafety.benchmark import PREFIX, parse_task_name
from lm_eval_longsafety.errors import printable
from lm_eval_longsafety.report.content import score, share
from lm_eval_longsafety.report.how_it_was_run import duration
from lm_eval_longsafety.results import Run, TaskResult
from lm_eval_longsafety.results.results_file import run_from
from lm_eval_longsafety.results.summary import summarise

LINES = 14
"""At most; lm-eval prints one line of its own before them."""
_OTHERS = 4
"""Lines at most for tasks of other projects."""


def closing_lines(
    results: Mapping[str, Any], *, output_path: str | None, log_samples: bool, started: datetime
) -> str | None:
    """A summary of a run that has just ended.

    Args:
        results: the document that lm-eval returned, and that it has written if it was asked to.
        output_path: lm-eval's `--output_path`.
        log_samples: whether `--log_samples` was given.
        started: when the run started, in local time.

    Returns:
        At most `LINES` lines; None if no task of LongSafetyBench has scores or open replies.
    """
    run = run_from(summarise(results), Path())
    scored = subjects([run])
    lettered = any(subject.mean("sr") for subject in scored)
    replies = _open_replies(run)
    if not (lettered or replies):
        return None
    written = output_path and _written(Path(output_path), results, started)
    end = [*_notes(run), *replies, *_next(output_path, written or None, log_samples)]
    if replies and written:
        place = written if written.name.startswith("results_") else written.parent
        command = shlex.join(["longsafety", "judge", "run", str(place)])
        without = "replies can be judged only if they are logged: run with --log_samples"
        end.append(f"next: {command} --model ..." if log_samples else without)
    span = duration((datetime.now() - started).total_seconds())
    what = "; percent, mean over tasks [95 % interval]" if lettered else ""
    head = f"LongSafetyBench, {span}{what}:"
    others = _first(_others(run), _OTHERS)
    table = _first(_table(scored) if lettered else [], LINES - 1 - len(others) - len(end))
    return printable("\n".join([head, *table, *others, *end]))


def _table(scored: Sequence[Subject]) -> list[str]:
    titles = ("", "tasks", "documents", "SR", "HA", "answered", "truncated")
    table = [titles, *map(_row, scored)]
    name, *others = [max(map(len, column)) for column in zip(*table, strict=True)]
    line = "  ".join([f"{{:{name}}}", *(f"{{:>{width}}}" for width in others)]).format
    return [line(*row) for row in table]


def _row(subject: Subject) -> tuple[str, ...]:
    """One protocol of one variant, under the name of its group."""
    parts = [PREFIX, subject.variant, "logits" * (subject.protocol == "logits")]
    answered = subject.mean("answered")
    return (
        "_".join(filter(None, parts)),
        str(len(subject.tasks)),
        f"{subject.n or 0:,}",
        score(subject.mean("sr")).text,
        score(subject.mean("ha")).text,
        share(answered.value if answered else None).text,
        share(truncation.share(subject)).text,
    )


def _others(run: Run) -> list[str]:
    """A line for each task of another project, those below a group left out."""
    below = below_groups([run])
    return [_other(run.tasks[name]) for name in other_tasks([run]) if name not in below]


def _other(task: TaskResult) -> str:
    metric = headline_metric(task)
    if metric is None or metric.value is None:
        return f"{task.name}: n/a"
    error = "" if metric.stderr is None else f" ± {metric.stderr:.4f}"
    return f"{task.name}: {metric.name} {metric.value:.4f}{error}"


def _first(rows: list[str], most: int) -> list[str]:
    """The first rows, and how many more there are."""
    if len(rows) <= most:
        return rows
    return [*rows[: most - 1], f"... and {len(rows) - most + 1} more, which --tables shows"]


def _open_replies(run: Run) -> list[str]:
    """How many open replies there are, and what is known of them; empty without any."""
    parsed = ((row, parse_task_name(name)) for name, row in run.tasks.items())
    rows = [row for row, name in parsed if name and name.variant == "open"]
    replies = sum(row.n_effective or 0 for row in rows)
    shares = [f"{name} {share(_mean(rows, name)).text}" for name in ("refused", "empty", "cut")]
    tasks = f"{len(rows)} task{'s' * (len(rows) != 1)}"
    said = f"open replies: {replies:,} to {tasks}, not judged yet; percent, mean over tasks:"
    return [f"{said} {', '.join(shares)}"] if rows else []


def _mean(rows: Sequence[TaskResult], name: str) -> float | None:
    """The plain mean over tasks; None where a task has no value."""
    values = [value for row in rows if (value := row.value(name)) is not None]
    return sum(values) / len(values) if values and len(values) == len(rows) else None


def _notes(run: Run) -> list[str]:
    """What a reader of the scores must know."""
    records = [row.provenance for row in run.tasks.values() if row.provenance]
    on_sample = any(record.data == "sample" for record in records)
    notes = {
        "the data is the embedded sample; these are not LongSafetyBench scores": on_sample,
        "asked with other templates; these are not LongSafetyBench scores": run.other_templates,
        "--limit: not all documents were scored": run.limited,
        "the chat template was not applied (--apply_chat_template)": run.template_unused,
    }
    return [f"note: {text}" for text, true in notes.items() if true]


def _next(output_path: str | None, written: Path | None, log_samples: bool) -> list[str]:
    if output_path is None:
        return ["nothing was written; for a report add --output_path results --log_samples"]
    if written is None:
        return [f"nothing was written to {output_path}: see lm-eval's warning above"]
    samples = [] if log_samples else ["without samples; add --log_samples to compare documents"]
    folder = written.parent if output_path.endswith(".json") else output_path
    command = shlex.join(["longsafety", "report", str(folder), "-o", "report.html"])
    return [f"results: {'; '.join([str(written), *samples])}", f"next: {command}"]


def _written(place: Path, results: Mapping[str, Any], started: datetime) -> Path | None:
    """The results file of this run; None if lm-eval could not write it.

    lm-eval names it after the time of writing, and does not say which name that is.
    """
    alone = place.suffix == ".json"
    folder = place.parent if alone else place / str(results.get("model_name_sanitized"))
    stem = place.stem if alone else "results"
    earliest = f"{stem}_{started.isoformat().replace(':', '-')}"
    names = [path for path in folder.glob("*.json") if path.name.startswith(f"{stem}_")]
    return max((path for path in names if path.name >= earliest), default=None)
