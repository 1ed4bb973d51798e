"""Two replicas of vLLM under Ray give the letters of one engine."""

import json
import os
import subprocess
import sys

import pytest

from tests.backends.harness import chosen, evaluate

SCRIPT = """
import json, sys
import ray
from lm_eval_longsafety.backends.vllm import LongSafetyVLLM
from tests.backends.harness import chosen, evaluate

if __name__ == "__main__":
    model, task = sys.argv[1:]
    # Ray gets two devices: lm-eval asks for one a replica, and the CPU build uses none.
    here = {"_node_ip_address": "127.0.0.1", "include_dashboard": False, "log_to_driver": False}
    ray.init(num_gpus=2, num_cpus=2, **here)
    engine = {"dtype": "float32", "max_model_len": 16384, "enforce_eager": True}
    lm = LongSafetyVLLM(model, data_parallel_size=2, **engine)
    found = chosen(evaluate(lm, model, [task], limit=3))
    print(json.dumps([[*key, *value] for key, value in found.items()]))
"""


@pytest.mark.parametrize("task", ["longsafety_doc_attack", "longsafety_doc_attack_logits"])
def test_two_replicas_choose_what_one_engine_chooses(ours, tiny_model, tmp_path, task):
    script = tmp_path / "two.py"
    script.write_text(SCRIPT)
    done = subprocess.run(
        [sys.executable, str(script), str(tiny_model), task],
        capture_output=True,
        text=True,
        # Ray keeps a token in the home folder, and would send statistics of its use.
        env=os.environ
        | {"PYTHONPATH": os.getcwd(), "HOME": str(tmp_path), "RAY_USAGE_STATS_ENABLED": "0"},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    one = chosen(evaluate(ours, tiny_model, [task], limit=3))
    assert len(one) == 3
    assert json.loads(done.stdout.splitlines()[-1]) == [
        [*key, *value] for key, value in one.items()
    ]
