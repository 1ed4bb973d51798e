import pytest

from lm_eval_longsafety.benchmark import BY_SPLIT
from lm_eval_longsafety.training.known_tasks import TRAINING_TASKS, known_name, same, scenario


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("HarmfulNIAH", "HarmfulNIAH"),
        ("harmful_niah", "HarmfulNIAH"),
        ("Harmful NIAH (32k)", "HarmfulNIAH"),
        ("SafeMT", "SafeMT Long"),
        ("SafeMTLong", "SafeMT Long"),
        ("keyword-rag", "KeywordRAG"),
        ("many_shot_jailbreak_train", "ManyShotJailbreak"),
        ("law_qa", "LawQA"),
        ("DocAttack", "DocAttack"),
    ],
)
def test_names_are_recognised_however_they_are_spelt(name, known):
    assert known_name(name) == known


@pytest.mark.parametrize("name", ["Harmful", "law", "poetry", "", "多轮"])
def test_a_name_that_could_be_several_tasks_or_none_is_unknown(name):
    assert known_name(name) is None
    assert scenario(name) is None


def test_the_training_tasks_have_the_scenarios_of_the_benchmark_where_it_has_them():
    shared = TRAINING_TASKS.keys() & BY_SPLIT.keys()
    assert shared == {split for split, task in BY_SPLIT.items() if task.in_domain}
    assert all(TRAINING_TASKS[name] == BY_SPLIT[name].scenario for name in shared)


def test_unknown_names_are_the_same_only_if_their_letters_are():
    assert same("Poetry club", "poetry_club")
    assert not same("poetry", "prose")
    assert same("SafeMT", "safe_mt_long")
