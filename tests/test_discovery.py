"""Finding the tasks: links into lm-eval, wheel and editable installs, entry points."""

import hashlib
import importlib.metadata
import shutil
import subprocess
import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest

from lm_eval_longsafety import discovery
from lm_eval_longsafety.errors import LinkError

ROOT = Path(__file__).parent.parent


@pytest.fixture
def lm_eval_copy(tmp_path, monkeypatch):
    """A copy of the installed lm-eval without its built-in tasks, in place of the real one."""
    installed = Path(find_spec("lm_eval").origin).parent
    copy = tmp_path / "lm_eval"

    def leave_out(folder: str, names: list[str]) -> list[str]:
        path = Path(folder)
        tasks = [n for n in names if path.name == "tasks" and (path / n).is_dir()]
        return [*tasks, *(n for n in names if n == "__pycache__")]

    shutil.copytree(installed, copy, ignore=leave_out)
    monkeypatch.setattr(discovery, "_lm_eval_folder", lambda: copy)
    discovery.reads_entry_points.cache_clear()
    yield copy
    discovery.reads_entry_points.cache_clear()


def snapshot(folder: Path) -> dict:
    return {
        str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() if p.is_file() else 0
        for p in sorted(folder.rglob("*"))
    }


def test_unlink_leaves_lm_eval_as_it_was_file_by_file(lm_eval_copy):
    before = snapshot(lm_eval_copy)
    state = discovery.link()
    assert state.found
    assert state.linked == len(list(discovery.tasks_path().glob("*.yaml")))
    linked = snapshot(lm_eval_copy)
    assert discovery.link() == state
    assert snapshot(lm_eval_copy) == linked  # a second call changes nothing
    assert before.items() <= linked.items()  # nothing of lm-eval's own was touched
    assert discovery.unlink() == state.linked
    assert snapshot(lm_eval_copy) == before
    assert discovery.unlink() == 0


def test_a_stub_of_another_installation_is_stale_until_linked_again(lm_eval_copy):
    state = discovery.link()
    stub = state.folder / "longsafety.yaml"
    stub.write_text(stub.read_text().replace("task_yamls", "gone"))
    assert (discovery.status().stale, discovery.status().found) == (1, False)
    assert discovery.link().found


def test_a_folder_with_files_of_others_is_left_alone(lm_eval_copy):
    folder = discovery.link().folder
    (folder / "mine.yaml").write_text("task: mine\n")
    with pytest.raises(LinkError, match="holds files that are not ours .mine.yaml."):
        discovery.unlink()
    assert (folder / "mine.yaml").exists()


def test_the_status_counts_our_stubs_alone_and_names_the_files_of_others(lm_eval_copy, caplog):
    folder = discovery.link().folder
    (folder / "mine.yaml").write_bytes(b"task: m\xfcll\n")  # not UTF-8 either
    state = discovery.status()
    assert (state.stale, state.missing, state.found) == (0, 0, True)
    assert "holds files that are not ours: mine.yaml" in caplog.text


def test_a_file_in_place_of_the_folder_is_told(lm_eval_copy):
    (lm_eval_copy / "tasks" / "longsafety").write_text("a note")
    assert not discovery.status().found
    with pytest.raises(LinkError, match="longsafety is a file that is not ours; move it away"):
        discovery.link()


