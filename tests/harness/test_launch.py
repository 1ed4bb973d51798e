"""`longsafety run`: lm-eval's command line with our tasks, backends and cache check."""

import functools
import json
import re
import subprocess
import sys
from types import SimpleNamespace

import pytest
import typer
from typer.testing import CliRunner

from lm_eval_longsafety.cli.run import PASS_THROUGH, run
from lm_eval_longsafety.errors import CacheError, DataError, OptionError
from lm_eval_longsafety.harness import launch
from lm_eval_longsafety.harness.discovery import tasks_path
from lm_eval_longsafety.harness.launch import run_lm_eval

TASK = """
task: {name}
custom_dataset: !function helpers.documents
output_type: generate_until
test_split: test
doc_to_text: "{{{{q}}}}"
doc_to_target: "{{{{a}}}}"
generation_kwargs: {{until: [], max_gen_toks: 4, do_sample: false}}
metric_list: [{{metric: exact_match}}]
"""
HELPERS = """
def documents(**kwargs):
    from datasets import Dataset
    return {"test": Dataset.from_list([{"q": "Which way is the harbour?", "a": "north"}])}
"""


@pytest.fixture
def own_task(tmp_path):
    folder = tmp_path / "tasks"
    folder.mkdir()
    (folder / "harbour.yaml").write_text(TASK.format(name="harbour"))
    (folder / "helpers.py").write_text(HELPERS)
    return folder


def app():
    typer_app = typer.Typer(add_completion=False)
    typer_app.command("run", context_settings=PASS_THROUGH, add_help_option=False)(run)
    typer_app.callback()(lambda: None)
    return typer_app


def test_every_argument_reaches_lm_eval_as_it_was_written(monkeypatch):
    seen = []
    monkeypatch.setattr(launch, "run_lm_eval", lambda words, *_, **__: seen.extend(words))
    words = ["--model", "hf", "--metadata", '{"data": "sample"}', "-h", "--help", "--", "-x", "a b"]
    result = CliRunner().invoke(app(), ["run", *words])
    assert result.exit_code == 0
    assert seen == words


def test_our_tasks_and_the_users_own_are_found_in_one_command(own_task, tmp_path, capsys):
    run_lm_eval(
        ["--model", "dummy", "--tasks", "harbour", "--include_path", str(own_task)]
        + ["--output_path", str(tmp_path / "out")]
    )
    assert "harbour" in capsys.readouterr().out
    (results,) = (tmp_path / "out").rglob("results_*.json")
    assert json.loads(results.read_text())["n-samples"]["harbour"]["effective"] == 1


def test_lm_eval_still_warns_about_metadata_for_the_users_own_tasks(own_task, caplog):
    run_lm_eval(["--model", "dummy", "--tasks", "harbour", "--include_path", str(own_task)])
    assert "harbour: Custom kwargs can be passed to `--metadata`" in caplog.text


def test_lm_eval_lists_our_group_while_run_is_active():
    import lm_eval.tasks

    with launch._first(lm_eval.tasks.TaskManager, launch._add_our_tasks):
        names = lm_eval.tasks.TaskManager(include_defaults=False).all_tasks
    assert {"longsafety", "longsafety_logits", "longsafety_harmful_niah"} <= set(names)
    assert "longsafety" not in lm_eval.tasks.TaskManager(include_defaults=False).all_tasks


@pytest.mark.parametrize(
    ("found", "defaults", "added"),
    [(True, True, False), (True, False, True), (False, True, True)],
)
def test_our_folder_is_added_only_where_lm_eval_does_not_find_the_tasks(
    monkeypatch, found, defaults, added
):
    # Added twice, lm-eval would warn of each of our tasks.
    state = SimpleNamespace(found=found)
    monkeypatch.setattr("lm_eval_longsafety.harness.discovery.status", lambda: state)
    arguments = {"include_path": "mine", "include_defaults": defaults}
    launch._add_our_tasks(arguments)
    assert arguments["include_path"] == ([str(tasks_path()), "mine"] if added else "mine")


@pytest.fixture
def no_index(monkeypatch):
    """lm-eval must not come to the point where it reads its task files."""
    import lm_eval.tasks

    def build(*_, **__):
        raise AssertionError("the index is built")

    monkeypatch.setattr(lm_eval.tasks.manager.TaskIndex, "build", build)


