"""lm-eval's results JSON, reduced to what may be kept: no texts, templates or secrets.

Data flow: JSON text -> `parse_json` -> `is_results` -> `summarise`, still in lm-eval's shape. Local
paths are shortened, apart from the model's own, which distinguishes runs; `publishable` shortens
that one too, for what is written to a file.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeGuard

from lm_eval_longsafety.errors import ResultsError
from lm_eval_longsafety.public import public, without_secrets
from lm_eval_longsafety.results.fields import as_mapping
from lm_eval_longsafety.settings import REPLY_LENGTHS

TABLES = tuple(
    "results groups group_subtasks versions n-shot higher_is_better n-samples task_hashes".split()
)
"""Parts of a results document whose keys are names of tasks and groups."""
_KEPT = tuple(
    "git_hash date lm_eval_version transformers_version model_source system_instruction_sha "
    "fewshot_as_multiturn chat_template_sha max_length total_evaluation_time_seconds".split()
)
_KEPT_CONFIG = tuple(
    "model model_dtype model_revision model_sha model_num_parameters batch_size device limit "
    "num_fewshot gen_kwargs random_seed numpy_seed torch_seed fewshot_seed".split()
)
_MODEL_NAMES = ("pretrained", "model")
"""Model arguments that name the model; their value may be a folder."""


def parse_json(text: str | bytes, source: Path) -> object:
    """Parse JSON as lm-eval writes it: bare NaN and Infinity included.

    Raises:
        ResultsError: the text is empty, cut off, otherwise not JSON, or has two values for one key.
    """
    if not text.strip():
        raise ResultsError(f"{source}: the file is empty; run the evaluation again")
    try:
        return json.loads(text, object_pairs_hook=_one_value_a_key)
    except ValueError as error:  # Not JSON, not UTF-8, or an integer of thousands of digits.
        raise ResultsError(
            f"{source}: not valid JSON ({error}); the file was cut off or edited: copy it again "
            "from lm-eval's output folder"
        ) from None


def _one_value_a_key(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """A JSON object; `json` itself would keep the last of several values without an error."""
    found = dict(pairs)
    for key, value in pairs if len(found) < len(pairs) else ():
        if found[key] != value:
            raise ValueError(f"key {key[:80]!r} occurs twice with different values")
    return found


def is_results(data: object) -> TypeGuard[dict[str, Any]]:
    """Whether a JSON value is a results document of lm-eval, judged by its keys."""
    return (
        isinstance(data, dict)
        and isinstance(data.get("results"), dict)
        and any(isinstance(data.get(key), dict) for key in ("config", "configs", "versions"))
    )


def summarise(data: Mapping[str, Any]) -> dict[str, Any]:
    """The document without texts, templates, environments and secrets; still in lm-eval's shape."""
    kept: dict[str, Any] = {key: _table(data[key]) for key in TABLES if key in data}
    kept |= {key: public(data[key]) for key in _KEPT if key in data}
    if "model_name" in data:
        kept["model_name"] = without_secrets(data["model_name"])
    if data.get("chat_template", "") is None:
        # lm-eval writes null for a run without --apply_chat_template. A template is not kept.
        kept["chat_template"] = None
    config = as_mapping(data.get("config"))
    kept["config"] = {key: public(config[key]) for key in _KEPT_CONFIG if key in config}
    args = _model_args(without_secrets(config.get("model_args")))
    names = {key: args[key] for key in _MODEL_NAMES if key in args}
    kept["config"]["model_args"] = public(args) | without_secrets(names)
    kept["configs"] = {
        name: _task_config(as_mapping(task))
        for name, task in as_mapping(data.get("configs")).items()
    }
    return kept


def publishable(summary: Mapping[str, Any]) -> dict[str, Any]:
    """A summarised document without the model's folder, for files that may be shared."""
    named = {key: summary[key] for key in ("model_name", "config") if key in summary}
    return {**summary, **public(named)}


def _table(table: object) -> object:
    """A table of lm-eval with its texts made public; numbers and names do not change.

    The names are kept since a task or a metric may have a name that looks like a secret's.
    """
    if isinstance(table, dict):
        return {key: _table(value) for key, value in table.items()}
    return public(table)


def _task_config(task: Mapping[str, Any]) -> dict[str, Any]:
    """The parts of a task's config that are used.

    Of its metadata only two keys are: lm-eval puts all model arguments into it.
    """
    metadata = as_mapping(task.get("metadata"))
    generation = as_mapping(task.get("generation_kwargs"))
    lengths = {key: generation[key] for key in REPLY_LENGTHS if key in generation}
    kept = {key: public(metadata[key]) for key in ("version", "provenance") if key in metadata}
    return {"metadata": kept} | ({"generation_kwargs": public(lengths)} if lengths else {})


def _model_args(value: object) -> dict[str, Any]:
    """`config.model_args`: a mapping since lm-eval 0.4.11, before that the text `a=1,b=2`."""
    if isinstance(value, dict):
        return {str(key): arg for key, arg in value.items()}
    if not isinstance(value, str):
        return {}
    pairs = (part.partition("=") for part in value.split(",") if "=" in part)
    return {key.strip(): arg.strip() for key, _, arg in pairs}
