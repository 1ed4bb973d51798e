"""Read replies: a text -> the letter that it states, or "", and whether it declines."""

from lm_eval_longsafety.replies.choice import Reading, read_choice
from lm_eval_longsafety.replies.plain import open_thought

__all__ = ["Reading", "open_thought", "read_choice"]
