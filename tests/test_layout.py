"""The rooms of the package: imports point one way, names differ, the root stays small."""

import ast
from collections import Counter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "lm_eval_longsafety"
NAME = PACKAGE.name
BASICS = {"benchmark", "errors", "files", "public", "settings"}
LINE = {
    "data": set(),
    "prompts": {"data"},
    "build": {"data", "prompts", "results"},
    "variants": {"data", "prompts"},
    "replies": set(),
    "metrics": {"replies"},
    "backends": {"replies"},
    "results": {"prompts", "variants", "replies", "metrics"},
    "harness": {
        "data",
        "build",
        "prompts",
        "variants",
        "replies",
        "metrics",
        "results",
        "backends",
    },
    "analysis": {"results"},
    "report": {"results", "analysis"},
    "submit": {"data", "results", "analysis"},
    "training": {"data", "prompts"},
    "prefill_cost": set(),
    "tiny_model": {"data", "harness"},
}
"""Room, or module of the root -> what it may import, beside the basics; `cli` may import all."""


def modules() -> dict[str, ast.Module]:
    """Dotted name below the package -> its source, parsed."""
    return {
        ".".join(path.relative_to(PACKAGE).with_suffix("").parts): ast.parse(
            path.read_text("utf-8")
        )
        for path in sorted(PACKAGE.rglob("*.py"))
    }


MODULES = modules()


def imports(tree: ast.Module) -> set[tuple[str, str]]:
    """(module below the package, name) of every import, those inside functions too."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == NAME:
            module = node.module.removeprefix(NAME).lstrip(".")
            found |= {(module or alias.name, alias.name) for alias in node.names}
    return found


def room(module: str) -> str:
    return module.split(".")[0]


@pytest.mark.parametrize(
    "module", [name for name in MODULES if room(name) in LINE | {b: 0 for b in BASICS}]
)
def test_imports_point_one_way(module):
    mine = room(module)
    allowed = {mine, *BASICS, *LINE.get(mine, ())}
    assert {room(other) for other, _ in imports(MODULES[module])} <= allowed


def test_the_basics_import_each_other_without_a_circle():
    edges = {name: {room(o) for o, _ in imports(MODULES[name])} for name in BASICS}
    while edges:
        free = {name for name, others in edges.items() if not others & edges.keys()}
        assert free, edges
        edges = {name: others for name, others in edges.items() if name not in free}


@pytest.mark.parametrize("module", MODULES)
def test_no_room_reaches_for_a_private_name_of_another(module):
    private = {
        (other, name)
        for other, name in imports(MODULES[module])
        if name.startswith("_") and not name.startswith("__") and room(other) != room(module)
    }
    assert not private


def test_commands_do_not_import_each_other():
    shared = {"cli.shared", "cli.main"}
    commands = {name for name in MODULES if room(name) == "cli"} - shared
    for name in commands - {"cli.__init__"}:
        assert not {other for other, _ in imports(MODULES[name])} & commands, name


def test_at_most_eight_modules_stand_in_the_root():
    assert len([name for name in MODULES if "." not in name and not name.startswith("__")]) <= 8


def test_no_two_modules_or_classes_have_one_name():
    # A command is named after what it calls.
    names = Counter(n.rpartition(".")[2] for n in MODULES if room(n) != "cli" and "__" not in n)
    classes = Counter(
        node.name
        for tree in MODULES.values()
        for node in tree.body
        if isinstance(node, ast.ClassDef)
    )
    assert [name for name, count in (names + classes).items() if count > 1] == []


def test_the_tests_mirror_the_rooms():
    rooms = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists()}
    tested = {path.name for path in Path(__file__).parent.iterdir() if path.is_dir()}
    assert rooms <= tested
