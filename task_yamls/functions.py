"""What the task files call by `!function`; a file beside them, where every lm-eval looks first."""

from lm_eval_longsafety.documents import load_documents
from lm_eval_longsafety.metrics import score_letters, score_reply

__all__ = ["load_documents", "score_letters", "score_reply"]
