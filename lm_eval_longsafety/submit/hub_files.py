"""The two files for the hub: `.eval_results/*.yaml`, and the model card's older `model-index`."""

from datetime import timezone

import yaml

from lm_eval_longsafety.benchmark import HUB_ID
from lm_eval_longsafety.submit.submission import (
    METRICS,
    Score,
    ScoredTask,
    Submission,
    settings_notes,
)

TASK_IDS = {metric: f"longsafetybench_{metric}" for metric in METRICS}
"""As `examples/eval.yaml` names them; the data set's own `eval.yaml` must name them, too."""


def eval_results(submission: Submission, *, source_url: str | None = None) -> dict[str, str]:
    """SR and HA as two task ids of the benchmark's data set.

    Args:
        submission: checked.
        source_url: where the run's results can be seen.

    Returns:
        The text by its path in the model's repository.
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
    text = _dump(eval_result_entries_to_yaml(entries))
    return {f".eval_results/longsafetybench{submission.suffix}.yaml": text}


def model_index(submission: Submission) -> dict[str, str]:
    """The `model-index` key of a model card: overall and ten tasks, SR and HA each, in percent.

    Judged open replies get a file of their own, with ids of their own and the judge's name.

    Returns:
        The text, which goes into the head of the model's README.md, by the file's name.
    """
    from huggingface_hub import EvalResult
    from huggingface_hub.repocard_data import eval_results_to_model_index

    # "overall" as a split is the mean over the ten splits.
    rows: list[tuple[ScoredTask | None, str, Score]]
    rows = [(None, metric, submission.overall(metric)) for metric in METRICS]
    rows += [(task, metric, task.score(metric)) for task in submission.tasks for metric in METRICS]
    how = ", most probable letter" if submission.protocol == "logits" else ""
    how = f", judged by {submission.judge}" if submission.judge else how
    results = [
        EvalResult(
            task_type="text-generation",
            dataset_type=HUB_ID,
            dataset_name=f"{submission.title} {task.split if task else 'overall'}",
            dataset_config="default",
            # Entries that share config, split and revision would be merged into one.
            dataset_split=submission.name_of(task),
            dataset_revision=submission.provenance.revision,
            metric_type=metric,
            metric_name=f"{METRICS[metric]} ({metric.upper()}), percent{how}",
            metric_value=score.percent,
        )
        for task, metric, score in rows
    ]
    name = submission.model.split("/")[-1]
    text = _dump({"model-index": eval_results_to_model_index(name, results)})
    return {f"model-index{submission.suffix}.yaml": text}


def _dump(value: object) -> str:
    text: str = yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=100)
    return text
