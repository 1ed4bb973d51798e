"""Whether a logged request holds the prompt of its document: if not, its score is another text's.

A chat template may drop the message, and requests that were cached by an earlier run may be sent.
"""

from collections.abc import Iterable, Mapping
from typing import Any

_HEAD = 64


def lacks_prompt(record: Mapping[str, Any]) -> bool:
    """Whether a request of a sample line lacks the prompt it was made for, whitespace aside.

    False also where the line has no requests or no prompt: then there is nothing to compare.
    """
    prompts = _prompts(record["doc"])
    contexts = list(_contexts(record.get("arguments")))
    if len(contexts) < len(prompts):
        return bool(contexts)
    # One option order after the other; the letters of one order share lm-eval's context, and to
    # look at the first alone keeps reading fast.
    each = len(contexts) // max(len(prompts), 1)
    return any(
        not _holds(_text(contexts[each * order]), prompt) for order, prompt in enumerate(prompts)
    )


def _prompts(doc: Mapping[str, Any]) -> list[str]:
    """The document's prompt under each option order; empty where it was not logged."""
    prompt, tails = doc.get("prompt"), doc.get("option_tails")
    if not isinstance(prompt, str) or not prompt.strip():
        return []
    if not isinstance(tails, list) or not tails or not all(isinstance(t, str) for t in tails):
        return [prompt]
    head = prompt.removesuffix(tails[0])
    return [head + tail for tail in tails]


def _contexts(arguments: object) -> Iterable[object]:
    """First argument of each request: lists of them, or since 0.4.3 `gen_args_0: {arg_0: ...}`."""
    requests = arguments.values() if isinstance(arguments, dict) else arguments
    for request in requests if isinstance(requests, Iterable) else ():
        if isinstance(request, dict) and "arg_0" in request:
            yield request["arg_0"]
        elif isinstance(request, list) and request:
            yield request[0]


def _text(context: object) -> str:
    """What a context says; chat messages for an API are logged as JSON text within a list."""
    import orjson

    if isinstance(context, str):
        if not context.startswith("[{"):
            return context
        try:
            return _text(orjson.loads(context))
        except orjson.JSONDecodeError:
            return context
    parts = context.values() if isinstance(context, dict) else context
    return "\n".join(map(_text, parts)) if isinstance(parts, Iterable) else ""


def _holds(context: str, prompt: str) -> bool:
    """Whether a prompt stands in a context; quick where it does, as both may have megabytes."""
    wanted = prompt.strip()
    at = context.find(wanted[:_HEAD])
    if at >= 0 and context.startswith(wanted, at):
        return True
    return "".join(wanted.split()) in "".join(context.split())
