"""The estimate before a run: a formula worked out by hand, and the command over the sample."""

import json

import pytest
import transformers
import typer
from typer.testing import CliRunner

from lm_eval_longsafety import prefill_cost
from lm_eval_longsafety.cli.preflight import preflight as command
from lm_eval_longsafety.errors import OptionError
from lm_eval_longsafety.prompts.tokenizer import load_tokenizer
from lm_eval_longsafety.settings import ModelArgs
from tests.conftest import row, write_jsonl
from tests.results.test_open_replies import open_line, write_open_run

LLAMA_8B = {
    "num_hidden_layers": 32,
    "hidden_size": 4096,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "intermediate_size": 14336,
    "vocab_size": 128256,
}


def shape_of(kind="LlamaConfig", **changes):
    return prefill_cost.shape(getattr(transformers, kind)(**(LLAMA_8B | changes)))


def test_the_shape_of_an_8b_model_is_its_published_size():
    shape = shape_of()
    # A layer: 2 * 4096 * 128 * (32 + 8) + 3 * 4096 * 14336 = 218,103,808 weights; 32 of them.
    assert shape.active == 6_979_321_856
    # Two embeddings of 128,256 x 4,096 and 65 norms of 4,096 more: 8.03 billion.
    assert shape.stored == 8_030_261_248
    # 2 * 32 layers * 8 heads * 128 * 2 bytes = 128 KiB a token.
    assert shape.kv_bytes == 131_072


def test_the_operations_of_a_prefill_follow_the_stated_formula():
    shape = shape_of()
    # 2 * 6,979,321,856 * 1000 + 32 * 4 * 4096 * 1000^2 / 2
    assert prefill_cost.flops(shape, 1000) == 13_958_643_712_000 + 262_144_000_000


def test_a_full_run_of_an_8b_model_takes_hours_of_one_a100():
    found = prefill_cost.estimate(shape_of(), [42_000] * 1201, 0.4)
    # A prompt: 2 * 6.9793e9 * 42e3 + 32 * 4 * 4096 * 8.82e8 = 5.8626e14 + 4.6242e14 = 1.04869e15.
    # 1201 of them at 0.4 * 312e12 a second: 10,092 s = 2.80 h; H100: 2.80 * 312 / 989 = 0.88 h.
    assert [(e.gpu, round(e.hours, 2)) for e in found] == [
        ("A100-80GB", 2.80),
        ("H100", 0.88),
        ("H200", 0.88),
    ]
    # 16.1 GB of weights and 5.5 GB of cache fit into 0.9 * 80 GB.
    assert [e.gpus_needed for e in found] == [1, 1, 1]


def test_a_70b_model_needs_more_than_one_gpu():
    big = {"num_hidden_layers": 80, "hidden_size": 8192, "num_attention_heads": 64}
    shape = shape_of(**big, intermediate_size=28672)
    found = prefill_cost.estimate(shape, [131_072], 0.4)
    # 70.6e9 * 2 = 141 GB and 131,072 * 320 KiB = 43 GB: 184 GB over 72, 72 and 126.9 GB.
    assert [e.gpus_needed for e in found] == [3, 3, 2]


def test_a_mixture_of_experts_computes_with_the_chosen_ones():
    shape = shape_of("MixtralConfig", num_local_experts=8, num_experts_per_tok=2)
    # A layer: 41,943,040 of attention, 2 (of 8) * 176,160,768 and a router of 8 x 4,096.
    assert shape.active == 32 * (41_943_040 + 2 * 176_160_768 + 32_768)
    assert shape.stored == 32 * (41_943_040 + 8 * 176_160_768 + 32_768) + 1_050_939_392


def test_deepseek_v3_has_its_published_671_billion_weights_and_a_latent_cache():
    shape = prefill_cost.shape(transformers.DeepseekV3Config())  # The class's defaults are V3's.
    assert round(shape.stored / 1e9) == 671
    # Published: 37 billion active; two embeddings of 129,280 x 7,168 (1.85 billion) are not ours.
    assert round((shape.active + 1_853_358_080) / 1e9, 1) == 37.6
    # 128 heads of (128 + 64 + 128) / 2; 61 layers of 512 + 64 numbers of two bytes.
    assert (shape.width, shape.kv_bytes) == (20_480, 61 * 576 * 2)


def test_glm_4_5_air_has_its_hundred_billion_weights():
    # zai-org/GLM-4.5-Air's config where it is not the class's default.
    shape = prefill_cost.shape(transformers.Glm4MoeConfig(head_dim=128, attention_bias=True))
    assert 103e9 < shape.stored < 107e9
    assert 10e9 < shape.active < 13e9  # published: 12 billion, embeddings included


