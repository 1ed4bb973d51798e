"""Where a prompt's question begins, and conversations cut to a number of tokens in the middle.

Data flow: conversations -> `fit` -> each with its tokens under the target's own chat template,
and its context cut where it was too long. The context is the longest user message without its
question; the first and the last half of the tokens that fit are kept, as the benchmark keeps those
of its prompts. Question, answer and other turns are never changed.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from lm_eval_longsafety.prompts.tokenizer import TokenEnds
from lm_eval_longsafety.training.chat_tokens import ChatTokens
from lm_eval_longsafety.training.conversations import Conversation, Message

QUESTION_CHARACTERS = 2000
"""What stands at a prompt's end is its question up to this length."""
_BLANK_LINE = re.compile(r"\n[ \t\r]*\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedRow:
    """A conversation as it is written."""

    messages: tuple[Message, ...]
    tokens: int
    """With the chat template, answer included; where `refused`, what it has without context."""
    cut: bool = False
    refused: bool = False
    """Whether it is too long even without its context."""


@dataclass(slots=True, kw_only=True)
class _Long:
    """A conversation that is too long, on its way to its cut."""

    row: int
    conversation: Conversation
    position: int
    """Of the message that is cut."""
    context: str
    question: str
    tokens: TokenEnds
    """Of the context."""
    keep: int
    """Tokens of the context that may stay."""

    def messages(self) -> tuple[Message, ...]:
        """With the first and the last half of the tokens that may stay."""
        half = max(0, self.keep) // 2
        text = ""
        if half:
            # What stands between two tokens, such as a space, stays with the second one.
            head = self.tokens.end(half - 1)
            tail = self.tokens.end(self.tokens.number - half - 1)
            text = self.context[:head] + self.context[tail:]
        return _replaced(self.conversation, self.position, text + self.question)


def question_start(text: str) -> int | None:
    """Where the question begins: after the last blank line.

    Returns:
        None if more than 2,000 characters follow the last blank line.
    """
    end = len(text.rstrip())
    start = max(0, end - QUESTION_CHARACTERS)
    breaks = list(_BLANK_LINE.finditer(text, start, end))
    if breaks:
        return breaks[-1].end()
    return 0 if start == 0 else None


def context_and_question(conversation: Conversation, position: int) -> tuple[str, str]:
    """A user message as its context, which may be cut, and its question, which may not.

    Where neither the row nor a blank line says where the question begins, the last 2,000
    characters are kept.
    """
    text = conversation.messages[position]["content"]
    if conversation.question is not None and position == len(conversation.messages) - 2:
        start: int | None = len(text) - len(conversation.question)
    else:
        start = question_start(text)
    if start is None:
        start = len(text) - QUESTION_CHARACTERS
    return text[:start], text[start:]


def longest(conversation: Conversation) -> int:
    """Position of the user message that holds the context: the longest."""
    messages = conversation.messages
    users = [i for i, message in enumerate(messages) if message["role"] == "user"]
    return max(users, key=lambda i: len(messages[i]["content"]))


def without_context(conversation: Conversation) -> Conversation | None:
    """The same questions and answers without contexts; None if a question cannot be told apart."""
    short = conversation
    for position, message in enumerate(conversation.messages):
        if message["role"] != "user":
            continue
        own = conversation.question is not None and position == len(conversation.messages) - 2
        if not own and question_start(message["content"]) is None:
            return None
        _, question = context_and_question(conversation, position)
        short = Conversation(
            id=short.id,
            task=short.task,
            messages=_replaced(short, position, question),
            question=conversation.question,
        )
    return short


def fit(conversations: Sequence[Conversation], chat: ChatTokens, limit: int) -> list[FittedRow]:
    """Count conversations, and cut those above `limit`; all are tokenised together.

    Args:
        conversations: a few at once, since their tokens are held in memory.
        chat: counts as the trainer will.
        limit: tokens that a conversation may have, template and answer included.
    """
    counts = chat.count([each.messages for each in conversations], conversations)
    fitted = [
        FittedRow(messages=each.messages, tokens=count)
        for each, count in zip(conversations, counts, strict=True)
    ]
    long = _long(conversations, counts, chat, limit)
    while long:
        cuts = [each.messages() for each in long]
        again = chat.count(cuts, [each.conversation for each in long])
        rest = []
        for each, messages, count in zip(long, cuts, again, strict=True):
            done = count <= limit or each.keep < 2
            fitted[each.row] = FittedRow(
                messages=messages, tokens=count, cut=count <= limit, refused=count > limit
            )
            # Tokens join or part where the two halves meet, so that one or two may be too many.
            each.keep -= count - limit
            rest += [] if done else [each]
        long = rest
    return fitted


def _long(
    conversations: Sequence[Conversation], counts: Sequence[int], chat: ChatTokens, limit: int
) -> list[_Long]:
    """Those above the limit, with the tokens of their contexts."""
    rows = [row for row, count in enumerate(counts) if count > limit]
    places = [longest(conversations[row]) for row in rows]
    parts = [
        context_and_question(conversations[row], place)
        for row, place in zip(rows, places, strict=True)
    ]
    tokens = chat.ends([context for context, _ in parts])
    return [
        _Long(
            row=row,
            conversation=conversations[row],
            position=place,
            context=context,
            question=question,
            tokens=own,
            keep=own.number - (counts[row] - limit),
        )
        for row, place, (context, question), own in zip(rows, places, parts, tokens, strict=True)
    ]


def _replaced(conversation: Conversation, position: int, content: str) -> tuple[Message, ...]:
    messages = list(conversation.messages)
    messages[position] = {**messages[position], "content": content}
    return tuple(messages)
