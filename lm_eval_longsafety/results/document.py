"""Parse lm-eval's results document: `results_*.json`, or a dump of what `simple_evaluate` returned.

Data flow: JSON text -> `parse_json` -> `summarise` (texts and secrets dropped) -> `run_from`. Takes
only what has the expected type: users rename, cut and merge these files by hand, and every field
has changed between 0.3 and 0.4.13.
"""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, TypeGuard

from lm_eval_longsafety.errors import ResultsError
from lm_eval_longsafety.results.names import is_ours, parse_task_name
from lm_eval_longsafety.results.records import Metric, Provenance, Run, TaskResult

_KEPT = (
    "results",
    "groups",
    "group_subtasks",
    "versions",
    "n-shot",
    "higher_is_better",
    "n-samples",
    "git_hash",
    "date",
    "lm_eval_version",
    "transformers_version",
    "task_hashes",
    "model_source",
    "model_name",
    "system_instruction_sha",
    "fewshot_as_multiturn",
    "chat_template_sha",
    "max_length",
    "total_evaluation_time_seconds",
)
_KEPT_CONFIG = (
    "model",
    "model_args",
    "model_dtype",
    "model_revision",
    "model_sha",
    "model_num_parameters",
    "batch_size",
    "device",
    "limit",
    "num_fewshot",
    "gen_kwargs",
    "random_seed",
    "numpy_seed",
    "torch_seed",
    "fewshot_seed",
)
_SECRET = re.compile(
    r"^(hf_|use_auth_|auth_|access_|api_)?token$|api_?key|secret|passw|header|credential",
    re.IGNORECASE,
)
_USERINFO = re.compile(r"(?<=://)[^/@\s]+@")
_NOT_METRICS = ("name", "alias", "sample_len", "sample_count", " ", "")


def parse_json(text: str | bytes, source: Path) -> object:
    """Parse JSON as lm-eval writes it: bare NaN and Infinity included.

    Raises:
        ResultsError: empty, cut off or otherwise not JSON.
    """
    if not text.strip():
        raise ResultsError(f"{source}: the file is empty; run the evaluation again")
    try:
        return json.loads(text)
    except ValueError as error:  # Not JSON, not UTF-8, or an integer of thousands of digits.
        raise ResultsError(
            f"{source}: not valid JSON ({error}); the file was cut off or edited, "
            "take it again from the output folder of lm-eval"
        ) from None
    except RecursionError:
        raise ResultsError(f"{source}: nested too deeply to be lm-eval's") from None


def is_results(data: object) -> TypeGuard[dict[str, Any]]:
    """Whether a JSON value is a results document of lm-eval, judged by its keys."""
    return (
        isinstance(data, dict)
        and isinstance(data.get("results"), dict)
        and any(isinstance(data.get(key), dict) for key in ("config", "configs", "versions"))
    )


def summarise(data: Mapping[str, Any]) -> dict[str, Any]:
    """The document without texts, templates, environments and secrets; still in lm-eval's shape."""
    kept = {key: data[key] for key in _KEPT if key in data}
    config = _mapping(data.get("config"))
    kept["config"] = {key: config[key] for key in _KEPT_CONFIG if key in config}
    kept["config"]["model_args"] = _public(_model_args(config.get("model_args")))
    kept["configs"] = {
        name: {"metadata": _public(_mapping(_mapping(task).get("metadata")))}
        for name, task in _mapping(data.get("configs")).items()
    }
    return kept


def run_from(summary: Mapping[str, Any], source: Path) -> Run:
    """A `Run` without samples from a summarised document."""
    config = _mapping(summary.get("config"))
    args = _mapping(config.get("model_args"))
    notes: list[str] = []
    tasks = _tasks(summary, notes)
    if not tasks:
        notes.append("the results hold no numbers")
    return Run(
        source=source,
        model=_model_name(summary, args),
        backend=_text(config.get("model")) or _text(summary.get("model_source")),
        model_args=args,
        revision=_text(args.get("revision")) or _text(config.get("model_revision")),
        model_sha=_text(config.get("model_sha")),
        dtype=_text(config.get("model_dtype")) or _text(args.get("dtype")),
        lm_eval_version=_text(summary.get("lm_eval_version")),
        git_hash=_text(summary.get("git_hash")),
        date=_date(summary.get("date")),
        duration_s=_number_in_text(summary.get("total_evaluation_time_seconds")),
        limit=_number(config.get("limit")),
        max_length=_max_length(summary, args),
        chat_template_sha=_text(summary.get("chat_template_sha")),
        seeds={
            key: int(value)
            for key in ("random_seed", "numpy_seed", "torch_seed", "fewshot_seed")
            if (value := _number(config.get(key))) is not None
        },
        gen_kwargs=json.dumps(config["gen_kwargs"]) if config.get("gen_kwargs") else None,
        tasks=tasks,
        task_hashes={
            name: value
            for name, value in _mapping(summary.get("task_hashes")).items()
            if isinstance(value, str)
        },
        summary=summary,
        notes=tuple(notes),
    )


def _tasks(summary: Mapping[str, Any], notes: list[str]) -> dict[str, TaskResult]:
    tasks = {}
    rows = {**_mapping(summary.get("groups")), **_mapping(summary.get("results"))}
    order = [*_mapping(summary.get("results"))]
    for name in sorted(rows, key=lambda key: order.index(key) if key in order else len(order)):
        if not isinstance(rows[name], dict):
            notes.append(f"results of {name!r} are not a table row and were left out")
            continue
        task = _task(name, rows[name], summary)
        if parse_task_name(name) is not None:
            task = _shares_only(task, notes)
        if task.metrics:
            tasks[name] = task
    return tasks


