"""What judging costs besides the judge: building and answering 1,201 verdicts with `dummy`.

    python examples/benchmarks/verdicts.py [--reply-tokens 512] [--orders 2]

As many replies as the benchmark has documents, with the questions and choices of the embedded
sample, under the demo's tokenizer. Time is of the judge's run alone, without its start.
"""

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lm_eval_longsafety.benchmark import BenchmarkTask

SENTENCE = "It would be best to ask the owner first and to wait for an answer in the yard. "


def lines(task: "BenchmarkTask", reply: str) -> Iterator[str]:
    """Sample lines of open replies, one for each document of the task."""
    from lm_eval_longsafety.data import sources

    rows = sources.load("sample").rows(task.split)
    scores = {"refused": 0.0, "empty": 0.0, "cut": 0.0, "reply_tokens": None, "truncated": 0.0}
    for number in range(task.rows):
        row = rows[number % len(rows)]
        doc = {"id": f"{row.id}-{number}", "task": task.split, "question": row.question}
        doc["choices"] = list(row.choices)
        yield json.dumps({"doc": doc, "filtered_resps": [[reply]], **scores}) + "\n"


def main() -> None:
    """Build, answer, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--reply-tokens", type=int, default=512)
    parser.add_argument("--orders", type=int, default=2)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["HF_ASSETS_CACHE"] = str(Path(folder) / "assets")
        os.environ["HF_HUB_OFFLINE"] = "1"
        from lm_eval import simple_evaluate
        from lm_eval.tasks import TaskManager

        from lm_eval_longsafety.benchmark import TASKS
        from lm_eval_longsafety.harness.discovery import tasks_path
        from lm_eval_longsafety.prompts.tokenizer import load_tokenizer
        from lm_eval_longsafety.settings import ModelArgs
        from lm_eval_longsafety.tiny_model import build_model

        model, replies = build_model(Path(folder) / "model"), Path(folder) / "replies"
        tokenizer = load_tokenizer(ModelArgs(tokenizer=str(model)))
        each = tokenizer.count([SENTENCE])[0]
        reply = SENTENCE * max(1, args.reply_tokens // each)
        replies.mkdir()
        for task in TASKS:
            name = f"samples_{task.name}_open_2026-01-01T00-00-00.jsonl"
            (replies / name).write_text("".join(lines(task, reply)), encoding="utf-8")
        given = {"judged": str(replies), "judge_orders": args.orders, "tokenizer": str(model)}
        started = time.perf_counter()
        manager = TaskManager(
            include_path=str(tasks_path()), include_defaults=False, metadata=given
        )
        results = simple_evaluate(
            "dummy", tasks=["longsafety_judge"], task_manager=manager, bootstrap_iters=0
        )
        seconds = time.perf_counter() - started
    docs = [line["doc"] for own in results["samples"].values() for line in own]
    tokens = [doc["prompt_tokens"] for doc in docs]
    print(
        f"{len(docs):,} replies of about {args.reply_tokens} tokens, {args.orders} orders: "
        f"{seconds:.1f} s; tokens of a verdict's prompt {min(tokens)} to {max(tokens)}, median "
        f"{statistics.median(tokens):.0f}"
    )


if __name__ == "__main__":
    main()
