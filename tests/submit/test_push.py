"""Pull requests through huggingface_hub's real calls, against a local server that plays the hub."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from huggingface_hub import HfApi

from lm_eval_longsafety.errors import SubmissionError
from lm_eval_longsafety.submit.push import TITLE, open_pull_request
from tests.submit import finished_runs
from tests.submit.hub_server import Hub, pull_request, start

MODEL = "org/model-one"
TOKEN = "hf_" + "s" * 34
PATH = ".eval_results/longsafetybench.yaml"
FILES = {PATH: "- dataset: {id: a, task_id: b}\n  value: 1.0\n"}
EVAL_YAML = "datasets/LutherXD/LongSafetyBench@main/eval.yaml"
READY = (Path(__file__).parents[2] / "examples" / "eval.yaml").read_text(encoding="utf-8")


@pytest.fixture
def hub(monkeypatch):
    """A hub that lists the benchmark; requests may leave for it, and retries do not wait."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.setattr("huggingface_hub.utils._http.time.sleep", lambda _: None)
    hub = Hub(files={EVAL_YAML: READY})
    server = start(hub)
    yield hub
    server.shutdown()
    server.server_close()


def push(hub, files=FILES, **options):
    return open_pull_request(MODEL, files, api=HfApi(endpoint=hub.url, token=TOKEN), **options)


def refusal(hub, **options):
    with pytest.raises(SubmissionError) as caught:
        push(hub, **options)
    assert TOKEN not in str(caught.value)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_pull_request_carries_the_file_and_gives_its_address(hub):
    assert push(hub) == f"{hub.url}/{MODEL}/discussions/7"
    (commit,) = hub.commits
    assert commit["files"] == FILES
    assert commit["summary"] == TITLE
    assert commit["line"] == f"POST /api/models/{MODEL}/commit/main?create_pr=1"
    assert hub.tokens == {f"Bearer {TOKEN}"}


def test_without_a_leaderboard_nothing_is_sent(hub):
    del hub.files[EVAL_YAML]
    reported = refusal(hub)
    assert "does not name longsafetybench_ha, longsafetybench_sr" in reported
    assert "examples/eval.yaml" in reported
    assert not any(line.startswith("POST") for line in hub.requests)


@pytest.mark.parametrize("text", ["tasks: [{id: other}]", "tasks: [", "- 1", ""])
def test_an_eval_yaml_without_our_tasks_is_no_leaderboard(hub, text):
    hub.files[EVAL_YAML] = text
    assert "does not name" in refusal(hub)
    assert not hub.commits


def test_results_there_already_are_not_sent_again(hub):
    hub.files[f"{MODEL}@main/{PATH}"] = FILES[PATH]
    assert "holds exactly these results already" in refusal(hub)
    assert not hub.commits


def test_other_results_there_are_replaced_only_on_demand(hub):
    hub.files[f"{MODEL}@main/{PATH}"] = "- other\n"
    assert f"holds other results in {PATH}; --force" in refusal(hub)
    assert push(hub, replace=True).endswith("/discussions/7")


def test_an_open_pull_request_of_the_same_name_stops_the_push(hub):
    hub.pull_requests = [pull_request(2, "Fix a typo"), pull_request(5, TITLE)]
    assert f"{hub.url}/{MODEL}/discussions/5" in refusal(hub)
    assert not hub.commits


def test_an_open_pull_request_with_the_same_file_stops_the_push(hub):
    hub.pull_requests = [pull_request(4, "Numbers")]
    hub.files[f"{MODEL}@refs/pr/4/{PATH}"] = "- from someone else\n"
    assert f"{hub.url}/{MODEL}/discussions/4 (Numbers)" in refusal(hub)
    assert not hub.commits


def test_other_open_pull_requests_do_not_matter(hub):
    hub.pull_requests = [pull_request(2, "Fix a typo"), pull_request(3, "Add MMLU results")]
    assert push(hub).endswith("/discussions/7")