def _shares_only(task: TaskResult, notes: list[str]) -> TaskResult:
    """A task of ours without values that no run gives: each of its metrics is a share."""
    metrics = []
    for metric in task.metrics:
        if metric.value is not None and not 0 <= metric.value <= 1:
            notes.append(f"{task.name}: {metric.name} {metric.value:g} is no share; shown as n/a")
            metric = replace(metric, value=None, stderr=None)
        elif metric.stderr is not None and not 0 <= metric.stderr <= 1:
            notes.append(f"{task.name}: {metric.name} with an impossible stderr, left out")
            metric = replace(metric, stderr=None)
        metrics.append(metric)
    checked = replace(task, metrics=tuple(metrics))
    sr, ha = (row.value if (row := checked.metric(name)) else None for name in ("sr", "ha"))
    if sr is not None and ha is not None and sr > ha + 1e-9:
        notes.append(f"{task.name}: SR {sr:g} above HA {ha:g}, which no run gives")
    return checked


def _task(name: str, row: Mapping[str, Any], summary: Mapping[str, Any]) -> TaskResult:
    configs = _mapping(summary.get("configs"))
    subtasks = _mapping(summary.get("group_subtasks")).get(name)
    children = tuple(str(child) for child in subtasks) if isinstance(subtasks, list) else ()
    counts = _mapping(_mapping(summary.get("n-samples")).get(name))
    effective = _count(counts.get("effective", row.get("sample_len")))
    original = _count(counts.get("original"))
    n_shot = _number(_mapping(summary.get("n-shot")).get(name))
    version = _mapping(summary.get("versions")).get(name)
    metadata = dict(_mapping(_mapping(configs.get(name)).get("metadata")))
    provenance = _provenance(metadata.pop("provenance", None)) if is_ours(name) else None
    return TaskResult(
        name=name,
        alias=str(row.get("alias") or name).lstrip(" -"),
        metrics=_metrics(row, _mapping(_mapping(summary.get("higher_is_better")).get(name))),
        n_original=original,
        n_effective=effective,
        n_shot=None if n_shot is None else int(n_shot),
        version=None if version is None else str(version),
        is_group=bool(children)
        or name in _mapping(summary.get("groups"))
        or (bool(configs) and name not in configs),
        subtasks=children,
        metadata=metadata,
        provenance=provenance,
    )


def _metrics(row: Mapping[str, Any], direction: Mapping[str, Any]) -> tuple[Metric, ...]:
    """Numeric entries of a row: `acc,none`, or plain `acc` of lm-eval 0.3, with their stderr."""
    metrics = []
    for key, value in row.items():
        name, comma, filter_name = key.partition(",")
        if name in _NOT_METRICS or name.endswith("_stderr"):
            continue
        if not (_is_metric_value(value) or comma and isinstance(value, str)):
            continue
        better = direction.get(name)
        metrics.append(
            Metric(
                name=name,
                filter=filter_name,
                value=_number(value),
                stderr=_number(row.get(f"{name}_stderr{comma}{filter_name}")),
                higher_is_better=better if isinstance(better, bool) else None,
            )
        )
    return tuple(metrics)


def _is_metric_value(value: object) -> bool:
    """A number, or a word that lm-eval writes where one is missing."""
    return (isinstance(value, int | float) and not isinstance(value, bool)) or value in (
        "N/A",
        "NaN",
        "nan",
    )


def _provenance(value: object) -> Provenance:
    given = _mapping(value)
    texts = ("data", "revision", "data_sha256", "option_order", "over_length", "protocol")
    counts = ("rows", "scored", "option_seed", "prompt_limit", "truncated")
    numbers = {key: _number(given.get(key)) for key in counts}
    return Provenance(
        **{key: _text(given.get(key)) for key in texts},  # type: ignore[arg-type]
        **{key: None if value is None else int(value) for key, value in numbers.items()},  # type: ignore[arg-type]
    )


def _model_name(summary: Mapping[str, Any], args: Mapping[str, Any]) -> str:
    candidates = (summary.get("model_name"), args.get("pretrained"), args.get("model"))
    return next((name for name in map(_text, candidates) if name), "unknown")


def _model_args(value: object) -> dict[str, Any]:
    """`config.model_args`: a mapping since 0.4.11, before it the text `a=1,b=2`."""
    if isinstance(value, dict):
        return {str(key): arg for key, arg in value.items()}
    if not isinstance(value, str):
        return {}
    pairs = (part.partition("=") for part in value.split(",") if "=" in part)
    return {key.strip(): arg.strip() for key, _, arg in pairs}


def _public(args: Mapping[str, Any]) -> dict[str, Any]:
    """Without secrets and places on the machine: these records end in files that are shared."""
    return {
        key: _USERINFO.sub("", value) if isinstance(value, str) else value
        for key, value in args.items()
        if key != "config_source" and not _SECRET.search(key)
    }


def _max_length(summary: Mapping[str, Any], args: Mapping[str, Any]) -> int | None:
    """The window in tokens: as lm-eval found it, else as the model arguments set it."""
    for value in (summary.get("max_length"), args.get("max_length"), args.get("max_model_len")):
        number = _number_in_text(value)
        if number is not None and number > 0:
            return int(number)
    return None


def _date(value: object) -> datetime | None:
    seconds = _number(value)
    if seconds is None:
        return None
    try:
        return datetime.fromtimestamp(seconds, tz=timezone.utc)
    except (OverflowError, OSError, ValueError):
        return None


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value.strip() else None


def _number(value: object) -> float | None:
    """A finite number, else None; True and False are none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _count(value: object) -> int | None:
    number = _number(value)
    return int(number) if number is not None and number >= 0 else None


def _number_in_text(value: object) -> float | None:
    if not isinstance(value, str):
        return _number(value)
    try:
        return _number(float(value))
    except ValueError:
        return None
