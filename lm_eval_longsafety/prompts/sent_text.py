"""Whether what is sent to a model holds a document's prompt: checked in a run and in its logs."""

import json
from collections.abc import Iterable

_HEAD = 64
"""Characters of the prompt that are searched for first: the rest is then compared only once."""


def text_of(context: object) -> str:
    """All text of a request: a text, the turns of a chat, or these turns as JSON.

    lm-eval sends chats to API models as JSON text within a tuple, and logs it within a list.
    """
    if isinstance(context, str):
        if not context.startswith("[{"):
            return context
        try:
            return text_of(json.loads(context))
        except (ValueError, RecursionError):
            return context
    parts = context.values() if isinstance(context, dict) else context
    return "\n".join(map(text_of, parts)) if isinstance(parts, Iterable) else ""


def holds_prompt(text: str, prompt: str) -> bool:
    """Whether the prompt is part of the text; differences in whitespace do not count."""
    wanted = prompt.strip()
    at = text.find(wanted[:_HEAD])
    if at >= 0 and text.startswith(wanted, at):
        return True
    return "".join(wanted.split()) in "".join(text.split())
