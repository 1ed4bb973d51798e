"""Finding the tasks: links into lm-eval, wheel and editable installs, entry points."""

import hashlib
import importlib.metadata
import os
import shutil
import subprocess
import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lm_eval_longsafety import tiny_model
from lm_eval_longsafety.benchmark import TASKS
from lm_eval_longsafety.cli.main import app
from lm_eval_longsafety.errors import LinkError
from lm_eval_longsafety.harness import discovery
from lm_eval_longsafety.harness.launch import run_lm_eval

ROOT = Path(__file__).parents[2]


def copy_of_lm_eval(parent: Path) -> Path:
    """A copy of the installed lm-eval without its built-in tasks."""
    installed = Path(find_spec("lm_eval").origin).parent

    def leave_out(folder: str, names: list[str]) -> list[str]:
        path = Path(folder)
        tasks = [n for n in names if path.name == "tasks" and (path / n).is_dir()]
        return [*tasks, *(n for n in names if n == "__pycache__")]

    return Path(shutil.copytree(installed, parent / "lm_eval", ignore=leave_out))


@pytest.fixture
def lm_eval_copy(tmp_path, monkeypatch):
    """Such a copy in place of the real one; taken for one that reads no entry points."""
    copy = copy_of_lm_eval(tmp_path)
    monkeypatch.setattr(discovery, "_lm_eval_folder", lambda: copy)
    monkeypatch.setattr(discovery, "reads_entry_points", lambda: False)
    return copy


def snapshot(folder: Path) -> dict:
    return {
        str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() if p.is_file() else 0
        for p in sorted(folder.rglob("*"))
    }


def test_unlink_leaves_lm_eval_as_it_was_file_by_file(lm_eval_copy):
    before = snapshot(lm_eval_copy)
    state = discovery.link()
    assert state.found
    assert state.linked == len(list(discovery.tasks_path().rglob("*.yaml")))
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


def test_the_status_counts_our_stubs_alone(lm_eval_copy):
    folder = discovery.link().folder
    (folder / "mine.yaml").write_bytes(b"task: m\xfcll\n")  # not UTF-8 either
    state = discovery.status()
    assert (state.stale, state.missing, state.found) == (0, 0, True)


def test_a_file_in_place_of_the_folder_is_reported(lm_eval_copy):
    (lm_eval_copy / "tasks" / "longsafety").write_text("a note")
    assert not discovery.status().found
    with pytest.raises(LinkError, match="longsafety is a file that is not ours; move it away"):
        discovery.link()


def test_a_task_tree_that_cannot_be_written_says_what_to_use_instead(lm_eval_copy, monkeypatch):
    def refuse(*args, **kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "mkdir", refuse)
    with pytest.raises(LinkError, match=r"cannot be written \(Permission denied\); use `lm_eval"):
        discovery.link()


AT_ONCE = """
import multiprocessing, sys
from lm_eval_longsafety.harness import discovery
def call(barrier):
    barrier.wait()
    discovery.link()
context = multiprocessing.get_context("fork")
barrier = context.Barrier(80)
calls = [context.Process(target=call, args=(barrier,)) for _ in range(80)]
for each in calls:
    each.start()
for each in calls:
    each.join()
print(sum(each.exitcode != 0 for each in calls))
"""


@pytest.mark.parametrize("before", ["nothing", "stubs of another installation"])
def test_many_processes_link_at_once_and_a_job_never_finds_a_part_of_the_tasks(tmp_path, before):
    folder = copy_of_lm_eval(tmp_path) / "tasks" / "longsafety"
    names = {path.name for path in discovery.tasks_path().rglob("*.yaml")}
    if before != "nothing":
        folder.mkdir()
        for name in {*names, "longsafety_of_old.yaml"}:
            (folder / name).write_text(f"{discovery._MARK}include: '/gone/{name}'\n")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])}
    seen = set()
    with subprocess.Popen(
        [sys.executable, "-c", AT_ONCE], stdout=subprocess.PIPE, text=True, env=environment
    ) as calls:
        while calls.poll() is None:
            inside = {each.name for each in folder.iterdir()} if folder.exists() else set()
            seen.add(len(names & inside))
        failed = calls.stdout.read().strip()
    assert failed == "0"
    assert seen <= {len(names)} | ({0} if before == "nothing" else set())
    assert {each.name for each in folder.iterdir()} == names
    assert not [each for each in (tmp_path / "lm_eval").iterdir() if each.name[0] == "."]


