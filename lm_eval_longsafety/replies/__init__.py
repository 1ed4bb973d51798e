"""Read replies: a text -> the letter that it states, or "", and whether it declines.

Open replies, which state no letter, are read without their thoughts (`read_open`).
"""

from lm_eval_longsafety.replies.choice import Reading, read_choice
from lm_eval_longsafety.replies.open_reply import OpenReply, read_open
from lm_eval_longsafety.replies.plain import open_thought

__all__ = ["OpenReply", "Reading", "open_thought", "read_choice", "read_open"]
