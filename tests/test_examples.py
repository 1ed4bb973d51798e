"""The recipes of examples/ run as they are written, where a CPU can; the others are read."""

import csv
import dataclasses
import importlib.util
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
from safetensors.torch import load_file
from transformers import LlamaConfig
from trl import SFTConfig

from lm_eval_longsafety.benchmark import TASKS
from lm_eval_longsafety.prefill_cost import estimate, flops, shape
from lm_eval_longsafety.results import load
from tests.chat_server import Server
from tests.conftest import row, write_jsonl
from tests.training.rows import raw
from tests.training.rows import run as run_rows

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples"
TRAINING = EXAMPLES / "training"
CONFIGS = sorted(
    path
    for path in EXAMPLES.glob("*/*.yaml")
    if "\nmodel: " in path.read_text("utf-8") and path.parent != TRAINING
)


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


def a100_rows(folder="a100"):
    text = (EXAMPLES / folder / "README.md").read_text(encoding="utf-8")
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


@pytest.fixture(scope="module")
def tuned(tiny_model, tmp_path_factory):
    """A folder with rows and the tiny model trained on them: four steps, two checkpoints."""
    folder = tmp_path_factory.mktemp("training")
    run_rows(folder, [raw(i) for i in range(8)], tokenizer=tiny_model)
    done = sft(folder, "--output", "tuned", "--model", tiny_model)
    assert done.returncode == 0, done.stderr[-3000:]
    return folder


def sft(folder, *options, config=TRAINING / "cpu.yaml"):
    words = [TRAINING / "sft.py", config, "--rows", "rows.parquet", *options]
    environment = {"HF_HUB_OFFLINE": "1", "PYTHONPATH": str(ROOT), "HF_HOME": str(folder / "home")}
    return subprocess.run(
        [sys.executable, *map(str, words)],
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_resumed_training_ends_with_the_weights_of_one_that_was_not_stopped(tuned, tiny_model):
    shutil.copytree(tuned / "tuned", tuned / "stopped")
    # Stopped while the second checkpoint was saved.
    (tuned / "stopped" / "checkpoint-4" / "trainer_state.json").unlink()
    (tuned / "stopped" / "model.safetensors").unlink()
    done = sft(tuned, "--output", "stopped", "--model", tiny_model, "--resume")
    assert done.returncode == 0, done.stderr[-3000:]
    start, whole, resumed = (
        load_file(folder / "model.safetensors")
        for folder in (tiny_model, tuned / "tuned", tuned / "stopped")
    )
    assert all(resumed[name].equal(whole[name]) for name in whole)
    assert not all(start[name].equal(whole[name]) for name in whole)


def test_a_trained_model_says_what_it_was_trained_on(tuned, tiny_model):
    found = json.loads((tuned / "tuned" / "training_rows.json").read_text())
    assert found["base_model"] == str(tiny_model)
    assert found["rows"] == 8
    assert len(found["sha256"]) == 64


# TRL's own default of a name that transformers has since changed.
@pytest.mark.filterwarnings("ignore:.gradient_checkpointing. is deprecated")
def test_training_refuses_in_one_line_what_it_should_not_start(
    tuned, tiny_model, tmp_path, monkeypatch, capsys
):
    script = importlib.util.spec_from_file_location("sft", TRAINING / "sft.py")
    module = importlib.util.module_from_spec(script)
    script.loader.exec_module(module)
    monkeypatch.chdir(tuned)

    def refused(*options, config=TRAINING / "cpu.yaml"):
        words = ["sft.py", config, "--rows", "rows.parquet", "--model", tiny_model, *options]
        monkeypatch.setattr(sys, "argv", [str(word) for word in words])
        with pytest.raises(SystemExit, match="2"):
            module.main()
        return capsys.readouterr().err

    assert refused("--output", "tuned").endswith(
        "holds a checkpoint; add --resume or name another folder\n"
    )
    assert refused("--output", "new", "--resume") == "sft.py: new: holds none\n"
    settings = yaml.safe_load((TRAINING / "cpu.yaml").read_text())
    changed = tmp_path / "changed.yaml"
    for change, message in (
        ({"train": {"max_length": 1024}}, "set by sft.py itself: max_length"),
        ({"train": {"learning": 1}}, "changed.yaml: TypeError"),
        ({"lora": {"rank": 1}}, "changed.yaml: TypeError"),
        ({"max_tokens": 20}, "the longest row has "),
        ({"typo": 1}, "set by sft.py itself: typo"),
    ):
        changed.write_text(yaml.safe_dump(settings | change))
        assert message in refused("--output", "new", config=changed)
    assert not (tuned / "new").exists()


def test_adapters_are_trained_with_the_settings_of_the_a100(tuned, tiny_model, tmp_path):
    settings = yaml.safe_load((TRAINING / "cpu.yaml").read_text())
    settings["lora"] = yaml.safe_load((TRAINING / "lora_1xa100.yaml").read_text())["lora"]
    config = tmp_path / "lora.yaml"
    config.write_text(yaml.safe_dump(settings))
    done = sft(tuned, "--output", "adapters", "--model", tiny_model, config=config)
    assert done.returncode == 0, done.stderr[-3000:]
    assert (tuned / "adapters" / "adapter_model.safetensors").exists()
    assert not (tuned / "adapters" / "model.safetensors").exists()


@pytest.mark.parametrize("path", sorted(TRAINING.glob("*.yaml")), ids=lambda path: path.name)
def test_the_settings_of_a_training_are_arguments_of_trl(path):
    settings = yaml.safe_load(path.read_text())
    known = {field.name: field for field in dataclasses.fields(SFTConfig)}
    assert settings["train"].keys() <= known.keys()
    # What YAML reads as a text, such as 1e-5, would fail only after the weights are loaded.
    assert isinstance(settings["train"]["learning_rate"], float)


@pytest.mark.parametrize("stated", a100_rows("training"), ids=lambda stated: stated["file"])
def test_the_table_of_training_is_what_the_formulas_compute(stated):
    """In the order of the README's list; the shape is Llama-3.1-8B's."""
    shapes = json.loads((EXAMPLES / "a100" / "shapes.json").read_text())
    config = LlamaConfig(**shapes["8b.yaml"])
    model, hidden, mlp = shape(config), config.hidden_size, config.intermediate_size
    settings = yaml.safe_load((TRAINING / stated["file"]).read_text())
    tokens, layers = settings["max_tokens"], config.num_hidden_layers
    key_values = config.num_key_value_heads * config.head_dim
    kept = layers * tokens * hidden * 2
    layer = tokens * (4 * hidden + 2 * hidden + 2 * key_values + 4 * mlp) * 2
    one = flops(model, tokens)
    if "lora" in settings:
        sides = 2 * (hidden + hidden) + 2 * (hidden + key_values) + 3 * (hidden + mlp)
        gpus, weights = 1, 2 * model.stored + 16 * settings["lora"]["r"] * sides * layers
        gathered, work = 0, 4 * one - 2 * model.active * tokens
    else:
        gpus, weights = 8, 16 * model.stored / 8
        gathered, work = (2 * model.active / layers + 2 * config.vocab_size * hidden) * 2, 4 * one
    hours = 17_468 * work / (312e12 * 0.4) / 3600
    parts = [weights, kept, layer, gathered]
    assert list(stated.values())[1:] == [
        f"{gpus}",
        *(f"{part / 1e9:.1f}" for part in (*parts, sum(parts))),
        f"{hours:.1f}",
        f"{hours / gpus:.1f}",
    ]