def test_an_lm_eval_that_finds_plugins_needs_no_link_and_loses_those_left_over(
    lm_eval_copy, monkeypatch
):
    stubs = discovery.link().linked
    monkeypatch.setattr(discovery, "reads_entry_points", lambda: True)
    state = discovery.status()
    assert (state.found, state.linked, state.left_over) == (True, stubs, stubs)
    done = CliRunner().invoke(app, ["link"])
    assert done.exit_code == 0
    assert "finds the tasks by itself; no link is needed" in done.output
    assert f"removed {stubs} left-over links" in done.output
    assert not state.folder.exists()
    assert discovery.link().left_over == 0


def test_the_status_names_left_over_links_and_unlink_removes_them(lm_eval_copy, monkeypatch):
    stubs = discovery.link().linked
    monkeypatch.setattr(discovery, "reads_entry_points", lambda: True)
    left_over = f"{stubs} links are left over from an older lm-eval"
    assert left_over in CliRunner().invoke(app, ["status"]).output
    assert f"removed {stubs} links" in CliRunner().invoke(app, ["unlink"]).output
    assert "left over" not in CliRunner().invoke(app, ["status"]).output


@pytest.mark.parametrize("reads", [True, False])
def test_the_demo_names_the_folder_only_where_lm_eval_would_not_find_the_tasks(
    lm_eval_copy, monkeypatch, reads
):
    monkeypatch.setattr(discovery, "reads_entry_points", lambda: reads)
    named = ["--include_path", str(discovery.tasks_path())]
    assert tiny_model._include_path() == ([] if reads else named)
    discovery.link()
    assert tiny_model._include_path() == []


@pytest.mark.parametrize("reads", [True, False])
def test_the_status_works_only_where_the_tasks_can_be_loaded(lm_eval_copy, monkeypatch, reads):
    monkeypatch.setattr(discovery, "reads_entry_points", lambda: reads)
    discovery.link()
    assert CliRunner().invoke(app, ["status"]).output.endswith("--tasks longsafety works\n")
    monkeypatch.setattr(discovery, "_TRY", 'raise TypeError("no such key\\nin this release")')
    done = CliRunner().invoke(app, ["status"])
    assert "longsafety works" not in done.output
    assert isinstance(done.exception, LinkError)
    assert "cannot load them (in this release); this release was tested with 0.4.12" in str(
        done.exception
    )


def test_the_status_sees_a_task_that_lm_eval_cannot_load(lm_eval_copy):
    folder = discovery.link().folder
    broken = "group: longsafety\ntask: [longsafety_no_such_task]\n"
    (folder / "longsafety.yaml").write_text(broken)
    with pytest.raises(LinkError, match="finds the tasks but cannot load them"):
        discovery.try_tasks()


@pytest.mark.parametrize(
    "call",
    [discovery.status, discovery.link, lambda: run_lm_eval([]), lambda: tiny_model.run(Path())],
)
def test_an_lm_eval_that_is_too_old_is_one_clear_line(monkeypatch, call):
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "0.4.11")
    with pytest.raises(LinkError, match="lm-eval 0.4.11 is no longer supported; install 0.4.12"):
        call()


PLUGINS = """
        from importlib.metadata import entry_points
        from importlib.util import find_spec
        for entry in entry_points(group="lm_eval.tasks"):
            all_paths += map(Path, find_spec(entry.value).submodule_search_locations)
"""
AFTER = "            all_paths.append(Path(__file__).parent)\n"


def test_an_lm_eval_with_task_plugins_runs_our_tasks_without_link_or_warning(tmp_path):
    # The installed lm-eval with the few lines that upstream's proposal for task plugins describes:
    # no release has them yet.
    copy = copy_of_lm_eval(tmp_path)
    manager = copy / "tasks" / "manager.py"
    text = manager.read_text()
    assert text.count(AFTER) == 1
    manager.write_text(text.replace(AFTER, AFTER + PLUGINS))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])}

    def python(*words):
        command = [sys.executable, "-m", *words]
        done = subprocess.run(command, capture_output=True, text=True, env=environment)
        assert done.returncode == 0, done.stderr[-2000:]
        assert "overrides existing" not in done.stderr
        return done.stdout

    assert "no link is needed" in python("lm_eval_longsafety", "link")
    assert "reads entry points: yes" in python("lm_eval_longsafety", "status")
    arguments = ["run", "--model", "dummy", "--tasks", "longsafety_query_harmful", "--limit", "1"]
    for module, *tables in (("lm_eval",), ("lm_eval_longsafety", "--tables")):
        shown = python(module, *arguments, "--metadata", '{"data": "sample"}', *tables)
        assert "LeadingQuestion" in shown


