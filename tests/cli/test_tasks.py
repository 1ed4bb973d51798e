"""`longsafety tasks`: every name that `--tasks` takes, with true numbers."""

import re

import yaml
from typer.testing import CliRunner

from lm_eval_longsafety.benchmark import TASKS
from lm_eval_longsafety.cli.main import app
from lm_eval_longsafety.harness.discovery import tasks_path
from lm_eval_longsafety.harness.run_checks import known_names


def output() -> str:
    done = CliRunner().invoke(app, ["tasks"])
    assert done.exit_code == 0
    return done.output


def listed() -> dict[str, list[str]]:
    """Name -> the other cells of its line."""
    lines = output().partition("\nMetrics")[0].splitlines()[1:]
    return {line.split()[0]: re.split("  +", line.strip())[1:] for line in lines}


def test_every_name_of_lm_eval_is_listed_or_made_from_a_listed_one():
    endings = re.findall(r"^(_\w+)", output(), flags=re.M)
    assert endings == ["_logits", "_rotations", "_no_context", "_open", "_judge"]
    untagged = [name for name, cells in listed().items() if "(tag)" not in cells[-1]]
    made = {name + end for name in untagged for end in ("", *endings[1:])}
    made |= {name + "_logits" for name in made if not name.endswith("_open")}
    others = {"longsafety_length", "longsafety_length_logits", "longsafety_ask"}
    assert made | set(listed()) | others == known_names()
    assert others <= set(re.findall(r"\w+", output()))


def test_numbers_of_tasks_and_documents_are_those_of_the_published_data():
    rows = listed()
    assert rows["longsafety"][:2] == ["10", "1,201"]
    # HarmfulExtraction 108, HarmfulTendency 108, ManyShotJailbreak 100.
    assert rows["longsafety_fully_harmful"] == ["3", "316", "harmful context"]
    assert rows["longsafety_doc_attack"] == ["1", "100", "misinformation, partly harmful context"]
    assert len([cells for cells in rows.values() if cells[0] == "1"]) == len(TASKS)


def test_the_metrics_are_those_of_the_task_files():
    def metrics(name: str) -> list[str]:
        template = re.sub("!function", "", (tasks_path() / name).read_text())
        return [each["metric"] for each in yaml.safe_load(template)["metric_list"]]

    plain = metrics("_document")
    assert f"Metrics: {', '.join(plain)}." in output()
    templates = {"_rotations": "_orders", "_open": "_open", "_judge": "_verdicts"}
    for ending, template in templates.items():
        more = [metric for metric in metrics(template) if metric not in plain]
        (line,) = [line for line in output().splitlines() if line.startswith(ending)]
        assert line.strip().split("  ")[-1].strip() == ", ".join(more)
