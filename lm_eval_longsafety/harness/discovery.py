"""Let lm-eval find the task files.

Releases that read entry points need nothing. Others scan their own task tree: `link` writes a
stub for each of our task files there (one `include:` line each, in a folder of its own), `unlink`
removes that folder, and `status` compares. Several jobs may link while others run: the folder is
created and removed in one step, and each stub is replaced in one step.
"""

import functools
import importlib.metadata
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from packaging.version import Version

from lm_eval_longsafety.errors import LinkError

TRIED = ("0.4.12", "0.4.13", "0.5.0.dev1")
"""Releases of lm-eval that the tests run on; older ones are refused."""

_TASKS_PACKAGE = "lm_eval_longsafety.task_yamls"
_FOLDER = "longsafety"
"""Name of our folder in lm-eval's task tree."""
_ENTRY_POINT_GROUP = re.compile(r"""["']lm_eval\.tasks["']""")
_MARK = "# written by `longsafety link`, removed by `longsafety unlink`\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkStatus:
    """Whether, and how, the installed lm-eval finds our tasks."""

    lm_eval_version: str
    folder: Path
    """Where the stubs are, or would be written."""
    linked: int
    """Stubs that point to the present task files."""
    stale: int
    """Other stubs of ours."""
    missing: int
    """Task files without a stub."""
    reads_entry_points: bool
    """Whether lm-eval finds the tasks without stubs."""

    @property
    def found(self) -> bool:
        """Whether lm-eval knows the tasks' names."""
        return self.reads_entry_points or (self.missing == 0 and self.stale == 0)

    @property
    def left_over(self) -> int:
        """Stubs that an lm-eval with entry points does not need; it warns about each."""
        return self.linked + self.stale if self.reads_entry_points else 0


def lm_eval_version() -> str:
    """The version of the installed lm-eval.

    Raises:
        LinkError: lm-eval is not installed, or is older than what this release supports.
    """
    try:
        installed = importlib.metadata.version("lm_eval")
    except importlib.metadata.PackageNotFoundError:
        raise LinkError(_NOT_INSTALLED) from None
    if Version(installed) < Version(TRIED[0]):
        raise LinkError(
            f"lm-eval {installed} is no longer supported; install {TRIED[0]} or newer "
            f"with `pip install 'lm_eval>={TRIED[0]}'`"
        )
    return installed