def test_an_image_models_weights_are_counted_and_its_tower_is_not_run():
    shape = prefill_cost.shape(transformers.Gemma3nConfig())
    assert 6.8e9 < shape.stored < 8.4e9
    assert 3e9 < shape.active < 4.5e9  # "E4B": embeddings of each layer are looked up
    assert set(shape.windows) == {512, None}


def test_a_sliding_window_costs_less_where_the_prompt_is_longer():
    kinds = ["sliding_attention", "full_attention"]
    config = {"num_hidden_layers": 2, "sliding_window": 100, "layer_types": kinds}
    shape = shape_of("Qwen2Config", **config, use_sliding_window=True)
    assert shape.windows == (100, None)
    # Pairs: 1000 * 100 - 100^2 / 2 = 95,000 in one layer, 1000^2 / 2 = 500,000 in the other.
    assert prefill_cost.flops(shape, 1000) == 2 * shape.active * 1000 + 4 * 4096 * 595_000
    assert shape_of("Qwen2Config", **config, use_sliding_window=False).windows == (None, None)


def test_layers_without_attention_have_neither_pairs_nor_cache():
    shape = prefill_cost.shape(transformers.MambaConfig(num_hidden_layers=4))
    assert shape.windows == (0, 0, 0, 0)
    assert prefill_cost.flops(shape, 1000) == 2 * shape.active * 1000
    assert shape.kv_bytes == 0


def test_a_config_that_no_decoder_is_built_from_is_an_error():
    with pytest.raises(OptionError, match=r"builds no decoder from the model's config \(t5: "):
        prefill_cost.shape(transformers.T5Config())


def test_an_impossible_utilisation_is_an_error():
    with pytest.raises(OptionError, match="utilisation: expected a number from 0 to 1, found 40"):
        prefill_cost.estimate(shape_of(), [1], 40)


@pytest.mark.parametrize(
    ("model", "letters", "orders", "passes"),
    [
        ("longsafety-vllm", True, 4, 1),
        ("longsafety-hf", False, 4, 1),
        ("vllm", True, 1, 4),
        ("vllm", True, 4, 16),
        ("vllm", False, 4, 1),
        ("hf", True, 1, 1),
        ("hf", True, 4, 4),
        ("local-completions", True, 1, 4),
    ],
)
def test_each_backend_has_its_number_of_prefills(model, letters, orders, passes):
    found = prefill_cost.passes_per_document(model, letters=letters, orders=orders, choices=4)
    assert found == passes


def test_orders_of_a_short_prompt_are_shared_by_vllm_alone():
    asked = {"letters": False, "orders": 2, "choices": 5, "short": True}
    assert prefill_cost.passes_per_document("longsafety-hf", **asked) == 2
    assert prefill_cost.passes_per_document("longsafety-vllm", **asked) == 1


def run(*arguments):
    app = typer.Typer()
    app.command()(command)
    return CliRunner().invoke(app, arguments)


def test_the_command_counts_the_samples_prompts(narrow_model, tmp_path):
    written = tmp_path / "cost.json"
    result = run(
        *("--model", "vllm", "--model_args", f"pretrained={narrow_model}"),
        *("--tasks", "longsafety_medical_quiz_logits", "--metadata", '{"data": "sample"}'),
        *("--json", str(written)),
    )
    assert result.exit_code == 0, result.output
    assert "A100-80GB" in result.output
    record = json.loads(written.read_text())
    (task,) = record["tasks"]
    assert task["shortest"] <= task["median"] <= task["longest"]
    assert task["prefills"] == record["prefilled_tokens"]
    # A window of 2,048 holds prompts of 1,548 tokens; all eight are longer, four letters each.
    assert (task["documents"], task["cut"]) == (8, 8)
    assert task["longest"] <= 1548
    assert record["prefilled_tokens"] % 4 == 0
    assert record["prefilled_tokens"] > 4 * 8 * 1500


