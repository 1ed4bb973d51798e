"""Rows of a training set, in any of the known shapes, as conversations that end in an answer.

Data flow: dictionaries as read from files -> `parse` -> a `Conversation`, or a `BadRow` that says
what is wrong. Messages show columns, roles and lengths, never the row's text.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lm_eval_longsafety.data.rows import BadRow, RowProblem, text_column
from lm_eval_longsafety.settings import shorten

Message = dict[str, str]
"""`role` (system, user or assistant) and `content`, as chat templates take them."""

SHAPES = (
    "content (turns with prompt and output); input and output; messages; or prompt and completion "
    "(lists of messages)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """One row: turns of user and assistant, of which the last is the answer to be learnt."""

    id: str
    task: str
    """As the row names it."""
    messages: tuple[Message, ...]
    """Perhaps a system message, then user and assistant in turn; the assistant's is last."""
    question: str | None = None
    """The end of the last user message that must not be cut; None where the row does not say."""

    @property
    def characters(self) -> int:
        """Of all messages."""
        return sum(len(message["content"]) for message in self.messages)


def parse(item: Any, index: int, task: str | None = None) -> Conversation | BadRow:  # noqa: ANN401 - whatever the file holds
    """One row as read from a file.

    Args:
        item: a mapping; a `BadRow` of the reader is passed on.
        index: 0-based position of the row, from which a row without id is named.
        task: of a row that names none; None requires the column.
    """
    if isinstance(item, BadRow):
        return item
    row_id = item.get("id") if isinstance(item, Mapping) else None
    shown = f"row-{index}" if row_id is None else str(row_id)
    try:
        if not isinstance(item, Mapping):
            raise RowProblem(f"a {type(item).__name__}", "an object with the columns of a row")
        messages = _messages(item)
        _check(messages)
        return Conversation(
            id=text_column({"id": shown}, "id"),
            task=_task(item, task),
            messages=tuple(messages),
            question=_question(item, messages),
        )
    except RowProblem as problem:
        found, expected = problem.args
        return BadRow(index=index, id=shown, found=found, expected=expected)


def _messages(item: Mapping[str, Any]) -> list[Message]:
    if "content" in item:
        turns = _mappings(item["content"], "content")
        return [message for turn in turns for message in _turn(turn, "prompt", "output")]
    if "input" in item and "output" in item:
        return _turn(item, "input", "output")
    if "messages" in item:
        return _given(item["messages"], "messages")
    if "prompt" in item and "completion" in item:
        return [*_given(item["prompt"], "prompt"), *_given(item["completion"], "completion")]
    raise RowProblem(f"columns {shorten(', '.join(map(str, item)))}", SHAPES)


def _turn(turn: Mapping[str, Any], user: str, assistant: str) -> list[Message]:
    if missing := [column for column in (user, assistant) if column not in turn]:
        raise RowProblem(f"a turn without {' and '.join(missing)}", f"{user} and {assistant}")
    return [
        {"role": "user", "content": text_column(turn, user)},
        {"role": "assistant", "content": text_column(turn, assistant)},
    ]


def _given(value: object, column: str) -> list[Message]:
    found = _mappings(value, column)
    if not all({"role", "content"} <= set(each) for each in found):
        raise RowProblem(f"{column} has an entry without role and content", "messages")
    return [{"role": str(each["role"]), "content": text_column(each, "content")} for each in found]


def _mappings(value: object, column: str) -> Sequence[Mapping[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(each, Mapping) for each in value):
        raise RowProblem(f"{column} of type {type(value).__name__}", "a list of turns or messages")
    return value


def _check(messages: Sequence[Message]) -> None:
    """Check the order of the roles, and that every message has a text."""
    roles = [message["role"] for message in messages]
    turns = roles[1:] if roles[:1] == ["system"] else roles
    if not turns or turns != ["user", "assistant"] * (len(turns) // 2):
        raise RowProblem(
            f"messages of {shorten(', '.join(roles))}" if roles else "no turn",
            "user and assistant in turn, the answer last",
        )
    for position, message in enumerate(messages):
        if not message["content"].strip():
            last = position == len(messages) - 1
            raise RowProblem("no answer" if last else f"message {position} is empty", "a text")


def _task(item: Mapping[str, Any], default: str | None) -> str:
    if item.get("task") is None and default is not None:
        return default
    if "task" not in item:
        raise RowProblem("no column task", "the name of the row's task")
    return text_column(item, "task")


def _question(item: Mapping[str, Any], messages: Sequence[Message]) -> str | None:
    if item.get("question") is None:
        return None
    question = text_column(item, "question")
    if not question.strip() or not messages[-2]["content"].endswith(question):
        raise RowProblem("a question with which the last prompt does not end", "the prompt's end")
    return question
