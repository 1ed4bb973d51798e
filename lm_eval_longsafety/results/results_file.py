"""Turn lm-eval's results document into records.

Data flow: `results_*.json`, a dump of `simple_evaluate`, or the summary in a compact file ->
`run_from` -> `Run`. A field of an unexpected type is treated as missing: users edit and merge these
files by hand, and every field has changed between lm-eval 0.3 and 0.5.0.dev1.
"""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from lm_eval_longsafety.benchmark import bare_name, is_ours, parse_task_name
from lm_eval_longsafety.public import without_secrets
from lm_eval_longsafety.results.fields import (
    as_int,
    as_mapping,
    as_number,
    as_text,
    number_in_text,
)
from lm_eval_longsafety.results.records import Metric, Provenance, Run, TaskResult
from lm_eval_longsafety.results.summary import model_args, summarise
from lm_eval_longsafety.settings import longest_reply

_NOT_METRICS = ("name", "alias", "sample_len", "sample_count", " ", "")
_STDERR = re.compile(r"_stderr(_clt|_clustered)?$")
"""How names of standard errors end, which are not metrics; the last two are lmms-eval's."""


def run_from(data: Mapping[str, Any], source: Path) -> Run:
    """A `Run` without samples from a results document or its summary."""
    summary = summarise(data)
    config = summary["config"]
    args = config["model_args"]
    windows = (summary.get("max_length"), args.get("max_length"), args.get("max_model_len"))
    seeds = ("random_seed", "numpy_seed", "torch_seed", "fewshot_seed")
    notes: list[str] = []
    tasks = _tasks(data, summary, notes)
    return Run(
        source=source,
        model=_model_name(data),
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
        max_length=next((n for value in windows if (n := as_int(value, least=1))), None),
        chat_template_sha=as_text(summary.get("chat_template_sha")),
        seeds={key: seed for key in seeds if (seed := as_int(config.get(key))) is not None},
        gen_kwargs=json.dumps(config["gen_kwargs"]) if config.get("gen_kwargs") else None,
        tasks=tasks,
        summary=summary,
        notes=tuple(notes) if tasks else (*notes, "the results contain no numbers"),
    )


def _model_name(data: Mapping[str, Any]) -> str:
    """The model as lm-eval names it; `engine` is what lm-eval 0.3 called the model of an API.

    Taken from the document itself: two models may differ in a folder that the summary leaves out.
    """
    args = model_args(as_mapping(data.get("config")))
    names = (data.get("model_name"), *map(args.get, ("pretrained", "model", "engine")))
    return next((without_secrets(name) for name in names if as_text(name)), "unknown")


def _date(value: object) -> datetime | None:
    try:
        return datetime.fromtimestamp(as_number(value) or math.nan, tz=timezone.utc)
    except (OverflowError, OSError, ValueError):
        return None


def _tasks(
    data: Mapping[str, Any], summary: Mapping[str, Any], notes: list[str]
) -> dict[str, TaskResult]:
    """Rows with numbers, in the order of `results`, whose rows replace those of `groups`."""
    results, groups = (as_mapping(summary.get(key)) for key in ("results", "groups"))
    for name, row in as_mapping(data.get("results")).items():
        if _metrics(row) != _metrics(results[bare_name(name)]):
            notes.append(f"{name}: ran more than once; shown are the first scores")
    tasks = {}
    for name, row in {**results, **groups, **results}.items():
        if not isinstance(row, dict):
            notes.append(f"results of {name!r} are not a table row and were left out")
            continue
        task = _task(name, row, summary)
        if task.metrics:
            tasks[name] = task if parse_task_name(name) is None else _shares_only(task, notes)
    return tasks


def _shares_only(task: TaskResult, notes: list[str]) -> TaskResult:
    """A task of this plugin with impossible values removed: each of its metrics is a share."""
    metrics = []
    for metric in task.metrics:
        if metric.name == "reply_tokens":  # A number of tokens, not a share.
            metrics.append(metric)
            continue
        for field in ("value", "stderr"):
            number = getattr(metric, field)
            if number is not None and not 0 <= number <= 1:
                notes.append(
                    f"{task.name}: {field} of {metric.name}, {number:g}, is not in [0, 1]; "
                    "shown as n/a"
                )
                value = None if field == "value" else metric.value
                metric = replace(metric, value=value, stderr=None)
        metrics.append(metric)
    checked = replace(task, metrics=tuple(metrics))
    sr, ha = checked.value("sr"), checked.value("ha")
    if sr is not None and ha is not None and sr > ha + 1e-9:
        notes.append(f"{task.name}: SR {sr:g} above HA {ha:g}, which is impossible")
    return checked


def _task(name: str, row: Mapping[str, Any], summary: Mapping[str, Any]) -> TaskResult:
    def of(table: str) -> Any:  # noqa: ANN401 - any JSON value
        return as_mapping(summary.get(table)).get(name)

    counts, config, version = as_mapping(of("n-samples")), as_mapping(of("configs")), of("versions")
    provenance = as_mapping(as_mapping(config.get("metadata")).get("provenance"))
    generation = as_mapping(config.get("generation_kwargs"))
    subtasks = of("group_subtasks") if isinstance(of("group_subtasks"), list) else ()
    return TaskResult(
        name=name,
        alias=str(row.get("alias") or name).lstrip(" -"),
        metrics=_metrics(row, of("higher_is_better")),
        n_original=as_int(counts.get("original"), least=0),
        n_effective=as_int(counts.get("effective", row.get("sample_len")), least=0),
        n_shot=as_int(of("n-shot")),
        version=None if version is None else str(version),
        is_group=bool(subtasks)
        or name in as_mapping(summary.get("groups"))
        or (bool(summary["configs"]) and name not in summary["configs"]),
        subtasks=tuple(map(str, subtasks)),
        provenance=_provenance(provenance) if is_ours(name) else None,
        reply_tokens=longest_reply({k: as_int(v) for k, v in generation.items()}) or None,
    )


def _metrics(row: object, direction: object = None) -> tuple[Metric, ...]:
    """Numeric entries of a row with their stderr: `acc,none`, or `acc` of lm-eval 0.3.

    With a filter, a text such as "N/A" is a missing number; without one it is not a metric.
    """
    row, direction, metrics = as_mapping(row), as_mapping(direction), []
    for key, value in row.items():
        name, comma, filter_name = key.partition(",")
        kinds = (int, float, str) if comma else (int, float)
        if isinstance(value, bool) or not isinstance(value, kinds):
            continue
        if name in _NOT_METRICS or _STDERR.search(name):
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


def _provenance(given: Mapping[str, Any]) -> Provenance:
    texts = (
        *("data", "revision", "data_sha256", "option_order", "over_length", "protocol"),
        *("templates", "templates_sha256"),
    )
    numbers = ("rows", "scored", "option_seed", "prompt_limit", "truncated")
    unused = given.get("template_unused")
    return Provenance(
        template_unused=unused if isinstance(unused, bool) else None,
        **{key: as_text(given.get(key)) for key in texts},  # type: ignore[arg-type]
        **{key: as_int(given.get(key)) for key in numbers},  # type: ignore[arg-type]
    )
