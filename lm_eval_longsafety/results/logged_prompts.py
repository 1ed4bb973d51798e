"""Whether a logged request holds the prompt of its document; if not, the score means nothing.

A chat template may leave the message out, and the requests may come from the cache of another run.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from lm_eval_longsafety.prompts.sent_text import holds_prompt, text_of


def lacks_prompt(record: Mapping[str, Any]) -> bool:
    """Whether a request of a sample line lacks its document's prompt.

    False also where the line has no requests or no prompt, so that nothing can be compared.
    """
    prompts = _prompts(record["doc"])
    contexts = list(_contexts(record.get("arguments")))
    if len(contexts) < len(prompts):
        return bool(contexts)
    # The requests of one order of the choices follow each other and share lm-eval's context: only
    # the first of each order is checked, which keeps reading fast.
    each = len(contexts) // max(len(prompts), 1)
    return any(
        not holds_prompt(text_of(contexts[each * order]), prompt)
        for order, prompt in enumerate(prompts)
    )


def _prompts(doc: Mapping[str, Any]) -> list[str]:
    """The document's prompt under each order of the choices; empty where it was not logged."""
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
