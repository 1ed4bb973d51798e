"""A prompt of LongSafetyBench is never cut from the left in silence.

lm-eval's backends make room for the reply by cutting a prompt's head, chat header first, at most
with a log line: our tables would still say that nothing was truncated. Prompts of other tasks are
lm-eval's own matter and are not looked at.
"""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lm_eval_longsafety.backends.letters import Encode, Encoded
from lm_eval_longsafety.errors import OptionError
from lm_eval_longsafety.settings import REPLY_TOKENS
from lm_eval_longsafety.window import RESERVED_TOKENS

if TYPE_CHECKING:
    from lm_eval.api.instance import Instance

_FIELDS = ("id", "task", "prompt", "prompt_tokens", "prompt_sha256")
"""By these a request's document is known to be ours (`documents.as_dataset`)."""
_SEAM = 16
"""Tokens by which a text may have more than its two parts counted alone; generous."""
_LETTER_ROOM = 2
"""Of the window: vLLM wants room for the candidate and for the token to generate."""


def refuse_cut_replies(requests: "Sequence[Instance]", encode: Encode, window: int) -> None:
    """Check generation requests against the window, before any of them is answered.

    Args:
        requests: lm-eval's.
        encode: the backend's `tok_encode`; asked only where the prompt's own count leaves doubt.
        window: the backend's `max_length`, in tokens.

    Raises:
        OptionError: a prompt of ours and its reply do not fit into the window together.
    """
    for request in requests:
        if is_ours(request.doc):
            context, arguments = request.args
            reply = int(arguments.get("max_gen_toks", REPLY_TOKENS))
            if _at_most(request.doc, context) > window - reply:
                _refuse(request.doc, len(encode(context)), window, reply)


def refuse_cut_letters(doc: object, encoded: Encoded, window: int) -> None:
    """The same for a context whose continuations are scored.

    Raises:
        OptionError: a prompt of ours does not fit into the window.
    """
    if is_ours(doc):
        read = len(encoded.context) + max(len(each) for each in encoded.continuations) - 1
        _refuse(doc, read, window, _LETTER_ROOM)


def is_ours(doc: object) -> bool:
    """Whether a request's document was made by `documents.load_documents` or its like."""
    return isinstance(doc, Mapping) and all(field in doc for field in _FIELDS)


def _at_most(doc: Mapping[str, Any], context: str) -> int:
    """Tokens that the context cannot exceed: encoding 42,000 again is for cases of doubt only.

    What stands around the prompt (a chat template, a system instruction) has at most a token a
    byte.
    """
    around = len(context.encode()) - len(doc["prompt"].encode())
    if doc["prompt_tokens"] is None or around < 0:
        return len(context.encode())
    return int(doc["prompt_tokens"]) + around + _SEAM


def _refuse(doc: Any, tokens: int, window: int, reply: int) -> None:  # noqa: ANN401 (see is_ours)
    over = tokens + reply - window
    if over > 0:
        raise OptionError(
            f"document {doc['id']!r} of {doc['task']}: its prompt has {tokens} tokens as sent and "
            f"the window {window}, of which {reply} are for the reply, so that lm-eval would cut "
            f"{over} from the prompt's head; give --metadata "
            f"'{json.dumps(_remedy(doc['prompt_tokens'], tokens, window, reply))}'"
        )


def _remedy(prompt: int | None, tokens: int, window: int, reply: int) -> dict[str, object]:
    """Options under which `window.prompt_limit` leaves room for reply, template and instruction."""
    if prompt is None:  # Nothing was cut because nobody could count.
        return {"tokenizer": "...", "max_prompt_tokens": window}
    longer = max(0, reply - REPLY_TOKENS)
    around = tokens - prompt + _SEAM
    largest = window - reply - around + RESERVED_TOKENS + longer
    options: dict[str, object] = {"reply_tokens": reply} if longer else {}
    # With 500 tokens free for it, what stands around the prompt seldom is what is too long.
    return options if largest >= window else {**options, "max_prompt_tokens": largest}
