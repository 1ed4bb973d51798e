"""What the task files call by `!function`; a file beside them, where every lm-eval looks first."""

from lm_eval_longsafety.documents import load_documents, load_rotated, load_without_context
from lm_eval_longsafety.length_documents import load_length_documents
from lm_eval_longsafety.length_task import LengthGroup
from lm_eval_longsafety.metrics import score_letters, score_reply
from lm_eval_longsafety.rotation_task import RotationsTask, score_letter_sets, score_replies

__all__ = [
    "LengthGroup",
    "RotationsTask",
    "load_documents",
    "load_length_documents",
    "load_rotated",
    "load_without_context",
    "score_letter_sets",
    "score_letters",
    "score_replies",
    "score_reply",
]
