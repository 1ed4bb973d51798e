"""The model card's older `model-index`: overall and the ten tasks, SR and HA each."""

from lm_eval_longsafety.benchmark import HUB_ID
from lm_eval_longsafety.submit.records import METRICS, Score, Submission
from lm_eval_longsafety.submit.yaml_text import dump

OVERALL = "overall"
"""Stands in `dataset_split` for the mean over the ten splits."""


def path(submission: Submission) -> str:
    """The file's name; its text goes into the head of the model's README.md."""
    return f"model-index{submission.suffix}.yaml"


def render(submission: Submission) -> str:
    """The `model-index` key of a model card, values in percent."""
    from huggingface_hub import EvalResult
    from huggingface_hub.repocard_data import eval_results_to_model_index

    scores: dict[str, dict[str, Score]] = {
        OVERALL: {metric: submission.overall(metric) for metric in METRICS}
    }
    for task in submission.tasks:
        scores[task.benchmark.split] = {metric: task.score(metric) for metric in METRICS}
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
            metric_name=f"{METRICS[metric]} ({metric.upper()}), percent{_protocol(submission)}",
            metric_value=score.percent,
        )
        for split, by_metric in scores.items()
        for metric, score in by_metric.items()
    ]
    name = submission.model.split("/")[-1]
    return dump({"model-index": eval_results_to_model_index(name, results)})


def _protocol(submission: Submission) -> str:
    return ", most probable letter" if submission.protocol == "logits" else ""
