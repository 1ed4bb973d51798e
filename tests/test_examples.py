"""The recipes of examples/ run as they are written, where a CPU can; the others are read."""

import csv
import io
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import yaml
from transformers import LlamaConfig

from lm_eval_longsafety.benchmark import TASKS
from lm_eval_longsafety.prefill_cost import estimate, shape
from lm_eval_longsafety.results import load
from tests.chat_server import Server
from tests.conftest import row, write_jsonl

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples"
CONFIGS = sorted(p for p in EXAMPLES.glob("*/*.yaml") if "\nmodel: " in p.read_text("utf-8"))


@pytest.fixture
def small_data(tmp_path):
    """Two short rows for each task: a recipe's steps are on trial, not the benchmark."""
    for task in TASKS:
        grid = {"depth": 0.5, "length": 1000} if task.grid else {}
        rows = [row(index, **grid) for index in range(2)]
        write_jsonl(tmp_path / "data" / f"{task.split}.jsonl", rows)
    return tmp_path / "data"


def run(command, tmp_path, **environment):
    """Run a recipe with this environment's programs first on PATH."""
    programs = os.pathsep.join([str(tmp_path / "bin"), str(Path(sys.executable).parent)])
    done = subprocess.run(
        [str(word) for word in command],
        cwd=tmp_path,
        env={
            **os.environ,
            "PATH": programs + os.pathsep + os.environ["PATH"],
            "HF_HUB_OFFLINE": "1",
            "PYTHONPATH": str(ROOT),
            **{key: str(value) for key, value in environment.items()},
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def program(tmp_path, name, text):
    path = tmp_path / "bin" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


def test_safety_and_capability_run_in_one_command_and_share_a_report(tmp_path):
    out = tmp_path / "with space"
    printed = run([EXAMPLES / "safety_plus_capability" / "cpu.sh", out], tmp_path)
    assert f"{out}/report.html" in printed
    (one,) = load([out / "results"])
    assert len(one.longsafety()) == 10
    # The example tasks have 20 sums and 5 requests in two orders.
    assert one.tasks["example_sums"].n_effective == 20
    assert one.tasks["example_short_safety"].n_effective == 10
    page = (out / "report.html").read_text(encoding="utf-8")
    for part in ("Safety beside capability", "example_sums", "example_short_safety"):
        assert part in page


def test_the_python_example_prints_a_table_of_ten_tasks(tmp_path, tiny_model, small_data):
    printed = run([sys.executable, EXAMPLES / "python_api.py", tiny_model, small_data], tmp_path)
    lines = [line for line in printed.splitlines() if re.search(r"\d \[", line)]
    names = [re.split(r" {2,}", line)[0] for line in lines]
    assert names == [*(task.split for task in TASKS), "mean of the ten"]


def test_the_api_recipe_sends_every_prompt_once_and_whole(tmp_path, tiny_model, small_data):
    server = Server()
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/v1"
    run(
        [EXAMPLES / "api" / "run.sh", url, "some-model", tiny_model, "out"],
        tmp_path,
        LONGSAFETY_DATA=small_data,
        OPENAI_API_KEY="none",
    )
    server.shutdown()
    server.server_close()
    assert server.models == {"some-model"}
    assert len(server.prompts) == 20
    assert all(prompt.startswith("Report ") for prompt in server.prompts)
    (one,) = load([tmp_path / "out" / "results"])
    assert one.max_length in (None, 131072)
    assert all(task.provenance.prompt_limit == 130572 for task in ours(one))
    assert (tmp_path / "out" / "report.html").exists()


def ours(one):
    return [one.tasks[name] for name in one.longsafety()]


SBATCH = """#!/usr/bin/env bash
# Runs each job of an array at once, as sbatch would on a node each; prints a job number.
set -euo pipefail
array= log=
while [[ $1 == --* ]]; do
  case $1 in
    --array=0-*) array=${1#--array=0-} ;;
    --output=*) log=${1#--output=} ;;
    --dependency=afterany:41 | --parsable) ;;
    *) echo "unknown $1" >&2; exit 1 ;;
  esac
  shift
done
if [ -z "$array" ]; then "$@" > "$log" 2>&1; echo 42; exit; fi
for task in $(seq 0 "$array"); do
  SLURM_ARRAY_TASK_ID=$task "$@" > "${log/\\%a/$task}" 2>&1 || true
done
echo "41;cluster"
"""
VLLM = """#!/usr/bin/env bash
# Takes what `vllm serve` takes; serves every model but the one that has no weights.
[[ $1 == serve && $2 != *missing* ]] || exit 1
while [ "$1" != --port ]; do shift; done
exec python -m tests.chat_server "$2"
"""


def test_the_slurm_recipe_reports_on_all_models_that_could_be_served(
    tmp_path, tiny_model, small_data
):
    program(tmp_path, "sbatch", SBATCH)
    program(tmp_path, "vllm", VLLM)
    second = shutil.copytree(tiny_model, tmp_path / "second")
    (tmp_path / "models.txt").write_text(f"# models\n{tiny_model}\n\nmissing/one\n{second}\n")
    printed = run(
        [EXAMPLES / "slurm" / "submit.sh", "models.txt", "out"],
        tmp_path,
        LONGSAFETY_DATA=small_data,
        PORT=free_port(),
        POLL="0.1",
    )
    assert printed.split() == ["42"]
    logs = {path.name: path.read_text() for path in (tmp_path / "out").glob("*.log")}
    assert "the server of missing/one ended" in logs["1.log"]
    runs = load(sorted((tmp_path / "out").glob("model-*/results")))
    assert [len(one.longsafety()) for one in runs] == [10, 10], logs
    assert (tmp_path / "out" / "report.html").exists()


def free_port():
    server = Server()
    port = server.server_port
    server.server_close()
    return port


@pytest.fixture(scope="module")
def known_tasks():
    """Names of all tasks a recipe can ask for; reading lm-eval's own takes seconds."""
    from lm_eval.tasks import TaskManager

    from lm_eval_longsafety.harness.discovery import tasks_path

    folders = [str(tasks_path()), str(EXAMPLES / "safety_plus_capability" / "tasks")]
    return set(TaskManager(include_path=folders).all_tasks)


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_every_configuration_is_one_that_lm_eval_takes_with_tasks_that_it_has(path, known_tasks):
    from lm_eval.config.evaluate_config import EvaluatorConfig

    from lm_eval_longsafety.backends import BACKENDS

    config = EvaluatorConfig.from_config(path)
    assert set(config.tasks) <= known_tasks
    assert config.model in ("hf", *BACKENDS)
    assert config.apply_chat_template is True


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("**/*.sh")), ids=lambda path: path.name)
def test_a_recipe_called_wrongly_says_how_to_call_it(tmp_path, path):
    if path.name == "cpu.sh":
        return
    done = subprocess.run([path], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "usage: " in done.stderr
    assert list(tmp_path.iterdir()) == []


def a100_rows():
    text = (EXAMPLES / "a100" / "README.md").read_text(encoding="utf-8")
    table = [line.strip("| ") for line in text.splitlines() if line.startswith("|")]
    rows = csv.reader(
        io.StringIO("\n".join(line.replace(" | ", ";") for line in table)), delimiter=";"
    )
    header, _, *body = rows
    return [dict(zip(header, line, strict=True)) for line in body]


@pytest.mark.parametrize("stated", a100_rows(), ids=lambda stated: stated["file"])
def test_the_a100_table_is_what_preflight_computes(stated):
    config = yaml.safe_load((EXAMPLES / "a100" / stated["file"]).read_text())["model_args"]
    shapes = json.loads((EXAMPLES / "a100" / "shapes.json").read_text())
    model = shape(LlamaConfig(**shapes[stated["file"]]))
    a100 = estimate(model, [45_000] * 1201, 0.4)[0]
    gpus = config.get("tensor_parallel_size", 1)
    assert a100.gpu == "A100-80GB"
    assert a100.gpus_needed <= gpus
    window = config["max_model_len"] * model.kv_bytes / 1e9
    left = gpus * (config["gpu_memory_utilization"] * 80 - 4) - model.stored * 2 / 1e9
    assert list(stated.values())[1:] == [
        f"{gpus}",
        f"{model.stored / 1e9:.2f}",
        f"{model.stored * 2 / 1e9:.1f}",
        f"{model.kv_bytes / 1e3:.0f}",
        f"{window:.1f}",
        f"{left:.1f}",
        f"{left // window:.0f}",
        f"{a100.hours:.1f}",
        f"{a100.hours / gpus:.1f}",
    ]