def test_an_lm_eval_without_the_entry_point_group_reads_none(tmp_path, monkeypatch):
    copy = copy_of_lm_eval(tmp_path)
    monkeypatch.setattr(discovery, "_lm_eval_folder", lambda: copy)
    for text, reads in {"": False, 'entry_points(group="lm_eval.tasks")': True}.items():
        for path in [*copy.glob("*.py"), *(copy / "api").glob("*.py"), *(copy / "tasks").glob("*")]:
            path.unlink()
        (copy / "tasks" / "_plugins.py").write_text(text)
        discovery.reads_entry_points.cache_clear()
        assert discovery.reads_entry_points() is reads
    discovery.reads_entry_points.cache_clear()


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
        "files = folder / 'published' / 'longsafety.yaml', folder / '_document'\n"
        "print(*(file.is_file() for file in files))\n"
        "print(sorted(e.name for e in own if e.group != 'lm_eval.tasks'))\n"
        "for e in own:\n"
        "    if e.group == 'lm_eval.filters':\n"
        "        assert callable(e.load())\n"
    )
    done = subprocess.run([python, "-c", script], capture_output=True, text=True, cwd="/")
    assert done.returncode == 0, done.stderr
    return done.stdout


EXPECTED = (
    "['lm_eval.filters', 'lm_eval.models', 'lm_eval.tasks']\n"
    "True True\n"
    "['longsafety-hf', 'longsafety-vllm', 'longsafety_letter']\n"
)


def test_a_harness_that_reads_entry_points_finds_everything_in_an_editable_install():
    assert contract(sys.executable) == EXPECTED


def test_the_registry_takes_our_entry_point_beside_our_decorator():
    from lm_eval.api.registry import filter_registry

    from lm_eval_longsafety.harness import letter_filter

    (entry,) = importlib.metadata.entry_points(group="lm_eval.filters", name="longsafety_letter")
    assert filter_registry.get("longsafety_letter") is entry.load() is letter_filter.LetterFilter


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    source = tmp_path_factory.mktemp("source") / "project"
    # Only what the wheel is made of: a leftover of an earlier build beside it would be packed too.
    wanted = ("lm_eval_longsafety", "task_yamls", "pyproject.toml", "README.md", "LICENSE")
    source.mkdir()
    for name in wanted:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, source / name)
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "-v", "--no-deps", "--no-build-isolation"]
    done = subprocess.run(
        [*command, "--wheel-dir", str(out), str(source)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    # setuptools warns in forty lines of data files in a folder that it takes for a package.
    assert "_Warning" not in done.stdout + done.stderr
    (path,) = out.glob("*.whl")
    return path


def test_the_wheel_holds_the_task_files_and_no_lm_eval_folder(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names} == {
        "lm_eval_longsafety",
        next(name.split("/")[0] for name in names if ".dist-info" in name),
    }
    assert not [name for name in names if name.endswith(".pth")]
    inside = {
        Path(name).name for name in names if name.startswith("lm_eval_longsafety/task_yamls/")
    }
    assert {path.name for path in (ROOT / "task_yamls").rglob("longsafety*.yaml")} <= inside
    assert {"_document", "_generate", "_logits"} <= inside


def test_the_wheel_holds_the_sample_but_nothing_that_it_is_made_from(wheel):
    with zipfile.ZipFile(wheel) as file:
        sample = {name for name in file.namelist() if "/data/sample/" in name}
        rest = [file.read(name) for name in file.namelist() if name not in sample]
    expected = {*(f"{task.split}.jsonl" for task in TASKS), "manifest.json"}
    assert {Path(name).name for name in sample} == expected
    # The village of the texts.
    assert not [text for text in rest if b"Saxby Green" in text]


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
    where = "from lm_eval_longsafety.harness.discovery import tasks_path as t; print(t())"
    found = subprocess.run([str(runner), "-c", where], capture_output=True, text=True, cwd="/")
    assert found.stdout.strip() == str(site / "lm_eval_longsafety" / "task_yamls")
