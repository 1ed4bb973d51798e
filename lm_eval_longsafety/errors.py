"""The errors that a user can fix; `longsafety` prints each as one line.

LongSafetyError
├── DataError        a data set that cannot be loaded or holds bad rows
├── BuildError       a recipe, its material or its items, of which rows cannot be built
├── OptionError      a command's option, `--metadata` key or model argument that cannot be used
├── LinkError        an installed lm-eval that is too old or cannot be linked to
├── ResultsError     a file that is not what lm-eval writes, or that is damaged
├── CacheError       a response cache that is damaged or belongs to another run
└── SubmissionError  a run that must not be submitted, or a hub that refused it

A mistake in the calling code is a `ValueError`, never one of these.
"""

import difflib
from collections.abc import Iterable
from importlib.util import find_spec


def first_line(error: Exception) -> str:
    """The kind of another library's error and the first line of its message."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__


def printable(text: str) -> str:
    """The message with control characters escaped, all but line breaks."""
    return "".join(
        c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode() for c in text
    )


JUDGE = ("krippendorff", "statsmodels")
"""Packages of the extra `judge`."""


def need(extra: str, modules: tuple[str, ...]) -> None:
    """Check that the packages of an extra are installed.

    Raises:
        OptionError: naming the missing packages and the command that installs them.
    """
    missing = [name for name in modules if find_spec(name) is None]
    if missing:
        raise OptionError(
            f"this command needs {', '.join(missing)}, not installed; "
            f"pip install 'lm-eval-longsafety[{extra}]'"
        )


def meant(name: str, known: Iterable[str]) -> str:
    """A hint for an error about an unknown name: similar known names; empty if there are none."""
    close = difflib.get_close_matches(name, known)
    return f" (did you mean {' or '.join(close)}?)" if close else ""


class LongSafetyError(Exception):
    """A user can fix this: the message says where it is, what was found and what to do."""


class DataError(LongSafetyError):
    """The benchmark's data cannot be loaded, or rows of it are malformed."""


class BuildError(LongSafetyError):
    """A recipe, or a file that it names, from which rows cannot be built."""


class OptionError(LongSafetyError):
    """A command's option, a `--metadata` key or a model argument cannot be used."""


class LinkError(LongSafetyError):
    """The installed lm-eval is not supported, or its links cannot be written or removed."""


class ResultsError(LongSafetyError):
    """A results or samples file is not lm-eval's, is damaged, or belongs to other files."""


class CacheError(LongSafetyError):
    """A response cache is damaged or cannot be used."""


class SubmissionError(LongSafetyError):
    """A run must not be submitted, or the hub refused the submission."""
