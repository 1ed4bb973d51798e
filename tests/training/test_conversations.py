import pytest

from lm_eval_longsafety.data.rows import BadRow
from lm_eval_longsafety.training.conversations import Conversation, parse

USER = {"role": "user", "content": "Where is the bicycle?"}
ASSISTANT = {"role": "assistant", "content": "In the yard."}
SYSTEM = {"role": "system", "content": "Be brief."}
TURN = {"prompt": USER["content"], "output": ASSISTANT["content"]}


def good(item, **options) -> Conversation:
    found = parse(item, 3, **options)
    assert isinstance(found, Conversation), found
    return found


def bad(item) -> str:
    found = parse(item, 3)
    assert isinstance(found, BadRow)
    return str(found)


@pytest.mark.parametrize(
    "item",
    [
        {"content": [TURN]},
        {"input": USER["content"], "output": ASSISTANT["content"]},
        {"messages": [USER, ASSISTANT]},
        {"prompt": [USER], "completion": [ASSISTANT]},
    ],
    ids=["17k", "11k", "messages", "our own rows"],
)
def test_every_known_shape_is_the_same_conversation(item):
    found = good({"id": "a", "task": "LawQA", **item})
    assert found == Conversation(id="a", task="LawQA", messages=(USER, ASSISTANT))


def test_several_turns_keep_their_order_and_a_system_message_stands_first():
    assert good({"task": "t", "content": [TURN, TURN]}).messages == (USER, ASSISTANT) * 2
    found = good({"task": "t", "messages": [SYSTEM, USER, ASSISTANT]})
    assert [message["role"] for message in found.messages] == ["system", "user", "assistant"]


def test_a_row_without_id_is_named_by_its_position_and_numbers_become_texts():
    assert good({"task": "t", "content": [TURN]}).id == "row-3"
    assert good({"task": "t", "content": [TURN], "id": 17}).id == "17"


def test_only_general_data_may_leave_its_task_out():
    assert good({"content": [TURN]}, task="general").task == "general"
    assert "no column task" in bad({"content": [TURN]})


def test_a_question_is_the_end_of_the_last_prompt():
    row = {"task": "t", "content": [TURN], "question": "the bicycle?"}
    assert good(row).question == "the bicycle?"
    assert "does not end" in bad(row | {"question": "Where"})


@pytest.mark.parametrize(
    ("item", "found"),
    [
        ({"id": "x", "text": "secret", "label": 1}, "columns 'id, text, label'"),
        ({"content": [{"prompt": "p", "output": " "}]}, "no answer"),
        ({"content": [{"prompt": "p", "output": None}]}, "output is missing (null)"),
        ({"content": [{"prompt": "p"}]}, "a turn without output"),
        ({"content": []}, "no turn"),
        ({"content": "secret"}, "content of type str"),
        ({"input": "", "output": "secret"}, "message 0 is empty"),
        ({"input": "secret \ud800", "output": "o"}, "lone surrogate"),
        ({"messages": [USER]}, "messages of 'user'"),
        ({"messages": [USER, ASSISTANT, USER]}, "messages of 'user, assistant, user'"),
        ({"messages": [ASSISTANT]}, "messages of 'assistant'"),
        ({"messages": [{"text": "secret"}]}, "without role and content"),
        (["secret"], "a list"),
    ],
)
def test_a_malformed_row_says_what_was_found_without_its_text(item, found):
    message = bad({"task": "t", **item} if isinstance(item, dict) and "text" not in item else item)
    assert found in message
    assert "secret" not in message
