"""Cuts worked out by hand with a tokenizer that makes one token of each word."""

import random

import pytest
from transformers import AutoTokenizer

from lm_eval_longsafety.errors import DataError, OptionError
from lm_eval_longsafety.training.chat_tokens import ChatTokens
from lm_eval_longsafety.training.conversations import Conversation
from lm_eval_longsafety.training.middle_cut import fit, question_start, without_context
from tests.training.chat_templates import with_template, words

CONTEXT = " ".join(f"w{i}" for i in range(20))
QUESTION = "Whose is it?"
ANSWER = "Nobody knows."
WHOLE = 2 + 20 + 3 + 2 + 2
"""Tokens of the row below: each message two beside its words."""


def conversation(*texts, **changes) -> Conversation:
    roles = ["user", "assistant"] * len(texts)
    messages = [{"role": role, "content": text} for role, text in zip(roles, texts, strict=False)]
    return Conversation(**{"id": "a", "task": "LawQA", "messages": tuple(messages), **changes})


ROW = conversation(f"{CONTEXT}\n\n{QUESTION}", ANSWER)


@pytest.fixture(scope="module")
def chat(tmp_path_factory):
    return ChatTokens(str(words(tmp_path_factory.mktemp("words"))))


def only(row, chat, limit):
    (fitted,) = fit([row], chat, limit)
    return fitted


def test_a_row_that_fits_exactly_is_left_as_it_is(chat):
    fitted = only(ROW, chat, WHOLE)
    assert (fitted.messages, fitted.tokens) == (ROW.messages, WHOLE)
    assert not fitted.cut
    assert not fitted.refused


@pytest.mark.parametrize(("limit", "head", "tail"), [(WHOLE - 4, 8, 8), (WHOLE - 17, 1, 1)])
def test_the_middle_of_the_context_is_cut_and_its_halves_stay(chat, limit, head, tail):
    fitted = only(ROW, chat, limit)
    names = CONTEXT.split()
    kept = " ".join([*names[:head], *names[20 - tail :]])
    assert fitted.messages[0]["content"] == f"{kept}\n\n{QUESTION}"
    assert fitted.messages[1]["content"] == ANSWER
    assert (fitted.tokens, fitted.cut) == (limit - (limit - 9) % 2, True)


def test_an_odd_number_of_words_leaves_one_place_free(chat):
    # 15 words of the context would fit; the halves have seven each.
    fitted = only(ROW, chat, WHOLE - 5)
    assert fitted.tokens == WHOLE - 6


def test_without_room_for_any_context_the_question_stays(chat):
    fitted = only(ROW, chat, WHOLE - 20)
    assert fitted.messages[0]["content"] == QUESTION
    assert (fitted.tokens, fitted.cut, fitted.refused) == (9, True, False)


def test_what_cannot_fit_is_refused_with_the_tokens_that_it_needs(chat):
    fitted = only(ROW, chat, WHOLE - 21)
    assert (fitted.tokens, fitted.cut, fitted.refused) == (9, False, True)


def test_the_rows_own_question_is_kept_rather_than_the_last_paragraph(chat):
    options = "Choose one.\n\nA. yes\n\nB. no"
    row = conversation(f"{CONTEXT}\n\n{options}", ANSWER, question=options)
    fitted = only(row, chat, 2 + 4 + 6 + 4)
    assert fitted.messages[0]["content"] == f"w0 w1 w18 w19\n\n{options}"


def test_the_longest_turn_is_cut_and_the_other_turns_stay(chat):
    row = conversation("Hello there.", "Hello.", f"{CONTEXT}\n\n{QUESTION}", "Fine.", "And?", "No.")
    fitted = only(row, chat, 2 * 6 + 2 + 1 + 4 + 3 + 1 + 1 + 1)
    texts = [message["content"] for message in fitted.messages]
    assert texts[2] == f"w0 w1 w18 w19\n\n{QUESTION}"
    assert texts[:2] + texts[3:] == ["Hello there.", "Hello.", "Fine.", "And?", "No."]


def test_a_question_belongs_to_the_last_turn_and_the_cut_turn_keeps_its_own_end(chat):
    row = conversation(f"{CONTEXT}\n\n{QUESTION}", "Fine.", "And?", "No.", question="And?")
    fitted = only(row, chat, 2 * 4 + 2 + 3 + 1 + 1 + 1)
    assert fitted.messages[0]["content"] == f"w0 w19\n\n{QUESTION}"


