"""YAML that every reader takes alike."""

import re
from typing import Any

import yaml

_LIKE_A_NUMBER = re.compile(r"[-+]?[0-9][0-9eE.+_-]*")


class _Dumper(yaml.SafeDumper):  # type: ignore[misc]
    """Quotes strings that a YAML 1.2 reader takes for numbers and PyYAML, being 1.1, does not.

    A commit such as 1234e56... is one.
    """


def _text(dumper: Any, value: str) -> Any:  # noqa: ANN401 - yaml is untyped
    style = '"' if _LIKE_A_NUMBER.fullmatch(value) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _text)


def dump(value: object) -> str:
    """Block YAML in the given order; only plain types are taken."""
    text: str = yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)
    return text
