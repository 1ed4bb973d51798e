"""Train a tiny model on rows of a recipe, and show on the embedded sample what it has learnt.

    python run.py FOLDER        (`make demo-training`: on two CPU cores)

Data flow: phrases.yaml -> items -> `longsafety build` -> `longsafety check-data --against` ->
`longsafety training-data` -> sft.py -> `longsafety run` -> `longsafety report`. Each step is a
command that is printed, with its seconds. Nothing but the training chooses a letter.

Exit code 1 if the tuned model is not better with a corrected p below 0.01.
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from lm_eval_longsafety.analysis.comparison import compare_all
from lm_eval_longsafety.analysis.models import models
from lm_eval_longsafety.results import read

HERE = Path(__file__).parent
MOST = 0.01
"""The corrected p of the difference has to be below it."""
BASE_ROWS, TUNED_ROWS = 60 * 12, 900 * 12
"""Steps times rows of a step; those of the base are among the others."""
TASKS = "longsafety,longsafety_rotations,longsafety_no_context"


def main() -> None:
    """Run every step, then judge."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="for everything that is made; must not exist")
    folder = parser.parse_args().folder
    if folder.exists():
        raise SystemExit(f"{folder}: is already there; remove it or name another folder")
    start = time.monotonic()
    for title, command in steps(folder):
        begun = time.monotonic()
        print(f"\n== {title}\n$ {' '.join(command[1:])}", flush=True)
        if subprocess.run(command, check=False).returncode:
            raise SystemExit(f"{title}: failed")
        print(f"== {title}: {time.monotonic() - begun:.0f} s", flush=True)
    print(f"\n== all: {time.monotonic() - start:.0f} s; the report is {folder / 'report.html'}")
    judge(folder / "results")


def steps(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """Title and command of each step."""

    def script(name: Path, *words: object) -> list[str]:
        return [sys.executable, str(name), *map(str, words)]

    def longsafety(*words: object) -> list[str]:
        return [sys.executable, "-m", "lm_eval_longsafety", *map(str, words)]

    recipe, built, random = folder / "recipe", folder / "training_set", folder / "random"
    yield "items", script(HERE / "items.py", recipe)
    recipe /= "recipe.yaml"
    yield "training set", longsafety("build", recipe, "--format", "training", "-o", built)
    yield "what the sample shares", longsafety("check-data", "sample", "--against", built)
    yield "random weights", script(HERE / "model.py", built, random)
    for name, start, number in (("base", "random", BASE_ROWS), ("tuned", "base", TUNED_ROWS)):
        rows, model, output = folder / f"{name}_rows.parquet", folder / start, folder / name
        yield (
            f"rows for the {name} model",
            longsafety(
                *("training-data", built, "-o", rows, "--tokenizer", model, "--max-tokens", 512),
                *("--rows", number, "--without-overlap", "sample"),
            ),
        )
        yield (
            f"training of the {name} model",
            script(
                *(HERE.parent / "sft.py", HERE / f"{name}.yaml", "--rows", rows),
                *("--model", model, "--output", output),
            ),
        )
    for name in ("base", "tuned"):
        yield (
            f"evaluation of the {name} model",
            longsafety(
                *("run", "--model", "longsafety-hf", "--device", "cpu", "--tasks", TASKS),
                *("--model_args", f"pretrained={folder / name},dtype=float32"),
                *("--apply_chat_template", "--metadata", '{"data": "sample"}', "--log_samples"),
                *("--output_path", folder / "results" / name),
            ),
        )
    yield "report", longsafety("report", folder / "results", "-o", folder / "report.html")


def judge(results: Path) -> None:
    """Print both scores and their difference.

    Raises:
        SystemExit: the difference may be chance, or is a loss.
    """
    base, tuned = (models(read([results / name]).runs)[0] for name in ("base", "tuned"))
    pair = compare_all([base, tuned])[0]
    change, p = pair.overall["sr"], pair.p_holm["sr"]
    points = [f"{100 * value:+.1f}" for value in (change.value, change.low, change.high)]
    first, second = (f"{100 * model.mean('sr').value:.1f}" for model in (base, tuned))
    print(
        f"== SR {first} before and {second} after training: {points[0]} points [{points[1]}, "
        f"{points[2]}], corrected p {p:.2g}"
    )
    if not (change.value > 0 and p < MOST):
        raise SystemExit(f"The tuned model is not better with a corrected p below {MOST}.")


if __name__ == "__main__":
    main()
