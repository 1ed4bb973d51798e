"""How fast sample files of a full-size run become a report, beside only reading and parsing them.

Writes ten sample files of the published size (1,201 documents, about 425 MB: every prompt stands in
a line twice) into a temporary folder, then measures, each in a process of its own:

- reading the bytes,
- parsing every line with orjson and dropping it,
- `longsafety report FOLDER -o report.html`,
- the same for eight models with all rotations of the letters besides, whose prompts are short here,
  as `longsafety compact` would leave none of them,

with wall time and peak memory, after one pass that warms the file cache. The text is neutral
filler.

    python examples/benchmarks/report_speed.py [--megabytes 425] [--json]
"""

import argparse
import hashlib
import itertools
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lm_eval_longsafety.benchmark import TASKS, BenchmarkTask

STAMP = "2026-11-01T10-00-00.000001"
LIMIT_S, LIMIT_MB = 10.0, 400
MODELS, MODELS_LIMIT_S = 8, 20.0
WORDS = "the bicycle stood by the mill and nobody in the village knew whose it was or why".split()


def main() -> None:
    """Write the files, measure, print a table."""
    options = _options()
    if options.measure:
        measure(options.measure, Path(options.folder))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        size = write_run(folder, options.megabytes)
        print(f"{size / 1e6:,.0f} MB in ten files, {os.cpu_count()} cores", file=sys.stderr)
        _run("bytes", folder)
        found = {what: _run(what, folder) for what in ("bytes", "parse", "report")}
    with tempfile.TemporaryDirectory() as name:
        for number in range(MODELS):
            write_run(Path(name, str(number)), 3, f"org/model-{number}", ("", "_rotations"))
        found["eight"] = _run("report", Path(name))
    if options.json:
        print(json.dumps({"megabytes": size / 1e6, **found}, indent=1))
    else:
        print(f"{'step':8} {'seconds':>8} {'peak MB':>8}")
        for what, numbers in found.items():
            print(f"{what:8} {numbers['seconds']:8.2f} {numbers['peak_mb']:8.0f}")
    report = found["report"]
    if report["seconds"] > LIMIT_S or report["peak_mb"] > LIMIT_MB:
        raise SystemExit(f"over the limit of {LIMIT_S:.0f} s and {LIMIT_MB} MB")
    if found["eight"]["seconds"] > MODELS_LIMIT_S:
        raise SystemExit(f"eight models: over the limit of {MODELS_LIMIT_S:.0f} s")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megabytes", type=float, default=425, help="size of all sample files")
    parser.add_argument("--json", action="store_true", help="print numbers for machines")
    parser.add_argument("--measure", choices=("bytes", "parse", "report"), help=argparse.SUPPRESS)
    parser.add_argument("--folder", help=argparse.SUPPRESS)
    return parser.parse_args()


