"""What `longsafety_length` costs before the first request: building prompts of an exact length.

    python examples/benchmarks/lengths.py [--length 131072] [--rows 10] [--tasks 10]

The embedded sample's documents (`--rows` of each task, of which there are 8 or 9) in seeded filler,
under the demo's tokenizer. Time is of the building alone; memory is the process's.
"""

import argparse
import os
import random
import resource
import tempfile
import time
from pathlib import Path

WORDS = "the quiet harbour keeps every lantern lit while small boats drift home before rain".split()


def write_filler(folder: Path, tokens: int) -> None:
    """Paragraphs of 80 words, far more than one prompt needs."""
    folder.mkdir()
    chooser = random.Random(0)
    for number in range(max(2, tokens // 250_000)):
        texts = (" ".join(chooser.choices(WORDS, k=80)) + "." for _ in range(8_000))
        (folder / f"{number}.txt").write_text("\n\n".join(texts), encoding="utf-8")


def main() -> None:
    """Build, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--length", type=int, default=131_072)
    parser.add_argument("--rows", type=int, default=10)
    parser.add_argument("--tasks", type=int, default=10, help="of the ten")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["HF_ASSETS_CACHE"] = str(Path(folder) / "assets")
        os.environ["HF_HUB_OFFLINE"] = "1"
        from lm_eval_longsafety.benchmark import TASKS
        from lm_eval_longsafety.harness.documents import load_documents
        from lm_eval_longsafety.tiny_model import build_model

        model, filler = build_model(Path(folder) / "model"), Path(folder) / "filler"
        write_filler(filler, args.length)
        options = {"data": "sample", "tokenizer": str(model), "filler": str(filler)}
        options |= {"lengths": [args.length], "length_rows": args.rows}
        started = time.perf_counter()
        built = 0
        for task in TASKS[: args.tasks]:
            place = {"split": task.split, "target_length": args.length, "target_depth": 0.5}
            built += len(load_documents(variant="length", **place, **options)["test"])
        seconds = time.perf_counter() - started
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
    print(f"{built} prompts of {args.length:,} tokens: {seconds:.1f} s, {memory:.2f} GB")


if __name__ == "__main__":
    main()
