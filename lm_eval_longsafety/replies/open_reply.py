"""Read an open reply: what a model wrote outside of its thoughts, and whether it declines.

Data flow: reply -> `read_open` -> `OpenReply`. Nothing is cut from the text but thoughts, so that
a judge sees all of it.
"""

from lm_eval_longsafety.replies.plain import plain_text, without_thoughts
from lm_eval_longsafety.replies.refusals import declines


class OpenReply(str):
    """A reply without its thoughts; a plain string to lm-eval and to JSON."""

    refused = False
    """Whether it says at its start that it will not answer."""
    tokens: int | None = None
    """Of all that the model wrote, thoughts included; None where that is unknown."""
    cut: bool | None = None
    """Whether the limit of tokens ended it; None where that is unknown."""


def read_open(reply: object) -> OpenReply:
    """The reply without thoughts; anything but a string counts as no reply."""
    text = without_thoughts(reply) if isinstance(reply, str) else ""
    read = OpenReply(text.strip())
    read.refused = declines(plain_text(read))
    return read
