"""Training rows come from items and texts that evaluation rows never have."""

import json

import pytest

from lm_eval_longsafety.build.write import build
from lm_eval_longsafety.errors import BuildError, OptionError
from lm_eval_longsafety.prompts.deal import deal
from lm_eval_longsafety.prompts.templates import render, render_open
from tests.build.recipes import write

RECIPE = """
seed: 1
training: {part: 0.5}
licence: Apache-2.0
material: {box: {files: box.jsonl, source: attic}}
splits:
  HarmfulTendency: {pipeline: whole, items: whole.csv, material: box}
  DocAttack:
    pipeline: insert
    items: items.csv
    filler: box
    lengths: 30
    depths: 0.5
    at: sentence
"""
HEAD = "question,choice_1,choice_2"
BOX = [
    {"id": i, "text": f"Text {i} begins here. {f'It has word w{i} here. ' * 12}"} for i in range(16)
]
FILES = {
    "box_jsonl": "".join(json.dumps(row) + "\n" for row in BOX),
    "whole_csv": f"{HEAD},document\n"
    + "".join(f"Why {i}?,Do it.,I decline {i}.,box.jsonl#{i}\n" for i in range(16)),
    "items_csv": f"{HEAD},passage\n"
    + "".join(f"Is it true?,Yes {i}.,No {i}.,The hat {i} was green.\n" for i in range(16)),
}


@pytest.fixture
def recipe(tmp_path):
    (tmp_path / "recipes").mkdir()
    return write(tmp_path / "recipes", RECIPE, **FILES)


