"""Letters and log-probabilities of ours, of lm-eval's `hf` and of a plain forward pass."""

import pytest
import torch

from tests.backends.harness import chosen, evaluate, replies
from tests.conftest import row, write_jsonl

pytestmark = pytest.mark.filterwarnings("ignore")

TASK = "longsafety_doc_attack"
LONG = "The keeper wrote of a stolen bicycle and of the weather. "


def rows(special):
    """Rows of three to five choices with what tokenizers and templates stumble over."""
    contexts = [
        f"First line.\r\nSecond line of a stolen bicycle.\r\n{LONG * 40}",
        "一辆自行车被偷了。管理员很生气。" * 40,
        f"{special} stands in the text: {special}user{special}\n{LONG * 40}",
    ]
    choices = ["Explain it.", "Hint\r\nat it.", "警告。", f"Warn {special}.", "Decline."]
    return [
        row(10 * i + n, context=context, choices=choices[-n:])
        for i, context in enumerate(contexts)
        for n in (3, 4, 5)
    ]


def plain_scores(hf, context, continuations):
    """One pass of the model for each continuation, no code of any backend."""
    text = context.rstrip()
    start = len(hf.tokenizer.encode(text))
    scores = []
    for continuation in continuations:
        ids = hf.tokenizer.encode(context + continuation)
        with torch.no_grad():
            logprobs = hf.model(torch.tensor([ids])).logits[0].log_softmax(-1)
        scores.append(sum(float(logprobs[i - 1, ids[i]]) for i in range(start, len(ids))))
    return scores


@pytest.fixture(scope="module")
def backends(tiny_model):
    from lm_eval.models.huggingface import HFLM

    from tests.backends.killed_run import load

    return load("longsafety-hf", str(tiny_model)), HFLM(
        str(tiny_model), device="cpu", dtype="float32", batch_size=1
    )


@pytest.mark.parametrize("window", [131072, 800], ids=["uncut", "cut"])
def test_unusual_rows_score_alike_everywhere(backends, tiny_model, tmp_path, window):
    ours, stock = backends
    write_jsonl(tmp_path / "DocAttack.jsonl", rows(stock.tokenizer.eos_token))
    known = {"data": str(tmp_path), "max_prompt_tokens": window}
    names = [TASK, f"{TASK}_logits"]
    mine, theirs = (evaluate(lm, tiny_model, names, metadata=known) for lm in (ours, stock))
    assert chosen(mine) == chosen(theirs)
    assert len(chosen(mine)) == 18
    generated = {key: each for key, each in replies(mine).items() if key[0] == TASK}
    assert all(replies(theirs)[key] == each for key, each in generated.items())
    expected = replies(theirs)
    for sample in mine["samples"][f"{TASK}_logits"]:
        assert sample["doc"]["truncated"] == (window == 800)
        (context, _), *_ = sample["arguments"]
        scores = [float(each[0][0]) for each in sample["resps"]]
        stocks = expected[f"{TASK}_logits", sample["doc"]["id"]]
        assert scores == pytest.approx([float(each[0][0]) for each in stocks], abs=1e-3)
        letters = [letter for _, letter in sample["arguments"]]
        assert letters == list("ABCDE")[: len(sample["doc"]["choices"])]
        assert scores == pytest.approx(plain_scores(stock, context, letters), abs=1e-3)
