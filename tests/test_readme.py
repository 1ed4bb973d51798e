"""README and docs/ are true: tables match the code, every command and Python block runs."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lm_eval_longsafety.benchmark import TASKS
from lm_eval_longsafety.settings import OPTIONS
from tests.conftest import row, write_jsonl
from tests.training.rows import raw

ROOT = Path(__file__).parent.parent
DOCS = sorted((ROOT / "docs").glob("*.md"))
PAGES = {path: path.read_text("utf-8") for path in (ROOT / "README.md", *DOCS)}
README = PAGES[ROOT / "README.md"]
BIN = Path(sys.executable).parent

RUN_ELSEWHERE = {
    "make demo": "`longsafety demo` runs in tests/versions",
    "make test": "runs this file, or tests/vllm in an environment of its own",
    "python3 -m venv": "the wheel is built and installed in tests/harness/test_discovery.py",
    "pip install": "the wheel is built and installed in tests/harness/test_discovery.py",
    "run --model longsafety-vllm": "runs in tests/vllm (needs vLLM)",
    "--model local-c": "runs in tests/vllm and test_examples.py against a server on loopback",
    "--push": "runs in tests/submit against a server on loopback",
    "examples/": "runs in test_examples.py or is a benchmark",
}
"""Commands that this file does not start, and where they run instead."""
REFUSED = ("longsafety submit", "--fail-if-worse")
"""Commands that refuse the runs here, on one document of the embedded sample, with exit code 2."""


def blocks(language: str) -> list[str]:
    found = [re.findall(rf"```{language}\n(.*?)```", page, flags=re.S) for page in PAGES.values()]
    return list(dict.fromkeys(block for page in found for block in page))


def commands() -> list[str]:
    """Every line of every bash block, each once."""
    lines = "\n".join(blocks("bash")).replace("\\\n", " ").splitlines()
    return list(dict.fromkeys(line.strip() for line in lines if line.strip()))


def elsewhere(command: str) -> str | None:
    return next((why for part, why in RUN_ELSEWHERE.items() if part in command), None)


def writers() -> list[str]:
    """Commands that write the folders which the others read: the fixture `runs` starts them."""
    return [c for c in commands() if re.search(r"--output_path (other_|open_)?results\b", c)]


HERE = [command for command in commands() if not elsewhere(command)]


def test_every_folder_that_commands_read_is_written_by_one():
    written = [re.search(r"--output_path (\S+)", c)[1] for c in HERE if c in writers()]
    assert sorted(written) == ["open_results", "other_results", "results"]


def test_every_place_named_for_other_commands_is_needed():
    for part in RUN_ELSEWHERE:
        assert any(part in command for command in commands()), part


def test_make_targets_of_the_pages_exist():
    makefile = (ROOT / "Makefile").read_text()
    targets = {target for page in PAGES.values() for target in re.findall(r"`make (\S+)`", page)}
    targets |= {command.split()[1] for command in commands() if command.startswith("make ")}
    for target in targets:
        assert re.search(rf"^{target}:", makefile, flags=re.M), target


@pytest.fixture(scope="module")
def runs(tiny_model, tmp_path_factory) -> Path:
    """A folder with two small finished runs and data of one's own, named as the pages do."""
    folder = tmp_path_factory.mktemp("readme")
    for command in writers():
        if command in HERE:
            done = start(command, folder, tiny_model)
            assert done.returncode == 0, done.stderr[-2000:]
    for task in TASKS:
        grid = {"depth": 0.5, "length": 1000} if task.grid else {}
        write_jsonl(folder / "my_data" / f"{task.split}.jsonl", [row(0, **grid)])
    write_jsonl(folder / "training.jsonl", [{"prompt": "Who took it?", "completion": "Anna."}])
    tasks = ("HarmfulNIAH", "LawQA")
    rows = [raw(index, task=tasks[index % 2]) for index in range(4)]
    write_jsonl(folder / "my_training_set" / "train.jsonl", rows)
    write_jsonl(folder / "general.jsonl", [raw(index) for index in range(4)])
    return folder


def start(command: str, folder: Path, model: Path) -> subprocess.CompletedProcess:
    """Run a command of the pages on the tiny model, the sample and one document a task."""
    words = re.sub(r"Qwen/[\w.-]+", str(model), command)
    if " run " in words and ("--tasks" in words or " judge " in words):
        # Open replies are judged by the run: all of it must be there.
        words += " --device cpu" + " --limit 1" * ("_open" not in words and " judge " not in words)
    environment = {
        "PATH": f"{BIN}:/usr/bin:/bin",
        "HOME": str(folder),
        "HF_HUB_OFFLINE": "1",
        "LONGSAFETY_DATA": "sample",
        "OMP_NUM_THREADS": "1",
    }
    return subprocess.run(
        words, shell=True, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("command", [c for c in HERE if c not in writers()])
def test_every_command_runs(command, runs, tiny_model, tmp_path):
    # A copy: each command finds the same two finished runs.
    folder = shutil.copytree(runs, tmp_path / "readme")
    done = start(command, folder, tiny_model)
    expected = 2 if any(part in command for part in REFUSED) else 0
    assert done.returncode == expected, done.stdout[-1000:] + done.stderr[-2000:]


@pytest.mark.parametrize("block", blocks("python"))
def test_every_python_block_runs(block, runs):
    done = subprocess.run(
        [sys.executable, "-c", block], cwd=runs, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "longsafety_" in done.stdout


def test_the_readme_stays_short():
    assert len(README.splitlines()) <= 150
    assert len(README.split()) <= 1300


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.name)
def test_a_page_says_first_what_it_is_for(path):
    heading, blank, first = PAGES[path].splitlines()[:3]
    assert heading.startswith("# ")
    assert blank == ""
    assert first.startswith("This page ")


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_link_into_the_repository_leads_to_a_file_and_heading(path):
    for target in re.findall(r"\]\((?!https?:)([^)]+)\)", PAGES[path]):
        name, _, heading = target.partition("#")
        file = path.parent / name if name else path
        assert file.exists(), target
        headings = re.findall(r"^#+ (.*)$", file.read_text("utf-8"), re.M) if heading else []
        assert not heading or heading in [h.lower().replace(" ", "-") for h in headings], target


def test_the_table_of_tasks_matches_the_benchmark():
    rows = re.findall(r"^\| `(longsafety_\w+)` \| (\d+) \| .* \| (yes|no) \|$", README, flags=re.M)
    assert rows == [(t.name, str(t.rows), "yes" if t.in_domain else "no") for t in TASKS]


def test_the_options_of_the_pages_are_those_of_the_code():
    def named(*names: str) -> list[str]:
        tables = "\n".join(PAGES[ROOT / name].split("## Metrics")[0] for name in names)
        return re.findall(r"^\| `(\w+)` \|", tables, flags=re.M)

    pages = ("docs/options.md", "docs/controls.md", "docs/open_replies.md")
    listed = [name for name in named(*pages) if "safety" not in name]
    assert sorted(listed) == sorted(OPTIONS)
    assert {name for name in named("README.md") if "safety" not in name} <= set(OPTIONS)


def test_commands_can_be_split_as_a_shell_would():
    for command in commands():
        assert shlex.split(command)
