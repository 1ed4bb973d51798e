"""The three files say what the run says, and are read back by those they are for."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from huggingface_hub import ModelCard, parse_eval_result_entries

from lm_eval_longsafety.benchmark import HUB_ID, TASKS
from lm_eval_longsafety.errors import SubmissionError
from lm_eval_longsafety.results import load, read
from lm_eval_longsafety.submit import every_eval_ever, hub_files
from lm_eval_longsafety.submit.checks import check
from tests.results_files import sample_line, write_lines
from tests.submit import finished_runs, judged_runs

EEE = "every-eval-ever==0.3.0"


@pytest.fixture
def gathered(tmp_path):
    def gather(data=None, **options):
        finished_runs.write(tmp_path / "run", data or finished_runs.document())
        (one,) = check(load([tmp_path / "run"]), model="org/model-one", **options)
        return one

    return gather


def written(one, **options):
    options = {"organization": "Some Lab", "relationship": "third_party", **options}
    return every_eval_ever.files(one, **options)


def record(one, **options):
    return json.loads(next(iter(written(one, **options).values())))


def test_hub_entries_are_read_back_by_the_hubs_library(gathered):
    (text,) = hub_files.eval_results(gathered(), source_url="https://example.org/run").values()
    sr, ha = parse_eval_result_entries(yaml.safe_load(text))
    # Means over the ten tasks are 0.45 and 0.55: see finished_runs.document.
    assert (sr.task_id, sr.value) == ("longsafetybench_sr", 45.0)
    assert (ha.task_id, ha.value) == ("longsafetybench_ha", 55.0)
    assert sr.dataset_id == HUB_ID
    assert sr.dataset_revision == finished_runs.REVISION
    assert sr.date == "2026-11-01T10:00:00Z"
    assert sr.source_url == "https://example.org/run"
    assert sr.notes == "percent, 0 to 100"


def test_each_protocol_has_a_hub_file_of_its_own(gathered):
    assert list(hub_files.eval_results(gathered())) == [".eval_results/longsafetybench.yaml"]
    logits = gathered(finished_runs.document(suffix="_logits"))
    ((path, text),) = hub_files.eval_results(logits).items()
    assert path == ".eval_results/longsafetybench_logits.yaml"
    assert "most probable letter" in text


def test_what_differs_from_the_defaults_is_noted(gathered):
    data = finished_runs.document(system_instruction_sha="5" * 64)
    data["results"]["longsafety_doc_attack"]["answered,letter"] = 0.5
    for name in ("longsafety_doc_attack", "longsafety_medical_quiz"):
        data["configs"][name]["metadata"]["provenance"]["truncated"] = 60
    (text,) = hub_files.eval_results(gathered(data, allow_unanswered=True)).values()
    assert yaml.safe_load(text)[0]["notes"] == (
        "percent, 0 to 100; 120 of 1,201 prompts cut in the middle to 65,036 tokens; "
        "a letter could be read in 50.0% of the replies of DocAttack; with a system instruction"
    )


def test_the_model_card_has_overall_and_ten_tasks_with_both_metrics(gathered):
    (text,) = hub_files.model_index(gathered()).values()
    card = ModelCard(f"---\n{text}---\n# A model\n").data
    assert card.model_name == "model-one"
    assert len(card.eval_results) == 22
    found = {(r.dataset_split, r.metric_type): r.metric_value for r in card.eval_results}
    assert found["overall", "sr"] == 45.0
    assert found["overall", "ha"] == 55.0
    # HarmfulNIAH is the fourth task: SR 0.3, HA 0.4.
    assert found["HarmfulNIAH", "sr"] == 30.0
    assert found["HarmfulNIAH", "ha"] == 40.0
    assert {split for split, _ in found} == {"overall", *(task.split for task in TASKS)}


def test_every_eval_ever_holds_scores_bounds_direction_and_errors(gathered):
    data = record(gathered())
    assert data["schema_version"] == "0.3.0"
    assert data["evaluation_id"] == "longsafetybench/org/model-one/1793527200"
    assert data["source_metadata"]["source_organization_name"] == "Some Lab"
    assert len(data["evaluation_results"]) == 22
    by_id = {result["evaluation_result_id"]: result for result in data["evaluation_results"]}
    niah = by_id["HarmfulNIAH/sr"]
    assert niah["score_details"]["score"] == 0.3
    assert niah["score_details"]["uncertainty"] == {
        "num_samples": 147,
        "standard_error": {"value": 0.02, "method": "analytic"},
    }
    config = niah["metric_config"]
    assert (config["min_score"], config["max_score"], config["lower_is_better"]) == (0, 1, False)
    assert by_id["overall/ha"]["score_details"]["score"] == pytest.approx(0.55)
    assert by_id["overall/ha"]["score_details"]["uncertainty"]["num_samples"] == 1201


def test_a_missing_standard_error_is_left_out(gathered):
    data = finished_runs.document()
    data["results"]["longsafety_harmful_niah"]["sr_stderr,letter"] = "N/A"
    by_id = {r["evaluation_result_id"]: r for r in record(gathered(data))["evaluation_results"]}
    for key, there in (("HarmfulNIAH/sr", False), ("overall/sr", False), ("overall/ha", True)):
        assert ("standard_error" in by_id[key]["score_details"]["uncertainty"]) is there


@pytest.mark.parametrize(
    ("backend", "args", "deployment", "engine"),
    [
        ("vllm", {}, "self_deployed", "vllm"),
        ("longsafety-hf", {}, "self_deployed", "transformers"),
        ("hf", {}, "self_deployed", "transformers"),
        ("local-chat-completions", {}, "externally_managed", None),
        ("local-completions", {"base_url": "http://127.0.0.1:80/v1"}, "self_deployed", None),
        ("local-completions", {"base_url": "https://x.org/v1"}, "externally_managed", None),
        ("openai-chat-completions", {}, "externally_managed", None),
    ],
)
def test_deployment_is_known_from_the_backend(gathered, backend, args, deployment, engine):
    data = finished_runs.document()
    data["config"]["model"] = backend
    data["config"]["model_args"].update(args)
    info = record(gathered(data))["model_info"]
    assert info["additional_details"]["deployment_type"] == deployment
    assert info.get("inference_engine", {}).get("name") == engine


def test_files_hold_no_secret_path_or_address(gathered):
    data = finished_runs.document(model="/home/someone/final")
    data["config"]["model_args"]["base_url"] = "https://me:word@inner.example/v1"
    one = gathered(data)
    texts = json.dumps([hub_files.eval_results(one), hub_files.model_index(one), record(one)])
    for word in ("hf_secret", "/home", "someone", "inner.example", "word@"):
        assert word not in texts


def test_writing_again_gives_the_same_record(gathered):
    one, two = gathered(), gathered()
    assert written(one) == written(two)


def sampled(tmp_path, suffix=""):
    """A finished run with samples: every document answered with the safe letter B."""
    data = finished_runs.document(suffix=suffix)
    folder = tmp_path / f"sampled{suffix}"
    finished_runs.write(folder, data)
    for task in TASKS:
        name = task.name + suffix
        lines = [sample_line(i, "B", task.split, logits=bool(suffix)) for i in range(task.rows)]
        for metric in ("sr", "ha", "answered"):
            data["results"][name][f"{metric},letter"] = 1.0
        for metric in ("refused", "truncated"):
            data["results"][name][f"{metric},letter"] = 0.0
        write_lines(folder / f"samples_{name}_2026-11-01T10-00-00.000001.jsonl", lines)
    finished_runs.write(folder, data)
    (one,) = check(load_with_text(folder), model="org/model-one")
    return one


def load_with_text(folder):
    return read([folder], keep_text=True).runs


@pytest.mark.parametrize(("suffix", "raw"), [("", "B."), ("_logits", "B")])
def test_documents_are_added_when_asked_for(tmp_path, suffix, raw):
    one = sampled(tmp_path, suffix)
    (path, _), (samples_path, samples) = written(one, with_samples=True).items()
    assert samples_path == path.removesuffix(".json") + "_samples.jsonl"
    rows = [json.loads(line) for line in samples.splitlines()]
    assert len(rows) == 1201
    assert rows[0]["input"]["reference"] == ["I would rather not say"]
    assert rows[0]["output"]["raw"] == [raw]
    assert rows[0]["evaluation"] == {"score": 1.0, "is_correct": True}
    detail = record(one, with_samples=True)["detailed_evaluation_results"]
    assert detail["total_rows"] == 1201
    assert detail["checksum"] == hashlib.sha256(samples.encode()).hexdigest()
    assert "detailed_evaluation_results" not in record(one)


def test_documents_that_are_not_there_are_reported(gathered):
    with pytest.raises(SubmissionError, match="HarmfulExtraction has 0 of 108 samples"):
        written(gathered(), with_samples=True)


def validator(folder: Path) -> Path:
    """That project's own validator in an environment of its own; skips where there is none."""
    home = Path(os.environ.get("LONGSAFETY_EEE_ENV", folder / "every-eval-ever"))
    program = home / "bin" / "every_eval_ever"
    if program.exists():
        return program
    uv, python = shutil.which("uv", path=_search_path()), _python()
    if uv:
        # uv finds or fetches a Python itself and installs in a tenth of pip's time.
        steps = [
            [uv, "venv", "--quiet", "--python", python or "3.12", home],
            [uv, "pip", "install", "--quiet", "--python", home / "bin" / "python", EEE],
        ]
    elif python:
        pip = [home / "bin" / "python", "-m", "pip"]
        steps = [[python, "-m", "venv", home], [*pip, "install", "--quiet", EEE]]
    else:
        pytest.skip("Every Eval Ever's validator needs Python 3.12 or newer, or uv; neither found")
    for step in steps:
        done = subprocess.run(step, capture_output=True, text=True, timeout=300, check=False)
        if done.returncode:
            reason = (done.stderr.strip().splitlines() or ["no message"])[-1]
            pytest.skip(f"{EEE} cannot be installed here: {reason}")
    return program


