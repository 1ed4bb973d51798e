"""Which runs, protocols and variants belong to one model of a report."""

import json

from lm_eval_longsafety.analysis.models import models
from lm_eval_longsafety.results import read
from tests.results_files import STAMP, full_run, write_run

OTHER = {"mmlu": {"name": "mmlu", "alias": "mmlu", "acc,none": 0.5, "acc_stderr,none": 0.01}}


def found(folder):
    return models(read([folder]).runs)


def labels(folder):
    return [model.label for model in found(folder)]


def test_protocols_in_files_of_their_own_are_one_model(tmp_path):
    write_run(tmp_path / "a", full_run("B"), date=1.0)
    write_run(tmp_path / "b", full_run("A", suffix="_logits"), date=2.0)
    (model,) = found(tmp_path)
    assert model.label == "org/model-one"
    assert (model.main.protocol, model.main.mean("sr").value) == ("generate", 1.0)
    assert (model.other.protocol, model.other.mean("sr").value) == ("logits", 0.0)


def test_a_second_run_of_the_same_tasks_is_a_model_of_its_own(tmp_path):
    write_run(tmp_path / "a", full_run("B"), date=1.0)
    write_run(tmp_path / "b", full_run("A"), date=2.0)
    assert len(labels(tmp_path)) == len(set(labels(tmp_path))) == 2


def test_another_revision_is_another_model(tmp_path):
    for name, suffix in {"a": "", "b": "_logits"}.items():
        path = write_run(tmp_path / name, full_run("B", suffix=suffix))
        data = json.loads(path.read_text())
        data["config"]["model_sha"] = name * 40
        path.write_text(json.dumps(data))
    assert labels(tmp_path) == ["org/model-one (aaaaaaaa)", "org/model-one (bbbbbbbb)"]


def test_other_tasks_in_a_file_of_their_own_belong_to_every_run_of_the_model(tmp_path):
    write_run(tmp_path / "a", full_run("B"), date=1.0)
    write_run(tmp_path / "b", full_run("A"), date=2.0)
    write_run(tmp_path / "c", {}, extra=OTHER, date=3.0)
    assert ["mmlu" in model.runs[-1].tasks for model in found(tmp_path)] == [True, True]


def test_the_protocol_is_one_that_all_models_have(tmp_path):
    write_run(tmp_path / "a", full_run("B") | full_run("A", suffix="_logits"), model="org/a")
    write_run(tmp_path / "b", full_run("A", suffix="_logits"), model="org/b", date=2.0)
    assert [model.main.protocol for model in found(tmp_path)] == ["logits", "logits"]


def test_a_model_without_our_tasks_has_no_scores(tmp_path):
    write_run(tmp_path, {}, extra=OTHER)
    (model,) = found(tmp_path)
    assert (model.subjects, model.main, model.other) == ((), None, None)


def test_a_variant_of_a_model_that_was_run_twice_belongs_to_the_run_of_its_folder(tmp_path):
    write_run(tmp_path / "a", full_run("B"), date=1.0)
    write_run(tmp_path / "b", full_run("A"), date=2.0)
    write_run(tmp_path / "b", full_run("A", suffix="_no_context"), stamp=f"{STAMP[:-1]}2", date=3.0)
    assert [model.find("no_context") is None for model in found(tmp_path)] == [True, False]


def test_a_variant_that_may_belong_to_two_runs_stands_alone(tmp_path):
    write_run(tmp_path / "a", full_run("B"), date=1.0)
    write_run(tmp_path / "b", full_run("A"), date=2.0)
    write_run(tmp_path / "c", full_run("A", suffix="_no_context"), date=3.0)
    assert [model.main is None for model in found(tmp_path)] == [False, False, True]
