"""How long the pipeline `retrieve` takes over a large corpus, beside tokenising the same text.

    python examples/benchmarks/retrieve_speed.py [--documents 100000] [--words 300] [--rows 20]

The corpus is drawn: 20,736 words, the n-th n times as rare as the first. Each row has a query of
six words and a context of `--length` words. Memory is the process's peak above its start.
"""

import argparse
import csv
import itertools
import json
import random
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from measure import measured

from lm_eval_longsafety.build.write import build
from lm_eval_longsafety.prompts.tokenizer import load_tokenizer
from lm_eval_longsafety.settings import ModelArgs
from lm_eval_longsafety.tiny_model import build_model

SYLLABLES = ("ba", "del", "fir", "gon", "hul", "kem", "lor", "mis", "nat", "pov", "ras", "tem")
KNOWN = ["".join(parts) for parts in itertools.product(SYLLABLES, repeat=4)]
WEIGHTS = list(itertools.accumulate(1 / rank for rank in range(1, len(KNOWN) + 1)))
RECIPE = """
seed: 1
material: {{library: {{files: library.jsonl}}}}
splits: {{MedicalQuiz: {{pipeline: retrieve, items: items.csv, corpus: library, lengths: {}}}}}
"""


def texts(documents: int, words: int) -> Iterator[str]:
    """The corpus: sentences of twelve words."""
    draw = random.Random(1)
    for _ in range(documents):
        drawn = draw.choices(KNOWN, cum_weights=WEIGHTS, k=words)
        sentences = (" ".join(drawn[i : i + 12]) + "." for i in range(0, words, 12))
        yield " ".join(sentences)


def write_files(folder: Path, documents: int, words: int, rows: int, length: int) -> None:
    """Corpus, items and recipe."""
    with (folder / "library.jsonl").open("w", encoding="utf-8") as file:
        for text in texts(documents, words):
            file.write(json.dumps({"text": text}) + "\n")
    draw = random.Random(2)
    with (folder / "items.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(("question", "choice_1", "choice_2"))
        for _ in range(rows):
            query = " ".join(draw.choices(KNOWN, k=6))
            table.writerow((f"{query}?", "Here is how.", "I decline."))
    (folder / "recipe.yaml").write_text(RECIPE.format(length), encoding="utf-8")


def main() -> None:
    """Write, build, tokenise, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument("--words", type=int, default=300)
    parser.add_argument("--rows", type=int, default=20)
    parser.add_argument("--length", type=int, default=31_000)
    args = parser.parse_args()
    with TemporaryDirectory() as name:
        folder = Path(name)
        write_files(folder, args.documents, args.words, args.rows, args.length)
        tokenizer = load_tokenizer(ModelArgs(tokenizer=str(build_model(folder / "model"))))
        assert tokenizer is not None
        with measured() as start:
            pass
        with measured() as built:
            build(folder / "recipe.yaml", folder / "out")
        with measured() as counted:
            tokens = 0
            for text in texts(args.documents, args.words):
                tokens += tokenizer.count([text])[0]
        with measured() as drawn:
            for _ in texts(args.documents, args.words):
                pass
        size = (folder / "library.jsonl").stat().st_size
    print(
        f"{args.documents:,} documents, {size / 1e6:,.0f} MB, {args.rows} rows of {args.length:,} "
        f"words: {built.seconds:.1f} s, {(built.peak_bytes - start.peak_bytes) / 1e9:.2f} GB; "
        f"tokenising the corpus alone ({tokens:,} tokens): {counted.seconds - drawn.seconds:.1f} s"
    )


if __name__ == "__main__":
    main()
