"""`accelerate launch` with two processes on CPUs: half the work each, the same numbers."""

import json
import os
import subprocess
import sys

import pytest

from tests.backends.harness import evaluate, replies

TASKS = ("longsafety_harmful_niah", "longsafety_harmful_niah_logits")
SCRIPT = """
import json, sys
from lm_eval_longsafety.backends import leave_process_group
from tests.backends.harness import evaluate, replies
from tests.backends.killed_run import count_prompts, load

def run(model, tasks):
    lm = load("longsafety-hf", model)
    asked = []
    count_prompts(lm, asked.append)
    results = evaluate(lm, model, tasks)
    shares = lm.gather_object(sum(asked), dst=0)
    if results is not None:
        found = [[*key, value] for key, value in replies(results).items()]
        print(json.dumps({"results": results["results"], "replies": found, "shares": shares}))

run(sys.argv[1], sys.argv[2].split(","))
leave_process_group()
"""


def launch(*words: str) -> subprocess.CompletedProcess:
    """`accelerate launch` with two processes; without GPUs it starts them only when given both."""
    command = [sys.executable, "-m", "accelerate.commands.launch", "--multi_gpu"]
    command += ["--num_processes", "2", "--num_machines", "1"]
    command += ["--mixed_precision", "no", "--dynamo_backend", "no"]
    cpu = {"ACCELERATE_USE_CPU": "true", "PYTHONPATH": os.getcwd(), "OMP_NUM_THREADS": "1"}
    done = subprocess.run([*command, *words], capture_output=True, text=True, env=os.environ | cpu)
    assert done.returncode == 0, done.stderr[-3000:]
    return done


@pytest.mark.filterwarnings("ignore")
def test_two_processes_give_exactly_the_numbers_of_one(tiny_model, tmp_path):
    from tests.backends.killed_run import load

    script = tmp_path / "two.py"
    script.write_text(SCRIPT)
    done = launch(str(script), str(tiny_model), ",".join(TASKS))
    two = json.loads(done.stdout.strip().splitlines()[-1])
    one = evaluate(load("longsafety-hf", str(tiny_model)), tiny_model, TASKS)
    # lm-eval has the second process answer its last document twice, and logs both answers.
    first = {(task, doc): [each[:1] for each in resps] for task, doc, resps in two["replies"]}
    assert first == json_like(replies(one))
    assert two["results"] == json_like(one["results"])
    # Nine documents a protocol: 5 and 4, the second process padded to 5.
    assert two["shares"] == [10, 10]


def test_the_command_line_runs_on_two_processes(tiny_model, tmp_path):
    done = launch(
        *("-m", "lm_eval_longsafety", "run", "--model", "longsafety-hf", "--device", "cpu"),
        *("--model_args", f"pretrained={tiny_model},dtype=float32", "--apply_chat_template"),
        *("--tasks", TASKS[0], "--metadata", '{"data": "sample"}', "--output_path", str(tmp_path)),
    )
    assert done.stdout.count("LongSafetyBench, ") == 1
    (path,) = tmp_path.rglob("results_*.json")
    assert json.loads(path.read_text())["n-samples"][TASKS[0]] == {"original": 9, "effective": 9}


def json_like(value):
    if isinstance(value, dict):
        return {key: json_like(each) for key, each in value.items()}
    return json.loads(json.dumps(value))


def test_the_group_of_an_engine_within_the_process_is_left_to_it():
    from torch import distributed

    from lm_eval_longsafety.backends import leave_process_group

    # vLLM makes such a group of one and ends it when its engine ends.
    distributed.init_process_group("gloo", store=distributed.HashStore(), rank=0, world_size=1)
    try:
        leave_process_group()
        assert distributed.is_initialized()
    finally:
        distributed.destroy_process_group()
