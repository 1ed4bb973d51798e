"""The task files against the benchmark's table and lm-eval's own reading of them."""

import pytest
import yaml
from lm_eval.tasks import TaskManager

from lm_eval_longsafety.benchmark import TASKS
from lm_eval_longsafety.harness.discovery import tasks_path
from lm_eval_longsafety.settings import OPEN_REPLY_TOKENS

SCENARIOS = ("fully_harmful", "partially_harmful", "query_harmful")
VARIANTS = {
    "_logits": "logits",
    "_no_context": "no context",
    "_no_context_logits": "no context, logits",
    "_rotations": "all rotations of the letters",
    "_rotations_logits": "all rotations of the letters, logits",
    "_open": "open replies",
    "_judge": "judged replies",
    "_judge_logits": "judged replies, logits",
}
"""Suffix of a variant's tasks and groups -> what lm-eval's table says of them."""


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
        text = (tasks_path() / "published" / f"longsafety_{scenario}{suffix}.yaml").read_text()
        wanted = [f"{task.name}{suffix}" for task in TASKS if task.scenario == scenario]
        assert yaml.safe_load(text)["task"] == wanted


def read(name: str) -> dict:
    """A task file without its !function values."""
    (path,) = tasks_path().rglob(name)
    return yaml.load(path.read_text(), Loader=_Loader)


class _Loader(yaml.SafeLoader):
    pass


_Loader.add_constructor("!function", lambda loader, node: f"!function {node.value}")


def test_a_task_file_holds_only_its_differences_and_is_named_after_its_task():
    for task in TASKS:
        short = task.name.replace("longsafety", "", 1)
        names_split = {"dataset_kwargs": {"longsafety_split": task.split}}
        assert read(short) == {"task_alias": task.split, **names_split}
        file = read(f"{task.name}.yaml")
        assert (file["include"], file["task"]) == (
            [f"../{short}", "../_generate"],
            task.name,
        )
        assert set(file) == {"include", "task", "tag"}
        for suffix, words in VARIANTS.items():
            # Its own alias wins over the included one in every lm-eval.
            assert read(f"{task.name}{suffix}.yaml") == {
                "include": [f"../{short}", f"../{suffix}"],
                "task": f"{task.name}{suffix}",
                "task_alias": f"{task.split} ({words})",
            }


def test_groups_say_what_they_hold_in_the_words_of_their_tasks():
    for suffix, words in VARIANTS.items():
        for name in ("longsafety", *(f"longsafety_{each}" for each in SCENARIOS)):
            plain = read(f"{name}.yaml")["group_alias"]
            assert read(f"{name}{suffix}.yaml")["group_alias"] == f"{plain} ({words})"


def test_no_two_rows_of_lm_evals_table_have_the_same_name():
    files = [read(path.name) for path in tasks_path().rglob("*.yaml")]
    named = [each.get("task_alias") or each.get("group_alias") for each in files]
    aliases = [name for name in named if name]
    # The ten plain tasks have theirs in the file that they include.
    assert len(aliases) == len(set(aliases)) == len(files) - len(TASKS)


def test_every_group_writes_out_the_same_plain_means():
    # lm-eval 0.5 takes an `include` in a group's file for defaults of the group's tasks.
    for path in tasks_path().rglob("*.yaml"):
        file = read(path.name)
        if "group" in file:
            metrics, name = ["sr", "ha", "answered", "refused", "truncated"], "letter"
            if "_rotations" in path.name:
                metrics[2:2] = ["consistent", "sr_all"]
            if "_open" in path.name:
                metrics, name = ["refused", "empty", "cut", "reply_tokens", "truncated"], "reply"
            if "_judge" in path.name:
                metrics[2:4] = ["unjudged", "judge_consistent", "unread"]
            plain = {"filter_list": [name], "aggregation": "mean", "weight_by_size": False}
            wanted = [{"metric": metric, **plain} for metric in metrics]
            assert file["aggregate_metric_list"] == wanted, path.name
            assert file["metadata"] == {"version": read("_generate")["metadata"]["version"]}
            assert "include" not in file


def test_open_replies_list_their_metrics_and_have_512_tokens():
    file = read("_open")
    metrics = [each["metric"] for each in file["metric_list"]]
    assert metrics == ["refused", "empty", "cut", "reply_tokens", "truncated"]
    assert file["generation_kwargs"]["max_gen_toks"] == OPEN_REPLY_TOKENS == 512
    # Version and provenance stand there once.
    assert file["include"] == "_generate" and "metadata" not in file


def test_of_verdicts_only_ha_and_sr_leave_the_unjudged_out():
    listed = {each["metric"]: each["aggregation"] for each in read("_verdicts")["metric_list"]}
    assert listed == {
        **dict.fromkeys(("sr", "ha"), "longsafety_judged_mean"),
        **dict.fromkeys(("unjudged", "judge_consistent", "unread", "truncated"), "mean"),
    }


def test_no_key_of_a_task_is_written_in_both_protocols_but_those_that_differ():
    generate, logits, shared = (read(name) for name in ("_generate", "_logits", "_document"))
    differing = {"include", "output_type", "process_results", "filter_list", "metadata"}
    assert set(generate) & set(logits) == differing
    assert not set(shared) & (set(generate) | set(logits))


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
