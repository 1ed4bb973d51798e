"""lm-eval's side of `lengths`: a group with a group below it for every length and depth.

A YAML file cannot name groups that depend on `--metadata`. Its entry names a class instead, and
lm-eval takes the object that the class builds: here a group, whose own groups hold the tasks.
"""

import copy
from typing import Any

from lm_eval.api.group import Group
from lm_eval.config.group import GroupConfig

from lm_eval_longsafety.benchmark import BY_SPLIT
from lm_eval_longsafety.harness.task import LongSafetyTask
from lm_eval_longsafety.harness.task_file import OWN
from lm_eval_longsafety.variants.length_options import cell_name, depth_name, parse_length_options

_METRICS = ("sr", "ha", "answered", "refused", "truncated")


class LengthGroup(Group):  # type: ignore[misc]  # lm-eval is untyped
    """`longsafety_length`: a group for each length and depth, the plain mean over its tasks."""

    def __init__(self, config: dict[str, Any]) -> None:
        """Build all groups and tasks; before lm-eval 0.5, that builds all prompts as well.

        Raises:
            OptionError: an option cannot be used.
            DataError: the data cannot be used.
        """
        name, metadata = config["task"], config["metadata"]
        wanted = parse_length_options(metadata)
        _start(self, name, config.get("task_alias") or name, metadata)
        for length in wanted.lengths:
            for depth in wanted.depths:
                below = Group(name="")
                cell = _suffixed(name, cell_name(length, depth))
                _start(below, cell, f"{length:,} tokens, depth {depth_name(depth)}", metadata)
                for split in wanted.length_tasks:
                    below.add(_task(config, split, length, depth))
                self.add(below)


def _start(group: Any, name: str, alias: str, metadata: dict[str, Any]) -> None:  # noqa: ANN401
    """Make `group` what lm-eval makes of a group's YAML file, without members yet."""
    rule = {"filter_list": ["letter"], "aggregation": "mean", "weight_by_size": False}
    config = GroupConfig(
        group=name,
        group_alias=alias,
        aggregate_metric_list=[{"metric": metric, **rule} for metric in _METRICS],
        metadata=metadata,
    )
    vars(group).update(vars(Group.from_config(config)))


def _task(config: dict[str, Any], split: str, length: int, depth: float) -> LongSafetyTask:
    # lm-eval 0.5 gives the entry a qualified name, which must not become that of its tasks.
    own = {key: config[key] for key in config if key != "_qualified_name"}
    place = {"split": split, "target_length": length, "target_depth": depth}
    metadata = config["metadata"]
    base = config["task"].replace("longsafety", BY_SPLIT[split].name, 1)
    return LongSafetyTask(
        config={
            **own,
            "task": _suffixed(base, cell_name(length, depth)),
            "task_alias": split + " (logits)" * base.endswith("_logits"),
            "dataset_kwargs": {f"{OWN}{key}": value for key, value in place.items()},
            # Each task fills a provenance of its own.
            "metadata": {**metadata, "provenance": copy.copy(metadata["provenance"])},
        }
    )


def _suffixed(name: str, cell: str) -> str:
    """The cell goes before the protocol: `longsafety_length_0008192_0.50_logits`."""
    logits = "_logits" if name.endswith("_logits") else ""
    return f"{name.removesuffix(logits)}_{cell}{logits}"
