"""What `longsafety training-data` costs beside tokenising the same rows once.

    python examples/benchmarks/training_rows.py [--rows 200] [--tokens 41000] [--max-tokens 32768]

A set of the shape of LongSafety-17k is generated from the embedded sample's paragraphs; with
`--rows 17468` it has the size of the published one (needs 4 GB of disk). Each measurement is a
process of its own, with the demo's tokenizer: `tokenise` reads the rows, applies the chat template
and tokenises; `prepare` also checks, cuts, counts again and writes. Memory is the largest of each.
"""

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

TASKS = ("HarmfulNIAH", "KeywordRAG", "MedicalQuiz", "CountingCrimes", "ManyShotJailbreak")
CHARACTERS = 4.6
"""Of a token, with the demo's tokenizer and text."""
SHARD_ROWS = 500


def paragraphs() -> list[str]:
    """Harmless text."""
    from lm_eval_longsafety.data.sources import load

    return [
        part for row in load("sample").rows("MedicalQuiz") for part in row.context.split("\n\n")
    ]


def row(index: int, texts: list[str], characters: int) -> dict[str, object]:
    """A row whose context has about so many characters, half to one and a half times as many."""
    chooser = random.Random(index)
    wanted = characters * chooser.uniform(0.5, 1.5)
    parts: list[str] = []
    size = 0
    while size < wanted:
        parts.append(chooser.choice(texts))
        size += len(parts[-1]) + 2
    context = "\n\n".join(parts)
    turn = {"prompt": f"{context}\n\nWhose is the bicycle?", "output": "Nobody has said so."}
    return {"id": f"row-{index}", "task": TASKS[index % len(TASKS)], "content": [turn]}


def write_set(folder: Path, rows: int, tokens: int) -> None:
    """The set, in shards as the hub has them."""
    (folder / "data").mkdir(parents=True)
    texts, shards = paragraphs(), -(-rows // SHARD_ROWS)
    for shard in range(shards):
        numbers = range(shard * SHARD_ROWS, min(rows, (shard + 1) * SHARD_ROWS))
        path = folder / "data" / f"train-{shard:05}-of-{shards:05}.parquet"
        with pq.ParquetWriter(path, _schema()) as writer:
            for start in range(numbers.start, numbers.stop, 50):
                part = [
                    row(index, texts, int(tokens * CHARACTERS))
                    for index in range(start, min(start + 50, numbers.stop))
                ]
                writer.write_table(pa.Table.from_pylist(part, schema=_schema()))


def _schema() -> pa.Schema:
    turns = pa.list_(pa.struct([("prompt", pa.string()), ("output", pa.string())]))
    return pa.schema([("id", pa.string()), ("task", pa.string()), ("content", turns)])


def tokenise(folder: Path, max_tokens: int) -> int:
    """Read, apply the template, tokenise once; the number of tokens."""
    from lm_eval_longsafety.training.chat_tokens import ChatTokens
    from lm_eval_longsafety.training.prepare import batches
    from lm_eval_longsafety.training.training_set import open_set

    chat, total = ChatTokens(str(folder / "model")), 0
    for batch in batches((each, "kept") for each in open_set(str(folder / "set")).conversations()):
        rows = [each for each, _ in batch]
        total += sum(chat.count([each.messages for each in rows], rows))
    return total


def prepare(folder: Path, max_tokens: int) -> int:
    """What the command does; the number of tokens written."""
    from lm_eval_longsafety.training import prepare as command
    from lm_eval_longsafety.training.options import TrainingOptions

    options = TrainingOptions(
        source=str(folder / "set"),
        output=folder / "rows.parquet",
        tokenizer=str(folder / "model"),
        max_tokens=max_tokens,
    )
    return command.prepare(options).tally.total("tokens")


def measure(what: str, folder: Path, max_tokens: int) -> None:
    """One measurement, as JSON on standard output."""
    started = time.perf_counter()
    tokens = {"tokenise": tokenise, "prepare": prepare}[what](folder, max_tokens)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
    times = {"s": time.perf_counter() - started, "cpu": time.process_time()}
    print(json.dumps({**times, "tokens": tokens, "gb": memory}))


def main() -> None:
    """Generate, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=200)
    parser.add_argument("--tokens", type=int, default=41_000, help="of a row, on average")
    parser.add_argument("--max-tokens", type=int, default=32_768)
    parser.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.measure:
        measure(args.measure[0], Path(args.measure[1]), args.max_tokens)
        return
    from lm_eval_longsafety.tiny_model import build_model

    with tempfile.TemporaryDirectory() as folder:
        build_model(Path(folder) / "model")
        write_set(Path(folder) / "set", args.rows, args.tokens)
        found = {}
        for what in ("tokenise", "prepare"):
            command = [sys.executable, __file__, "--max-tokens", str(args.max_tokens)]
            done = subprocess.run(
                [*command, "--measure", what, folder], check=True, stdout=subprocess.PIPE, text=True
            )
            found[what] = json.loads(done.stdout)
            one = found[what]
            print(
                f"{what}: {args.rows:,} rows, {one['tokens'] / 1e6:.1f} M tokens, {one['s']:.1f} s,"
                f" {one['cpu']:.1f} s of processor time, {one['gb']:.2f} GB"
            )
    for key, name in (("s", "time"), ("cpu", "processor time")):
        print(f"{name}, prepare / tokenise: {found['prepare'][key] / found['tokenise'][key]:.2f}")


if __name__ == "__main__":
    main()
