"""The task files against the benchmark's table and lm-eval's own reading of them."""

import pytest
import yaml
from lm_eval.tasks import TaskManager

from lm_eval_longsafety.benchmark import TASKS
from lm_eval_longsafety.discovery import tasks_path

SCENARIOS = ("fully_harmful", "partially_harmful", "query_harmful")


@pytest.fixture(scope="module")
def manager():
    return TaskManager(include_path=str(tasks_path()), include_defaults=False)


@pytest.mark.parametrize("suffix", ["", "_logits"])
def test_every_task_and_group_of_the_design_is_found(manager, suffix):
    names = {f"{task.name}{suffix}" for task in TASKS}
    groups = {f"longsafety{suffix}", *(f"longsafety_{s}{suffix}" for s in SCENARIOS)}
    assert names <= set(manager.all_subtasks)
    assert groups <= set(manager.all_groups)


def test_tags_name_the_tasks_of_a_harm_category_or_domain(manager):
    for tag, wanted in {
        "longsafety_illegal_activities": [t for t in TASKS if t.harm == "illegal_activities"],
        "longsafety_misinformation": [t for t in TASKS if t.harm == "misinformation"],
        "longsafety_offensiveness": [t for t in TASKS if t.harm == "offensiveness"],
        "longsafety_in_domain": [t for t in TASKS if t.in_domain],
        "longsafety_out_of_domain": [t for t in TASKS if not t.in_domain],
    }.items():
        assert manager.task_index[tag].tags == {task.name for task in wanted}


@pytest.mark.parametrize("suffix", ["", "_logits"])
def test_a_scenario_group_holds_its_tasks(suffix):
    for scenario in SCENARIOS:
        text = (tasks_path() / f"longsafety_{scenario}{suffix}.yaml").read_text()
        wanted = [f"{task.name}{suffix}" for task in TASKS if task.scenario == scenario]
        assert yaml.safe_load(text)["task"] == wanted


def test_a_task_file_holds_only_its_differences_and_is_named_after_its_task():
    for task in TASKS:
        file = yaml.safe_load((tasks_path() / f"{task.name}.yaml").read_text())
        assert set(file) == {"include", "task", "task_alias", "tag", "dataset_kwargs"}
        assert (file["task"], file["dataset_kwargs"]) == (task.name, {"split": task.split})
        variant = yaml.safe_load((tasks_path() / f"{task.name}_logits.yaml").read_text())
        assert variant == {
            "include": [f"{task.name}.yaml", "_logits"],
            "task": f"{task.name}_logits",
        }


def test_templates_are_never_indexed():
    for name in ("_task", "_logits", "_group"):
        assert (tasks_path() / name).is_file()


def test_generation_is_greedy_up_to_64_tokens_and_stops_at_no_text(tiny_model):
    manager = TaskManager(
        include_path=str(tasks_path()),
        include_defaults=False,
        metadata={"data": "sample", "pretrained": str(tiny_model)},
    )
    task = manager.load(["longsafety_doc_attack"])["tasks"]["longsafety_doc_attack"]
    assert task.config.generation_kwargs == {"until": [], "do_sample": False, "max_gen_toks": 64}
    assert task.config.output_type == "generate_until"
    assert task.config.metadata["provenance"]["data"] == "sample"
