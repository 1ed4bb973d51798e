"""The functions and classes that task files name with `!function`."""

from functools import partial

from lm_eval_longsafety.harness import ask_documents, documents, judge_documents
from lm_eval_longsafety.harness.judge_task import score_verdict_letters, score_verdicts
from lm_eval_longsafety.harness.length_task import LengthGroup

# This import registers the filter, for an lm-eval that reads no entry points.
from lm_eval_longsafety.harness.letter_filter import LetterFilter
from lm_eval_longsafety.harness.open_task import OpenTask, ReplyFilter
from lm_eval_longsafety.harness.rotation_task import RotationsTask, score_letter_sets, score_replies
from lm_eval_longsafety.harness.task import LongSafetyTask
from lm_eval_longsafety.harness.task_file import for_task_file
from lm_eval_longsafety.metrics import score_letters, score_open, score_reply
from lm_eval_longsafety.settings import OPEN_REPLY_TOKENS

__all__ = [
    "LengthGroup",
    "LetterFilter",
    "LongSafetyTask",
    "OpenTask",
    "ReplyFilter",
    "RotationsTask",
    "load_asked",
    "load_documents",
    "load_length",
    "load_open",
    "load_rotated",
    "load_verdicts",
    "load_without_context",
    "score_letter_sets",
    "score_letters",
    "score_open",
    "score_replies",
    "score_reply",
    "score_verdict_letters",
    "score_verdicts",
]

load_documents = for_task_file(documents.load_documents)
load_without_context = for_task_file(partial(documents.load_documents, variant="no_context"))
load_rotated = for_task_file(partial(documents.load_documents, variant="rotations"))
load_length = for_task_file(partial(documents.load_documents, variant="length"))
load_open = for_task_file(
    partial(documents.load_documents, variant="open"), reply_tokens=OPEN_REPLY_TOKENS
)
load_verdicts = for_task_file(judge_documents.load_verdict_documents)
load_asked = for_task_file(ask_documents.load_asked_documents, reply_tokens=OPEN_REPLY_TOKENS)
