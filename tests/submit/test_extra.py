"""`longsafety submit` runs with its extra alone, and without it says what to install."""

import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path

from packaging.requirements import Requirement

from tests.submit import finished_runs

PYPROJECT = Path(__file__).parents[2] / "pyproject.toml"
ONLY = """
import sys
from importlib.machinery import PathFinder

hidden = set(sys.argv[1].split(","))

class Without(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        hide = path is None and name in hidden
        return None if hide else super().find_spec(name, path, target)

sys.meta_path = [Without if finder is PathFinder else finder for finder in sys.meta_path]
sys.argv = ["longsafety", *sys.argv[2:]]
from lm_eval_longsafety.cli.main import main
main()
"""
"""Starts the command as if some packages were not installed: an environment of its own, which would
show the same, takes minutes to make."""


def plain(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def installed_with(*needs):
    """The distributions that requirements name, and all that those need."""
    wanted = [Requirement(need) for need in needs]
    found, todo = set(), [(plain(need.name), frozenset(need.extras) | {""}) for need in wanted]
    while todo:
        one, extras = todo.pop()
        if (one, extras) in found:
            continue
        found.add((one, extras))
        try:
            lines = requires(one) or []
        except PackageNotFoundError:
            continue
        for need in map(Requirement, lines):
            if need.marker is None or any(need.marker.evaluate({"extra": each}) for each in extras):
                todo.append((plain(need.name), frozenset(need.extras) | {""}))
    return {one for one, _ in found}


def longsafety(hidden, *arguments):
    return subprocess.run(
        [sys.executable, "-c", ONLY, ",".join(sorted(hidden)), *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )


def test_what_submit_imports_comes_with_its_extra(tmp_path):
    # From the file, as an editable install does not see what changed in it.
    (extra,) = re.findall(r"^submit = \[(.*)\]$", PYPROJECT.read_text(encoding="utf-8"), re.M)
    there = installed_with("lm-eval-longsafety", *re.findall(r'"([^"]+)"', extra))
    hidden = {
        module
        for module, distributions in packages_distributions().items()
        if not there.intersection(map(plain, distributions)) and module.isidentifier()
    }
    assert {"matplotlib", "vllm", "pytest", "hypothesis"} & hidden
    finished_runs.write(tmp_path / "run", finished_runs.document())
    out = tmp_path / "out"
    done = longsafety(hidden, "submit", tmp_path / "run", "--model", "org/model-one", "--out", out)
    assert done.returncode == 0, done.stderr
    assert "Nothing was sent" in done.stdout


def test_without_the_extra_one_line_names_it(tmp_path):
    finished_runs.write(tmp_path, finished_runs.document())
    done = longsafety({"orjson"}, "submit", tmp_path, "--model", "org/model-one")
    assert done.returncode == 2
    assert done.stderr == (
        "longsafety: this command needs orjson, not installed; "
        "pip install 'lm-eval-longsafety[submit]'\n"
    )
