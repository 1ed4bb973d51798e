"""A folder is built completely or not at all, with the same bytes everywhere."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from lm_eval_longsafety.build.manifest import read_manifest
from lm_eval_longsafety.build.write import build
from lm_eval_longsafety.cli.main import app
from lm_eval_longsafety.data.sources import load
from lm_eval_longsafety.errors import BuildError, DataError, OptionError
from tests.build.recipes import RECIPE, write
from tests.test_files import on_a_full_disk

TWO = """
seed: village 1
licence: Apache-2.0
material:
  village: {files: village.txt, source: the attic}
  other: {files: other.jsonl}
splits:
  HarmfulNIAH:
    pipeline: insert
    items: items.csv
    filler: [village, other]
    lengths: [40, 60]
    depths: [0, 1]
  HarmfulTendency: {pipeline: whole, items: whole.yaml, material: other}
"""
OTHER = '{"text": "%s", "id": "o", "licence": "CC0-1.0"}\n' % ("The old mill stands still. " * 20)
WHOLE = '- {question: "谁?", choices: ["A {{x}}", B], source: a letter}\n'


@pytest.fixture
def recipe(tmp_path):
    folder = tmp_path / "recipes"
    folder.mkdir()
    return write(folder, TWO, other_jsonl=OTHER, whole_yaml=WHOLE)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_what_is_built_is_what_the_tasks_read(recipe, tmp_path):
    build(recipe, tmp_path / "out")
    source = load(str(tmp_path / "out"))
    assert sorted(source.files) == ["HarmfulNIAH", "HarmfulTendency"]
    made = source.rows("HarmfulNIAH")
    assert [(row.depth, row.length) for row in made[:4]] == [(0, 40), (0, 60), (1, 40), (1, 60)]
    [row] = source.rows("HarmfulTendency")
    assert (row.question, row.choices) == ("谁?", ("A {x}", "B"))


def test_the_manifest_names_all_that_went_in_and_came_out(recipe, tmp_path):
    build(recipe, tmp_path / "out")
    files = contents(tmp_path / "out")
    found = json.loads(files["manifest.json"])
    assert found["recipe"]["text"] == recipe.read_text()
    assert found["seed"] == "village 1"
    assert [each["path"] for each in found["inputs"]] == [
        *("items.csv", "whole.yaml", "village.txt", "other.jsonl")
    ]
    for each in found["inputs"]:
        data = (recipe.parent / each["path"]).read_bytes()
        assert each["sha256"] == hashlib.sha256(data).hexdigest()
    for each in found["outputs"]:
        assert each["sha256"] == hashlib.sha256(files[each["file"]]).hexdigest()
        assert each["rows"] == files[each["file"]].count(b"\n")
    lines = [json.loads(line) for line in files["HarmfulNIAH.jsonl"].splitlines()]
    noted = found["rows"]["HarmfulNIAH"]
    assert [row["id"] for row in lines] == [row["id"] for row in noted]
    for row, line in zip(noted, lines, strict=True):
        [text] = [found["texts"][number] for number in row["texts"]]
        assert text["material"] == line["filler"]
        licences = {"village": ("Apache-2.0", "the attic"), "other": ("CC0-1.0", None)}
        assert (text["licence"], text["source"]) == licences[line["filler"]]
        assert row["size"] == len(line["context"].split())
        assert line["canary"] == found["canary"]
    assert found["rows"]["HarmfulTendency"][0]["source"] == "a letter"
    assert str(tmp_path) not in files["manifest.json"].decode()


def test_another_seed_or_recipe_has_another_canary(recipe, tmp_path):
    canaries = set()
    for number, (old, new) in enumerate([("", ""), ("village 1", "2"), ("1]", "1.0]")]):
        recipe.write_text(TWO.replace(old, new) if old else TWO)
        build(recipe, tmp_path / str(number))
        canaries.add(json.loads((tmp_path / str(number) / "manifest.json").read_text())["canary"])
    assert len(canaries) == 3
    recipe.write_text(TWO + "canary: false\n")
    build(recipe, tmp_path / "none")
    files = contents(tmp_path / "none")
    assert b"canary GUID" not in b"".join(files.values())


def test_the_same_recipe_gives_the_same_bytes_in_every_process(recipe, tmp_path):
    build(recipe, tmp_path / "out")
    for seed in ("1", "2"):
        other = tmp_path / f"other{seed}"
        subprocess.run(
            [sys.executable, "-m", "lm_eval_longsafety", "build", recipe, "-o", other],
            env={**os.environ, "PYTHONHASHSEED": seed, "LC_ALL": "C"},
            check=True,
            capture_output=True,
        )
        assert contents(other) == contents(tmp_path / "out")


def test_another_seed_gives_other_rows(recipe, tmp_path):
    build(recipe, tmp_path / "out")
    recipe.write_text(TWO.replace("village 1", "village 2"))
    build(recipe, tmp_path / "other")
    first, second = contents(tmp_path / "out"), contents(tmp_path / "other")
    assert first["HarmfulNIAH.jsonl"] != second["HarmfulNIAH.jsonl"]


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_an_error_in_the_last_row_leaves_nothing(recipe, tmp_path):
    recipe.write_text(TWO.replace("material: other}", "material: other, lengths: 9000}"))
    with pytest.raises(BuildError, match=r"HarmfulTendency, row 1 .* the material other has 100"):
        build(recipe, tmp_path / "out")
    assert left(tmp_path) == ["recipes"]


@pytest.mark.parametrize("limit", [0, 2000, 4200])
def test_a_full_disk_is_one_line_and_leaves_nothing(recipe, tmp_path, limit):
    done = on_a_full_disk(
        "from pathlib import Path\n"
        "from lm_eval_longsafety.errors import OptionError\n"
        "from lm_eval_longsafety.build.write import build\n"
        "try:\n"
        "    build(Path(sys.argv[2]), Path(sys.argv[3]))\n"
        "except OptionError as error:\n"
        "    print(error)\n",
        recipe,
        tmp_path / "out",
        limit=limit,
    )
    [line] = done.stdout.splitlines()
    assert "cannot be written (File too large); make room there" in line, done.stderr
    assert left(tmp_path) == ["recipes"]


def test_a_folder_with_files_is_replaced_only_when_asked_and_only_if_a_build_wrote_it(
    recipe, tmp_path
):
    out = tmp_path / "out"
    build(recipe, out)
    first = contents(out)
    with pytest.raises(OptionError, match="out: is not empty; choose another folder or give --fo"):
        build(recipe, out)
    recipe.write_text(TWO.replace("village 1", "2"))
    build(recipe, out, force=True)
    assert contents(out) != first
    (out / "diary.txt").write_text("mine")
    with pytest.raises(OptionError, match="holds 'diary.txt'; --force replaces only a folder that"):
        build(recipe, out, force=True)
    assert (out / "diary.txt").read_text() == "mine"
    (tmp_path / "empty").mkdir()
    build(recipe, tmp_path / "empty")
    with pytest.raises(OptionError, match="is a file; name a folder"):
        build(recipe, recipe)
    with pytest.raises(OptionError, match="the folder .*no does not exist; make it first"):
        build(recipe, tmp_path / "no" / "out")


def test_after_a_failed_replacement_the_old_folder_is_there(recipe, tmp_path):
    build(recipe, tmp_path / "out")
    before = contents(tmp_path / "out")
    recipe.write_text(TWO.replace("[40, 60]", "[40, 9000]"))
    with pytest.raises(BuildError):
        build(recipe, tmp_path / "out", force=True)
    assert contents(tmp_path / "out") == before
    assert left(tmp_path) == ["out", "recipes"]


def run(*arguments):
    return CliRunner().invoke(app, list(map(str, arguments)))


def test_the_command_ends_with_a_table_and_check_data_finds_no_problems(recipe, tmp_path):
    done = run("build", recipe, "-o", tmp_path / "out")
    assert done.exit_code == 0, done.output
    lines = done.output.splitlines()
    assert lines[0].split() == ["split", "rows", "length", "min/median/max", "sha256"]
    digest = hashlib.sha256((tmp_path / "out" / "HarmfulNIAH.jsonl").read_bytes()).hexdigest()
    assert lines[1].split() == ["HarmfulNIAH", "8", "40/50/60", digest[:12]]
    done = run("check-data", tmp_path / "out")
    assert (done.exit_code, done.output.splitlines()[-1]) == (0, "no problems")
    rows = [line.split()[:3] for line in done.output.splitlines()[1:3]]
    assert rows == [["HarmfulTendency", "1", "1"], ["HarmfulNIAH", "8", "8"]]


def test_check_data_names_each_file_that_is_not_as_the_manifest_says(recipe, tmp_path):
    out = tmp_path / "out"
    build(recipe, out)
    path = out / "HarmfulNIAH.jsonl"
    path.write_text(path.read_text().replace("mill", "Mill", 1))
    (out / "DocAttack.jsonl").write_text("")
    done = run("check-data", out)
    assert done.exit_code == 1
    problems = [line for line in done.output.splitlines() if line.startswith("problem: ")]
    assert problems[0].startswith(f"problem: {path}: is not as manifest.json says (SHA-256 ")
    assert problems[1] == f"problem: {out}/DocAttack.jsonl: manifest.json does not name this file"
    assert done.output.splitlines()[-1] == "2 files not as manifest.json says"
    (out / "HarmfulTendency.jsonl").unlink()
    done = run("check-data", out)
    assert done.output.count("HarmfulTendency") == 2
    assert (
        f"problem: {out}/HarmfulTendency.jsonl: is missing; manifest.json names it" in done.output
    )
    assert ["HarmfulTendency", "-", "1"] in [line.split()[:3] for line in done.output.splitlines()]


def test_check_data_names_a_file_that_is_read_in_place_of_the_one_in_the_manifest(recipe, tmp_path):
    out = tmp_path / "out"
    build(recipe, out)
    (out / "data").mkdir()
    rows = [json.loads(line) for line in (out / "HarmfulTendency.jsonl").read_text().splitlines()]
    path = out / "data" / "HarmfulTendency-00000-of-00001.parquet"
    pq.write_table(pa.Table.from_pylist([{**rows[0], "question": "Who?"}]), path)
    done = run("check-data", out)
    assert done.exit_code == 1
    assert f"problem: {path}: manifest.json does not name this file" in done.output


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"outputs": [1], "format": "data"}', "[" * 9999])
def test_a_damaged_manifest_is_one_line(tmp_path, text):
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(DataError, match="is not the manifest that `longsafety build` wrote"):
        read_manifest(tmp_path)


def test_lengths_in_tokens_are_those_of_the_tokenizer(tiny_model, tmp_path):
    from lm_eval_longsafety.build.sizes import Ruler

    text = RECIPE.replace("seed: 1", f"seed: 1\nunit: {{tokens: {tiny_model}}}")
    folder = tmp_path / "recipes"
    folder.mkdir()
    build(write(folder, text.replace("lengths: 40", "lengths: [100, 200]")), tmp_path / "out")
    ruler = Ruler("tokens", str(tiny_model))
    for row in load(str(tmp_path / "out")).rows("HarmfulNIAH"):
        assert row.length is not None
        assert abs(ruler.size(row.context) - row.length) <= row.length * 0.01
    found = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert ruler.tokenizer is not None
    assert found["tokenizer"]["sha256"] == ruler.tokenizer.fingerprint


@pytest.mark.parametrize("name", ["/no/such/folder", "owner/none"])
def test_a_tokenizer_that_is_not_there_is_one_line(recipe, tmp_path, name):
    recipe.write_text(f"{TWO}\nunit: {{tokens: {name}}}\n")
    message = f"recipe.yaml, unit: the tokenizer '{name}' cannot be loaded"
    with pytest.raises(BuildError, match=message) as caught:
        build(recipe, tmp_path / "out")
    assert "\n" not in str(caught.value)
    assert left(tmp_path) == ["recipes"]


def test_contexts_that_are_empty_on_purpose_are_built_and_checked(tmp_path):
    text = """
    seed: 1
    material: {village: {files: village.txt}}
    splits: {MedicalQuiz: {pipeline: retrieve, items: items.csv, corpus: village, mode: none}}
    """
    (tmp_path / "recipes").mkdir()
    items = "question,choice_1,choice_2\nWhere?,Here.,I decline.\n"
    done = run("build", write(tmp_path / "recipes", text, items_csv=items), "-o", tmp_path / "out")
    assert done.exit_code == 0, done.output
    assert done.output.splitlines()[1].split()[:3] == ["MedicalQuiz", "1", "0/0/0"]
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["rows"]["MedicalQuiz"][0]["size"] == 0
    assert run("check-data", tmp_path / "out").output.splitlines()[-1] == "no problems"
