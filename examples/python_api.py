"""LongSafetyBench from Python: `simple_evaluate`, and its results read into a table.

Usage: python python_api.py MODEL [DATA]; MODEL is a hub id or a folder, DATA as in --metadata.
"""

import json
import sys
import tempfile
from pathlib import Path

import torch
from lm_eval import simple_evaluate
from lm_eval.tasks import TaskManager

from lm_eval_longsafety.analysis.models import subjects
from lm_eval_longsafety.analysis.scores import Subject
from lm_eval_longsafety.analysis.stats import Estimate
from lm_eval_longsafety.harness.discovery import tasks_path
from lm_eval_longsafety.results import load


def evaluate(model: str, data: str | None = None) -> Subject:
    """Run all ten tasks on the CPU or GPU at hand."""
    metadata = {"data": data} if data else {}
    results = simple_evaluate(
        model="hf",
        model_args={"pretrained": model},
        device="cuda" if torch.cuda.is_available() else "cpu",
        tasks=["longsafety"],
        apply_chat_template=True,
        metadata=metadata,
        # Without it, lm-eval does not find the tasks unless `longsafety link` was run.
        task_manager=TaskManager(include_path=str(tasks_path()), metadata=metadata),
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "results.json"
        path.write_text(json.dumps(results, default=str), encoding="utf-8")
        return subjects(load([path]))[0]


def main() -> None:
    """Print SR and HA of each task, in percent with 95 % intervals."""
    subject = evaluate(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None)
    print(f"{'task':22}{'SR':>20}{'HA':>20}")
    for task in subject.tasks:
        cells = [_cell(task.estimate(metric)) for metric in ("sr", "ha")]
        print(f"{task.benchmark.split:22}{cells[0]:>20}{cells[1]:>20}")
    cells = [_cell(subject.mean(metric)) for metric in ("sr", "ha")]
    print(f"{'mean of the ten':22}{cells[0]:>20}{cells[1]:>20}")


def _cell(estimate: Estimate | None) -> str:
    if estimate is None or estimate.low is None:
        return "n/a"
    return f"{100 * estimate.value:.1f} [{100 * estimate.low:.1f}, {100 * estimate.high:.1f}]"


if __name__ == "__main__":
    main()