def test_a_warning_about_the_data_is_shown(narrow_model, tmp_path, caplog):
    write_jsonl(tmp_path / "MedicalQuiz.jsonl", [row(0)])
    result = run(
        *("--model_args", f"pretrained={narrow_model}", "--tasks", "longsafety_medical_quiz"),
        *("--metadata", f"data={tmp_path}"),
    )
    assert result.exit_code == 0, result.output
    assert "1 rows, the published data has" in caplog.text
    assert "Custom kwargs" not in caplog.text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--model_args", "max_length=9"], "needs pretrained="),
        (["--model_args", "pretrained="], "needs pretrained="),
        (["--model_args", "pretrained"], "give pretrained=some-lab/some-model, or '{"),
        (["--model_args", "pretrained=x", "--metadata", "{"], "nor JSON"),
        (["--model_args", "pretrained=x", "--metadata", "sample"], "give data=sample, or '{"),
        (["--model_args", "pretrained=x", "--metadata", "[]"], "expected a JSON object"),
        (
            ["--model_args", "pretrained=x", "--tasks", "longsafety_medical_quizz"],
            "no longsafety_medical_quizz (did you mean longsafety_medical_quiz or ",
        ),
        (["--model_args", "pretrained=x", "--tasks", "bicycle"], "no bicycle; longsafety is all"),
        (["--model_args", "pretrained=x", "--tasks", ", "], "--tasks: no task is named"),
        (["--model", "longsafety-vlm"], "(did you mean longsafety-vllm or"),
        (["--model", "nosuch"], "nosuch is no backend of lm-eval; there are "),
        (["--json", "nosuch/cost.json"], "cost.json: the folder nosuch does not exist"),
        (["--json", "."], ".: is a folder"),
        (["--json", "/proc/nope"], "/proc/nope: cannot be written (No such file"),
        (["--model_args", '{"pretrained": '], "--model_args: neither key=value pairs nor JSON"),
        (["--model_args", '{"max_length": 9}'], "needs pretrained="),
        (["--model_args", "pretrained=x", "--metadata", "[" * 100_000], "nor JSON"),
        (["--model_args", "pretrained=x", "--tasks", "mmlu,longsafety_x"], "no longsafety_x"),
        (["--price-in", "1"], "give both --price-in and --price-out"),
        (["--price-in", "nan", "--price-out", "1"], "--price-in: expected a price of at least 0"),
        (["--price-in", "1", "--price-out", "-1"], "--price-out: expected a price of at least 0"),
        (["--price-in", "1", "--price-out", "1", "--model_args", "model=m"], "or give its token"),
    ],
)
def test_an_argument_that_cannot_be_used_is_an_error_of_one_line(arguments, message):
    result = run(*arguments)
    assert isinstance(result.exception, OptionError)
    assert message in str(result.exception)


def test_metadata_as_pairs_and_spaces_between_tasks_are_taken(narrow_model, tmp_path):
    written = tmp_path / "cost.json"
    result = run(
        *("--model", "longsafety-hf", "--model_args", f"pretrained={narrow_model}"),
        *("--tasks", "longsafety_medical_quiz, longsafety_doc_attack"),
        *("--metadata", "data=sample, option_seed=7", "--json", str(written)),
    )
    assert result.exit_code == 0, result.output
    tasks = [each["task"] for each in json.loads(written.read_text())["tasks"]]
    assert tasks == ["longsafety_doc_attack", "longsafety_medical_quiz"]


def test_an_unknown_task_gets_three_suggestions_at_most():
    result = run("--model_args", "pretrained=x", "--tasks", "longsafety_legal")
    assert str(result.exception).count(" or ") <= 2


def test_arguments_as_json_are_taken_and_other_projects_tasks_are_named(narrow_model, tmp_path):
    written = tmp_path / "cost.json"
    result = run(
        *("--model_args", json.dumps({"pretrained": str(narrow_model)})),
        *("--tasks", "mmlu,longsafety_medical_quiz,arc_easy"),
        *("--metadata", "data=sample", "--json", str(written)),
    )
    assert result.exit_code == 0, result.output
    assert "not counted, since they are not LongSafetyBench's: mmlu, arc_easy" in result.output
    (task,) = json.loads(written.read_text())["tasks"]
    assert task["task"] == "longsafety_medical_quiz"


@pytest.mark.parametrize(
    ("task", "requests", "reply"),
    [
        ("longsafety_doc_attack", 1, 64),
        ("longsafety_doc_attack_rotations", 4, 64),
        ("longsafety_doc_attack_logits", 4, 1),
        ("longsafety_doc_attack_rotations_logits", 16, 1),
        ("longsafety_doc_attack_open", 1, 512),
    ],
)
def test_an_api_is_paid_for_every_request(tiny_model, tmp_path, task, requests, reply):
    write_jsonl(tmp_path / "data" / "DocAttack.jsonl", [row(0)])
    written = tmp_path / "cost.json"
    result = run(
        *("--model", "local-completions", "--tasks", task),
        *("--model_args", f"model=m,max_length=4096,tokenizer={tiny_model}"),
        *("--metadata", f"data={tmp_path / 'data'}", "--json", str(written)),
        *("--price-in", "250000", "--price-out", "1000000"),
    )
    assert result.exit_code == 0, result.output
    record = json.loads(written.read_text())
    tokens = record["tasks"][0]["longest"]  # of the only document
    # At 0.25 and 1 a token.
    assert record["api"] == {
        "prompt_tokens": requests * tokens,
        "reply_tokens": requests * reply,
        "prompts": requests * tokens / 4,
        "replies": requests * reply,
        "total": requests * tokens / 4 + requests * reply,
    }
    total = ["total", f"{record['api']['total']:,.2f}"]
    assert total in [line.split() for line in result.stdout.splitlines()]
    # A model that is not named by `pretrained` runs elsewhere: no GPU hours.
    assert "GPU" not in result.output and "gpus" not in record