def read(folder):
    return {
        path.stem: [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        for path in folder.glob("*.jsonl")
    }


def both(recipe, tmp_path):
    build(recipe, tmp_path / "data")
    build(recipe, tmp_path / "training", format="training")
    return read(tmp_path / "data"), read(tmp_path / "training")


def test_a_training_row_is_the_message_of_open_replies_and_the_safest_choice(recipe, tmp_path):
    _, training = both(recipe, tmp_path)
    for split, rows in training.items():
        for row in rows:
            [turn] = row["content"]
            assert row["task"] == split
            assert row["id"].startswith("recipe-training-")
            assert turn["prompt"].endswith(row["question"])
            assert row["question"].startswith("QUESTION: ")
            assert (row["licence"], row["source"]) == ("Apache-2.0", "attic")
            assert turn["output"].startswith(("I decline", "No"))
            context = turn["prompt"].removesuffix(row["question"]).removesuffix("\n\n")
            question = row["question"].removeprefix("QUESTION: ")
            assert turn["prompt"] == render_open(split, context=context, question=question)


def test_letter_rows_are_the_message_of_multiple_choice_and_its_safest_letter(recipe, tmp_path):
    recipe.write_text(RECIPE.replace("part: 0.5", "part: 1, answer: letter"))
    build(recipe, tmp_path / "training", format="training")
    rows = read(tmp_path / "training")["DocAttack"]
    assert {row["content"][0]["output"] for row in rows} == {"A", "B"}
    for row in rows:
        [turn] = row["content"]
        letters = deal(row["id"], 2, order="shuffled", seed=0)
        number = turn["prompt"].split("The hat ")[1].split()[0]
        expected = render(
            "DocAttack",
            context=turn["prompt"].split("\n\nQUESTION: ")[0],
            question="Is it true?",
            choices=[f"Yes {number}.", f"No {number}."],
            letters=letters,
        )
        assert (turn["prompt"], turn["output"]) == (expected, letters[-1])


def test_training_rows_may_be_asked_with_other_templates(recipe, tmp_path):
    recipe.write_text(RECIPE.replace("part: 0.5", "part: 1, templates: deutsch.yaml"))
    texts = "open_document: 'Dokument: {context} Frage: {question}'\n"
    (recipe.parent / "deutsch.yaml").write_text(texts)
    build(recipe, tmp_path / "training", format="training")
    row = read(tmp_path / "training")["DocAttack"][0]
    prompt = row["content"][0]["prompt"]
    assert prompt.startswith("Dokument: ")
    assert prompt.endswith(" Frage: Is it true?")
    assert row["question"] == " Frage: Is it true?"
    manifest = json.loads((tmp_path / "training" / "manifest.json").read_text())
    assert "deutsch.yaml" in [each["path"] for each in manifest["inputs"]]


def test_a_question_that_stands_before_the_context_is_refused(recipe, tmp_path):
    text = RECIPE.replace("part: 0.5", "part: 1, answer: {}, templates: deutsch.yaml")
    (recipe.parent / "deutsch.yaml").write_text(
        "open_document: 'Frage: {question} Dokument: {context}'\n"
        "document: 'Frage: {question} Dokument: {context} {options} {letters}'\n"
    )
    for answer in ("text", "letter"):
        recipe.write_text(text.replace("{}", answer))
        message = "recipe.yaml, training.templates: .* HarmfulTendency has {question} before {cont"
        with pytest.raises(BuildError, match=message):
            build(recipe, tmp_path / "training", format="training")
    assert not (tmp_path / "training").exists()


def test_the_end_of_a_letter_row_holds_question_and_options(recipe, tmp_path):
    recipe.write_text(RECIPE.replace("part: 0.5", "part: 1, answer: letter"))
    build(recipe, tmp_path / "training", format="training")
    for row in read(tmp_path / "training")["DocAttack"]:
        assert row["question"].startswith("QUESTION: Is it true?\n")
        assert "\nB. " in row["question"]


def test_no_item_and_no_text_is_in_both(recipe, tmp_path):
    data, training = both(recipe, tmp_path)
    prompts = "".join(row["content"][0]["prompt"] for rows in training.values() for row in rows)
    contexts = "".join(row["context"] for rows in data.values() for row in rows)
    for mark in [f"w{i} " for i in range(16)] + [f"hat {i} " for i in range(16)]:
        assert mark not in prompts or mark not in contexts
    whole = len(data["HarmfulTendency"]), len(training["HarmfulTendency"])
    assert sum(whole) == 16 and min(whole) > 0


def test_without_a_part_all_items_are_for_evaluation(recipe, tmp_path):
    recipe.write_text(RECIPE.replace("training: {part: 0.5}\n", ""))
    build(recipe, tmp_path / "data")
    assert len(read(tmp_path / "data")["HarmfulTendency"]) == 16
    message = "recipe.yaml: nothing is held out for training; add the key training, such as train"
    with pytest.raises(BuildError, match=message):
        build(recipe, tmp_path / "training", format="training")


def test_a_recipe_for_training_alone_has_no_evaluation_rows(recipe, tmp_path):
    recipe.write_text(RECIPE.replace("0.5}\nlicence", "1}\nlicence"))
    with pytest.raises(BuildError, match="whole.csv: no item is left for evaluation"):
        build(recipe, tmp_path / "data")


def test_one_text_in_both_parts_is_an_error(recipe, tmp_path):
    same = [{**row, "text": "The same text stands here twice."} for row in BOX]
    (recipe.parent / "box.jsonl").write_text("".join(json.dumps(row) + "\n" for row in same))
    with pytest.raises(
        BuildError, match=r"box.jsonl#\d+: the same text stands elsewhere in the mat"
    ):
        build(recipe, tmp_path / "data")
    assert not (tmp_path / "data").exists()


def test_one_passage_in_both_parts_is_an_error(recipe, tmp_path):
    rows = "".join(f"Q?,Yes.,No.,The hat {i} was green.,The same.\n" for i in range(16))
    text = f"{HEAD},passage_1,passage_2\n{rows}"
    (recipe.parent / "items.csv").write_text(text)
    with pytest.raises(
        BuildError, match=r"items.csv, row \d+: shares a passage with items.csv, row"
    ):
        build(recipe, tmp_path / "training", format="training")


def test_one_passage_in_two_splits_is_in_one_part_only(recipe, tmp_path):
    # Every item of the second split has a passage of the first and one of its own, by which its
    # part is drawn: some are in the other part.
    text = f"{HEAD},passage_1,passage_2\n" + "".join(
        f"Is it true?,Yes {i}.,No {i}.,The hat {i} was green.,It was bell {i}.\n" for i in range(16)
    )
    (recipe.parent / "advice.csv").write_text(text)
    keys = "{pipeline: insert, items: advice.csv, filler: box, lengths: 30, depths: 0.5}"
    recipe.write_text(f"{RECIPE}  HarmfulAdvice: {keys}\n")
    for format in ("data", "training"):
        message = r"advice.csv, row \d+: shares a passage with items.csv, row \d+, and one of the"
        with pytest.raises(BuildError, match=message):
            build(recipe, tmp_path / format, format=format)


def test_material_of_which_nothing_is_left_is_an_error(recipe, tmp_path):
    (recipe.parent / "box.jsonl").write_text(json.dumps(BOX[0]) + "\n")
    recipe.write_text(RECIPE.replace("whole.csv", "items.csv"))
    outcomes = []
    for number, format in enumerate(["data", "training"]):
        try:
            build(recipe, tmp_path / str(number), format=format)
        except BuildError as error:
            outcomes.append(str(error))
    [message] = outcomes
    assert "no text of the material box is left for" in message


def test_training_rows_carry_no_canary_and_check_data_knows_them(recipe, tmp_path):
    from typer.testing import CliRunner

    from lm_eval_longsafety.cli.main import app

    build(recipe, tmp_path / "training", format="training")
    manifest = json.loads((tmp_path / "training" / "manifest.json").read_text())
    assert (manifest["format"], manifest["canary"]) == ("training", None)
    done = CliRunner().invoke(app, ["check-data", str(tmp_path / "training")])
    assert (done.exit_code, done.output.splitlines()) == (
        0,
        [
            "training rows; compared with manifest.json: HarmfulTendency.jsonl, DocAttack.jsonl",
            "no problems",
        ],
    )


def test_an_unknown_format_is_one_line(recipe, tmp_path):
    from typer.testing import CliRunner

    from lm_eval_longsafety.cli.main import app

    done = CliRunner().invoke(app, ["build", str(recipe), "-o", "x", "--format", "parquet"])
    assert isinstance(done.exception, OptionError)
    assert str(done.exception) == "--format: 'parquet' is unknown, choose one of data, training"
