"""Read replies: a text -> the letter that it states, or "", and whether it declines."""

from lm_eval_longsafety.replies.choice import Reading, read_choice
from lm_eval_longsafety.replies.plain import opens_thought

__all__ = ["Reading", "opens_thought", "read_choice"]
