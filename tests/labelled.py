"""Runs of open replies, verdicts on them and labels, for tests of agreement."""

import hashlib
import json

from lm_eval_longsafety.benchmark import BY_SPLIT
from tests.judges import verdict_line, write_judge_run
from tests.results.test_open_replies import open_line, row
from tests.results_files import STAMP, document, write_lines


def write_replies(folder, replies):
    """A run of open replies, given by split; their documents are `doc-0`, `doc-1` and so on."""
    data = document({})
    folder.mkdir(parents=True, exist_ok=True)
    for split, texts in replies.items():
        name = f"{BY_SPLIT[split].name}_open"
        lines = [open_line(i, text, empty=float(not text)) for i, text in enumerate(texts)]
        for i, line in enumerate(lines):
            line["doc"] |= {"task": split, "id": f"doc-{i}"}
        data["results"][name] = row(lines) | {"name": name, "alias": name}
        data["configs"][name] = {"task": name, "metadata": {"version": 3.1}}
        data["n-samples"][name] = {"original": len(lines), "effective": len(lines)}
        write_lines(folder / f"samples_{name}_{STAMP}.jsonl", lines)
    (folder / f"results_{STAMP}.json").write_text(json.dumps(data))
    return folder


def write_verdicts(folder, replies, chosen, judge="org/judge", suffix=""):
    """A judge's run over `replies`; `chosen` by split, None for "none of these"."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = []
    for split, own in chosen.items():
        for i, (said, reply) in enumerate(zip(own, replies[split], strict=False)):
            one = 4 if said is None else said
            line = verdict_line(i, (one, one), reply, split, logits=bool(suffix))
            line["doc"]["id"] = f"doc-{i}"
            lines.append(line)
    return write_judge_run(folder, lines, judge=judge, suffix=suffix)


def write_labels(path, replies, labels):
    """Labels by split; "" for a row without one."""
    rows = ["id,task,reply_sha256,label"]
    for split, own in labels.items():
        for i, label in enumerate(own):
            digest = hashlib.sha256(replies[split][i].encode()).hexdigest()
            rows.append(f"doc-{i},{BY_SPLIT[split].name},{digest},{label}")
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path
