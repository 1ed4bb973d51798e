"""A record for Every Eval Ever (EvalEval coalition), schema 0.3.0: all scores with their errors.

Written by hand from the schema: its package needs Python 3.12 and is no dependency of ours.
"""

import hashlib
import json
import uuid
from typing import Any
from urllib.parse import urlsplit

from lm_eval_longsafety.benchmark import HUB_ID, TASKS
from lm_eval_longsafety.submit.records import (
    METRICS,
    Score,
    ScoredTask,
    Submission,
    settings_notes,
)

SCHEMA_VERSION = "0.3.0"
RELATIONSHIPS = ("first_party", "third_party", "collaborative", "other")
"""Of whoever ran the evaluation to the model."""
_ENGINES = {"hf": "transformers", "vllm": "vllm", "sglang": "sglang", "gguf": "llama.cpp"}
_DESCRIPTIONS = {
    "sr": "Share of documents on which the model chose the safe response, the last of the choices.",
    "ha": "Share of documents on which the model chose a response that is aware of the harm, one "
    "of the upper half of the choices.",
}
_LOCAL = ("localhost", "127.0.0.1", "0.0.0.0", "::1")


def path(submission: Submission) -> str:
    """Where the record stands in that project's data folder."""
    digest = hashlib.sha256(evaluation_id(submission).encode()).digest()
    # Its validator wants the form of a random UUID; this one is the same for the same run.
    record_id = uuid.UUID(bytes=digest[:16], version=4)
    return f"data/longsafetybench/{submission.model}/{record_id}.json"


def samples_path(submission: Submission) -> str:
    """Where the documents behind the record stand."""
    return path(submission).removesuffix(".json") + "_samples.jsonl"


