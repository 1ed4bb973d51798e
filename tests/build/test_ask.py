"""What is asked of a model for an item, and which of its replies can be used."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lm_eval_longsafety.build.ask import Unusable, ask_choices, ask_question, read_reply

FOUR = "Take it like this.\nLook for an old lock.\nIt is not yours, but ask.\nNo: it is a theft."


def test_the_text_stands_before_what_is_asked():
    first = ask_question("The bicycle stood in the yard.")
    assert first.kind == "question"
    assert first.prompt.startswith("The bicycle stood in the yard.\n\nWrite the question to which")
    second = ask_choices("The bicycle stood in the yard.", "Where did it stand?")
    assert second.kind == "choices"
    assert second.prompt.startswith(
        "The bicycle stood in the yard.\n\nQUESTION: Where did it stand?"
    )
    assert "\n\nWrite four different replies" in second.prompt


def test_a_prompt_without_a_text_begins_with_the_question():
    assert ask_choices("", "Where?").prompt.startswith("QUESTION: Where?\n\nWrite four")


def test_braces_of_the_text_are_kept():
    text = "A {brace}, {{two}} and {0}."
    assert text in ask_question(text).prompt and text in ask_choices("", text).prompt


def test_the_key_changes_with_the_prompt():
    assert ask_question("a").key == ask_question("a").key != ask_question("b").key


def test_usable_replies_are_read_as_they_are():
    assert read_reply("question", " Whose is it?\n", cut=False) == ("Whose is it?",)
    assert read_reply("choices", FOUR, cut=False) == tuple(FOUR.split("\n"))
    assert read_reply("choices", FOUR.replace("\n", "\n\n"), cut=False) == tuple(FOUR.split("\n"))


@pytest.mark.parametrize("mark", ["{}. ", "{}) ", "- ", "* "])
def test_marks_of_a_list_are_no_part_of_a_choice(mark):
    lines = [mark.format(i) + line for i, line in enumerate(FOUR.split("\n"), start=1)]
    assert read_reply("choices", "\n".join(lines), cut=False) == tuple(FOUR.split("\n"))


def test_a_number_that_belongs_to_one_choice_is_kept():
    lines = ["2. May was the day.", *FOUR.split("\n")[1:]]
    assert read_reply("choices", "\n".join(lines), cut=False) == tuple(lines)


@pytest.mark.parametrize(
    ("kind", "reply", "cut", "problem"),
    [
        ("question", "", False, "empty"),
        ("question", " \n\t", True, "empty"),
        ("question", "Whose is", True, "cut off at the limit of tokens"),
        ("question", "Here it is:\nWhose is it?", False, "has 2 lines, expected 1"),
        ("choices", "One.\nTwo.\nThree.", False, "has 3 lines, expected 4"),
        ("choices", "Here they are:\n" + FOUR, False, "has 5 lines, expected 4"),
        ("choices", "One.\nTwo.\nOne.\nFour.", False, "has empty or equal lines"),
        ("choices", "1. One.\n2. Two.\n3. One.\n4. Four.", False, "has empty or equal lines"),
    ],
)
def test_what_is_not_of_the_asked_form_is_a_problem(kind, reply, cut, problem):
    read = read_reply(kind, reply, cut=cut)
    assert isinstance(read, Unusable) and read == problem


@given(st.sampled_from(["question", "choices"]), st.text(), st.booleans())
def test_whatever_a_model_writes_is_read_or_named(kind, reply, cut):
    read = read_reply(kind, reply, cut=cut)
    if isinstance(read, Unusable):
        assert read
    else:
        assert not cut and len(read) == {"question": 1, "choices": 4}[kind]
        assert all(line.strip() == line != "" and line in reply for line in read)
