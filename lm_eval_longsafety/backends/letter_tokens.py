"""Encode the continuations of one context so that an answer letter remains a separate token.

Data flow: context text, continuation texts -> token ids of the context (encoded once) and of each
continuation. The rule:

1. As in lm-eval, context and continuation are encoded together, and what follows the context's
   tokens are the continuation's.
2. Where this merges the end of the context with the continuation (a Qwen tokenizer makes one token
   of ".A"), a continuation without leading whitespace that is a single token by itself, and one for
   which no token would be left, is encoded by itself. So " A" is scored exactly as by lm-eval, and
   "A" is always the token that decodes to "A".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from lm_eval_longsafety.errors import OptionError

_STEM_CHARS = 2000
"""Characters at the end of a long context that are encoded again with each continuation."""


class Encode(Protocol):
    """`tok_encode` of lm-eval's backends."""

    def __call__(self, string: str, add_special_tokens: bool | None = None) -> list[int]:
        """Token ids of `string`; None adds the special tokens that the backend always adds."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoded:
    """One context and its continuations, in tokens."""

    context: list[int]
    continuations: list[list[int]]
    """In the order given; none is empty unless its text encodes to nothing."""


def encode_continuations(encode: Encode, context: str, continuations: Sequence[str]) -> Encoded:
    """Encode `context` once and each continuation by the rule in this module's header.

    Whitespace at the context's end is moved to the continuations, as in lm-eval.

    Raises:
        ValueError: a context of whitespace alone.
    """
    text = context.rstrip()
    if not text:
        raise ValueError("a context of whitespace alone is lm-eval's own case")
    ids = encode(text)
    stem, stem_ids = _stem(encode, text, ids)

    def continuation(added: str) -> list[int]:
        # The end of the context gets no special tokens, the whole those that the backend adds.
        joint = encode(stem + added, add_special_tokens=None if stem == text else False)
        rest = joint[len(stem_ids) :]
        if rest and (joint[: len(stem_ids)] == stem_ids or added[:1].isspace()):
            return rest
        alone = _alone(encode, added)
        return alone if not rest or len(alone) == 1 else rest

    moved = context[len(text) :]
    return Encoded(
        context=ids, continuations=[continuation(moved + each) for each in continuations]
    )


def refuse_same_tokens(continuations: Sequence[str], encoded: Encoded) -> None:
    """Refuse letters that end in the same token: they would have equal scores.

    Raises:
        OptionError: two of them have the same last token, or no tokens.
    """
    seen: dict[tuple[int, ...], str] = {}
    for text, ids in zip(continuations, encoded.continuations, strict=True):
        other = seen.setdefault(tuple(ids[-1:]), text)
        if other != text:
            raise OptionError(
                f"the tokenizer ends {other!r} and {text!r} in the same token {ids[-1:]}, so that "
                "letters cannot be scored: it does not know them, or adds a token at the end of "
                "every text; give another --model_args tokenizer=..., or tasks without _logits"
            )


def _alone(encode: Encode, continuation: str) -> list[int]:
    """The tokens of the continuation after a line break: some tokenizers add a space at a start."""
    start = encode("\n", add_special_tokens=False)
    both = encode("\n" + continuation, add_special_tokens=False)
    if both[: len(start)] == start and len(both) > len(start):
        return both[len(start) :]
    return encode(continuation, add_special_tokens=False)


def _stem(encode: Encode, text: str, ids: list[int]) -> tuple[str, list[int]]:
    """The end of a long text where its tokens are the last ones of the whole, else the whole.

    A continuation is encoded together with it and changes only its last few tokens, so that 42,000
    tokens need not be encoded again for each letter.
    """
    end = text[-_STEM_CHARS:]
    if len(text) >= 2 * _STEM_CHARS:
        end_ids = encode(end, add_special_tokens=False)
        # The cut may fall into a word, so its first tokens may differ; the second half must not.
        half = len(end_ids) // 2
        if half and end_ids[-half:] == ids[-half:]:
            return end, end_ids
    return text, ids
