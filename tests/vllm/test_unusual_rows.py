"""The vLLM twin of tests/backends/test_unusual_rows.py."""

import pytest

from tests.backends.harness import chosen, evaluate, replies
from tests.backends.test_unusual_rows import TASK, plain_scores, rows
from tests.conftest import write_jsonl


@pytest.mark.parametrize("window", [16384, 800], ids=["uncut", "cut"])
def test_unusual_rows_score_alike_everywhere(ours, stock, hf, tiny_model, tmp_path, window):
    write_jsonl(tmp_path / "DocAttack.jsonl", rows(hf.tokenizer.eos_token))
    known = {"data": str(tmp_path), "max_prompt_tokens": window}
    names = [TASK, f"{TASK}_logits"]
    mine, theirs = (evaluate(lm, tiny_model, names, metadata=known) for lm in (ours, stock))
    assert chosen(mine) == chosen(theirs)
    expected = replies(theirs)
    for sample in mine["samples"][f"{TASK}_logits"]:
        (context, _), *_ = sample["arguments"]
        letters = [letter for _, letter in sample["arguments"]]
        scores = [float(each[0][0]) for each in sample["resps"]]
        stocks = expected[f"{TASK}_logits", sample["doc"]["id"]]
        assert scores == pytest.approx([float(each[0][0]) for each in stocks], abs=1e-3)
        assert scores == pytest.approx(plain_scores(hf, context, letters), abs=1e-3)