def render(
    submission: Submission, *, organization: str, relationship: str, samples: str | None = None
) -> str:
    """The record's text.

    Args:
        submission: checked.
        organization: who ran the evaluation.
        relationship: one of `RELATIONSHIPS`.
        samples: text of the file at `samples_path`; None where none is written.
    """
    record: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "evaluation_id": evaluation_id(submission),
        **_timestamps(submission),
        "source_metadata": {
            "source_name": "lm-evaluation-harness with lm-eval-longsafety",
            "source_type": "evaluation_run",
            "source_organization_name": organization,
            "evaluator_relationship": relationship,
        },
        "eval_library": {
            "name": "lm_eval",
            "version": submission.runs[0].lm_eval_version or "unknown",
            "additional_details": _details(
                plugin="lm-eval-longsafety",
                task_version=submission.tasks[0].result.version,
                git_hash=submission.runs[0].git_hash,
            ),
        },
        "model_info": _model_info(submission),
        "evaluation_results": [
            _result(submission, task, metric) for task in (None, *submission.tasks)
            for metric in METRICS
        ],
    }  # fmt: skip
    if samples is not None:
        record["detailed_evaluation_results"] = {
            "format": "jsonl",
            "file_path": samples_path(submission),
            "hash_algorithm": "sha256",
            "checksum": hashlib.sha256(samples.encode()).hexdigest(),
            "total_rows": samples.count("\n"),
        }
    return json.dumps(record, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def evaluation_id(submission: Submission) -> str:
    """The name of this evaluation, the same however often the record is written."""
    name = f"longsafetybench{submission.suffix}"
    return f"{name}/{submission.model}/{_timestamps(submission)['retrieved_timestamp']}"


def _timestamps(submission: Submission) -> dict[str, str]:
    """The run's own time for both: writing the record again gives the same record."""
    date = submission.date
    if date is None:
        raise ValueError("a submission without a date; `checks.problems` finds such runs")
    seconds = str(int(date.timestamp()))
    return {"retrieved_timestamp": seconds, "evaluation_timestamp": date.isoformat()}


def _model_info(submission: Submission) -> dict[str, Any]:
    run = submission.runs[0]
    organization, name = submission.model.split("/")
    local = _runs_here(submission)
    info: dict[str, Any] = {"name": name, "id": submission.model, "developer": organization}
    engine = _ENGINES.get((run.backend or "").removeprefix("longsafety-").split("-")[0])
    if local and engine:
        info["inference_engine"] = {"name": engine}
    info["additional_details"] = _details(
        deployment_type="self_deployed" if local else "externally_managed",
        # Whoever holds the weights took them from the hub; a service tells nothing about them.
        model_availability="open_weights" if local else "unknown",
        revision=run.revision,
        commit=run.model_sha,
        dtype=run.dtype,
        window_tokens=run.max_length,
        chat_template_sha256=run.chat_template_sha,
    )
    return info


def _runs_here(submission: Submission) -> bool:
    """Whether the weights ran on the evaluator's machines: no API, or one on this host."""
    run = submission.runs[0]
    url = run.model_args.get("base_url")
    if isinstance(url, str) and url:
        return (urlsplit(url).hostname or "") in _LOCAL
    return not any(word in (run.backend or "") for word in ("completions", "openai", "anthropic"))


def result_name(task: ScoredTask | None) -> str:
    """What one result is of; None is the mean over all ten tasks."""
    return f"LongSafetyBench {task.benchmark.split}" if task else "LongSafetyBench"


def result_id(task: ScoredTask | None, metric: str) -> str:
    """Joins a result and its documents."""
    return f"{task.benchmark.split if task else 'overall'}/{metric}"


def _result(submission: Submission, task: ScoredTask | None, metric: str) -> dict[str, Any]:
    """One score; `task` None is the mean over all ten."""
    split = task.benchmark.split if task else None
    count = (task.result.n_effective or 0) if task else submission.documents
    score = task.score(metric) if task else submission.overall(metric)
    provenance = task.provenance if task else submission.provenance
    source: dict[str, Any] = {
        "dataset_name": result_name(task),
        "source_type": "hf_dataset",
        "hf_repo": HUB_ID,
        "hf_split": split or ",".join(each.split for each in TASKS),
        "samples_number": count,
        "additional_details": _details(
            revision=provenance.revision, data_sha256=provenance.data_sha256 if task else None
        ),
    }
    return {
        "evaluation_result_id": result_id(task, metric),
        "evaluation_name": source["dataset_name"],
        "source_data": source,
        "metric_config": {
            "evaluation_description": _DESCRIPTIONS[metric]
            + ("" if task else " Plain mean over the ten tasks."),
            "metric_id": f"longsafetybench.{metric}",
            "metric_name": f"{METRICS[metric]} ({metric.upper()})",
            "metric_kind": "accuracy",
            "metric_unit": "proportion",
            "lower_is_better": False,
            "score_type": "continuous",
            "min_score": 0,
            "max_score": 1,
        },
        "score_details": _score_details(score, count, task),
        "generation_config": _generation(submission),
    }


def _score_details(score: Score, count: int, task: ScoredTask | None) -> dict[str, Any]:
    uncertainty: dict[str, Any] = {"num_samples": count}
    if score.stderr is not None:
        method = "analytic" if task else "analytic, tasks taken as independent"
        uncertainty["standard_error"] = {"value": score.stderr, "method": method}
    rates = (
        {name: task.value(name) for name in ("answered", "refused", "truncated")} if task else {}
    )
    details: dict[str, Any] = {"score": score.value, "uncertainty": uncertainty}
    if known := _details(**rates):
        details["details"] = known
    return details


def _generation(submission: Submission) -> dict[str, Any]:
    provenance = submission.provenance
    config: dict[str, Any] = {
        "additional_details": _details(
            protocol=submission.protocol,
            option_order=provenance.option_order,
            option_seed=provenance.option_seed,
            over_length=provenance.over_length,
            prompt_limit=provenance.prompt_limit,
            truncated_prompts=submission.truncated,
            settings="; ".join(settings_notes(submission)) or "default",
        )
    }
    changed = any(run.gen_kwargs for run in submission.runs)
    if submission.protocol == "generate" and not changed:
        config["generation_args"] = {"temperature": 0.0, "max_tokens": 64}
    return config


def _details(**values: object) -> dict[str, str]:
    """Known values as text, the only type that the schema takes here."""
    return {name: str(value) for name, value in values.items() if value is not None}
