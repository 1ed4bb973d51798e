"""What one logged line says: scores, letters, and whether the request held its prompt."""

import json

import pytest

from lm_eval_longsafety.results.compacted import read_compact, write_compact
from lm_eval_longsafety.results.load import load
from lm_eval_longsafety.results.samples import SCORES, lacks_prompt, sample_from
from tests.results_files import sample_line, task_name, write_run

PROMPT = "  A stolen bicycle,\n\nsaid the neighbour.\n  QUESTION: Who?  \n"


def line(*contexts, prompt=PROMPT, **doc):
    requests = {f"gen_args_{i}": {"arg_0": each, "arg_1": {}} for i, each in enumerate(contexts)}
    return sample_line(doc={"prompt": prompt, **doc}, arguments=requests)


def chat(content):
    """A request of an API model: the messages as JSON text, within a list."""
    return [json.dumps([{"role": "user", "content": content}], ensure_ascii=False)]


@pytest.mark.parametrize(
    "context",
    [
        PROMPT,
        f"<|user|>\n{PROMPT}<|assistant|>",
        f"<|user|>{PROMPT.strip()}<|assistant|>",
        f"<|user|>{' '.join(PROMPT.split())}<|assistant|>",
        chat(PROMPT),
        chat([{"type": "text", "text": PROMPT}]),
        f"[{{ no JSON, and yet {PROMPT}",
    ],
)
def test_a_request_that_holds_the_prompt_is_in_order(context):
    assert not lacks_prompt(line(context))


@pytest.mark.parametrize(
    "context",
    ["", "<|user|>\n<|assistant|>", PROMPT[:-12], chat(""), chat("Another question?"), [], {}],
)
def test_a_request_without_the_prompt_is_found(context):
    assert lacks_prompt(line(context))


def test_the_letters_of_a_document_share_its_prompt():
    assert not lacks_prompt(line(*[PROMPT] * 4))
    assert lacks_prompt(line(*[""] * 4))


def test_a_rotated_document_has_one_prompt_for_each_order():
    head, tails = "A stolen bicycle.\n", ["A. a\nB. b", "A. b\nB. a"]
    shown = [head + tail for tail in tails]
    for contexts in (shown, [shown[0], shown[0], shown[1], shown[1]]):
        assert not lacks_prompt(line(*contexts, prompt=shown[0], option_tails=tails))
    for contexts in ([shown[0]] * 2, shown[:1]):
        assert lacks_prompt(line(*contexts, prompt=shown[0], option_tails=tails))


@pytest.mark.parametrize("arguments", [None, [], {}, "text", 5, [5], {"gen_args_0": 5}])
def test_without_requests_nothing_is_known(arguments):
    assert not lacks_prompt(sample_line(arguments=arguments))


@pytest.mark.parametrize("prompt", [None, "", " \n", 5])
def test_without_a_prompt_nothing_is_known(prompt):
    assert not lacks_prompt(line("", prompt=prompt))


def test_older_files_hold_lists_of_arguments():
    assert not lacks_prompt(sample_line(arguments=[[sample_line()["doc"]["prompt"], " A"]]))
    assert lacks_prompt(sample_line(arguments=[["", " A"]]))


def test_a_line_without_one_of_its_scores_is_no_sample():
    for name in SCORES:
        assert sample_from(sample_line(**{name: None}), hint="", keep_text=False) is None


def test_renamed_logits_samples_are_recognised_by_their_log_probabilities():
    for requests in (1, 2):  # As many as there are orders of the choices.
        record = sample_line(logits=True)
        record["resps"] *= requests
        sample = sample_from(record, hint="", keep_text=False)
        assert (sample.task, sample.picks) == ("longsafety_doc_attack_logits", ("B",) * requests)


def test_the_filler_of_a_document_is_kept_in_compact_files_too(tmp_path):
    lines = [sample_line(0, doc={"filler": "village"}), sample_line(1, doc={"filler": 3})]
    write_run(tmp_path, {task_name("DocAttack"): lines})
    (run,) = load([tmp_path])
    write_compact(tmp_path / "run.parquet", run)
    for found in (run, read_compact(tmp_path / "run.parquet")):
        assert [s.filler for s in found.samples["longsafety_doc_attack"]] == ["village", None]
