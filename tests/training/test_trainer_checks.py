"""TRL's own preparation and collator, fed with our rows: the answer is learnt, and nothing else."""

import pytest
from datasets import Dataset
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import SFTConfig, SFTTrainer

from lm_eval_longsafety.errors import OptionError
from lm_eval_longsafety.training.rows_file import read_metadata
from lm_eval_longsafety.training.trainer_checks import check_counts, check_prepared
from tests.training.chat_templates import TEMPLATES, with_template
from tests.training.rows import raw, run

# TRL's own default of a name that transformers has since changed.
pytestmark = pytest.mark.filterwarnings("ignore:.gradient_checkpointing. is deprecated")
TURNS = [{"prompt": "One?", "output": "Two, says the miller."}, {"prompt": "And?", "output": "No."}]
DATA = [raw(0, words=300), raw(1, words=12), raw(2, content=TURNS)]


@pytest.fixture(scope="module", params=TEMPLATES)
def template(request, tiny_model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("template")
    return request.param, with_template(request.param, tiny_model, folder)


def trainer(tmp_path, model, tokenizer, **changes):
    """TRL's trainer for the rows in `tmp_path`, with nothing that cuts them."""
    rows = Dataset.from_parquet(str(tmp_path / "rows.parquet"), cache_dir=str(tmp_path / "cache"))
    settings = {"max_length": None, "use_cpu": True, "bf16": False, "report_to": "none", **changes}
    made = SFTTrainer(
        model=AutoModelForCausalLM.from_pretrained(model),
        args=SFTConfig(output_dir=str(tmp_path / "out"), **settings),
        train_dataset=rows,
        processing_class=AutoTokenizer.from_pretrained(tokenizer),
    )
    return made, rows


def test_labels_cover_the_answer_and_nothing_else(template, tiny_model, tmp_path):
    name, folder = template
    _, written = run(tmp_path, DATA, tokenizer=folder, max_tokens=400)
    made, rows = trainer(tmp_path, tiny_model, folder)
    tokenizer = made.processing_class
    columns = ("input_ids", "labels")
    batch = made.data_collator([{key: row[key] for key in columns} for row in made.train_dataset])
    _, special, end = TEMPLATES[name]
    for row, ids, labels, mask in zip(
        written, batch["input_ids"], batch["labels"], batch["attention_mask"], strict=True
    ):
        assert int(mask.sum()) == row["tokens"]
        learnt = tokenizer.decode([int(label) for label in labels if label != -100])
        assert learnt == row["completion"][0]["content"] + end
        first = int((labels != -100).nonzero()[0])
        prompt = tokenizer.apply_chat_template(
            row["prompt"], add_generation_prompt=True, return_dict=False
        )
        assert ids[:first].tolist() == prompt
    assert written[0]["tokens"] > 390  # It was cut, and its question and answer are still there.
    assert written[0]["prompt"][0]["content"].endswith("\n\nWhose is the bicycle?")
    check_prepared(made.train_dataset, rows, tokenizer)


def test_what_trl_does_by_default_is_refused(template, tiny_model, tmp_path):
    _, folder = template
    run(tmp_path, DATA, tokenizer=folder, max_tokens=400)
    # Only the start of a row is kept, so that two have no answer and are dropped.
    made, rows = trainer(tmp_path, tiny_model, folder, max_length=50)
    with pytest.raises(OptionError, match="TRL kept"):
        check_prepared(made.train_dataset, rows, made.processing_class)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"labels": lambda row: [-100] * len(row["labels"])}, "row r0: 0 tokens to learn"),
        ({"labels": lambda row: [*row["labels"][:-1], -100]}, "row r0: .* expected its answer"),
        ({"input_ids": lambda row: row["input_ids"][:-1]}, "row r0: TRL made"),
        ({"labels": lambda row: row["input_ids"]}, "writes a prompt differently"),
    ],
)
def test_rows_that_were_masked_cut_or_learnt_whole_are_refused(
    tiny_model, tmp_path, change, message
):
    run(tmp_path, DATA, tokenizer=tiny_model, max_tokens=400)
    made, rows = trainer(tmp_path, tiny_model, tiny_model)
    ((column, new),) = change.items()
    spoilt = made.train_dataset.map(lambda row: {column: new(row)})
    with pytest.raises(OptionError, match=message):
        check_prepared(spoilt, rows, made.processing_class)


def test_rows_that_another_template_counted_are_refused_before_training(
    template, tiny_model, tmp_path
):
    _, folder = template
    run(tmp_path, DATA, tokenizer=folder, max_tokens=400)
    origin = read_metadata(tmp_path / "rows.parquet")
    with pytest.raises(OptionError, match=f"prepare them with --tokenizer {tiny_model}"):
        check_counts(400, origin, str(tiny_model), 400)


def test_rows_above_the_limit_or_the_models_window_are_refused(narrow_model, tmp_path):
    run(tmp_path, DATA, tokenizer=narrow_model, max_tokens=400)
    origin = read_metadata(tmp_path / "rows.parquet")
    check_counts(400, origin, str(narrow_model), 400)
    with pytest.raises(OptionError, match="longest row has 400 tokens, the limit is 300"):
        check_counts(400, origin, str(narrow_model), 300)
    with pytest.raises(OptionError, match="window 2048; .* --max-tokens 2048"):
        check_counts(3000, origin, str(narrow_model), 4096)