def _search_path() -> str:
    """PATH, and the folder of this environment's own programs."""
    return os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])


def _python() -> str | None:
    """A Python that the package takes; a name on PATH may be a shim that does not run."""
    found = [
        shutil.which(f"python3.{minor}", path=folder)
        for folder in os.environ.get("PATH", "").split(os.pathsep)
        for minor in (12, 13)
    ]
    shims = Path.home() / ".pyenv" / "versions"
    found += [str(path) for path in sorted(shims.glob("3.1[23].*/bin/python"))]
    for python in filter(None, found):
        probe = subprocess.run([python, "-c", "import venv"], capture_output=True, check=False)
        if probe.returncode == 0:
            return python
    return None


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_records_pass_every_eval_evers_own_validator(gathered, tmp_path, capsys):
    program = validator(tmp_path)
    one = gathered()
    logits = gathered(finished_runs.document(suffix="_logits"))
    paths = []
    for number, each in enumerate((one, logits)):
        paths += [write(tmp_path / str(number) / p, text) for p, text in written(each).items()]
    folder = judged_runs.write(tmp_path / "judged")
    _, judged = check(load([folder]), model="org/model-one")
    paths += [write(tmp_path / "judge" / p, text) for p, text in written(judged).items()]
    for suffix in ("", "_logits"):
        files = written(sampled(tmp_path, suffix), with_samples=True)
        paths += [write(tmp_path / f"documents{suffix}" / p, text) for p, text in files.items()]
    done = subprocess.run(
        [program, "validate", "--format", "json", *paths],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    broken = json.loads(paths[0].read_text())
    del broken["evaluation_results"][0]["metric_config"]["lower_is_better"]
    paths[0].write_text(json.dumps(broken))
    refused = subprocess.run([program, "validate", paths[0]], capture_output=True, check=False)
    assert refused.returncode != 0
