"""Hand-made training rows about bicycles, in the shape of LongSafety-17k."""

import pyarrow.parquet as pq

from lm_eval_longsafety.training.options import TrainingOptions
from lm_eval_longsafety.training.prepare import prepare
from tests.conftest import write_jsonl

QUESTION = "Whose is the bicycle?"


def raw(index, *, task="LawQA", words=40, document=None, **changes) -> dict:
    """A row whose context has so many words, a blank line, four words of question, two of answer.

    With the tokenizer of `words` it has `words` + 10 tokens.
    """
    name = index if document is None else document
    context = " ".join(f"d{name}w{i}" for i in range(words))
    turn = {"prompt": f"{context}\n\n{QUESTION}", "output": "Nobody knows."}
    return {"id": f"r{index}", "task": task, "content": [turn], **changes}


def folder_of(tmp_path, rows, name="data"):
    write_jsonl(tmp_path / name / "train.jsonl", rows)
    return str(tmp_path / name)


def run(tmp_path, data, *, tokenizer, output="rows.parquet", **options):
    """Prepare rows; what was written and the rows of the file."""
    asked = TrainingOptions(
        source=folder_of(tmp_path, data),
        output=tmp_path / output,
        tokenizer=str(tokenizer),
        **options,
    )
    done = prepare(asked)
    return done, pq.read_table(asked.output).to_pylist()