def test_longer_replies_cost_more(tiny_model, tmp_path):
    written = tmp_path / "cost.json"
    result = run(
        *("--model_args", f"pretrained={tiny_model}", "--tasks", "longsafety_doc_attack"),
        *("--metadata", "data=sample,reply_tokens=100", "--price-in", "0", "--price-out", "1e6"),
        *("--json", str(written)),
    )
    assert result.exit_code == 0, result.output
    record = json.loads(written.read_text())
    assert record["api"]["total"] == 8 * 100
    assert record["gpus"] and "H100" in result.output


REPLY = "Ask the owner of the bicycle first, and wait for an answer in the yard. " * 20


def judge_cost(tiny_model, tmp_path, *tasks, model="longsafety-vllm", **metadata):
    """Output and JSON of preflight over one document of DocAttack."""
    write_jsonl(tmp_path / "data" / "DocAttack.jsonl", [row(0)])
    written = tmp_path / "cost.json"
    result = run(
        *("--model", model, "--model_args", f"pretrained={tiny_model}", "--tasks", ",".join(tasks)),
        *("--metadata", json.dumps({"data": str(tmp_path / "data"), **metadata})),
        *("--price-in", "1", "--price-out", "1", "--json", str(written)),
    )
    assert result.exit_code == 0, result.output
    return result.output, json.loads(written.read_text())


def test_a_judges_run_is_counted_from_written_replies_and_estimated_without(tiny_model, tmp_path):
    tokens = load_tokenizer(ModelArgs(tokenizer=str(tiny_model))).count([REPLY.strip()])[0]
    line = open_line(reply=REPLY)
    line["doc"] |= {key: row(0)[key] for key in ("id", "question", "choices")}
    judged = str(write_open_run(tmp_path / "run", [line]))
    task = "longsafety_doc_attack_judge"
    output, known = judge_cost(tiny_model, tmp_path, task, judged=judged)
    assert "estimated" not in output and "judge" not in known
    output, guessed = judge_cost(tiny_model, tmp_path, task, reply_tokens=tokens)
    assert output.startswith(
        f"The judge's run, estimated for replies of {tokens} tokens and judge_"
    )
    assert "tasks" not in guessed
    (known,), (guessed,) = known["tasks"], guessed["judge"]["tasks"]
    assert known["longest"] > tokens
    # Apart from the tokens where the reply begins and ends.
    assert abs(known["longest"] - guessed["longest"]) <= 4
    # Two orders of up to 64 tokens; vLLM computes what they share once.
    for each in (known, guessed):
        assert each["task"] == task
        assert each["api_reply_tokens"] == 2 * 64
        assert each["api_prompt_tokens"] == 2 * each["prefills"] == 2 * each["longest"]


def test_open_replies_show_what_judging_them_will_cost(tiny_model, tmp_path):
    names = ("longsafety_doc_attack", "longsafety_doc_attack_open")
    output, record = judge_cost(tiny_model, tmp_path, *names, model="longsafety-hf")
    assert [each["task"] for each in record["tasks"]] == list(names)
    assert [each["api_reply_tokens"] for each in record["tasks"]] == [64, 512]
    (judge,) = record["judge"]["tasks"]
    assert (judge["task"], judge["documents"]) == ("longsafety_doc_attack_judge", 1)
    assert judge["prefills"] == 2 * judge["longest"]
    assert record["judge"]["gpus"] and record["judge"]["api"]["total"] > 0
    assert output.index("estimated for replies of 512 tokens and judge_orders 2") > output.index(
        "longsafety_doc_attack_open"
    )


def test_the_estimate_follows_the_judges_options(tiny_model, tmp_path):
    name = "longsafety_doc_attack_judge_logits"
    _, record = judge_cost(tiny_model, tmp_path, "longsafety_doc_attack_open", name)
    (plain,) = record["judge"]["tasks"]
    # Two orders of four choices and "none of these".
    assert (plain["task"], plain["api_reply_tokens"]) == (name, 2 * 5)
    more = {"judge_orders": 3, "judge_context": "full"}
    _, record = judge_cost(tiny_model, tmp_path, name, **more)
    (full,) = record["judge"]["tasks"]
    assert full["api_reply_tokens"] == 3 * 5
    context = load_tokenizer(ModelArgs(tokenizer=str(tiny_model))).count([row(0)["context"]])[0]
    assert full["longest"] >= plain["longest"] + context


def test_a_command_that_fails_leaves_no_empty_file(tmp_path):
    written = tmp_path / "cost.json"
    assert run("--json", str(written)).exception
    assert not written.exists()
