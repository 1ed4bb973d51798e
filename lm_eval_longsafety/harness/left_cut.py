"""Refuse prompts that lm-eval would cut from the left.

To make room for the reply, lm-eval's backends cut the beginning of a prompt, with the header of the
chat template; they log a line at most, and the metric `truncated` would not show it. The check uses
the window of the loaded model: options may name another one, and a `TaskManager` may serve several
models.
"""

import contextlib
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lm_eval_longsafety.errors import OptionError
from lm_eval_longsafety.prompts.tokenizer import measure_ids
from lm_eval_longsafety.settings import REPLY_TOKENS, RESERVED_TOKENS, longest_reply

if TYPE_CHECKING:
    from lm_eval.api.instance import Instance

_SEAM = 16
"""Tokens that a text may have more than its two parts counted separately; rather too many."""
_LETTER_ROOM = 2
"""Tokens of the window: vLLM needs room for the candidate and for the generated token."""


def refuse_left_cut(requests: "Sequence[Instance]", lm: Any) -> None:  # noqa: ANN401 (untyped)
    """Check the requests of one task against the model's window, before any of them is answered.

    Args:
        requests: lm-eval's, for our documents.
        lm: the model that will answer; without a known window or a tokenizer it cuts nothing.

    Raises:
        OptionError: a prompt and its reply do not fit into the window together.
    """
    window, encode = getattr(lm, "max_length", None), getattr(lm, "tok_encode", None)
    sends_text = not getattr(lm, "tokenized_requests", True)
    if sends_text and vars(lm).get("tokenizer") is None:
        return
    if sends_text:  # A server cuts texts itself; lm-eval cuts only contexts of letters.
        requests = [each for each in requests if each.request_type != "generate_until"]
    if not requests or not isinstance(window, int) or encode is None:
        return
    # A backend whose `tok_encode` is not implemented cuts nothing.
    with contextlib.suppress(NotImplementedError):
        counted, checked = _counts_alike(requests[0].doc, encode), None
        for request in requests:
            context = request.args[0]
            if context is checked or not isinstance(context, str):
                continue  # The letters of one document share their context.
            checked, room = context, _room(request, lm)
            if _at_most(request.doc, context, counted=counted) + room > window:
                _refuse(request.doc, len(encode(context)), window, room, counted=counted)


def _counts_alike(doc: Mapping[str, Any], encode: Any) -> bool:  # noqa: ANN401 (lm-eval's)
    """Whether the model's tokenizer gives one document the same tokens as were counted."""
    if doc["prompt_sha256"] is None:
        return False
    try:
        ids = encode(doc["prompt"], add_special_tokens=False)
    except TypeError:  # Not every backend's `tok_encode` has this argument.
        return False
    return bool(measure_ids(ids).sha256 == doc["prompt_sha256"])


def _room(request: "Instance", lm: Any) -> int:  # noqa: ANN401 (untyped)
    """Tokens of the window that the prompt must leave free."""
    if request.request_type != "generate_until":
        return _LETTER_ROOM
    if getattr(lm, "backend", "causal") != "causal":
        return 0  # An encoder's window holds the prompt alone.
    return longest_reply(request.args[1]) or REPLY_TOKENS


def _at_most(doc: Mapping[str, Any], context: str, *, counted: bool) -> int:
    """An upper limit of the context's tokens; only a context above the window is encoded again."""
    size = len(context.encode())  # A text has at most one token per byte.
    around = size - len(doc["prompt"].encode())
    return int(doc["prompt_tokens"]) + around + _SEAM if counted and around >= 0 else size


def _refuse(doc: Mapping[str, Any], tokens: int, window: int, reply: int, *, counted: bool) -> None:
    over = tokens + reply - window
    if over > 0:
        prompt = doc["prompt_tokens"] if counted else None
        raise OptionError(
            f"document {doc['id']!r} of {doc['task']}: its prompt has {tokens} tokens as sent and "
            f"the model's window {window}, of which {reply} are for the reply, so that lm-eval "
            f"would cut {over} from the prompt's head; {_remedy(prompt, tokens, window, reply)}"
        )


def _remedy(prompt: int | None, tokens: int, window: int, reply: int) -> str:
    """Options with which `window.prompt_limit` leaves room for reply, template and instruction."""
    longer = max(0, reply - REPLY_TOKENS)
    # Without a count by the model's tokenizer, the length of the text around it is unknown.
    around = 0 if prompt is None else tokens - prompt + _SEAM
    largest = min(window, window - reply - around + RESERVED_TOKENS + longer)
    if largest < RESERVED_TOKENS + longer + 2:
        return "allow a shorter reply (--gen_kwargs max_gen_toks) or take a larger window"
    options: dict[str, object] = {"reply_tokens": reply} if longer else {}
    if prompt is None:
        options["tokenizer"] = "<the model's>"
    return f"give --metadata '{json.dumps(options | {'max_prompt_tokens': largest})}'"
