"""The two files for the hub: `.eval_results/*.yaml`, and the model card's older `model-index`."""

import re
from collections.abc import Mapping
from datetime import timezone
from typing import Any

import yaml

from lm_eval_longsafety.benchmark import HUB_ID
from lm_eval_longsafety.submit.submission import METRICS, Submission, settings_notes

TASK_IDS = {metric: f"longsafetybench_{metric}" for metric in METRICS}
"""As `examples/eval.yaml` names them; the data set's own `eval.yaml` must name them, too."""
_LIKE_A_NUMBER = re.compile(r"[-+]?[0-9][0-9eE.+_-]*")


def eval_results_path(submission: Submission) -> str:
    """Path of the evaluation results in the model's repository."""
    return f".eval_results/longsafetybench{submission.suffix}.yaml"


def eval_results(submission: Submission, *, source_url: str | None = None) -> str:
    """SR and HA as two task ids of the benchmark's data set.

    Args:
        submission: checked.
        source_url: where the run's results can be seen.
    """
    from huggingface_hub import EvalResultEntry, eval_result_entries_to_yaml

    date = submission.date
    # The format has no field for the unit, so the notes hold it.
    notes = "; ".join(["percent, 0 to 100", *settings_notes(submission)])
    entries = [
        EvalResultEntry(
            dataset_id=HUB_ID,
            task_id=task_id,
            value=submission.overall(metric).percent,
            dataset_revision=submission.provenance.revision,
            date=date.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ") if date else None,
            source_url=source_url,
            source_name="lm-evaluation-harness with lm-eval-longsafety" if source_url else None,
            notes=notes,
        )
        for metric, task_id in TASK_IDS.items()
    ]
    return dump(eval_result_entries_to_yaml(entries))


def model_index_path(submission: Submission) -> str:
    """The file's name; its text goes into the head of the model's README.md."""
    return f"model-index{submission.suffix}.yaml"


def model_index(submission: Submission) -> str:
    """The `model-index` key of a model card: overall and ten tasks, SR and HA each, in percent."""
    from huggingface_hub import EvalResult
    from huggingface_hub.repocard_data import eval_results_to_model_index

    # "overall" as a split is the mean over the ten splits.
    rows = [("overall", metric, submission.overall(metric)) for metric in METRICS]
    rows += [
        (task.split, metric, task.score(metric)) for task in submission.tasks for metric in METRICS
    ]
    protocol = ", most probable letter" if submission.protocol == "logits" else ""
    results = [
        EvalResult(
            task_type="text-generation",
            dataset_type=HUB_ID,
            dataset_name=f"LongSafetyBench {split}",
            dataset_config="default",
            # Entries that share config, split and revision would be merged into one.
            dataset_split=split,
            dataset_revision=submission.provenance.revision,
            metric_type=metric,
            metric_name=f"{METRICS[metric]} ({metric.upper()}), percent{protocol}",
            metric_value=score.percent,
        )
        for split, metric, score in rows
    ]
    name = submission.model.split("/")[-1]
    return dump({"model-index": eval_results_to_model_index(name, results)})


def declared_tasks(text: str) -> set[str]:
    """Task ids that a data set's `eval.yaml` declares; empty where it is not of that format."""
    try:
        parsed = yaml.safe_load(text)
    except yaml.YAMLError:
        return set()
    tasks = parsed.get("tasks") if isinstance(parsed, Mapping) else None
    listed = tasks if isinstance(tasks, list) else []
    return {str(task["id"]) for task in listed if isinstance(task, Mapping) and "id" in task}


def dump(value: object) -> str:
    """Block YAML in the given order that YAML 1.1 and 1.2 readers read alike; plain types only."""
    text: str = yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)
    return text


class _Dumper(yaml.SafeDumper):  # type: ignore[misc]
    """Quotes texts that YAML 1.2 reads as a number and PyYAML does not, such as 1234e56."""


def _text(dumper: Any, value: str) -> Any:  # noqa: ANN401 - yaml is untyped
    style = '"' if _LIKE_A_NUMBER.fullmatch(value) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _text)
