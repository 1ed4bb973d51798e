"""The oldest supported lm-eval, fetched for the test, runs the tasks after `longsafety link`."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
OLDEST = re.search(r'"lm_eval>=([\d.]+)"', (ROOT / "pyproject.toml").read_text())[1]


@pytest.fixture(scope="module")
def oldest(tmp_path_factory):
    """Environment variables under which `import lm_eval` is the oldest supported release."""
    site = tmp_path_factory.mktemp("oldest")
    # jsonlines and zstandard are what this release needs beyond the newest one.
    packages = [f"lm_eval=={OLDEST}", "jsonlines", "zstandard"]
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(site)]
    done = subprocess.run([*pip, *packages], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"lm_eval {OLDEST} cannot be fetched here: {done.stderr[-300:]}")
    return {**os.environ, "PYTHONPATH": str(site)}


def test_both_protocols_run_on_the_oldest_release(oldest, tiny_model, tmp_path):
    link = [sys.executable, "-m", "lm_eval_longsafety", "link"]
    done = subprocess.run(link, capture_output=True, text=True, env=oldest)
    assert done.returncode == 0, done.stderr
    tasks = "longsafety_query_harmful,longsafety_query_harmful_logits"
    command = [
        *(sys.executable, "-m", "lm_eval", "run", "--model", "hf", "--device", "cpu"),
        *("--model_args", f"pretrained={tiny_model},dtype=float32", "--tasks", tasks),
        *("--metadata", '{"data": "sample"}', "--limit", "1", "--apply_chat_template"),
    ]
    run = subprocess.run(command, capture_output=True, text=True, env=oldest)
    assert run.returncode == 0, run.stderr[-3000:]
    for alias in ("query harmful", "query harmful (logits)", "LeadingQuestion"):
        assert alias in run.stdout
