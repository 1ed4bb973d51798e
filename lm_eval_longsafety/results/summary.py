"""lm-eval's results JSON, reduced to what may be kept: no texts, templates, paths or secrets.

Data flow: JSON text -> `parse_json` -> `is_results` -> `summarise`, still in lm-eval's shape, so
that a summary can be stored and read like the document itself.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeGuard

from lm_eval_longsafety.benchmark import bare_name
from lm_eval_longsafety.errors import ResultsError
from lm_eval_longsafety.public import public, without_secrets
from lm_eval_longsafety.results.fields import as_mapping
from lm_eval_longsafety.settings import REPLY_LENGTHS

_TABLES = tuple(
    "results groups group_subtasks versions n-shot higher_is_better n-samples task_hashes".split()
)
"""Parts of a results document whose keys are names of tasks and groups."""
_KEPT = tuple(
    "git_hash date lm_eval_version transformers_version model_source model_name chat_template_sha "
    "system_instruction_sha fewshot_as_multiturn max_length total_evaluation_time_seconds".split()
)
_KEPT_CONFIG = tuple(
    "model model_dtype model_revision model_sha model_num_parameters batch_size device limit "
    "num_fewshot gen_kwargs random_seed numpy_seed torch_seed fewshot_seed".split()
)


def parse_json(text: bytes, source: Path) -> object:
    """Parse JSON as lm-eval writes it: bare NaN and Infinity included.

    Raises:
        ResultsError: the text is empty, cut off, otherwise not JSON, or has two values for one key.
    """
    if not text.strip():
        raise ResultsError(f"{source}: the file is empty; run the evaluation again")
    try:
        return loads(text, object_pairs_hook=_one_value_a_key)
    except ValueError as error:  # Not JSON, not UTF-8, or an integer of thousands of digits.
        raise ResultsError(
            f"{source}: not valid JSON ({error}); the file was cut off or edited: copy it again "
            "from lm-eval's output folder"
        ) from None


def loads(text: bytes, **options: Any) -> Any:  # noqa: ANN401 - any JSON value
    """The parsed text; an unpaired surrogate, which could not be written again, becomes "?"."""
    value = json.loads(text, **options)
    if rb"\ud" in text.lower():
        value = json.loads(json.dumps(value, ensure_ascii=False).encode(errors="replace"))
    return value


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
    """The document without what may be private, under the tasks' own names.

    Of a task that lm-eval 0.5 ran below several groups (`group::task`) the first entry is kept.
    """
    config = as_mapping(data.get("config"))
    kept = {key: public(data[key]) for key in _KEPT if key in data}
    kept |= {key: _table(data[key]) for key in _TABLES if key in data}
    if data.get("chat_template", "") is None:
        # lm-eval writes null for a run without --apply_chat_template. A template is not kept.
        kept["chat_template"] = None
    kept["config"] = {key: public(config[key]) for key in _KEPT_CONFIG if key in config}
    kept["config"]["model_args"] = public(model_args(config))
    kept["configs"] = {}
    for name, task in as_mapping(data.get("configs")).items():
        kept["configs"].setdefault(bare_name(name), _task_config(as_mapping(task)))
    return kept


def model_args(config: Mapping[str, Any]) -> dict[str, Any]:
    """`config.model_args`: a mapping since lm-eval 0.4.11, before that the text `a=1,b=2`."""
    value = without_secrets(config.get("model_args"))
    if isinstance(value, str):
        pairs = (part.partition("=") for part in value.split(",") if "=" in part)
        return {key.strip(): arg.strip() for key, _, arg in pairs}
    return dict(as_mapping(value))


def _table(table: object) -> object:
    """A table of lm-eval with its texts made public; numbers and names do not change.

    The names are kept since a task or a metric may have a name that looks like a secret's.
    """
    if isinstance(table, dict):
        kept: dict[str, object] = {}
        for key, value in table.items():
            kept.setdefault(bare_name(key), _table(value))
        return kept
    if isinstance(table, list):
        return [bare_name(each) if isinstance(each, str) else each for each in public(table)]
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
