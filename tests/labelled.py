"""Runs of open replies, verdicts on them and labels, for tests of agreement."""

import json

from lm_eval_longsafety.benchmark import BY_SPLIT
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
