"""The ten tasks of LongSafetyBench: names, scenarios, harm categories and published sizes.

This is the only module that names them. Source: arXiv 2411.06899 and the card of the data set
`LutherXD/LongSafetyBench`.
"""

import re
from dataclasses import dataclass
from string import ascii_uppercase
from typing import Literal

HUB_ID = "LutherXD/LongSafetyBench"
LETTERS = ascii_uppercase
MAX_CHOICES = len(LETTERS)

Scenario = Literal["fully_harmful", "partially_harmful", "query_harmful"]
HarmCategory = Literal["illegal_activities", "misinformation", "offensiveness"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchmarkTask:
    """One of the ten tasks."""

    split: str
    """Name of the data set's split, which is also the task's name in the paper."""
    name: str
    """lm-eval task name, without the suffix of a variant."""
    scenario: Scenario
    """What is harmful: the whole context, a part of it, or only the query on a harmless context."""
    harm: HarmCategory
    in_domain: bool
    """Whether the LongSafety training set has this task too."""
    rows: int
    """Rows of the published data set."""
    dialogue: bool = False
    """Whether the benchmark's template for dialogue histories is used."""
    grid: bool = False
    """Whether rows carry `depth` and `length` (7 depths x 7 lengths x 3 in the published set)."""


TASKS: tuple[BenchmarkTask, ...] = (
    BenchmarkTask(
        split="HarmfulExtraction",
        name="longsafety_harmful_extraction",
        scenario="fully_harmful",
        harm="illegal_activities",
        in_domain=False,
        rows=108,
    ),
    BenchmarkTask(
        split="HarmfulTendency",
        name="longsafety_harmful_tendency",
        scenario="fully_harmful",
        harm="illegal_activities",
        in_domain=False,
        rows=108,
    ),
    BenchmarkTask(
        split="ManyShotJailbreak",
        name="longsafety_many_shot_jailbreak",
        scenario="fully_harmful",
        harm="offensiveness",
        in_domain=True,
        rows=100,
        dialogue=True,
    ),
    BenchmarkTask(
        split="HarmfulNIAH",
        name="longsafety_harmful_niah",
        scenario="partially_harmful",
        harm="offensiveness",
        in_domain=True,
        rows=147,
        grid=True,
    ),
    BenchmarkTask(
        split="CountingCrimes",
        name="longsafety_counting_crimes",
        scenario="partially_harmful",
        harm="illegal_activities",
        in_domain=True,
        rows=147,
        grid=True,
    ),
    BenchmarkTask(
        split="DocAttack",
        name="longsafety_doc_attack",
        scenario="partially_harmful",
        harm="misinformation",
        in_domain=False,
        rows=100,
    ),
    BenchmarkTask(
        split="HarmfulAdvice",
        name="longsafety_harmful_advice",
        scenario="partially_harmful",
        harm="misinformation",
        in_domain=False,
        rows=100,
    ),
    BenchmarkTask(
        split="MedicalQuiz",
        name="longsafety_medical_quiz",
        scenario="query_harmful",
        harm="misinformation",
        in_domain=True,
        rows=128,
    ),
    BenchmarkTask(
        split="PoliticallyIncorrect",
        name="longsafety_politically_incorrect",
        scenario="query_harmful",
        harm="offensiveness",
        in_domain=True,
        rows=100,
    ),
    BenchmarkTask(
        split="LeadingQuestion",
        name="longsafety_leading_question",
        scenario="query_harmful",
        harm="misinformation",
        in_domain=False,
        rows=163,
    ),
)

BY_SPLIT: dict[str, BenchmarkTask] = {task.split: task for task in TASKS}

PREFIX = "longsafety"
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
