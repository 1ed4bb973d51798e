"""Remove secrets and local paths from a run's configuration before it is shown or shared.

Data flow: any JSON value -> `public` -> the same value without entries whose key names a secret,
with URLs reduced to host and path, and with local paths reduced to their last parts. This is the
only module that decides what may leave the machine. In doubt it removes: a lost setting can be
looked up in the results file, but a published token cannot be withdrawn.
"""

import json
import re
from collections.abc import Mapping
from itertools import islice
from typing import Any

HIDDEN = "***"
"""Replaces a secret inside a text."""
_ELLIPSIS = "…"
"""Precedes a shortened path, so that the path is never taken for a hub id."""
_DEEPEST = 32
"""Levels of nesting that are followed; configurations have three or four."""

_SECRET = re.compile(
    r"api_?key|authori[sz]ation|bearer|credential|passphrase|passw|secret"
    r"|(^|_)(auth|cookies?|headers?|jwt|pwd|sig|signature)(_|$)|(^|_)keys?(_id)?$"
)
_AUTHORITIES = frozenset("access api auth hf hub refresh session".split())
_VOCABULARY = frozenset(
    "bos cls count end eos eot first image last limit mask pad prefix sep special start stop think "
    "thinking type unk".split()
)
"""Words that come with `token` in names of tokenizer settings, which are not secrets."""

_VALUE = r"(?P<value>\\*[\"']?\s*[=:]\s*)"
_KEYED = re.compile(r"(?<![\w.-])-{0,2}(?P<key>[A-Za-z][\w.-]*)" + _VALUE)
_FLAG = re.compile(r"(?<!\S)(--(?P<key>[\w-]+)\s+)(?!-)\S+")
_QUOTED = re.compile(r"(?s)([\"'])(?:\\.|(?!\1).)*\1")
_NEXT_PAIR = re.compile(r",\s*\\*[\"']?[A-Za-z][\w.-]*\\*[\"']?\s*[=:]")
_BEARER = re.compile(r"(?i:\bbearer)\s+\S+")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_TOKEN = re.compile(r"\b(hf_|sk-|gh[a-z]_|github_pat_|glpat-|xox[a-z]-)[\w-]{8,}")

_USER = re.compile(r"(?<=://)[^/\s\"']*@")
_QUERY = re.compile(r"(?<=://)(?P<place>[^\s\"'<>?#]*)[?#](?:(?!,[\w.-]+=)[^\s\"'<>])*")
_FILE_URL = re.compile(r"file://[^\s\"'<>,]*", re.IGNORECASE)
_ROOT = r"(?:~[\w.-]*(?=[\\/]|$)|\.{0,2}/|[A-Za-z]:[\\/]|\\\\|file:/)"
_LOCAL = re.compile(_ROOT, re.IGNORECASE)
_INSIDE = re.compile(
    rf"(?<![\w.<{_ELLIPSIS}/~\\\]-])(?!(?<=:)//)"
    # After "=" a path may hold blanks, up to the next pair; elsewhere the first blank ends it.
    rf"(?:(?<==){_ROOT}[^\"'\n,]*|{_ROOT}[^\s\"'`,;:()\[\]{{}}<>|=?*]*)"
)
_ANCHOR = re.compile(r"~.*|[A-Za-z]:|file:|root", re.IGNORECASE)
_HOMES = frozenset(("home", "homes", "user", "users"))
"""Folders whose subfolders are named after people."""