@pytest.mark.parametrize(
    ("words", "error", "said"),
    [
        (["--metadata", "{data: sample}"], OptionError, "Invalid JSON: {data: sample}"),
        (["--metadata", '{"split": "x"}'], OptionError, "'split' is set by the task file"),
        (["--metadata", '{"data": "/nope"}'], DataError, "data '/nope' is not a folder here"),
        (["--config", "/nothing.yaml"], OptionError, "Config file not found: /nothing.yaml"),
        (["--config", "{tmp}/list.yaml"], OptionError, "YAML root must be a mapping"),
        (["--config", "{tmp}/unknown.yaml"], OptionError, "unexpected keyword argument 'modell'"),
        (["--config", "{tmp}/binary.yaml"], OptionError, "Could not read config file"),
        (["--samples", "{tmp}/list.yaml"], OptionError, "lm-eval: Expecting value"),
        (["--log_samples"], OptionError, "lm-eval: Specify --output_path"),
        (["--tasks", "longsafety_dok_attack"], OptionError, "(did you mean longsafety_doc_attack"),
        (["--model", "nonsense"], OptionError, "--model: nonsense is no backend"),
    ],
)
def test_what_is_known_early_is_reported_before_lm_eval_reads_its_task_files(
    no_index, tmp_path, words, error, said
):
    import lm_eval.config.evaluate_config as lm_evals

    (tmp_path / "list.yaml").write_text("- a list")
    (tmp_path / "unknown.yaml").write_text("modell: dummy")
    (tmp_path / "binary.yaml").write_bytes(bytes(range(256)))
    words = [word.replace("{tmp}", str(tmp_path)) for word in words]
    original = lm_evals.EvaluatorConfig.process_tasks
    with pytest.raises(error, match=re.escape(said)):
        run_lm_eval(["--model", "dummy", "--tasks", "longsafety_doc_attack", *words])
    assert lm_evals.EvaluatorConfig.process_tasks is original
    assert isinstance(vars(lm_evals.EvaluatorConfig)["from_cli"], classmethod)


SCRIPT = """
import sys
from lm_eval_longsafety.harness.launch import run_lm_eval
from lm_eval_longsafety.errors import LongSafetyError
for words in {lines!r}:
    try:
        run_lm_eval(words)
    except LongSafetyError as error:
        slow = {{"torch", "transformers", "datasets"}} & set(sys.modules)
        print(type(error).__name__, sorted(slow))
"""


def test_mistakes_are_reported_without_importing_what_takes_seconds():
    task = ["--tasks", "longsafety_doc_attack", "--metadata"]
    lines = [
        ["--model", "nonsense", "--tasks", "mmlu"],
        ["--model", "dummy", "--tasks", "longsafety_dok_attack"],
        ["--model", "dummy", *task, '{"data": "/nope"}'],
        ["--model", "hf", "--model_args", "pretrained=/nope", *task, '{"data": "sample"}'],
    ]
    command = [sys.executable, "-c", SCRIPT.format(lines=lines)]
    done = subprocess.run(command, capture_output=True, text=True)
    kinds = ["OptionError", "OptionError", "DataError", "OptionError"]
    assert done.stdout.splitlines() == [f"{kind} []" for kind in kinds], done.stderr


def test_a_task_that_lm_eval_does_not_find_is_reported_in_a_line():
    raised = ValueError("Tasks not found: longsafety_dok_attack")
    with pytest.raises(OptionError, match="lm-eval: Tasks not found: longsafety_dok_attack"):
        with launch._reported_in_a_line(ValueError, pattern=launch._USERS_FAULT):
            raise raised


def test_other_errors_of_lm_eval_stay_as_they_are():
    with pytest.raises(ValueError, match="a bug"):
        with launch._reported_in_a_line(ValueError, pattern=launch._USERS_FAULT):
            raise ValueError("a bug")


def test_our_backends_are_known_to_lm_eval():
    from lm_eval.api.registry import get_model

    from lm_eval_longsafety import backends

    backends.register()
    backends.register()  # a second time changes nothing
    assert get_model("longsafety-hf").__name__ == "LongSafetyHF"


def test_a_damaged_cache_is_reported_before_lm_eval_opens_it(tmp_path):
    import lm_eval.api.model
    from lm_eval.models.dummy import DummyLM

    damaged = tmp_path / "cache_rank0.db"
    damaged.write_text("this is no database " * 100)
    before = damaged.read_bytes()
    config = SimpleNamespace(model="dummy", model_args={})
    step = functools.partial(launch._claim_cache, config)
    with launch._first(lm_eval.api.model.CachingLM, step):
        with pytest.raises(CacheError, match="cache_rank0.db: not a response cache"):
            lm_eval.api.model.CachingLM(DummyLM(), str(damaged))
        lm_eval.api.model.CachingLM(DummyLM(), str(tmp_path / "new_rank0.db")).dbdict.close()
    assert damaged.read_bytes() == before


def test_a_stock_backend_gets_no_answers_of_another_model(own_task, tmp_path):
    cache = tmp_path / "answers"
    words = ["--tasks", "harbour", "--include_path", str(own_task), "--use_cache", str(cache)]
    run_lm_eval(["--model", "dummy", *words])
    run_lm_eval(["--model", "dummy", *words])
    with pytest.raises(CacheError, match="_rank0.db: holds the answers of another model .tokens"):
        run_lm_eval(["--model", "dummy", "--model_args", "tokens=2", *words])


def test_an_unknown_argument_is_reported_in_one_line(tiny_model):
    words = ["--tasks", "longsafety_doc_attack", "--metadata", '{"data": "sample"}']
    given = f"pretrained={tiny_model},max_lenght=5,dtype=float32"
    with pytest.raises(OptionError, match="--model_args max_lenght=5: neither lm-eval's backend"):
        run_lm_eval(["--model", "hf", "--device", "cpu", "--model_args", given, *words])


def test_the_command_line_of_the_process_is_as_before(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["longsafety", "run"])
    with pytest.raises(SystemExit):
        run_lm_eval(["--help"])
    assert sys.argv == ["longsafety", "run"]
