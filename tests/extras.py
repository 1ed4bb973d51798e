"""Commands as if only the packages of one extra were installed."""

import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path

from packaging.requirements import Requirement

PYPROJECT = Path(__file__).parents[1] / "pyproject.toml"
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


def hidden_without(extra):
    """The modules of all packages that are not installed with this extra alone."""
    # From the file, as an editable install does not see what changed in it.
    text = PYPROJECT.read_text(encoding="utf-8")
    (needs,) = re.findall(rf"^{extra} = \[(.*)\]$", text, re.M)
    there = installed_with("lm-eval-longsafety", *re.findall(r'"([^"]+)"', needs))
    return {
        module
        for module, distributions in packages_distributions().items()
        if not there.intersection(map(plain, distributions)) and module.isidentifier()
    }
