"""The hub's `.eval_results/*.yaml`: SR and HA as two task ids of the benchmark's data set."""

from collections.abc import Mapping
from datetime import timezone
from typing import Any

from lm_eval_longsafety.benchmark import HUB_ID
from lm_eval_longsafety.submit.records import METRICS, Submission, settings_notes
from lm_eval_longsafety.submit.yaml_text import dump

TASK_IDS = {metric: f"longsafetybench_{metric}" for metric in METRICS}
"""As `examples/eval.yaml` names them; the data set's own `eval.yaml` must, too."""


def path(submission: Submission) -> str:
    """Where the file stands in the model's repository."""
    return f".eval_results/longsafetybench{submission.suffix}.yaml"


def render(submission: Submission, *, source_url: str | None = None) -> str:
    """The file's text.

    Args:
        submission: checked.
        source_url: where the run's results can be seen.
    """
    from huggingface_hub import EvalResultEntry, eval_result_entries_to_yaml

    date = submission.date
    # The format has no field for the unit, so the notes say it.
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


def declared_tasks(eval_yaml: object) -> set[str]:
    """Task ids in a data set's parsed `eval.yaml`; empty where it is none."""
    tasks = eval_yaml.get("tasks") if isinstance(eval_yaml, Mapping) else None
    listed: list[Any] = tasks if isinstance(tasks, list) else []
    return {str(task["id"]) for task in listed if isinstance(task, Mapping) and "id" in task}
