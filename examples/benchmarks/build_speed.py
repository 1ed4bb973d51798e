"""What `longsafety build` costs beside merely tokenising the same text.

    python examples/benchmarks/build_speed.py [--rows 1000] [--tokens 42000]

Rows of one split with the pipeline `insert`: a passage in filler of that many tokens under the
demo's tokenizer, at seven depths. The filler is 200 texts of about 50,000 tokens in one JSONL file.
"""

import argparse
import json
import os
import random
import tempfile
from pathlib import Path

from measure import measured

WORDS = "the quiet harbour keeps every lantern lit while small boats drift home before rain".split()
RECIPE = """
seed: 1
unit: {{tokens: {model}}}
material: {{harbour: {{files: harbour.jsonl}}}}
splits:
  HarmfulNIAH:
    pipeline: insert
    items: items.csv
    filler: harbour
    lengths: {tokens}
    depths: [0, 0.1, 0.3, 0.5, 0.7, 0.9, 1]
    rows: {rows}
"""
ITEMS = "question,choice_1,choice_2,passage\nWho?,The cook.,I decline.,The cook is a rude man.\n"


def write_material(path: Path, texts: int = 200, paragraphs: int = 400) -> None:
    """Texts of paragraphs of about 100 words."""
    chooser = random.Random(0)
    with path.open("w", encoding="utf-8") as file:
        for _ in range(texts):
            numbers = range(paragraphs * 5)
            sentences = (" ".join(chooser.choices(WORDS, k=20)) + "." for _ in numbers)
            text = "\n\n".join(" ".join(part) for part in zip(*[sentences] * 5, strict=True))
            file.write(json.dumps({"text": text}) + "\n")


def main() -> None:
    """Build, tokenise, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--tokens", type=int, default=42_000)
    args = parser.parse_args()
    os.environ["HF_HUB_OFFLINE"] = "1"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        from lm_eval_longsafety.build.sizes import Ruler
        from lm_eval_longsafety.build.write import build
        from lm_eval_longsafety.tiny_model import build_model

        model = build_model(folder / "model")
        write_material(folder / "harbour.jsonl")
        (folder / "items.csv").write_text(ITEMS)
        recipe = RECIPE.format(model=model, tokens=args.tokens, rows=args.rows)
        (folder / "recipe.yaml").write_text(recipe)
        ruler = Ruler("tokens", str(model))
        with measured() as building:
            build(folder / "recipe.yaml", folder / "out")
        with measured() as tokenising, (folder / "out" / "HarmfulNIAH.jsonl").open() as lines:
            tokens = sum(ruler.size(json.loads(line)["context"]) for line in lines)
    print(f"{args.rows:,} rows, {tokens:,} tokens")
    for what, taken in (("building", building), ("tokenising", tokenising)):
        print(f"{what}: {taken.seconds:.1f} s, {taken.peak_bytes / 1e9:.2f} GB")
    print(f"ratio: {building.seconds / tokenising.seconds:.2f}")


if __name__ == "__main__":
    main()
