"""`longsafety submit` runs with its extra alone, and without it says what to install."""

from tests.extras import hidden_without, longsafety
from tests.submit import finished_runs


def test_what_submit_imports_comes_with_its_extra(tmp_path):
    hidden = hidden_without("submit")
    assert {"matplotlib", "vllm", "pytest", "hypothesis"} & hidden
    finished_runs.write(tmp_path / "run", finished_runs.document())
    out = tmp_path / "out"
    done = longsafety(hidden, "submit", tmp_path / "run", "--model", "org/model-one", "--out", out)
    assert done.returncode == 0, done.stderr
    assert "Nothing was sent" in done.stdout


def test_without_the_extra_one_line_names_it(tmp_path):
    finished_runs.write(tmp_path, finished_runs.document())
    done = longsafety({"orjson"}, "submit", tmp_path, "--model", "org/model-one")
    assert done.returncode == 2
    assert done.stderr == (
        "longsafety: this command needs orjson, not installed; "
        "pip install 'lm-eval-longsafety[submit]'\n"
    )
