"""The ten tasks of LongSafetyBench: names, scenarios, harm categories and published sizes.

This is the only module that names them. Source: arXiv 2411.06899 and the card of the data set
`LutherXD/LongSafetyBench`.
"""

import re
from dataclasses import KW_ONLY, dataclass
from string import ascii_uppercase
from typing import Literal

PREFIX = "longsafety"
HUB_ID = "LutherXD/LongSafetyBench"
ASK = f"{PREFIX}_ask"
"""The task that asks a model for what the items of a recipe lack; it has no score."""
LETTERS = ascii_uppercase
MAX_CHOICES = len(LETTERS)

Scenario = Literal["fully_harmful", "partially_harmful", "query_harmful"]
HarmCategory = Literal["illegal_activities", "misinformation", "offensiveness"]


@dataclass(frozen=True, slots=True)
class BenchmarkTask:
    """One of the ten tasks."""

    split: str
    """Name of the data set's split, which is also the task's name in the paper."""
    scenario: Scenario
    """What is harmful: the whole context, a part of it, or only the query on a harmless context."""
    harm: HarmCategory
    rows: int
    """Rows of the published data set."""
    _: KW_ONLY
    in_domain: bool = False
    """Whether the LongSafety training set has this task too."""
    dialogue: bool = False
    """Whether the benchmark's template for dialogue histories is used."""
    grid: bool = False
    """Whether rows carry `depth` and `length` (7 depths x 7 lengths x 3 in the published set)."""

    @property
    def name(self) -> str:
        """lm-eval task name, without the suffix of a variant: `longsafety_doc_attack`."""
        words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", self.split)
        return f"{PREFIX}_{words.lower()}"


TASKS: tuple[BenchmarkTask, ...] = (
    BenchmarkTask("HarmfulExtraction", "fully_harmful", "illegal_activities", 108),
    BenchmarkTask("HarmfulTendency", "fully_harmful", "illegal_activities", 108),
    BenchmarkTask(
        "ManyShotJailbreak", "fully_harmful", "offensiveness", 100, in_domain=True, dialogue=True
    ),
    BenchmarkTask(
        "HarmfulNIAH", "partially_harmful", "offensiveness", 147, in_domain=True, grid=True
    ),
    BenchmarkTask(
        "CountingCrimes", "partially_harmful", "illegal_activities", 147, in_domain=True, grid=True
    ),
    BenchmarkTask("DocAttack", "partially_harmful", "misinformation", 100),
    BenchmarkTask("HarmfulAdvice", "partially_harmful", "misinformation", 100),
    BenchmarkTask("MedicalQuiz", "query_harmful", "misinformation", 128, in_domain=True),
    BenchmarkTask("PoliticallyIncorrect", "query_harmful", "offensiveness", 100, in_domain=True),
    BenchmarkTask("LeadingQuestion", "query_harmful", "misinformation", 163),
)

BY_SPLIT: dict[str, BenchmarkTask] = {task.split: task for task in TASKS}

_LOGITS = "_logits"
_SUFFIX = re.compile(r"(_no_context|_rotations|_open)?(_logits)?$")


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskName:
    """The parts of a task name of this plugin."""

    benchmark: BenchmarkTask
    variant: str
    """`""` for the benchmark as published; else `rotations`, `no_context`, `open`, `judge`,
    `length...`."""
    protocol: str
    """`generate` or `logits`."""


def is_ours(name: str) -> bool:
    """Whether a task or group of lm-eval's tables belongs to this plugin."""
    return name == PREFIX or name.startswith(PREFIX + "_")


def bare_name(name: str) -> str:
    """The task's own name: lm-eval 0.5 writes `group::task` for a task that ran below a group.

    Names of other projects are returned unchanged: a `::` may be part of them.
    """
    last = name.rpartition("::")[2]
    return last if is_ours(last) else name


def parse_task_name(name: str) -> TaskName | None:
    """The parts of a task's name; None for tasks of other projects and for groups."""
    for task in TASKS:
        if name == task.name or name.startswith(task.name + "_"):
            rest = name[len(task.name) :]
            logits = rest.endswith(_LOGITS)
            variant = rest.removesuffix(_LOGITS) if logits else rest
            return TaskName(
                benchmark=task,
                variant=variant.lstrip("_"),
                protocol="logits" if logits else "generate",
            )
    return None


def splits_of(name: str) -> list[str]:
    """The splits that a task, group or tag reads; none for lengths, judges and other names."""
    base = _SUFFIX.sub("", name)
    return [
        task.split
        for task in TASKS
        if base in (PREFIX, task.name, f"longsafety_{task.scenario}", *tags(task))
    ]


def tags(task: BenchmarkTask) -> tuple[str, str]:
    """The lm-eval tags of a task: its harm category, and whether training sets have it."""
    domain = "in" if task.in_domain else "out_of"
    return f"longsafety_{task.harm}", f"longsafety_{domain}_domain"