@pytest.mark.parametrize(
    ("failure", "reported"),
    [
        (
            (401, "Invalid credentials", {}),
            "answered 401 (it says: Invalid credentials): the token",
        ),
        ((403, "no write", {}), "answered 403 (it says: no write): the token may not do this"),
        ((404, "gone", {"X-Error-Code": "RepoNotFound"}), "answered 404"),
        ((409, "main moved", {}), "answered 409 (it says: main moved): something changed"),
        ((412, "main moved", {}), "answered 412 (it says: main moved): something changed"),
        ((429, "slow down", {"Retry-After": "300"}), "too many requests; try again in 300 s"),
        ((429, "slow down", {}), "too many requests; try again in some minutes"),
        ((500, "oops", {}), "answered 500 (it says: oops): try again later"),
        ((400, f"bad {TOKEN}", {}), "answered 400 (it says: bad ***): see the hub's answer"),
        (("drop",), "no answer from the hub"),
    ],
)
@pytest.mark.parametrize("where", ["/commit/", "/discussions"])
def test_what_the_hub_answers_is_reported_in_one_line(hub, where, failure, reported):
    hub.fail[where] = failure
    message = refusal(hub)
    assert reported in message
    assert ("look there for a pull request before trying again" in message) is (where == "/commit/")


@pytest.mark.parametrize(
    "failure", [(401, "who", {}), (403, "no", {}), (429, "slow", {"Retry-After": "1"}), ("drop",)]
)
def test_a_data_set_that_cannot_be_read_is_no_missing_leaderboard(hub, failure):
    hub.fail["/resolve/main/eval.yaml"] = failure
    message = refusal(hub)
    assert message.startswith("reading LutherXD/LongSafetyBench: ")
    assert "does not name" not in message
    assert not hub.commits


def test_a_hub_that_is_not_there_is_reported(hub):
    hub.url = "http://127.0.0.1:9"
    assert "no answer from the hub" in refusal(hub)


def test_offline_mode_is_reported(hub, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    assert "HF_HUB_OFFLINE" in refusal(hub)


def command(tmp_path, hub, *options, token=TOKEN):
    environment = {
        **os.environ,
        "HF_ENDPOINT": hub.url,
        "HF_HUB_OFFLINE": "0",
        "HF_HOME": str(tmp_path / "hf"),
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    }
    environment.pop("HF_TOKEN", None)
    environment.pop("HUGGING_FACE_HUB_TOKEN", None)
    if token:
        environment["HF_TOKEN"] = token
    done = subprocess.run(
        [sys.executable, "-c", _MAIN, str(tmp_path / "run"), "--model", MODEL, *options]
        + ["--out", str(tmp_path / "out")],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert TOKEN not in done.stdout + done.stderr
    for path in (tmp_path / "out").rglob("*.*"):
        assert path.is_dir() or TOKEN not in path.read_text()
    return done


_MAIN = """
import sys
import typer
from lm_eval_longsafety.cli.submit import submit
from lm_eval_longsafety.errors import LongSafetyError
app = typer.Typer(add_completion=False)
app.command()(submit)
try:
    app()
except LongSafetyError as error:
    print(f"longsafety: {error}", file=sys.stderr)
    raise SystemExit(2)
"""


def test_the_command_sends_what_it_wrote(tmp_path, hub):
    finished_runs.write(tmp_path / "run", finished_runs.document())
    done = command(tmp_path, hub, "--push")
    assert done.returncode == 0, done.stderr
    assert f"pull request: {hub.url}/{MODEL}/discussions/7" in done.stdout
    (commit,) = hub.commits
    assert commit["files"] == {PATH: (tmp_path / "out" / PATH).read_text()}


def test_the_command_without_a_token_says_how_to_get_one(tmp_path, hub):
    finished_runs.write(tmp_path / "run", finished_runs.document())
    done = command(tmp_path, hub, "--push", token=None)
    assert done.returncode == 2
    assert "hf auth login" in done.stderr
    assert hub.requests == []


def test_a_dry_run_asks_the_hub_nothing(tmp_path, hub):
    finished_runs.write(tmp_path / "run", finished_runs.document())
    done = command(tmp_path, hub)
    assert done.returncode == 0
    assert "Nothing was sent" in done.stdout
    assert hub.requests == []