def test_rows_that_fit_and_rows_that_do_not_are_fitted_together(chat):
    short = conversation("Why?", "So.")
    fitted = fit([short, ROW, short], chat, 12)
    assert [(each.tokens, each.cut) for each in fitted] == [(6, False), (11, True), (6, False)]


def test_where_no_blank_line_says_otherwise_the_last_2000_characters_stay(chat):
    text = " ".join(f"{i:04}" for i in range(1000))  # 4,999 characters, five for each word
    fitted = only(conversation(text, "So."), chat, 500)
    assert fitted.messages[0]["content"].endswith(text[-2000:])
    assert fitted.messages[0]["content"].startswith("0000 0001")
    assert fitted.tokens <= 500


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("a b\n\nc d", "c d"),
        ("a\n\nb\n \t\nc\nd", "c\nd"),
        ("a\r\n\r\nb", "b"),
        ("a b", "a b"),
        ("a\n\nb\n\n", "b\n\n"),
        ("a\n\n" + "b" * 1998, "b" * 1998),
        ("a\n\n" + "b" * 2001, None),
    ],
)
def test_the_question_is_what_follows_the_last_blank_line(text, question):
    start = question_start(text)
    assert (None if start is None else text[start:]) == question


def test_without_its_context_a_row_keeps_all_its_questions_and_answers():
    row = conversation(f"{CONTEXT}\n\n{QUESTION}", "Fine.", f"{CONTEXT}\n\nAnd?", "No.")
    short = without_context(row)
    assert [message["content"] for message in short.messages] == [QUESTION, "Fine.", "And?", "No."]
    assert (short.id, short.task) == (row.id, row.task)


def test_a_question_that_no_blank_line_tells_apart_cannot_stand_without_context():
    assert without_context(conversation("word " * 1000, "No.")) is None
    own = conversation("word " * 1000 + "And?", "No.", question="And?")
    assert without_context(own).messages[0]["content"] == "And?"


@pytest.mark.parametrize("name", ["Llama-3", "Qwen2.5", "Gemma"])
def test_real_tokens_fill_the_limit_to_a_few_and_are_counted_as_they_will_be(
    name, tiny_model, tmp_path
):
    folder = with_template(name, tiny_model, tmp_path / name)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    chooser = random.Random(name)
    pieces = ["harbour ", "lantern", "é", "漢字", "👩‍🚀", "\n", "\n\n", " 12", ".", "rain, ", "ï"]
    rows = [
        conversation("".join(chooser.choices(pieces, k=900)) + f"\n\n{QUESTION}", ANSWER)
        for _ in range(20)
    ]
    for row, fitted in zip(rows, fit(rows, ChatTokens(str(folder)), 300), strict=True):
        counted = tokenizer.apply_chat_template(list(fitted.messages), return_dict=False)
        assert fitted.cut
        assert fitted.tokens == len(counted)
        assert 290 <= fitted.tokens <= 300
        text, whole = fitted.messages[0]["content"], row.messages[0]["content"]
        assert text.endswith(f"\n\n{QUESTION}")
        middle = next(i for i in range(len(text)) if whole.endswith(text[i:]))
        assert whole.startswith(text[:middle])


def test_a_tokenizer_that_knows_no_characters_is_cut_too(chat, monkeypatch):
    monkeypatch.setattr(chat._tokenizer, "_fast", None)
    fitted = only(ROW, chat, WHOLE - 4)
    assert fitted.tokens in range(WHOLE - 8, WHOLE - 3)
    assert fitted.messages[0]["content"].endswith(f"\n\n{QUESTION}")


def test_a_tokenizer_without_chat_template_is_refused(tmp_path):
    tokenizer = AutoTokenizer.from_pretrained(words(tmp_path))
    tokenizer.chat_template = None
    tokenizer.save_pretrained(tmp_path / "base")
    with pytest.raises(OptionError, match="has no chat template"):
        ChatTokens(str(tmp_path / "base"))


def test_a_template_that_refuses_a_role_is_named_with_the_row(tiny_model, tmp_path):
    chat = ChatTokens(str(with_template("Gemma", tiny_model, tmp_path / "gemma")))
    system = {"role": "system", "content": "Be brief."}
    row = conversation(messages=(system, *ROW.messages))
    with pytest.raises(DataError, match="row 'a'.*System role not supported"):
        fit([row], chat, 100)