def test_a_task_tree_that_cannot_be_written_says_what_to_use_instead(lm_eval_copy, monkeypatch):
    def refuse(*args, **kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(LinkError, match=r"cannot be written \(Permission denied\); use `lm_eval"):
        discovery.link()


def test_an_lm_eval_that_reads_entry_points_is_not_linked(lm_eval_copy):
    plugins = 'for e in entry_points(group="lm_eval.tasks"):\n    find_spec(e.value)\n'
    (lm_eval_copy / "tasks" / "_plugins.py").write_text(plugins)
    state = discovery.link()
    assert (state.reads_entry_points, state.linked, state.found) == (True, 0, True)
    assert not state.folder.exists()


def contract(python: str) -> str:
    """Upstream's contract for plugins, done by another interpreter: what it finds and loads."""
    script = (
        "import importlib.metadata as md, importlib.util as u, pathlib, sys\n"
        "own = [e for g in sorted(md.entry_points().groups if hasattr(md.entry_points(), 'groups')"
        " else md.entry_points()) if g.startswith('lm_eval.')"
        " for e in md.entry_points(group=g) if 'longsafety' in e.value]\n"
        "print(sorted({e.group for e in own}))\n"
        "task, = [e for e in own if e.group == 'lm_eval.tasks']\n"
        "folder = pathlib.Path(u.find_spec(task.value).submodule_search_locations[0])\n"
        "print((folder / 'longsafety.yaml').is_file(), (folder / '_document').is_file())\n"
        "print(sorted(e.name for e in own if e.group != 'lm_eval.tasks'))\n"
        "for e in own:\n"
        "    if e.group in ('lm_eval.filters', 'lm_eval.metrics', 'lm_eval.aggregations'):\n"
        "        assert callable(e.load())\n"
    )
    done = subprocess.run([python, "-c", script], capture_output=True, text=True, cwd="/")
    assert done.returncode == 0, done.stderr
    return done.stdout


EXPECTED = (
    "['lm_eval.aggregations', 'lm_eval.filters', 'lm_eval.metrics', 'lm_eval.models', "
    "'lm_eval.tasks']\n"
    "True True\n"
    "['answered', 'ha', 'longsafety-hf', 'longsafety-vllm', 'longsafety_letter', "
    "'longsafety_mean', 'refused', 'sr', 'truncated']\n"
)


def test_a_harness_that_reads_entry_points_finds_everything_in_an_editable_install():
    assert contract(sys.executable) == EXPECTED


def test_the_registries_take_our_entry_points_beside_our_decorators():
    from lm_eval.api.registry import filter_registry, get_aggregation, is_higher_better

    from lm_eval_longsafety import letter_filter, metrics

    (entry,) = importlib.metadata.entry_points(group="lm_eval.filters", name="longsafety_letter")
    assert filter_registry.get("longsafety_letter") is entry.load() is letter_filter.LetterFilter
    assert is_higher_better("sr") is True
    assert is_higher_better("truncated") is False
    assert get_aggregation("mean") is metrics.longsafety_mean


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    source = tmp_path_factory.mktemp("source") / "project"
    shutil.copytree(
        ROOT, source, ignore=shutil.ignore_patterns(".venv*", ".git", "*.egg-info", "build", "demo")
    )
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation"]
    done = subprocess.run(
        [*command, "--wheel-dir", str(out), str(source)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (path,) = out.glob("*.whl")
    return path


def test_the_wheel_holds_the_task_files_and_no_lm_eval_folder(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names} == {
        "lm_eval_longsafety",
        next(name.split("/")[0] for name in names if ".dist-info" in name),
    }
    assert not [name for name in names if name.endswith(".pth")]
    inside = {name.removeprefix("lm_eval_longsafety/task_yamls/") for name in names}
    assert {path.name for path in (ROOT / "task_yamls").glob("[!_]*.yaml")} <= inside
    assert {"_document", "_generate", "_logits", "_group", "functions.py"} <= inside
    assert len([name for name in names if name.endswith(".parquet")]) == 10


def test_a_harness_that_reads_entry_points_finds_everything_in_a_wheel_install(wheel, tmp_path):
    site = tmp_path / "site"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(site)]
    done = subprocess.run([*pip, str(wheel)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    # The installed wheel comes first on the path, before this editable install.
    runner = tmp_path / "python"
    runner.write_text(f'#!/bin/sh\nPYTHONPATH="{site}" exec "{sys.executable}" "$@"\n')
    runner.chmod(0o755)
    assert set(EXPECTED.split()) <= set(contract(str(runner)).split())
    where = "from lm_eval_longsafety.discovery import tasks_path as t; print(t())"
    found = subprocess.run([str(runner), "-c", where], capture_output=True, text=True, cwd="/")
    assert found.stdout.strip() == str(site / "lm_eval_longsafety" / "task_yamls")
