"""What this plugin itself costs: preparing a full-size benchmark, and a run without a model.

    python examples/benchmarks/overhead.py [--part 1.0] [--json FILE]

Builds a seeded set of the benchmark's size (1,201 documents of about 42k tokens) in a temporary
folder. Each measurement is a process of its own; its time and peak memory are the operating
system's.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

WORDS = "the quiet harbour keeps every lantern lit while small boats drift home before rain".split()
TOKENS = 42_000
ROUNDS = 3
"""Runs over `dummy`, in turn. Plain lm-eval copies the prompts to a cache of its own in the first
and finds them there later; ours reads the data each time. So the first and the best are shown."""
PLAIN_TASK = """
task: plain
dataset_path: json
dataset_kwargs: {{data_files: {{test: {prompts}}}}}
test_split: test
doc_to_text: prompt
doc_to_target: target
output_type: generate_until
generation_kwargs: {{until: [], do_sample: false, max_gen_toks: 64}}
metric_list: [{{metric: exact_match, aggregation: mean, higher_is_better: true}}]
"""


@dataclass(frozen=True, kw_only=True)
class Taken:
    """One process."""

    what: str
    seconds: float
    """Of the step itself where the process reports it, else from start to end."""
    cpu_seconds: float
    """Of the whole process; steadier than `seconds` on a busy machine."""
    peak_gb: float


def write_data(folder: Path, part: float, tokenizer: Path) -> None:
    """Ten splits in the benchmark's schema; texts about nothing in particular."""
    from transformers import AutoTokenizer

    from lm_eval_longsafety.benchmark import TASKS

    folder.mkdir()
    probe = " ".join(random.Random(0).choices(WORDS, k=2000))
    tokens = len(AutoTokenizer.from_pretrained(tokenizer).encode(probe))
    words = TOKENS * 2000 // tokens
    for task in TASKS:
        chooser = random.Random(task.split)
        with (folder / f"{task.split}.jsonl").open("w", encoding="utf-8") as file:
            for number in range(max(1, round(task.rows * part))):
                row = {
                    "id": f"{task.split}-{number}",
                    "context": " ".join(chooser.choices(WORDS, k=words)),
                    "question": f"Which lantern is lit first, {number}?",
                    "choices": ["Tell all of it.", "Hint at it.", "Warn.", "Decline politely."],
                }
                grid = {"depth": number % 7 / 7, "length": number % 7 + 1} if task.grid else {}
                file.write(json.dumps(row | grid) + "\n")


def prepare(data: str, model: str) -> None:
    """Worker: what the ten tasks do before the first request.

    lm-eval has imported these libraries before it loads a task; `tokenise` does not count them
    either.
    """
    import datasets  # noqa: F401
    from transformers import AutoConfig, AutoTokenizer

    from lm_eval_longsafety.benchmark import TASKS
    from lm_eval_longsafety.harness.documents import load_documents

    AutoConfig.from_pretrained(model), AutoTokenizer.from_pretrained(model)
    started = time.perf_counter()
    kept = [load_documents(split=task.split, data=data, pretrained=model) for task in TASKS]
    print(f"SECONDS {time.perf_counter() - started} {len(kept)}")


def write_prompts(data: str, model: str, prompts: str) -> None:
    """Worker: the finished prompts, one JSON line each."""
    from lm_eval_longsafety.benchmark import TASKS
    from lm_eval_longsafety.harness.documents import load_documents

    with open(prompts, "w", encoding="utf-8") as file:
        for task in TASKS:
            for row in load_documents(split=task.split, data=data, pretrained=model)["test"]:
                line = {"prompt": row["prompt"], "target": row["letters"][-1]}
                file.write(json.dumps(line) + "\n")


def tokenise(prompts: str, model: str) -> None:
    """Worker: the same prompts through the same tokenizer, once, in one batch."""
    from transformers import AutoTokenizer

    with open(prompts, encoding="utf-8") as file:
        texts = [json.loads(line)["prompt"] for line in file]
    tokenizer = AutoTokenizer.from_pretrained(model)
    started = time.perf_counter()
    ids = tokenizer(texts, add_special_tokens=False, return_attention_mask=False).input_ids
    print(f"SECONDS {time.perf_counter() - started} {sum(map(len, ids))}")


WORKERS = {"prepare": prepare, "tokenise": tokenise, "write_prompts": write_prompts}


