"""Builds results files of finished runs over the published row counts; nothing was ever run."""

import json

from lm_eval_longsafety.benchmark import HUB_ID, TASKS

REVISION = "0123456789abcdef0123456789abcdef01234567"
DATE = 1793527200.0  # 2026-11-01T10:00:00Z
DOCUMENTS = 1201


def document(*, suffix="", model="org/model-one", tasks=TASKS, **top):
    """Task i scores SR = i/10 and HA = i/10 + 0.1 for i = 0..9; standard errors 0.02 each."""
    results, configs, counts = {}, {}, {}
    for task in tasks:
        i = TASKS.index(task)
        name = task.name + suffix
        results[name] = {
            "name": name,
            "alias": f" - {task.split}",
            "sample_len": task.rows,
            **_metric("sr", i / 10, 0.02),
            **_metric("ha", i / 10 + 0.1, 0.02),
            **_metric("answered", 0.99, 0.01),
            **_metric("refused", 0.005, 0.01),
            **_metric("truncated", 0.0, 0.0),
        }
        configs[name] = {
            "task": name,
            "metadata": {"version": 1.0, "provenance": provenance(task, suffix)},
        }
        counts[name] = {"original": task.rows, "effective": task.rows}
    return {
        "results": results,
        "configs": configs,
        "versions": dict.fromkeys(results, 1.0),
        "n-shot": dict.fromkeys(results, 0),
        "n-samples": counts,
        "config": {
            "model": "vllm",
            "model_args": {"pretrained": model, "dtype": "bfloat16", "token": "hf_secret"},
            "model_revision": "main",
            "limit": None,
            "gen_kwargs": {},
        },
        "date": DATE,
        "lm_eval_version": "0.4.13",
        "model_name": model,
        "chat_template_sha": "c" * 64,
        "max_length": 65536,
        **top,
    }


def provenance(task, suffix):
    return {
        "data": HUB_ID,
        "revision": REVISION,
        "data_sha256": "f" * 64,
        "rows": task.rows,
        "scored": task.rows,
        "option_order": "shuffled",
        "option_seed": 0,
        "over_length": "middle",
        "prompt_limit": 65036,
        "truncated": 0,
        "protocol": "logits" if suffix else "generate",
    }


def _metric(name, value, stderr):
    return {f"{name},letter": value, f"{name}_stderr,letter": stderr}


def write(folder, data, name="results_2026-11-01T10-00-00.000001.json"):
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(json.dumps(data), encoding="utf-8")
    return path