def public(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """The value without secrets and local paths; `public(public(value))` is `public(value)`.

    Args:
        value: as `json` reads it; a mapping, a list, a text (also one that holds JSON or
            `name=value` pairs), a number, a truth value or None.
    """
    return _cleaned(value, shorten=True)


def without_secrets(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """The value without secrets but with local paths, for use within this process."""
    return _cleaned(value, shorten=False)


def is_secret(key: str) -> bool:
    """Whether a setting of that name holds a secret: `hub_token` does, `eos_token` does not."""
    plain = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[^A-Za-z0-9]+", "_", key).lower()
    words = set(plain.split("_"))
    return (
        _SECRET.search(plain) is not None
        or ("token" in words and not words & _VOCABULARY)
        or ("tokens" in words and bool(words & _AUTHORITIES))
    )


def path_tail(text: str) -> str | None:
    """The last two parts of a local path, without a home folder's name; None for other texts."""
    if not _LOCAL.match(text):
        return None
    parts = [part for part in re.split(r"[\\/]+", text) if part not in ("", ".", "..")]
    parts = [part for part in parts if not _ANCHOR.fullmatch(part)]
    homes = [index for index, part in enumerate(parts) if part.lower() in _HOMES]
    return "/".join(parts[homes[-1] + 2 if homes else 0 :][-2:])


def _cleaned(value: Any, *, shorten: bool, depth: int = 0) -> Any:  # noqa: ANN401
    if depth > _DEEPEST:
        return _ELLIPSIS
    if isinstance(value, str):
        return _text(value, shorten=shorten, depth=depth)
    if isinstance(value, Mapping):
        return {
            _text(str(key), shorten=shorten, depth=_DEEPEST): _cleaned(
                item, shorten=shorten, depth=depth + 1
            )
            for key, item in value.items()
            if not is_secret(str(key))
        }
    if isinstance(value, list | tuple):
        # In the list of a command line a name is followed by its value.
        names = [None, *value]
        return [
            _cleaned(item, shorten=shorten, depth=depth + 1)
            for name, item in zip(names, value, strict=False)
            if not (isinstance(name, str) and is_secret(name))
        ]
    return value


def _text(text: str, *, shorten: bool, depth: int) -> str:
    if text.lstrip()[:1] in ("{", "[", '"') and depth < _DEEPEST:
        try:
            inner = json.loads(text)
        except (ValueError, RecursionError):
            pass
        else:
            cleaned = _cleaned(inner, shorten=shorten, depth=depth + 1)
            return text if cleaned == inner else json.dumps(cleaned, ensure_ascii=False)
    text = _QUERY.sub(lambda found: found["place"], _USER.sub("", text))
    text = _TOKEN.sub(HIDDEN, _BEARER.sub(HIDDEN, _without_keyed(text)))
    return _without_paths(text) if shorten else text


def _without_keyed(text: str) -> str:
    """The text with `***` in place of each value that follows the name of a secret."""
    parts, done = [], 0
    for found in _KEYED.finditer(text):
        if found.start() >= done and is_secret(found["key"]):
            parts += [text[done : found.end()], HIDDEN]
            done = _value_end(text, found.end())
    text = "".join(parts) + text[done:]
    return _FLAG.sub(lambda m: m[1] + HIDDEN if is_secret(m["key"]) else m[0], text)


def _value_end(text: str, start: int) -> int:
    """Where a value ends: before the next pair, at an enclosing bracket, or with the text."""
    depth = 0
    quoted = _QUOTED.match(text, start)
    for index in range(quoted.end() if quoted else start, len(text)):
        if text[index] in "([{":
            depth += 1
        elif text[index] in ")]}":
            depth -= 1
        if depth < 0 or depth == 0 and _NEXT_PAIR.match(text, index):
            return index
    return len(text)


def _without_paths(text: str) -> str:
    whole = path_tail(text.strip())
    if whole is not None and "\n" not in text.strip():
        return _shortened(whole)
    text = _FILE_URL.sub(lambda found: _shortened(path_tail(found[0])), text)
    return _INSIDE.sub(lambda found: _shortened(path_tail(found[0])), text)


def _shortened(tail: str | None) -> str:
    return f"{_ELLIPSIS}/{tail}" if tail else _ELLIPSIS


def clean(value: str, limit: int = 400) -> str:
    """Untrusted text as one line without characters that control or change its direction."""
    shown = (" " if ch.isspace() else ch if ch.isprintable() else "\ufffd" for ch in value)
    kept = "".join(islice(shown, limit + 1))
    return kept if len(kept) <= limit else kept[: limit - 1] + "…"


def no_formula(value: object) -> object:
    """A text that a spreadsheet would take for a formula gets a quote before it."""
    if isinstance(value, str) and value.startswith(_FORMULA):
        return "'" + value
    return value
