"""Read YAML with the line of every value, and check values with errors that name their place.

Data flow: file -> `read_yaml` -> `Entry` -> typed values. A key that stands twice is an error: YAML
readers would keep the last one without a word.
"""

import os
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml

from lm_eval_longsafety.errors import BuildError, meant
from lm_eval_longsafety.settings import shorten

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A value of a YAML file and where it stands."""

    file: str
    """Name of the file, as errors show it."""
    line: int
    keys: tuple[str, ...]
    """From the top of the file to the value."""
    value: Any
    """A plain value, a list of `Entry` or a dictionary of them."""

    @property
    def where(self) -> str:
        """File, line and keys: `recipe.yaml, line 7, splits.HarmfulNIAH.depths`."""
        keys = f", {'.'.join(self.keys)}" if self.keys else ""
        return f"{self.file}, line {self.line}{keys}"

    def error(self, expected: str) -> BuildError:
        """The error for a value of another kind."""
        return BuildError(f"{self.where}: expected {expected}, found {shorten(self.plain())}")

    def plain(self) -> Any:  # noqa: ANN401 - whatever the file holds
        """The value without places."""
        if isinstance(self.value, dict):
            return {key: each.plain() for key, each in self.value.items()}
        if isinstance(self.value, list):
            return [each.plain() for each in self.value]
        return self.value

    def table(self) -> "dict[str, Entry]":
        """The entries of a mapping with any keys, of which there is at least one."""
        if not isinstance(self.value, dict) or not self.value:
            raise self.error("keys with values")
        return self.value

    def section(self, known: Collection[str], required: Collection[str]) -> "dict[str, Entry]":
        """The entries of a mapping whose keys are known.

        Raises:
            BuildError: a key is unknown or missing.
        """
        if not isinstance(self.value, dict):
            raise self.error(f"the keys {', '.join(known)}")
        for key, entry in self.value.items():
            if key not in known:
                raise BuildError(
                    f"{entry.where}: unknown key {key!r}{meant(key, known)}; known are "
                    f"{', '.join(known)}"
                )
        if missing := [key for key in required if key not in self.value]:
            raise BuildError(f"{self.where}: the key {', '.join(missing)} is missing")
        return self.value

    def text(self) -> str:
        """A text that is not empty."""
        if not isinstance(self.value, str) or not self.value.strip():
            raise self.error("a text")
        return self.value

    def whole(self) -> int:
        """A whole number above 0."""
        if not isinstance(self.value, int) or isinstance(self.value, bool) or self.value < 1:
            raise self.error("a whole number above 0")
        return self.value

    def fraction(self) -> float:
        """A number from 0 to 1."""
        number = isinstance(self.value, (int, float)) and not isinstance(self.value, bool)
        if not number or not 0 <= self.value <= 1:
            raise self.error("a number from 0 to 1")
        return float(self.value)

    def flag(self) -> bool:
        """True or false."""
        if not isinstance(self.value, bool):
            raise self.error("true or false")
        return self.value

    def one_of(self, known: Collection[str]) -> str:
        """One of some names."""
        if self.value not in tuple(known):
            raise self.error(f"one of {', '.join(known)}{meant(str(self.plain()), known)}")
        return str(self.value)

    def many(self, read: "Callable[[Entry], T]") -> tuple[T, ...]:
        """Each value of a list, none twice; a single value is a list of one."""
        entries = self.value if isinstance(self.value, list) else [self]
        values = tuple(read(entry) for entry in entries)
        if not values or len(set(values)) < len(values):
            raise self.error("a list of different values")
        return values


def read_yaml(path: Path, name: str) -> Entry:
    """The content of a YAML file.

    Args:
        path: the file.
        name: of the file in errors.

    Raises:
        BuildError: the file is missing, not UTF-8, not YAML, or has a key twice.
    """
    try:
        loader = yaml.SafeLoader(read_utf8(path, name))
        node = loader.get_single_node()
        if node is None:
            raise BuildError(f"{name}: is empty")
        return _entry(loader, node, name, ())
    except yaml.MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise BuildError(f"{name}{line}: is not YAML ({error.problem})") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise BuildError(f"{name}: is not YAML ({str(error).splitlines()[0]})") from None


def read_utf8(path: Path, name: str) -> str:
    """The text of a file, its line ends unchanged, without a byte-order mark.

    Raises:
        BuildError: the file is missing, cannot be read, or is not UTF-8.
    """
    try:
        if os.path.exists(path) and not os.path.isfile(path):
            raise BuildError(f"{name}: is not a file")  # Reading a pipe would wait for a writer.
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise BuildError(f"{name}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError as error:
        raise BuildError(f"{name}: is not UTF-8 (byte {error.start}); save it as UTF-8") from None


def _entry(loader: yaml.SafeLoader, node: yaml.Node, file: str, keys: tuple[str, ...]) -> Entry:
    value: Any
    if isinstance(node, yaml.MappingNode):
        value = {}
        for key_node, value_node in node.value:
            key, line = key_node.value, key_node.start_mark.line + 1
            if not isinstance(key, str):
                raise BuildError(f"{file}, line {line}: a key is no text")
            if key in value:
                raise BuildError(f"{file}, line {line}: the key {shorten(key)} stands there twice")
            entry = _entry(loader, value_node, file, (*keys, key))
            value[key] = Entry(file=file, line=line, keys=entry.keys, value=entry.value)
    elif isinstance(node, yaml.SequenceNode):
        value = [_entry(loader, each, file, keys) for each in node.value]
    else:
        value = loader.construct_object(node)
    return Entry(file=file, line=node.start_mark.line + 1, keys=keys, value=value)