def tasks_path() -> Path:
    """The folder of our task files, for `--include_path`; the same in wheel and editable installs.

    Raises:
        LinkError: the installation is broken.
    """
    spec = find_spec(_TASKS_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise LinkError(
            f"package {_TASKS_PACKAGE} is not installed; install lm-eval-longsafety again"
        )
    return Path(next(iter(spec.submodule_search_locations)))


def link() -> LinkStatus:
    """Write the stubs, unless all of them are there or none is needed.

    Raises:
        LinkError: lm-eval is missing or too old, its task tree cannot be written, or files that
            are not ours are in the way.
    """
    state = status()
    if state.reads_entry_points:
        unlink()
    elif not state.found:
        _refuse_others(state.folder)
        with _beside(state.folder) as fresh:
            fresh.mkdir()
            for name, text in _stubs().items():
                (fresh / name).write_text(text, encoding="utf-8")
            try:
                fresh.rename(state.folder)
            except OSError:  # Another process was faster, or older stubs are there.
                _replace_stubs(fresh, state.folder)
    return status()


def unlink() -> int:
    """Remove the stubs and their folder, and so undo `link`; returns how many stubs were there.

    Raises:
        LinkError: the folder holds files that `link` did not write, or cannot be written.
    """
    folder = _our_folder()
    if not folder.exists():
        return 0
    _refuse_others(folder)
    stubs = len(_present(folder))
    with _beside(folder) as away:
        folder.rename(away)
    return stubs


def status() -> LinkStatus:
    """Compare the stubs with our task files.

    Raises:
        LinkError: lm-eval is not installed, or is too old.
    """
    version, folder, wanted = lm_eval_version(), _our_folder(), _stubs()
    present = _present(folder)
    linked = len(present.items() & wanted.items())
    return LinkStatus(
        lm_eval_version=version,
        folder=folder,
        linked=linked,
        stale=len(present) - linked,
        missing=len(wanted.keys() - present.keys()),
        reads_entry_points=reads_entry_points(),
    )


def try_tasks() -> None:
    """Load the ten tasks with the embedded sample in a separate process, as a run would.

    This uses neither network nor weights, and leaves out lm-eval's other tasks.

    Raises:
        LinkError: this lm-eval cannot load them.
    """
    folder = tasks_path() if reads_entry_points() else _our_folder()
    done = subprocess.run(
        [sys.executable, "-c", _TRY, str(folder)],
        capture_output=True,
        text=True,
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
        check=False,
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        raise LinkError(
            f"lm-eval {lm_eval_version()} finds the tasks but cannot load them ({last}); "
            f"this release was tested with {', '.join(TRIED)}"
        )


_TRY = """
import sys
from lm_eval.tasks import TaskManager
manager = TaskManager(
    include_path=sys.argv[1], include_defaults=False, metadata={"data": "sample"}
)
for task in manager.load(["longsafety"])["tasks"].values():
    len(task.eval_docs)
"""


@functools.lru_cache(maxsize=1)
def reads_entry_points() -> bool:
    """Whether this lm-eval looks for tasks in the entry-point group `lm_eval.tasks`.

    This is read from its source: importing lm-eval takes seconds, and no public interface says it.
    """
    root = _lm_eval_folder()
    paths = (
        path for folder in (root, root / "api", root / "tasks") for path in folder.glob("*.py")
    )
    texts = (path.read_text("utf-8") for path in paths)
    return any(_ENTRY_POINT_GROUP.search(text) and "entry_points" in text for text in texts)


def _stubs() -> dict[str, str]:
    return {
        path.name: f"{_MARK}include: {path.resolve().as_posix()!r}\n"
        for path in sorted(tasks_path().rglob("*.yaml"))
    }


def _present(folder: Path) -> dict[str, str]:
    """Our stubs in the folder, by name."""
    texts = {path.name: _text(path) for path in folder.glob("*.yaml")}
    return {name: text for name, text in texts.items() if text.startswith(_MARK)}


def _text(path: Path) -> str:
    """The text of a file; empty if the path is not a file or no longer exists."""
    try:
        return path.read_text("utf-8", errors="replace")
    except (FileNotFoundError, IsADirectoryError):
        return ""


def _refuse_others(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise LinkError(f"{folder} is a file that is not ours; move it away first")
    inside = list(folder.iterdir()) if folder.exists() else []
    stubs = _present(folder)
    # A stub that another process has removed since is nobody's.
    others = sorted(path.name for path in inside if path.name not in stubs and path.exists())
    if others:
        names = ", ".join(others[:5])
        raise LinkError(f"{folder} holds files that are not ours ({names}); move them away first")


@contextmanager
def _beside(folder: Path) -> Iterator[Path]:
    """Yield a path on the same disk, outside the task tree; what is there is deleted afterwards.

    Raises:
        LinkError: something cannot be written.
    """
    try:
        with TemporaryDirectory(prefix=f".{_FOLDER}-", dir=_lm_eval_folder()) as parent:
            yield Path(parent) / _FOLDER
    except OSError as error:
        raise LinkError(
            f"{folder} cannot be written ({error.strerror or error}); use "
            '`lm_eval run --include_path "$(longsafety tasks-path)"` or `longsafety run` instead'
        ) from error


def _replace_stubs(fresh: Path, folder: Path) -> None:
    """Replace the stubs one by one, so that no task is missing at any time."""
    for stub in fresh.iterdir():
        stub.replace(folder / stub.name)
    for name in _present(folder).keys() - _stubs().keys():
        (folder / name).unlink(missing_ok=True)


def _our_folder() -> Path:
    return _lm_eval_folder() / "tasks" / _FOLDER


def _lm_eval_folder() -> Path:
    spec = find_spec("lm_eval")
    if spec is None or not spec.submodule_search_locations:
        raise LinkError(_NOT_INSTALLED)
    return Path(next(iter(spec.submodule_search_locations)))


_NOT_INSTALLED = "lm-eval is not installed here; install it with `pip install lm_eval`"