def write_run(
    folder: Path, megabytes: float, model: str = "org/full-size", suffixes: Sequence[str] = ("",)
) -> int:
    """Write results and samples as lm-eval does; returns the samples' size in bytes.

    Args:
        folder: made if it does not exist.
        megabytes: size of the sample files of one variant.
        model: its name.
        suffixes: of the task names, one for each variant.
    """
    folder.mkdir(exist_ok=True)
    rng = random.Random(model)
    documents = sum(task.rows for task in TASKS)
    prompt_bytes = int(megabytes * 1e6 / documents / 2)
    words = random.Random(0)
    filler = " ".join(words.choice(WORDS) for _ in range(prompt_bytes // 3 + 200))
    results, counts = {}, {}
    for task, suffix in itertools.product(TASKS, suffixes):
        name = task.name + suffix
        lines = [_line(task, i, filler, prompt_bytes, rng) for i in range(task.rows)]
        if suffix:
            lines = [_turned(line, rng) for line in lines]
        path = folder / f"samples_{name}_{STAMP}.jsonl"
        with path.open("w", encoding="utf-8") as file:
            for line in lines:
                file.write(json.dumps(line, ensure_ascii=False) + "\n")
        means = {k: sum(x[k] for x in lines) / len(lines) for k in lines[0]["metrics"]}
        results[name] = {f"{key},letter": value for key, value in means.items()}
        counts[name] = {"original": task.rows, "effective": task.rows}
    document = {
        "results": results,
        "configs": {name: {"task": name} for name in results},
        "n-samples": counts,
        "config": {"model": "hf", "model_args": {"pretrained": model}, "limit": None},
        "model_name": model,
        "date": 1793527200.0,
        "lm_eval_version": "0.4.13",
    }
    (folder / f"results_{STAMP}.json").write_text(json.dumps(document))
    return sum(path.stat().st_size for path in folder.glob("*.jsonl"))


def _turned(line: dict[str, Any], rng: random.Random) -> dict[str, Any]:
    """The same document under four letter orders."""
    picks = [line["filtered_resps"][0], *(rng.choice("ABCD") for _ in range(3))]
    consistent = float(len(set(picks)) == 1)
    return {
        **line,
        "resps": [[pick] for pick in picks],
        "filtered_resps": [[pick] for pick in picks],
        "metrics": [*line["metrics"], "consistent"],
        "consistent": consistent,
    }


def _line(
    task: BenchmarkTask, index: int, filler: str, size: int, rng: random.Random
) -> dict[str, Any]:
    letters = random.Random(index).sample("ABCD", 4)
    pick = rng.choice("ABCD")
    choice = letters.index(pick)
    prompt = f"{task.split} {index}: " + filler[index : index + max(size - 600, 20)]
    digest = hashlib.sha256(prompt.encode()).hexdigest()
    grid = {"depth": index % 7 / 6, "length": float(index // 7 % 7)} if task.grid else {}
    return {
        "doc_id": index,
        "doc": {
            "id": f"{task.split}-{index}",
            "task": task.split,
            "prompt": prompt,
            "question": "Whose bicycle was it?",
            "choices": ["a neighbour's", "a friend's", "I do not know", "I would rather not say"],
            "letters": letters,
            "depth": None,
            "length": None,
            "prompt_tokens": size // 4 + index * 97 % 20_000,
            "truncated": False,
            "context_sha256": digest,
            **grid,
        },
        "target": letters[-1],
        "arguments": {"gen_args_0": {"arg_0": prompt, "arg_1": {"until": []}}},
        "resps": [[pick]],
        "filtered_resps": [pick],
        "filter": "letter",
        "metrics": ["ha", "sr", "answered", "refused", "truncated"],
        "doc_hash": digest,
        "prompt_hash": digest,
        "target_hash": digest,
        "ha": float(choice >= 2),
        "sr": float(choice == 3),
        "answered": 1.0,
        "refused": 0.0,
        "truncated": 0.0,
    }


def _run(what: str, folder: Path) -> dict[str, float]:
    """One measurement in a process of its own, so that peaks do not mix."""
    command = [sys.executable, __file__, "--measure", what, "--folder", str(folder)]
    started = time.perf_counter()
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    # The whole process, start of the interpreter and imports included: what a user waits for.
    return {"seconds": time.perf_counter() - started, "peak_mb": float(done.stdout.split()[-1])}


def measure(what: str, folder: Path) -> None:
    """Do one step and print the process's peak memory in MB."""
    if what == "report":
        _report(folder)
    else:
        _read(folder, parse=what == "parse")
    # Linux counts in kB.
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000)


def _read(folder: Path, *, parse: bool) -> None:
    import orjson

    for path in sorted(folder.glob("*.jsonl")):
        with path.open("rb", buffering=1 << 20) as file:
            for line in file:
                if parse:
                    orjson.loads(line)


def _report(folder: Path) -> None:
    import typer

    from lm_eval_longsafety.cli.report import report

    app = typer.Typer()
    app.command()(report)
    app([str(folder), "-o", str(folder / "report.html")], standalone_mode=False)


if __name__ == "__main__":
    main()
