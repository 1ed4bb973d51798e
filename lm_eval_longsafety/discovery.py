"""Let lm-eval find the task files.

Releases that read entry points need nothing. Older ones scan their own task tree: `link` writes a
stub for each of our task files there (one `include:` line each, in a folder of its own), `unlink`
removes that folder, `status` tells.
"""

import functools
import logging
import re
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from lm_eval_longsafety.errors import LinkError

_TASKS_PACKAGE = "lm_eval_longsafety.task_yamls"
_FOLDER = "longsafety"
"""Name of our folder in lm-eval's task tree."""
_ENTRY_POINT_GROUP = re.compile(r"""["']lm_eval\.tasks["']""")
log = logging.getLogger("lm_eval.longsafety")
_MARK = "# written by `longsafety link`, removed by `longsafety unlink`\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkStatus:
    """Whether, and how, the installed lm-eval finds our tasks."""

    lm_eval_version: str
    folder: Path
    """Where stubs are, or would be written."""
    linked: int
    """Stubs that point to the present task files."""
    stale: int
    """Stubs that point elsewhere or to a file that is gone."""
    missing: int
    """Task files without a stub."""
    reads_entry_points: bool
    """Whether lm-eval finds the tasks without stubs."""

    @property
    def found(self) -> bool:
        """Whether `lm_eval --tasks longsafety` works."""
        return self.reads_entry_points or (self.missing == 0 and self.stale == 0)


def tasks_path() -> Path:
    """The folder of our task files, for `--include_path`; the same in wheel and editable installs.

    Raises:
        LinkError: the installation is broken.
    """
    spec = find_spec(_TASKS_PACKAGE)
    locations = list(spec.submodule_search_locations or ()) if spec else []
    if not locations:
        raise LinkError(
            f"package {_TASKS_PACKAGE} is not installed; install lm-eval-longsafety again"
        )
    return Path(locations[0])


def link() -> LinkStatus:
    """Write the stubs; a second call changes nothing.

    Raises:
        LinkError: lm-eval is missing, its task tree cannot be written, or something of others is in
            the way.
    """
    if reads_entry_points():
        unlink()
        return status()
    folder = _our_folder()
    unlink()
    try:
        folder.mkdir()
        for name, text in _stubs().items():
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise LinkError(_not_writable(folder, error)) from error
    return status()


def unlink() -> int:
    """Remove the stubs; lm-eval is as it was before `link`.

    Returns:
        How many stubs were there.

    Raises:
        LinkError: the folder holds files that `link` did not write, or cannot be written.
    """
    folder = _our_folder()
    if not folder.exists():
        return 0
    if not folder.is_dir():
        raise LinkError(f"{folder} is a file that is not ours; move it away first")
    stubs = [path for path in folder.iterdir() if _is_stub(path)]
    if others := _others(folder):
        raise LinkError(f"{folder} holds files that are not ours ({others}); move them away first")
    try:
        for path in stubs:
            path.unlink()
        folder.rmdir()
    except OSError as error:
        raise LinkError(_not_writable(folder, error)) from error
    return len(stubs)


def status() -> LinkStatus:
    """Compare the stubs with our task files; files of others are named in the log.

    Raises:
        LinkError: lm-eval is not installed.
    """
    from importlib.metadata import version

    folder, wanted = _our_folder(), _stubs()
    stubs = [path for path in folder.glob("*.yaml") if _is_stub(path)]
    present = {path.name: path.read_text("utf-8", errors="replace") for path in stubs}
    if others := _others(folder):
        log.warning("%s also holds files that are not ours: %s", folder, others)
    return LinkStatus(
        lm_eval_version=version("lm_eval"),
        folder=folder,
        linked=sum(wanted.get(name) == text for name, text in present.items()),
        stale=sum(wanted.get(name) != text for name, text in present.items()),
        missing=len(wanted.keys() - present.keys()),
        reads_entry_points=reads_entry_points(),
    )


@functools.lru_cache(maxsize=1)
def reads_entry_points() -> bool:
    """Whether this lm-eval looks for tasks in the entry-point group `lm_eval.tasks`.

    Read from its source: importing lm-eval takes seconds, and its public interface has no word on
    it.
    """
    root = _lm_eval_folder()
    sources = [p for folder in ("", "api", "tasks") for p in sorted((root / folder).glob("*.py"))]
    return any(
        _ENTRY_POINT_GROUP.search(text) and "entry_points" in text
        for text in (path.read_text("utf-8") for path in sources)
    )


def _stubs() -> dict[str, str]:
    return {
        path.name: f"{_MARK}include: {path.resolve().as_posix()!r}\n"
        for path in sorted(tasks_path().glob("*.yaml"))
    }


def _is_stub(path: Path) -> bool:
    if path.suffix != ".yaml" or not path.is_file():
        return False
    return path.read_text("utf-8", errors="replace").startswith(_MARK)


def _others(folder: Path) -> str:
    """The names of what lies there beside stubs, the first five of them."""
    inside = sorted(folder.iterdir()) if folder.is_dir() else []
    return ", ".join([path.name for path in inside if not _is_stub(path)][:5])


def _our_folder() -> Path:
    return _lm_eval_folder() / "tasks" / _FOLDER


def _lm_eval_folder() -> Path:
    spec = find_spec("lm_eval")
    if spec is None or not spec.submodule_search_locations:
        raise LinkError("lm-eval is not installed here; install it with `pip install lm_eval`")
    return Path(next(iter(spec.submodule_search_locations)))


def _not_writable(folder: Path, error: OSError) -> str:
    return (
        f"{folder} cannot be written ({error.strerror or error}); use "
        '`lm_eval run --include_path "$(longsafety tasks-path)"` or `longsafety run` instead'
    )
