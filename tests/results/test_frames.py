"""`load_results` gives an evaluation's scores and samples as pandas tables."""

import subprocess
import sys
from pathlib import Path

import pytest

from lm_eval_longsafety import __version__, load_results

RESULTS = Path(__file__).parents[1] / "fixtures" / "results"


def test_scores_have_a_row_for_each_task_and_metric():
    (run,) = load_results(RESULTS / "demo-model-0.parquet")
    scores = run.scores()
    one = scores[(scores.task == "longsafety_doc_attack") & (scores.metric == "sr")].iloc[0]
    assert (one.variant, one.protocol, one["filter"]) == ("", "generate", "letter")
    assert 0 <= one.value <= 1 and one.documents == 8


def test_the_mean_of_the_samples_is_the_tasks_score():
    (run,) = load_results(str(RESULTS / "demo-model-0.parquet"))
    scores, samples = run.scores(), run.samples()
    reported = scores[(scores.metric == "sr") & (scores.protocol == "generate")]
    reported = reported[reported.variant == ""].set_index("task").value
    means = samples.groupby("task").sr.mean()
    assert means[reported.index].values == pytest.approx(reported.values)


def test_several_paths_may_be_given_at_once_or_as_a_list():
    paths = sorted(RESULTS.glob("*.parquet"))
    assert len(load_results(*paths)) == len(load_results(paths)) == len(paths)


def test_a_run_is_shown_in_one_short_line():
    (run,) = load_results(RESULTS / "demo-model-0.parquet")
    assert repr(run).count("\n") == 0 and len(repr(run)) < 100


def test_without_pandas_the_message_says_what_to_install():
    code = (
        "import sys\n"
        "class NoPandas:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.partition('.')[0] == 'pandas':\n"
        "            raise ModuleNotFoundError(name)\n"
        "sys.meta_path.insert(0, NoPandas())\n"
        "from lm_eval_longsafety import load_results\n"
        f"load_results({str(RESULTS)!r})[0].scores()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "pip install 'lm-eval-longsafety[report]'" in done.stderr


def test_importing_the_package_loads_neither_pandas_nor_lm_eval():
    code = "import sys, lm_eval_longsafety; print({'pandas', 'lm_eval', 'torch'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "set()"


def test_the_version_is_that_of_the_installed_distribution():
    from importlib.metadata import version

    assert __version__ == version("lm-eval-longsafety")
