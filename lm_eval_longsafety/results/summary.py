"""lm-eval's results JSON, cut down to what may be kept: no texts, templates, paths or secrets.

Data flow: JSON text -> `parse_json` -> `is_results` -> `summarise`, still in lm-eval's shape.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeGuard

from lm_eval_longsafety.errors import ResultsError
from lm_eval_longsafety.results.fields import as_mapping

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


def parse_json(text: str | bytes, source: Path) -> object:
    """Parse JSON as lm-eval writes it: bare NaN and Infinity included.

    Raises:
        ResultsError: empty, cut off, otherwise not JSON, or with two values for one key.
    """
    if not text.strip():
        raise ResultsError(f"{source}: the file is empty; run the evaluation again")
    try:
        return json.loads(text, object_pairs_hook=_one_value_a_key)
    except ValueError as error:  # Not JSON, not UTF-8, or an integer of thousands of digits.
        raise ResultsError(
            f"{source}: not valid JSON ({error}); the file was cut off or edited, "
            "take it again from the output folder of lm-eval"
        ) from None


def _one_value_a_key(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """A JSON object; the parser itself would take the last of several values in silence."""
    found = dict(pairs)
    for key, value in pairs if len(found) < len(pairs) else ():
        if found[key] != value:
            raise ValueError(f"key {key[:80]!r} stands twice with different values")
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
    kept = {key: data[key] for key in _KEPT if key in data}
    config = as_mapping(data.get("config"))
    kept["config"] = {key: config[key] for key in _KEPT_CONFIG if key in config}
    kept["config"]["model_args"] = _public(_model_args(config.get("model_args")))
    kept["configs"] = {
        name: {"metadata": _public(as_mapping(as_mapping(task).get("metadata")))}
        for name, task in as_mapping(data.get("configs")).items()
    }
    return kept


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
