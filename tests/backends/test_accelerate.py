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
from tests.backends.harness import evaluate, replies
from tests.backends.killed_run import count_prompts, load
model, tasks = sys.argv[1], sys.argv[2].split(",")
lm = load("longsafety-hf", model)
asked = []
count_prompts(lm, asked.append)
results = evaluate(lm, model, tasks)
shares = lm.gather_object(sum(asked), dst=0)
if results is not None:
    found = [[*key, value] for key, value in replies(results).items()]
    print(json.dumps({"results": results["results"], "replies": found, "shares": shares}))
"""


@pytest.mark.filterwarnings("ignore")
def test_two_processes_give_exactly_the_numbers_of_one(tiny_model, tmp_path):
    from tests.backends.killed_run import load

    script = tmp_path / "two.py"
    script.write_text(SCRIPT)
    launch = [
        sys.executable,
        "-m",
        "accelerate.commands.launch",
        "--multi_gpu",
        "--num_processes",
        "2",
    ]
    launch += ["--num_machines", "1", "--mixed_precision", "no", "--dynamo_backend", "no"]
    # Without GPUs accelerate starts several processes only when told both.
    environment = os.environ | {
        "ACCELERATE_USE_CPU": "true",
        "PYTHONPATH": os.getcwd(),
        "OMP_NUM_THREADS": "1",
    }
    done = subprocess.run(
        [*launch, str(script), str(tiny_model), ",".join(TASKS)],
        capture_output=True,
        text=True,
        env=environment,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    two = json.loads(done.stdout.strip().splitlines()[-1])
    one = evaluate(load("longsafety-hf", str(tiny_model)), tiny_model, TASKS)
    # lm-eval has the second process answer its last document twice, and logs both answers.
    first = {(task, doc): [each[:1] for each in resps] for task, doc, resps in two["replies"]}
    assert first == json_like(replies(one))
    assert two["results"] == json_like(one["results"])
    # Nine documents a protocol: 5 and 4, the second process padded to 5.
    assert two["shares"] == [10, 10]


def json_like(value):
    if isinstance(value, dict):
        return {key: json_like(each) for key, each in value.items()}
    return json.loads(json.dumps(value))
