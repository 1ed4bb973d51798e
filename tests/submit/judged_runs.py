"""Builds a finished run with judged open replies to all ten tasks; nothing was ever run."""

from lm_eval_longsafety.benchmark import TASKS
from tests.submit import finished_runs

OPEN_FILE = "results_2026-11-01T10-00-00.000001.json"
JUDGE_FILE = "results_2026-11-02T10-00-00.000001.json"
JUDGE = "org/judge"


def with_replies(data=None):
    """A finished run that wrote open replies as well."""
    data = data or finished_runs.document()
    for task in TASKS:
        name = f"{task.name}_open"
        shares = {"refused": 0.4, "empty": 0.0, "cut": 0.1, "truncated": 0.0}
        data["results"][name] = {f"{key},reply": value for key, value in shares.items()}
        data["results"][name] |= {"alias": name, "reply_tokens,reply": 100.0}
        data["configs"][name] = {
            "task": name,
            "metadata": {"version": 3.1, "provenance": finished_runs.provenance(task, "")},
        }
        data["n-samples"][name] = {"original": task.rows, "effective": task.rows}
        data["versions"][name] = 3.1
    return data


def verdicts(*, suffix="", tasks=TASKS, model=JUDGE, **recorded):
    """The judge's run: of task i, SR is 0.9 - i/10 and HA 1 - i/10; a tenth is unjudged."""
    results, configs, counts = {}, {}, {}
    for task in tasks:
        i = TASKS.index(task)
        name = f"{task.name}_judge{suffix}"
        shares = {"sr": 0.9 - i / 10, "ha": 1 - i / 10, "unjudged": 0.1, "unread": 0.05}
        shares |= {"judge_consistent": 0.95, "truncated": 0.0}
        results[name] = {f"{key},letter": value for key, value in shares.items()}
        results[name] |= {"alias": name, "sr_stderr,letter": "N/A", "ha_stderr,letter": "N/A"}
        configs[name] = {
            "task": name,
            "metadata": {
                "version": 3.1,
                "provenance": finished_runs.provenance(task, suffix)
                | {"variant": "judge", "judged": OPEN_FILE, "judged_model": "org/model-one"}
                | {"judge_orders": 2, "judge_context": "none"}
                | recorded,
            },
        }
        counts[name] = {"original": task.rows, "effective": task.rows}
    return finished_runs.document(tasks=(), model=model) | {
        "results": results,
        "configs": configs,
        "versions": dict.fromkeys(results, 3.1),
        "n-samples": counts,
        "date": finished_runs.DATE + 86400,
    }


def write(folder, data=None, judge=None):
    """The run with its replies, and the judge's below it; returns the folder."""
    finished_runs.write(folder, data or with_replies(), OPEN_FILE)
    finished_runs.write(folder / "judged" / "org__judge", judge or verdicts(), JUDGE_FILE)
    return folder
