"""lm-eval's shell around `lengths`: a group with a row for every length and depth.

YAML cannot name rows that `--metadata` decides. A class can be a group: lm-eval takes what the
class builds for the entry, so that every length and depth is a group of its own with the ten tasks
below it.
"""

import copy
from typing import Any

from lm_eval.api.group import Group
from lm_eval.config.group import GroupConfig

from lm_eval_longsafety.benchmark import BY_SPLIT
from lm_eval_longsafety.harness.task import LongSafetyTask
from lm_eval_longsafety.harness.task_file import OWN
from lm_eval_longsafety.variants.length_options import cell_name, depth_name, parse_length_options

METRICS = ("sr", "ha", "answered", "refused", "truncated")


class LengthGroup(Group):  # type: ignore[misc]  # lm-eval is untyped
    """`longsafety_length`: lengths and depths as rows, each the plain mean over its tasks."""

    def __init__(self, config: dict[str, Any]) -> None:
        """Build all rows, and with them all prompts.

        Raises:
            OptionError: options that cannot be used.
            DataError: data that cannot be used.
        """
        name, metadata = config["task"], config["metadata"]
        wanted = parse_length_options(metadata)
        _start(self, name, config.get("task_alias") or name, metadata)
        for length in wanted.lengths:
            for depth in wanted.depths:
                row = Group(name="")
                cell = _suffixed(name, cell_name(length, depth))
                _start(row, cell, f"{length:,} tokens, depth {depth_name(depth)}", metadata)
                for split in wanted.splits:
                    row.add(_task(config, split, length, depth))
                self.add(row)


def _start(group: Any, name: str, alias: str, metadata: dict[str, Any]) -> None:  # noqa: ANN401
    """A group without children yet."""
    aggregated = [
        {
            "metric": metric,
            "filter_list": ["letter"],
            "aggregation": "mean",
            "weight_by_size": False,
        }
        for metric in METRICS
    ]
    made = Group.from_config(
        GroupConfig(
            group=name, group_alias=alias, aggregate_metric_list=aggregated, metadata=metadata
        )
    )
    group.__dict__.update(made.__dict__)


def _task(config: dict[str, Any], split: str, length: int, depth: float) -> LongSafetyTask:
    # lm-eval 0.5 gives a member of a group a qualified name, which is not that of these tasks.
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
            # A record for each: it is filled in place.
            "metadata": {**metadata, "provenance": copy.copy(metadata["provenance"])},
        }
    )


def _suffixed(name: str, cell: str) -> str:
    """`longsafety_length_logits`, 0008192_0.50: `longsafety_length_0008192_0.50_logits`."""
    logits = "_logits" if name.endswith("_logits") else ""
    return f"{name.removesuffix(logits)}_{cell}{logits}"
