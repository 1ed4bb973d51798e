"""Tasks of lm-eval that measure safety, truthfulness or bias, which no capability mean may hold.

The list was made from the task folders of lm-eval 0.4.13. Subjects of knowledge tests, such as
mmlu_moral_scenarios, stay with their test.
"""

import re

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
    return _SAFETY.search(name) is not None


def direction(name: str) -> str:
    """How the values of such a task are to be read; `""` if lm-eval's own direction holds."""
    own = _DIRECTIONS.items() if is_safety(name) else ()
    return next((text for part, text in own if part in name), "")
