"""`longsafety submit` by exit code, output and files."""

import pytest
import typer
from typer.testing import CliRunner

from lm_eval_longsafety.cli.submit import submit
from lm_eval_longsafety.errors import OptionError, ResultsError, SubmissionError
from tests.results_files import full_run, write_run
from tests.submit import finished_runs

MODEL = "org/model-one"


def call(*arguments):
    app = typer.Typer()
    app.command()(submit)
    return CliRunner().invoke(app, [str(a) for a in arguments])


def refused(kind, *arguments):
    result = call(*arguments)
    assert isinstance(result.exception, kind), result.output
    return str(result.exception)


@pytest.fixture
def run(tmp_path):
    finished_runs.write(tmp_path / "run", finished_runs.document())
    return tmp_path / "run"


def test_a_dry_run_writes_three_files_and_says_what_they_say(run, tmp_path):
    result = call(run, "--model", MODEL, "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    files = sorted(str(p.relative_to(tmp_path / "out")) for p in tmp_path.rglob("out/**/*.*ml"))
    assert files == [".eval_results/longsafetybench.yaml", "model-index.yaml"]
    records = list((tmp_path / "out" / "data" / "longsafetybench" / "org" / "model-one").iterdir())
    assert len(records) == 1
    assert "mean of the ten          45.00   55.00      1,201" in result.stdout
    assert "HarmfulNIAH              30.00   40.00        147" in result.stdout
    assert "Nothing was sent" in result.stdout


def test_a_second_dry_run_changes_nothing(run, tmp_path):
    call(run, "--model", MODEL, "--out", tmp_path / "out")
    result = call(run, "--model", MODEL, "--out", tmp_path / "out")
    assert result.exit_code == 0
    assert result.stdout.count("(unchanged)") == 3


def test_other_output_is_replaced_only_on_demand(run, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "model-index.yaml").write_text("mine")
    reported = refused(OptionError, run, "--model", MODEL, "--out", out)
    assert "already there with other content" in reported
    assert [p.name for p in out.iterdir()] == ["model-index.yaml"]
    assert call(run, "--model", MODEL, "--out", out, "--force").exit_code == 0


def test_a_refused_run_leaves_no_files(run, tmp_path):
    write_run(tmp_path / "sample", full_run())
    reported = refused(
        SubmissionError, tmp_path / "sample", "--model", MODEL, "--out", tmp_path / "out"
    )
    assert "embedded sample data" in reported
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("options", "reported"),
    [
        (["--protocol", "both"], "--protocol 'both'"),
        (["--relationship", "friend"], "--relationship 'friend'"),
        (["--source-url", "javascript:alert(1)"], "--source-url"),
        (["--source-url", "https://me:horse@example.org"], "--source-url"),
        (["--source-url", "https://"], "--source-url"),
    ],
)
def test_options_that_cannot_be_used_are_named(run, tmp_path, options, reported):
    message = refused(OptionError, run, "--model", MODEL, "--out", tmp_path / "out", *options)
    assert reported in message
    assert "horse" not in message


def test_an_older_hub_library_is_refused_in_one_line(run, tmp_path, monkeypatch):
    # What pip writes beside a package; the first one on the path counts.
    info = tmp_path / "site" / "huggingface_hub-1.3.9.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: huggingface_hub\nVersion: 1.3.9\n")
    monkeypatch.syspath_prepend(info.parent)
    out = tmp_path / "out"
    message = refused(OptionError, run, "--model", MODEL, "--out", out)
    assert message == (
        "this command needs huggingface_hub 1.4 or newer, found 1.3.9; "
        "pip install -U 'lm-eval-longsafety[submit]'"
    )
    assert not out.exists()


def test_a_path_that_does_not_exist_is_named(tmp_path):
    assert "nowhere: no such file" in refused(ResultsError, tmp_path / "nowhere", "--model", MODEL)


def test_samples_that_are_asked_for_but_missing_are_reported(run, tmp_path):
    out = tmp_path / "out"
    reported = refused(SubmissionError, run, "--model", MODEL, "--out", out, "--with-samples")
    assert "--log_samples" in reported
    assert not out.exists()
