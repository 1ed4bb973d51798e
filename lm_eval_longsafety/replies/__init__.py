"""Read replies: a text -> the letter it states, or none, and whether it declines."""

from lm_eval_longsafety.replies.choice import Reading, read_choice
from lm_eval_longsafety.replies.plain import opens_thought

__all__ = ["Reading", "opens_thought", "read_choice"]
