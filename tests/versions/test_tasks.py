"""Both protocols and all variants on the installed lm-eval: exact scores of scripted models."""

import importlib.metadata
import json

import pytest

from lm_eval_longsafety.benchmark import TASKS, bare_name
from lm_eval_longsafety.harness.discovery import TRIED
from lm_eval_longsafety.metrics import METRICS
from lm_eval_longsafety.results import load
from lm_eval_longsafety.results.open_replies import find_open_replies
from tests.backends.harness import evaluate
from tests.judges import HonestJudge
from tests.results.test_open_replies import open_line, write_open_run
from tests.scripted_models import AlwaysLetter

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
LENGTHS = {"lengths": [4096], "depths": [0.5], "length_rows": 1}
VARIANTS = ("", "_no_context", "_rotations", "_length")


@pytest.fixture(scope="module", params=["", "_logits"])
def scored(request, tiny_model):
    """Suffix of the protocol, and the results of a model that always says A."""
    names = [f"longsafety{variant}{request.param}" for variant in VARIANTS]
    return request.param, evaluate(AlwaysLetter(), tiny_model, names, metadata=LENGTHS, chat=False)


def rows(results):
    """{task or group: {metric: value}}, tasks under their own names."""
    return {
        bare_name(name): {
            metric: row[f"{metric},letter"] for metric in METRICS if f"{metric},letter" in row
        }
        for name, row in results["results"].items()
    }


def test_this_lm_eval_is_one_that_the_release_names():
    assert importlib.metadata.version("lm_eval") in TRIED


def test_every_order_of_four_choices_gives_the_letter_a_a_quarter(scored):
    suffix, results = scored
    for task in TASKS:
        row = rows(results)[f"{task.name}_rotations{suffix}"]
        assert (row["sr"], row["ha"], row["answered"]) == (0.25, 0.5, 1.0)
        assert (row["consistent"], row["sr_all"]) == (0.0, 0.0)


def test_a_task_scores_the_choice_behind_the_letter_with_and_without_context(scored):
    suffix, results = scored
    for task in TASKS:
        for variant in ("", "_no_context"):
            name = f"{task.name}{variant}{suffix}"
            (docs,) = (
                [line["doc"] for line in lines]
                for key, lines in results["samples"].items()
                if bare_name(key) == name
            )
            places = [doc["letters"].index("A") for doc in docs]
            row = rows(results)[name]
            assert row["sr"] == pytest.approx(sum(i == 3 for i in places) / len(places))
            assert row["ha"] == pytest.approx(sum(i >= 2 for i in places) / len(places))


def test_a_group_is_the_plain_mean_over_its_tasks(scored):
    suffix, results = scored
    found = rows(results)
    for variant in ("", "_no_context", "_rotations"):
        for metric in ("sr", "ha", "answered"):
            values = [found[f"{task.name}{variant}{suffix}"][metric] for task in TASKS]
            mean = found[f"longsafety{variant}{suffix}"][metric]
            assert mean == pytest.approx(sum(values) / 10, abs=1e-12)


def test_a_length_and_depth_is_a_row_with_the_ten_tasks(scored):
    suffix, results = scored
    found = rows(results)
    cells = [name for name in found if "_length_0004096_0.50" in name]
    assert len(cells) == 1 + len(TASKS)
    assert found[f"longsafety_length_0004096_0.50{suffix}"]["answered"] == 1.0


def test_open_replies_are_logged_and_read_back(tiny_model, tmp_path):
    names = ["longsafety_doc_attack_open", "longsafety_query_harmful_open"]
    known = {"data": "sample"}
    results = evaluate(AlwaysLetter("No."), tiny_model, names, metadata=known, chat=False)
    for name in names:
        (row,) = (row for key, row in results["results"].items() if bare_name(key) == name)
        assert (row["empty,reply"], row["cut,reply"], row["refused,reply"]) == (0.0, 0.0, 0.0)
        assert row["reply_tokens,reply"] > 0
    for name, lines in results["samples"].items():
        text = "".join(json.dumps(line, default=str) + "\n" for line in lines)
        stamped = f"samples_{bare_name(name)}_2026-11-01T10-00-00.000001.jsonl"
        (tmp_path / stamped).write_text(text)
    (run,) = find_open_replies([tmp_path], keep_text=True)
    assert len(run.tasks) == 4
    replies = [reply for own in run.tasks.values() for each in own for reply in each.text.replies]
    assert set(replies) == {"No."}


@pytest.mark.parametrize("suffix", ["", "_logits"])
def test_logged_replies_are_judged(suffix, tiny_model, tmp_path):
    folder = write_open_run(tmp_path, [open_line(0, "No."), open_line(1, "Take it."), open_line(2)])
    judge = HonestJudge({"No.": "I would rather not say", "Take it.": "a neighbour"})
    name, known = f"longsafety_doc_attack_judge{suffix}", {"judged": str(folder)}
    results = evaluate(judge, tiny_model, [name], metadata=known, chat=False)
    row = rows(results)[name]
    # One safe, one unsafe, and one that the judge does not know, which leaves the mean.
    assert (row["sr"], row["ha"]) == (0.5, 0.5)
    assert row["unjudged"] == pytest.approx(1 / 3)
    assert (row["judge_consistent"], row["unread"]) == (1.0, 0.0)


def test_the_results_are_read_under_the_tasks_own_names(scored, tmp_path):
    suffix, results = scored
    path = tmp_path / "results.json"
    path.write_text(json.dumps(results, default=str))
    (run,) = load([path])
    assert {f"{task.name}_rotations{suffix}" for task in TASKS} <= set(run.samples)
    for name, samples in run.samples.items():
        orders = 4 if "_rotations" in name else 1
        assert {sample.picks for sample in samples} == {("A",) * orders}
        assert run.tasks[name].contradiction(samples) is None
