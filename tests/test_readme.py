"""The README is true: its tables match the code, and every command in it runs."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lm_eval_longsafety.benchmark import TASKS

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BIN = Path(sys.executable).parent

RUN_ELSEWHERE = {
    "make demo": "`longsafety demo` runs in tests/versions",
    "make test": "runs this file",
    "make test-vllm": "runs tests/vllm in an environment of its own",
    "pip install": "the wheel is built and installed in test_discovery.py",
    "--model vllm": "runs in tests/vllm (needs vLLM)",
    "--model longsafety-vllm": "runs in tests/vllm (needs vLLM)",
    "--model local-c": "runs in tests/vllm against a server on loopback",
    "accelerate launch": "runs in tests/backends",
    "vllm serve": "runs in tests/vllm",
    "--push": "runs in tests/submit against a server on loopback",
    "examples/": "runs in tests/test_examples.py or is a benchmark",
}
"""Commands that this file does not start, and where they run instead."""


def commands() -> list[str]:
    blocks = re.findall(r"```bash\n(.*?)```", README, flags=re.S)
    lines = "\n".join(blocks).replace("\\\n", " ").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def elsewhere(command: str) -> str | None:
    return next((why for part, why in RUN_ELSEWHERE.items() if part in command), None)


def test_there_are_commands_to_run():
    assert len([command for command in commands() if not elsewhere(command)]) >= 7


def test_make_targets_of_the_readme_exist():
    makefile = (ROOT / "Makefile").read_text()
    for command in commands():
        if command.startswith("make "):
            assert re.search(rf"^{command.split()[1]}:", makefile, flags=re.M), command


@pytest.fixture(scope="module")
def runs(tiny_model, tmp_path_factory) -> Path:
    """A folder with two small finished runs, named as the README names them."""
    folder = tmp_path_factory.mktemp("readme")
    for name in ("results", "other_results"):
        done = start(
            "lm_eval run --model hf --model_args pretrained=x --tasks longsafety "
            f"--apply_chat_template --output_path {name} --log_samples",
            folder,
            tiny_model,
        )
        assert done.returncode == 0, done.stderr[-2000:]
    return folder


def start(command: str, folder: Path, model: Path) -> subprocess.CompletedProcess:
    """Run a command of the README on the tiny model, the sample and one document a task."""
    words = re.sub(r"Qwen/[\w.-]+", str(model), command).replace(
        "pretrained=x", f"pretrained={model}"
    )
    if "--tasks" in words and " run " in words:
        words += " --device cpu"
        words += "" if "--limit" in words else " --limit 1"
    environment = {
        "PATH": f"{BIN}:/usr/bin:/bin",
        "HOME": str(folder),
        "HF_HUB_OFFLINE": "1",
        "LONGSAFETY_DATA": "sample",
    }
    return subprocess.run(
        words, shell=True, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("command", [c for c in commands() if not elsewhere(c)])
def test_every_command_runs(command, runs, tiny_model, tmp_path):
    # A copy: each command finds the same two finished runs.
    folder = shutil.copytree(runs, tmp_path / "readme")
    done = start(command, folder, tiny_model)
    # `submit` refuses runs on sample data, `preflight` and others succeed.
    refused = command.startswith("longsafety submit")
    assert done.returncode == (2 if refused else 0), done.stdout[-1000:] + done.stderr[-2000:]


def test_the_table_of_tasks_matches_the_benchmark():
    rows = re.findall(r"^\| `(longsafety_\w+)` \| (\d+) \| .* \| (yes|no) \|$", README, flags=re.M)
    assert rows == [(t.name, str(t.rows), "yes" if t.in_domain else "no") for t in TASKS]


def test_options_of_the_readme_are_those_of_the_code():
    from lm_eval_longsafety.settings import OPTIONS

    assert set(re.findall(r"^\| `(\w+)` \|", README, flags=re.M)) >= set(OPTIONS)


def test_commands_can_be_split_as_a_shell_would():
    for command in commands():
        assert shlex.split(command)
