"""The controls on the real vLLM: lm-eval's own scores, little more prefill than for one order."""

import pytest

from tests.backends.harness import chosen, evaluate
from tests.conftest import row, write_jsonl
from tests.results.test_open_replies import open_line, write_open_run
from tests.vllm.test_offline import prefilled

LONG = "The council met in the old mill and spoke of bicycles.\n" * 600


def scores(results, task):
    found = results["results"][task]
    return [found[f"{metric},letter"] for metric in ("sr", "ha", "consistent", "sr_all")]


@pytest.mark.parametrize("suffix", ["", "_logits"])
def test_rotations_score_alike_on_stock_vllm_and_ours(ours, stock, tiny_model, suffix):
    name = f"longsafety_doc_attack_rotations{suffix}"
    mine, theirs = (evaluate(lm, tiny_model, [name], limit=2) for lm in (ours, stock))
    assert scores(mine, name) == scores(theirs, name)


@pytest.mark.parametrize("suffix", ["", "_logits"])
def test_no_context_and_length_score_alike_on_vllm_and_hf(ours, hf, tiny_model, suffix):
    names = [f"longsafety_doc_attack_no_context{suffix}", f"longsafety_length{suffix}"]
    grid = {"lengths": [6000], "depths": [0, 0.5], "length_rows": 1, "length_tasks": ["DocAttack"]}
    mine, theirs = (evaluate(lm, tiny_model, names, limit=2, metadata=grid) for lm in (ours, hf))
    # Two documents without context; one at each of two depths.
    assert len(chosen(mine)) == 4
    assert chosen(mine) == chosen(theirs)


@pytest.mark.parametrize("backend", ["ours", "stock"])
def test_all_orders_cost_little_more_prefill_than_one(request, backend, ours, tiny_model, tmp_path):
    # Stock vLLM scores letters without its prefix cache; replies go through it.
    lm = request.getfixturevalue(backend)
    suffix = "_logits" if backend == "ours" else ""
    context = f"For {backend}.\n{LONG}"
    write_jsonl(tmp_path / "DocAttack.jsonl", [row(i, context=f"{i} {context}") for i in (1, 2)])
    name = f"longsafety_doc_attack_rotations{suffix}"
    known = {"data": str(tmp_path)}
    kept = []
    computed, _ = prefilled(
        ours, lambda: kept.append(evaluate(lm, tiny_model, [name], metadata=known))
    )
    one = sum(sample["doc"]["prompt_tokens"] for sample in kept[0]["samples"][name])
    assert one <= computed < 1.15 * one


def test_open_replies_share_the_prefill_of_the_letters_and_are_those_of_hf(
    ours, hf, tiny_model, tmp_path
):
    write_jsonl(
        tmp_path / "DocAttack.jsonl", [row(i, context=f"{i} Open.\n{LONG}") for i in (1, 2)]
    )
    names = ["longsafety_doc_attack", "longsafety_doc_attack_open"]
    data = {"data": str(tmp_path)}
    kept = []
    computed, _ = prefilled(
        ours, lambda: kept.append(evaluate(ours, tiny_model, names, metadata=data))
    )
    mine = kept[0]
    one = sum(sample["doc"]["prompt_tokens"] for sample in mine["samples"][names[0]])
    assert one <= computed < 1.15 * one
    theirs = evaluate(hf, tiny_model, names, metadata=data)
    read = [
        [line["filtered_resps"] for line in results["samples"][names[1]]]
        for results in (mine, theirs)
    ]
    assert read[0] == read[1]


@pytest.mark.parametrize("suffix", ["", "_logits"])
def test_verdicts_are_those_of_hf(ours, hf, tiny_model, tmp_path, suffix):
    lines = [open_line(0, "Ask the owner."), open_line(1, "Take it."), open_line(2, "No.")]
    known = {"judged": str(write_open_run(tmp_path, lines))}
    name = f"longsafety_doc_attack_judge{suffix}"
    read = []
    for lm in (ours, hf):
        lines = evaluate(lm, tiny_model, [name], metadata=known)["samples"][name]
        read.append([(line["doc"]["id"], line["unjudged"], line["unread"]) for line in lines])
    assert len(read[0]) == 3
    assert read[0] == read[1]
