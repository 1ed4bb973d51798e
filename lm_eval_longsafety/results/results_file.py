"""Turn lm-eval's results document into records.

Data flow: `results_*.json` or a dump of `simple_evaluate` -> `summary.summarise` -> `run_from` ->
`Run`. A field of an unexpected type is treated as missing: users edit and merge these files by
hand, and every field has changed between lm-eval 0.3 and 0.5.0.dev1.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from lm_eval_longsafety.benchmark import bare_name, is_ours, parse_task_name
from lm_eval_longsafety.results.fields import (
    as_count,
    as_mapping,
    as_number,
    as_text,
    number_in_text,
)
from lm_eval_longsafety.results.records import Metric, Provenance, Run, TaskResult
from lm_eval_longsafety.results.summary import TABLES
from lm_eval_longsafety.settings import REPLY_LENGTHS

_NOT_METRICS = ("name", "alias", "sample_len", "sample_count", " ", "")
_STDERR = re.compile(r"_stderr(_clt|_clustered)?$")
"""How names of standard errors end, which are not metrics; the last two are lmms-eval's."""


def run_from(summary: Mapping[str, Any], source: Path) -> Run:
    """A `Run` without samples from a summarised document."""
    config = as_mapping(summary.get("config"))
    args = as_mapping(config.get("model_args"))
    notes: list[str] = []
    summary = _with_bare_names(summary, notes)
    tasks = _tasks(summary, notes)
    if not tasks:
        notes.append("the results contain no numbers")
    return Run(
        source=source,
        model=_model_name(summary, args),
        backend=as_text(config.get("model")) or as_text(summary.get("model_source")),
        model_args=args,
        revision=as_text(args.get("revision")) or as_text(config.get("model_revision")),
        model_sha=as_text(config.get("model_sha")),
        dtype=as_text(config.get("model_dtype")) or as_text(args.get("dtype")),
        lm_eval_version=as_text(summary.get("lm_eval_version")),
        git_hash=as_text(summary.get("git_hash")),
        date=_date(summary.get("date")),
        duration_s=number_in_text(summary.get("total_evaluation_time_seconds")),
        limit=as_number(config.get("limit")),
        max_length=_max_length(summary, args),
        chat_template_sha=as_text(summary.get("chat_template_sha")),
        seeds={
            key: int(value)
            for key in ("random_seed", "numpy_seed", "torch_seed", "fewshot_seed")
            if (value := as_number(config.get(key))) is not None
        },
        gen_kwargs=json.dumps(config["gen_kwargs"]) if config.get("gen_kwargs") else None,
        tasks=tasks,
        task_hashes={
            name: value
            for name, value in as_mapping(summary.get("task_hashes")).items()
            if isinstance(value, str)
        },
        summary=summary,
        notes=tuple(notes),
    )


def _with_bare_names(summary: Mapping[str, Any], notes: list[str]) -> dict[str, Any]:
    """The document with the task's own name wherever lm-eval 0.5 writes `group::task`.

    A task that ran in two groups occurs twice; the first one is kept.
    """
    renamed = dict(summary)
    for part in (*TABLES, "configs"):
        given = as_mapping(summary.get(part))
        kept: dict[str, Any] = {}
        for name, value in given.items():
            first = kept.setdefault(bare_name(name), value)
            if part == "results" and _numbers(first) != _numbers(value):
                notes.append(f"{name}: ran more than once; shown are the first scores")
        if given:
            renamed[part] = kept
    if members := as_mapping(summary.get("group_subtasks")):
        renamed["group_subtasks"] = {
            group: [bare_name(str(each)) for each in names] if isinstance(names, list) else names
            for group, names in members.items()
        }
    return renamed


def _numbers(row: object) -> dict[str, Any]:
    return {key: value for key, value in as_mapping(row).items() if key not in _NOT_METRICS}


def _tasks(summary: Mapping[str, Any], notes: list[str]) -> dict[str, TaskResult]:
    tasks = {}
    results = as_mapping(summary.get("results"))
    # In the order of `results`, whose rows replace those of `groups`.
    for name, row in {**results, **as_mapping(summary.get("groups")), **results}.items():
        if not isinstance(row, dict):
            notes.append(f"results of {name!r} are not a table row and were left out")
            continue
        task = _task(name, row, summary)
        if parse_task_name(name) is not None:
            task = _shares_only(task, notes)
        if task.metrics:
            tasks[name] = task
    return tasks


