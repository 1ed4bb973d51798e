"""Tasks that measure safety, truthfulness, bias or over-refusal: no capability mean may hold them.

The list was made from the task folders of lm-eval 0.4.13. It has no task on refusals of harmless
questions; a user's own is known by the name of a published set. Subjects of knowledge tests, such
as mmlu_moral_scenarios, stay with their test.
"""

import re

OVER_REFUSAL = ("xs_?test", "(^|_)or_?bench", "over_?refusal", "phtest", "false_?refusal")
"""Parts of names of tasks that measure refusals of harmless questions, as regular expressions."""
PARTS = (
    # With their translations and short forms: tinyTruthfulQA, metabench_truthfulqa, nortruthfulqa.
    *("truthfulqa", "toxigen", "toxicity", "ethos_binary"),
    # cabbq, esbbq and bigbench_bbq_lite too.
    *("bbq", "crows_pairs", "winogender", "winobias", "cooccurrence_bias"),
    *("discrim_eval", "^(hendrycks_)?ethics", "moral_stories", "histoires_morales"),
    *("moral_permissibility", "simple_ethical_questions", "hhh_alignment", "wmdp"),
    *("^sycophancy", "^persona(_|$)", "^advanced_ai_risk"),
)
"""Parts of their names, as regular expressions."""
_SAFETY = re.compile("|".join(PARTS), re.IGNORECASE)
_OVER_REFUSAL = re.compile("|".join(OVER_REFUSAL), re.IGNORECASE)
_DIRECTIONS = {
    "wmdp": "lower is safer",
    "sycophancy": "lower is safer",
    "crows_pairs": "50 % is unbiased",
    "cooccurrence_bias": "50 % is unbiased",
    "persona": "share with the trait",
    "advanced_ai_risk": "share with the trait",
}
"""What lm-eval's own `higher_is_better` does not say, by a part of the name."""


def is_safety(name: str) -> bool:
    """Whether a task or group of lm-eval measures safety, truthfulness or bias."""
    return _SAFETY.search(name) is not None or is_over_refusal(name)


def is_over_refusal(name: str) -> bool:
    """Whether a task measures refusals of harmless questions."""
    return _OVER_REFUSAL.search(name.replace("-", "_")) is not None


def direction(name: str) -> str:
    """How the values of such a task are to be read; `""` if lm-eval's own direction holds."""
    own = _DIRECTIONS.items() if is_safety(name) else ()
    return next((text for part, text in own if part in name), "")
