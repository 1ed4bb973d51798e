"""The German recipe from end to end: built, checked, run with German templates, reported."""

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lm_eval_longsafety.cli.main import app
from tests.cli.test_run import few_tasks

__all__ = ["few_tasks"]

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
EXAMPLES = Path(__file__).parents[2] / "examples"
RECIPE = EXAMPLES / "german" / "recipe.yaml"


def command(*words):
    done = CliRunner().invoke(app, [str(word) for word in words])
    assert done.exit_code == 0, done.output
    return done.output


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("german") / "data"
    command("build", RECIPE, "-o", folder)
    return folder


def rows(data, split):
    lines = (data / f"{split}.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


def test_the_same_recipe_gives_the_same_bytes(data, tmp_path):
    command("build", RECIPE, "-o", tmp_path / "again")
    for path in data.iterdir():
        assert (tmp_path / "again" / path.name).read_bytes() == path.read_bytes(), path.name


def test_the_example_is_small():
    assert sum(path.stat().st_size for path in RECIPE.parent.rglob("*.*")) < 60_000


def test_every_pipeline_makes_german_rows(data):
    needles = rows(data, "HarmfulNIAH")
    cells = {(row["filler"], row["length"], row["depth"]) for row in needles}
    assert (len(needles), len(cells)) == (36, 12)  # 3 items in each cell
    for row in rows(data, "CountingCrimes"):
        thefts = re.findall("ein Fahrrad|ein Handwagen", row["context"])
        assert [str(len(thefts))] == re.findall(r"\d", row["choices"][-1])
    kinds = [row["filler"] for row in rows(data, "ManyShotJailbreak")]
    assert kinds == ["spott", "freundlich"] * 2
    starts = [row["context"].split()[0] for row in rows(data, "MedicalQuiz")]
    assert starts == ["Kopfschmerzen", "Fieber", "Eine", "Für"]
    first, second = rows(data, "HarmfulExtraction")
    assert first["context"].startswith("Bericht") and second["context"].startswith("Niederschrift")


def test_it_is_checked_run_and_reported_in_german(data, tiny_model, tmp_path):
    assert "no problems" in command("check-data", data)
    metadata = {"data": str(data), "templates": str(EXAMPLES / "templates" / "german.yaml")}
    words = ["run", "--model", "hf", "--model_args", f"pretrained={tiny_model}", "--device", "cpu"]
    words += ["--tasks", "longsafety_harmful_niah,longsafety_many_shot_jailbreak", "--log_samples"]
    words += ["--apply_chat_template", "--output_path", tmp_path / "results"]
    command(*words, "--metadata", json.dumps(metadata))
    (samples,) = (tmp_path / "results").rglob("samples_longsafety_harmful_niah_*.jsonl")
    sent = [json.loads(line)["doc"]["prompt"] for line in samples.read_text("utf-8").splitlines()]
    assert len(sent) == 36
    assert all("\n\nFRAGE: Was " in text or "\n\nFRAGE: Wie " in text for text in sent)
    assert not any("QUESTION" in text or "Respond with" in text for text in sent)
    page = tmp_path / "report.html"
    command("report", tmp_path / "results", "-o", page)
    shown = page.read_text("utf-8")
    assert "german.yaml" in shown
    assert "dorf" in shown and "garten" in shown
