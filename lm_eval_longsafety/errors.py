"""What a user can mend: the errors that `longsafety` prints as one line.

LongSafetyError
├── DataError        a data set that cannot be loaded or holds bad rows
├── OptionError      a `--metadata` option or model argument with a value we cannot use
├── LinkError        an installed lm-eval that is too old or cannot be linked to
├── ResultsError     a file that is not what lm-eval writes, or that is damaged
├── CacheError       a response cache that is damaged or belongs to another run
└── SubmissionError  a run that must not be submitted, or a hub that refused it

A caller's bug is a `ValueError`, never one of these.
"""


def first_line(error: Exception) -> str:
    """The kind of another library's error and the first line of its message."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__


def one_line(text: str) -> str:
    """A message fit for a terminal: what a file's name or content brought in cannot control it."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


class LongSafetyError(Exception):
    """A user can mend this: the message says where, what was found and what to do."""


class DataError(LongSafetyError):
    """The benchmark's data cannot be loaded, or rows of it are malformed."""


class OptionError(LongSafetyError):
    """An option of `--metadata`, or a model argument this plugin reads, cannot be used."""


class LinkError(LongSafetyError):
    """The installed lm-eval is not supported, or its links cannot be written or removed."""


class ResultsError(LongSafetyError):
    """A results or samples file is not lm-eval's, is damaged, or does not go with the others."""


class CacheError(LongSafetyError):
    """A response cache is damaged or cannot be used."""


class SubmissionError(LongSafetyError):
    """A run must not be submitted, or the hub refused the submission."""
