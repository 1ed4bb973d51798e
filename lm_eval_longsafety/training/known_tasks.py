"""Names of training tasks, which data sets spell differently, and the scenario of each.

The eight tasks of LongSafety-17k, and the benchmark's own for rows that a recipe made. A name that
is neither is unknown, which leaves its rows as they are.
"""

from lm_eval_longsafety.benchmark import TASKS, Scenario

TRAINING_TASKS: dict[str, Scenario] = {
    "PoliticallyIncorrect": "query_harmful",
    "MedicalQuiz": "query_harmful",
    "SafeMT Long": "query_harmful",
    "KeywordRAG": "query_harmful",
    "LawQA": "query_harmful",
    "HarmfulNIAH": "partially_harmful",
    "CountingCrimes": "partially_harmful",
    "ManyShotJailbreak": "fully_harmful",
}
"""From arXiv 2411.06899, by scenario."""
KNOWN: dict[str, Scenario] = {task.split: task.scenario for task in TASKS} | TRAINING_TASKS
_SHORTEST = 5
"""Letters of a part of a name by which a task can be recognised."""


def known_name(name: str) -> str | None:
    """The known task that a name means: equal letters, or one name inside the other.

    Returns:
        None if no known task is meant, or several could be.
    """
    given = _letters(name)
    exact = [known for known in KNOWN if _letters(known) == given]
    close = [
        known
        for known in KNOWN
        if len(given) >= _SHORTEST and (_letters(known) in given or given in _letters(known))
    ]
    found = exact or close
    return found[0] if len(found) == 1 else None


def scenario(name: str) -> Scenario | None:
    """What is harmful in rows of this task; None for unknown tasks."""
    known = known_name(name)
    return KNOWN[known] if known else None


def same(name: str, other: str) -> bool:
    """Whether two names mean one task."""
    known = known_name(name)
    return _letters(name) == _letters(other) or (known is not None and known == known_name(other))


def _letters(name: str) -> str:
    return "".join(c for c in name.casefold() if c.isalnum())
