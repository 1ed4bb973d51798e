"""Published scores beside those of the same models."""

from dataclasses import replace

import pytest

from lm_eval_longsafety.analysis.models import models
from lm_eval_longsafety.benchmark import TASKS
from lm_eval_longsafety.report import published
from lm_eval_longsafety.report.published_scores import published_score, published_scores
from tests.hand_made import run_of, scored


def ten(name, safe, of=100):
    """A run of all ten tasks: so many of the documents of each have SR."""
    rows = {task.split: scored((1,) * safe + (0,) * (of - safe), task.split) for task in TASKS}
    return run_of(name, **rows)


def score_of(name, **args):
    (model,) = models([replace(ten(name, 1, 2), model_args=args)])
    found = published_score(model)
    return found and found.model


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("Qwen/Qwen2.5-7B-Instruct", "Qwen2.5-7B-Instruct"),
        ("LutherXD/LLaMA3.1-8B-LongSafety", "LLaMA3.1-8B-LS"),
        ("/data/models/InternLM3-8B-LongSafety/", "InternLM3-8B-LS"),
        ("…/models/internlm2_5-7b-chat", "InternLM2.5-7B-Chat"),
        ("gpt-4-turbo-preview", "GPT-4-turbo-preview"),
        # Another organisation's model, another size, another spelling, a quantised copy.
        ("someone/Qwen2.5-7B-Instruct", None),
        ("someone/gpt-4-turbo-preview", None),
        ("Qwen/Qwen2.5-14B-Instruct", None),
        ("qwen/qwen2.5-7b-instruct", None),
        ("/data/Qwen2.5-7B-Instruct-AWQ", None),
        ("unknown", None),
    ],
)
def test_a_model_is_recognised_by_its_whole_name_only(name, row):
    assert score_of(name) == row


def test_a_base_with_an_adapter_is_not_the_published_base():
    assert score_of("Qwen/Qwen2.5-7B-Instruct", peft="…/a") is None


def test_every_published_score_has_a_model():
    from lm_eval_longsafety.report.published_scores import _rows

    named = {row["model"] for row in _rows("published_models.csv")}
    assert named == {score.model for score in published_scores()}


def again(*runs):
    shown = published.section(models(runs))
    return shown, [table for table in shown.tables if table.id == "published-again"]


def test_published_and_own_score_stand_beside_each_other():
    # Published: 51.44 and 66.52. Ours: 52 % and 90 % of 1,000 documents in ten tasks.
    shown, (table,) = again(
        ten("Qwen/Qwen2.5-7B-Instruct", 52), ten("LutherXD/Qwen2.5-7B-LongSafety", 90)
    )
    first, second = ([cell.text for cell in row] for row in table.rows)
    assert first[1] == "51.4"
    assert first[2].startswith("52.0 [")
    assert first[3:] == ["+0.6", "yes"]
    assert second[3:] == ["+23.5", "no"]
    assert shown.answer.endswith(
        "Inside our 95 % intervals: 1 of 2 published scores of the same models."
    )


def test_on_other_data_the_same_model_is_not_compared():
    run = ten("Qwen/Qwen2.5-7B-Instruct", 52)
    part = replace(run, samples=dict(list(run.samples.items())[:9]))
    shown, (table,) = again(part)
    assert [cell.text for cell in table.rows[0][3:]] == ["n/a", "not comparable: not all ten tasks"]
    assert "same models" not in shown.answer


def test_other_models_have_no_such_table():
    assert again(ten("org/m", 52))[1] == []