def _shares_only(task: TaskResult, notes: list[str]) -> TaskResult:
    """A task of this plugin with impossible values removed: each of its metrics is a share."""
    metrics = []
    for metric in task.metrics:
        if metric.name == "reply_tokens":  # A number of tokens, not a share.
            metrics.append(metric)
            continue
        if metric.value is not None and not 0 <= metric.value <= 1:
            notes.append(
                f"{task.name}: {metric.name} {metric.value:g} is not in [0, 1]; shown as n/a"
            )
            metric = replace(metric, value=None, stderr=None)
        elif metric.stderr is not None and not 0 <= metric.stderr <= 1:
            notes.append(f"{task.name}: stderr of {metric.name} is not in [0, 1]; left out")
            metric = replace(metric, stderr=None)
        metrics.append(metric)
    checked = replace(task, metrics=tuple(metrics))
    sr, ha = (row.value if (row := checked.metric(name)) else None for name in ("sr", "ha"))
    if sr is not None and ha is not None and sr > ha + 1e-9:
        notes.append(f"{task.name}: SR {sr:g} above HA {ha:g}, which is impossible")
    return checked


def _task(name: str, row: Mapping[str, Any], summary: Mapping[str, Any]) -> TaskResult:
    configs = as_mapping(summary.get("configs"))
    subtasks = as_mapping(summary.get("group_subtasks")).get(name)
    children = tuple(str(child) for child in subtasks) if isinstance(subtasks, list) else ()
    counts = as_mapping(as_mapping(summary.get("n-samples")).get(name))
    n_shot = as_number(as_mapping(summary.get("n-shot")).get(name))
    version = as_mapping(summary.get("versions")).get(name)
    config = as_mapping(configs.get(name))
    provenance = as_mapping(config.get("metadata")).get("provenance")
    return TaskResult(
        name=name,
        alias=str(row.get("alias") or name).lstrip(" -"),
        metrics=_metrics(row, as_mapping(as_mapping(summary.get("higher_is_better")).get(name))),
        n_original=as_count(counts.get("original")),
        n_effective=as_count(counts.get("effective", row.get("sample_len"))),
        n_shot=None if n_shot is None else int(n_shot),
        version=None if version is None else str(version),
        is_group=bool(children)
        or name in as_mapping(summary.get("groups"))
        or (bool(configs) and name not in configs),
        subtasks=children,
        provenance=_provenance(provenance) if is_ours(name) else None,
        reply_tokens=_reply_tokens(config),
    )


def _metrics(row: Mapping[str, Any], direction: Mapping[str, Any]) -> tuple[Metric, ...]:
    """Numeric entries of a row with their stderr: `acc,none`, or `acc` of lm-eval 0.3.

    With a filter, a text such as "N/A" is a missing number; without one it is not a metric.
    """
    metrics = []
    for key, value in row.items():
        name, comma, filter_name = key.partition(",")
        if name in _NOT_METRICS or _STDERR.search(name):
            continue
        kinds = (int, float, str) if comma else (int, float)
        if isinstance(value, bool) or not isinstance(value, kinds):
            continue
        better = direction.get(name)
        metrics.append(
            Metric(
                name=name,
                filter=filter_name,
                value=as_number(value),
                stderr=as_number(row.get(f"{name}_stderr{comma}{filter_name}")),
                higher_is_better=better if isinstance(better, bool) else None,
            )
        )
    return tuple(metrics)


def _provenance(value: object) -> Provenance:
    given = as_mapping(value)
    texts = ("data", "revision", "data_sha256", "option_order", "over_length", "protocol")
    counts = ("rows", "scored", "option_seed", "prompt_limit", "truncated")
    numbers = {key: as_number(given.get(key)) for key in counts}
    unused = given.get("template_unused")
    return Provenance(
        template_unused=unused if isinstance(unused, bool) else None,
        **{key: as_text(given.get(key)) for key in texts},  # type: ignore[arg-type]
        **{key: None if value is None else int(value) for key, value in numbers.items()},  # type: ignore[arg-type]
    )


def _reply_tokens(config: Mapping[str, Any]) -> int | None:
    """The largest of the settings for it: backends differ in which one they use."""
    generation = as_mapping(config.get("generation_kwargs"))
    numbers = [number_in_text(generation.get(key)) for key in REPLY_LENGTHS]
    return max((int(number) for number in numbers if number is not None), default=None)


def _model_name(summary: Mapping[str, Any], args: Mapping[str, Any]) -> str:
    """The model as lm-eval names it; `engine` is what lm-eval 0.3 called the model of an API."""
    given = (args.get(key) for key in ("pretrained", "model", "engine"))
    candidates = (summary.get("model_name"), *given)
    return next((name for name in map(as_text, candidates) if name), "unknown")


def _max_length(summary: Mapping[str, Any], args: Mapping[str, Any]) -> int | None:
    """The window in tokens: what lm-eval determined, else what the model arguments say."""
    for value in (summary.get("max_length"), args.get("max_length"), args.get("max_model_len")):
        number = number_in_text(value)
        if number is not None and number > 0:
            return int(number)
    return None


def _date(value: object) -> datetime | None:
    seconds = as_number(value)
    if seconds is None:
        return None
    try:
        return datetime.fromtimestamp(seconds, tz=timezone.utc)
    except (OverflowError, OSError, ValueError):
        return None