def run(what: str, command: list[str], environment: dict[str, str]) -> Taken:
    """Run a process; its own `SECONDS` line wins over its wall time."""
    with tempfile.TemporaryFile("w+") as output:
        started = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, *command], stdout=output, stderr=subprocess.STDOUT,
            env=os.environ | environment,
        )  # fmt: skip
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        output.seek(0)
        said = output.read()
    if status:
        raise SystemExit(f"{what} failed:\n{said[-3000:]}")
    for line in said.splitlines():
        if line.startswith("SECONDS "):
            seconds = float(line.split()[1])
    taken = Taken(
        what=what,
        seconds=seconds,
        cpu_seconds=usage.ru_utime + usage.ru_stime,
        peak_gb=usage.ru_maxrss * 1024 / 1e9,
    )
    cost = f"{taken.seconds:8.1f} s  {taken.cpu_seconds:8.1f} CPU s  {taken.peak_gb:6.2f} GB"
    print(f"{what:35} {cost}", flush=True)
    return taken


def measure(folder: Path, part: float) -> dict[str, Taken]:
    """All processes, in order."""
    from lm_eval_longsafety.tiny_model import build_model

    model, data, prompts = str(build_model(folder / "model")), str(folder / "data"), "prompts.jsonl"
    prompts = str(folder / prompts)
    write_data(Path(data), part, Path(model))
    environment = {
        "HF_ASSETS_CACHE": str(folder / "assets"),
        "HF_DATASETS_CACHE": str(folder / "datasets"),
        "HF_HUB_OFFLINE": "1",
        "TOKENIZERS_PARALLELISM": "true",
    }
    worker = [__file__, "--worker"]
    ready = [*worker, "prepare", data, model]
    found = {
        "first": run("prepare ten tasks, first start", ready, environment),
        "second": run("prepare ten tasks, second start", ready, environment),
    }
    run("(write the prompts)", [*worker, "write_prompts", data, model, prompts], environment)
    found["tokenise"] = run(
        "tokenise the same prompts once", [*worker, "tokenise", prompts, model], environment
    )
    return found | over_dummy(folder, data, prompts, environment)


def over_dummy(
    folder: Path, data: str, prompts: str, environment: dict[str, str]
) -> dict[str, Taken]:
    """Whole runs without a model: plain lm-eval with the same prompts, and ours."""
    from lm_eval_longsafety.harness.discovery import tasks_path

    plain = folder / "plain"
    plain.mkdir()
    (plain / "plain.yaml").write_text(PLAIN_TASK.format(prompts=prompts))
    ours = ["--tasks", "longsafety", "--include_path", str(tasks_path())]
    commands = {
        "plain": ["--tasks", "plain", "--include_path", str(plain)],
        "ours": [*ours, "--metadata", json.dumps({"data": data})],
    }
    rounds: dict[str, list[Taken]] = {name: [] for name in commands}
    for number in range(ROUNDS):
        for name, command in commands.items():
            lm_eval = ["-m", "lm_eval", "run", "--model", "dummy", "--log_samples", *command]
            out = ["--output_path", str(folder / f"out-{name}-{number}")]
            rounds[name].append(run(f"{name} over `dummy`", [*lm_eval, *out], environment))
    first = {f"{name} first": taken[0] for name, taken in rounds.items()}
    return first | {name: min(taken, key=lambda t: t.seconds) for name, taken in rounds.items()}


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--part", type=float, default=1.0, help="of the 1,201 documents")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--worker", nargs="+", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.worker:
        WORKERS[args.worker[0]](*args.worker[1:])
        return
    with tempfile.TemporaryDirectory() as folder:
        found = measure(Path(folder), args.part)
    numbers = {
        "prepare_over_tokenise": found["first"].seconds / found["tokenise"].seconds,
        "prepare_over_tokenise_memory": found["first"].peak_gb / found["tokenise"].peak_gb,
        "second_over_first_start": found["second"].seconds / found["first"].seconds,
        "first_run_over_plain": found["ours first"].seconds / found["plain first"].seconds,
        "first_run_over_plain_memory": found["ours first"].peak_gb / found["plain first"].peak_gb,
        "run_over_plain": found["ours"].seconds / found["plain"].seconds,
        "run_over_plain_memory": found["ours"].peak_gb / found["plain"].peak_gb,
    }
    for name, value in numbers.items():
        print(f"{name}: {value:.3f}")
    if args.json:
        raw = {name: asdict(taken) for name, taken in found.items()}
        args.json.write_text(
            json.dumps(numbers | {"part": args.part, "rows": raw}, indent=2) + "\n"
        )


if __name__ == "__main__":
    main()
