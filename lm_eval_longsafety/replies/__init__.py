"""Read replies: a text -> the letter it states, or none, and whether it declines."""

from lm_eval_longsafety.replies.choice import Reading, read_choice

__all__ = ["Reading", "read_choice"]
