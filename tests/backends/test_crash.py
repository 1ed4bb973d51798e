"""A run of `longsafety-hf` that is killed, and the run after it."""

import signal
import subprocess
import sys

import pytest

from tests.backends.harness import evaluate, replies
from tests.backends.killed_run import LIMIT, count_prompts, load

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.mark.parametrize("task", ["longsafety", "longsafety_logits"])
def test_after_a_kill_the_rerun_asks_only_for_the_rest(tiny_model, tmp_path, task):
    documents = 10 * LIMIT
    cache = tmp_path / "cache"
    arguments = ["longsafety-hf", str(tiny_model), task, str(cache), str(documents // 2)]
    killed = subprocess.run(
        [sys.executable, "-m", "tests.backends.killed_run", *arguments],
        capture_output=True,
        text=True,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr[-2000:]

    rerun = load("longsafety-hf", str(tiny_model))
    asked = []
    count_prompts(rerun, asked.append)
    results = evaluate(rerun, tiny_model, [task], limit=LIMIT, use_cache=cache)
    whole = evaluate(load("longsafety-hf", str(tiny_model)), tiny_model, [task], limit=LIMIT)
    assert 0 < sum(asked) <= 0.55 * documents
    assert replies(results) == replies(whole)
    assert results["results"] == whole["results"]
