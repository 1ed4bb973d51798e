"""Read this plugin's task names: which benchmark task, which variant, which protocol.

`longsafety_harmful_niah_no_context_logits` is HarmfulNIAH, variant `no_context`, protocol `logits`.
"""

from dataclasses import dataclass

from lm_eval_longsafety.benchmark import TASKS, BenchmarkTask

PREFIX = "longsafety"
_LOGITS = "_logits"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskName:
    """A task name of this plugin, taken apart."""

    benchmark: BenchmarkTask
    variant: str
    """`""` for the benchmark as published; else `rotations`, `no_context`, `length...`."""
    protocol: str
    """`generate` or `logits`."""


def is_ours(name: str) -> bool:
    """Whether a task or group of lm-eval's tables belongs to this plugin."""
    return name == PREFIX or name.startswith(PREFIX + "_")


def bare_name(name: str) -> str:
    """The task's own name: lm-eval 0.5 writes `group::task` for a task that ran below a group.

    Other projects' names are left as they are: there a `::` may be part of the name.
    """
    last = name.rpartition("::")[2]
    return last if is_ours(last) else name


def parse_task_name(name: str) -> TaskName | None:
    """Take a leaf task's name apart; None for other projects' tasks and for groups."""
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
