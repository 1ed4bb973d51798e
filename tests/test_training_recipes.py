"""The recipes on fine-tuned models run as they are written; those for GPUs are read."""

import re
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml

from lm_eval_longsafety.benchmark import TASKS
from lm_eval_longsafety.report.published_scores import _rows
from tests.conftest import row, write_jsonl
from tests.test_examples import EXAMPLES, known_tasks, run  # noqa: F401 - a fixture

RECIPES = EXAMPLES / "training"
PAIRS = RECIPES / "published_pairs"
EXPERIMENTS = RECIPES / "three_experiments"
CONFIGS = sorted([*PAIRS.glob("*.yaml"), *EXPERIMENTS.glob("*.yaml")])


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_every_evaluation_is_one_that_lm_eval_takes(path, known_tasks):  # noqa: F811
    from lm_eval.config.evaluate_config import EvaluatorConfig

    from lm_eval_longsafety.backends import BACKENDS

    config = EvaluatorConfig.from_config(path)
    assert set(config.tasks) <= known_tasks
    assert config.model in ("hf", *BACKENDS)
    assert config.apply_chat_template is True


def test_the_list_of_pairs_has_the_twelve_published_models():
    listed = [
        name
        for line in (PAIRS / "pairs.txt").read_text().splitlines()
        if not line.startswith("#")
        for name in line.split()[:2]
    ]
    published = {row["name"]: row["model"] for row in _rows("published_models.csv")}
    names = [published[name] for name in listed]
    assert len(set(names)) == 12
    for base, tuned in zip(names[::2], names[1::2], strict=True):
        assert tuned == re.sub("-(Instruct|Chat)$", "-LS", base)


def small_data(folder: Path) -> Path:
    for task in TASKS:
        grid = {"depth": 0.5, "length": 1000} if task.grid else {}
        write_jsonl(folder / f"{task.split}.jsonl", [row(index, **grid) for index in range(2)])
    return folder


def test_pairs_are_evaluated_and_stand_beside_the_published_scores(tmp_path, tiny_model):
    names = ["Qwen2.5-7B-Instruct", "Qwen2.5-7B-LongSafety"]
    models = [shutil.copytree(tiny_model, tmp_path / "models" / name) for name in names]
    (tmp_path / "pairs.txt").write_text(f"# base, tuned\n\n{models[0]} {models[1]} dtype=float32\n")
    config = yaml.safe_load((PAIRS / "cpu.yaml").read_text())
    config["metadata"]["data"] = str(small_data(tmp_path / "data"))
    config["tasks"] = ["longsafety"]
    (tmp_path / "cpu.yaml").write_text(yaml.safe_dump(config))
    run([PAIRS / "run.sh", "cpu.yaml", "out"], tmp_path, PAIRS="pairs.txt")
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "What fine-tuning changed" in page
    assert "Published one inside our interval?" in page
    # A model that was evaluated is not evaluated again.
    done = f"out/results/{names[0]}"
    assert run([RECIPES / "evaluate.sh", "cpu.yaml", done, "x=y"], tmp_path) == (
        f"{done}: done before\n"
    )


def test_an_experiment_goes_on_where_it_was_stopped_and_ends_in_a_report(tmp_path, tiny_model):
    """Of the longest of the three the first model is trained; the second one is trained here."""
    config = yaml.safe_load((EXPERIMENTS / "cpu.yaml").read_text())
    config["metadata"]["data"] = str(small_data(tmp_path / "data"))
    config["tasks"] = ["longsafety"]
    (tmp_path / "small.yaml").write_text(yaml.safe_dump(config))
    settings = (EXPERIMENTS / "cpu.env").read_text()
    assert settings.count("evaluation=$here/cpu.yaml") == 1
    settings = settings.replace("evaluation=$here/cpu.yaml", f"evaluation={tmp_path}/small.yaml")
    (tmp_path / "small.env").write_text(settings)
    out = tmp_path / "out"
    shutil.copytree(tiny_model, out / "tuned")
    (out / "tuned" / "trained").touch()
    (out / "tuned.parquet").write_text("as it was")

    run([EXPERIMENTS / "run.sh", "long_or_short", "small.env", "out"], tmp_path)
    assert (out / "tuned.parquet").read_text() == "as it was"
    rows = pq.read_table(out / "short.parquet").to_pylist()
    # 16 rows without their contexts, and as many of the general file.
    assert len(rows) == 32
    assert sum("stood in yard" in str(row["prompt"]) for row in rows) == 0
    assert sum("it rained in town" in str(row["prompt"]) for row in rows) == 16
    assert (out / "short" / "trained").exists()
    assert {folder.name for folder in (out / "results").iterdir()} == {"base", "short", "tuned"}
    page = (out / "report.html").read_text(encoding="utf-8")
    for part in ("What fine-tuning changed", "short", "tuned"):
        assert part in page
    assert (out / "comparison.html").exists()
