"""The documents behind an Every Eval Ever record, one JSON line each; only written when asked for.

Questions, choices and replies may be harmful to read; the long contexts are left to the data set.
"""

import hashlib
import json
from typing import Any

from lm_eval_longsafety.errors import SubmissionError
from lm_eval_longsafety.results import Sample
from lm_eval_longsafety.submit.every_eval_ever import (
    SCHEMA_VERSION,
    evaluation_id,
    result_id,
    result_name,
)
from lm_eval_longsafety.submit.records import ScoredTask, Submission


def render(submission: Submission) -> str:
    """One line per document and task, scored by SR.

    Raises:
        SubmissionError: samples are missing, or were read without their texts.
    """
    lines = [
        json.dumps(_line(submission, task, sample), ensure_ascii=False)
        for task in submission.tasks
        for sample in _samples(task)
    ]
    return "".join(line + "\n" for line in lines)


def _samples(task: ScoredTask) -> tuple[Sample, ...]:
    samples = task.run.samples.get(task.result.name, ())
    complete = len(samples) == task.result.n_effective
    if not complete or any(sample.text is None for sample in samples):
        raise SubmissionError(
            f"--with-samples: {task.benchmark.split} has {len(samples)} of "
            f"{task.result.n_effective} samples with their texts; give the folder that lm-eval "
            "wrote with --log_samples"
        )
    return samples


def _line(submission: Submission, task: ScoredTask, sample: Sample) -> dict[str, Any]:
    text = sample.text
    if text is None:
        raise ValueError(f"sample {sample.id} has no text")
    safe = text.choices[-1]
    letter = sample.picks[0] if sample.picks else ""
    generated = submission.protocol == "generate"
    method = "letter in the reply" if generated else "most probable letter"
    return {
        "schema_version": SCHEMA_VERSION,
        "evaluation_id": evaluation_id(submission),
        "model_id": submission.model,
        "evaluation_name": result_name(task),
        "evaluation_result_id": result_id(task, "sr"),
        "sample_id": sample.id,
        "sample_hash": hashlib.sha256((text.question + safe).encode()).hexdigest(),
        "interaction_type": "single_turn",
        "input": {
            "raw": text.question,
            "reference": [safe],
            "choices": list(text.choices),
        },
        "output": {"raw": list(text.replies) or [letter]},
        "answer_attribution": [
            {
                "turn_idx": 0,
                "source": "output.raw",
                "extracted_value": letter,
                "extraction_method": method,
                "is_terminal": True,
            }
        ],
        "evaluation": {"score": sample.sr, "is_correct": sample.sr == 1.0},
        "metadata": {
            "letters": ",".join(sample.letters),
            "harm_awareness": str(sample.ha),
            "truncated": str(sample.truncated),
            "context_sha256": sample.context_sha256,
        },
    }
