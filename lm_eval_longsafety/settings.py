"""The options of `--metadata '{...}'`, checked, and the model arguments that the tasks need.

lm-eval hands a task one flat dictionary: the YAML's metadata, every `--model_args` key, then
`--metadata`. A key that only resembles an option is an error; any other is a model argument.
"""

import difflib
import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from lm_eval_longsafety.benchmark import HUB_ID
from lm_eval_longsafety.errors import OptionError

OptionOrder = Literal["shuffled", "original"]
OverLength = Literal["middle", "skip", "error"]
JudgeContext = Literal["none", "full", "passage"]

OPTIONS = (
    *("data", "data_revision", "option_order", "option_seed", "over_length"),
    *("max_prompt_tokens", "reply_tokens", "tokenizer", "templates"),
    # Of the task `longsafety_length`, which `length_options` reads.
    *("lengths", "depths", "filler", "filler_seed", "length_rows", "length_tasks"),
    # Of the tasks `..._judge`.
    *("judged", "judge_orders", "judge_context", "judge_passage_tokens"),
    # Of the task `longsafety_ask`.
    "recipe",
)
"""Every option. `revision` is none of them: it is a model argument."""
_SIMILAR = 0.8
"""difflib ratio of a misspelt option; no argument of lm-eval's backends reaches it."""
_SHOWN = 80
"""Characters of a value that an error shows."""
REPLY_TOKENS = 64
"""`max_gen_toks` of the task files."""
OPEN_REPLY_TOKENS = 512
"""`max_gen_toks` of the task files for open replies."""
JUDGE_ORDERS = 2
PASSAGE_TOKENS = 2000
RESERVED_TOKENS = 500
"""Left free for chat template and reply; from the published code (eval/evaluator.py)."""
REPLY_LENGTHS = ("max_gen_toks", "max_new_tokens", "max_tokens", "max_completion_tokens")
"""Generation arguments that limit a reply: backends of lm-eval differ in which one they use, so the
largest value counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelArgs:
    """What the model arguments say about the model; all None where there are none (`dummy`)."""

    name: str | None = None
    """`pretrained`, else `model`: a hub id, a folder or an API's model name."""
    tokenizer: str | None = None
    revision: str | None = None
    subfolder: str | None = None
    trust_remote_code: bool = False
    local: bool = False
    """Whether lm-eval loads the model itself (`pretrained`), so that its config can be read."""
    base_url: str | None = None
    max_length: int | None = None
    """`max_length` or `max_model_len`, in tokens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One run's options."""

    data: str = HUB_ID
    """Hub id, folder, or `sample`."""
    data_revision: str | None = None
    option_order: OptionOrder = "shuffled"
    option_seed: int = 0
    over_length: OverLength = "middle"
    max_prompt_tokens: int | None = None
    """The window to assume instead of the model's own, in tokens."""
    reply_tokens: int = REPLY_TOKENS
    """Tokens that the reply may have: the value of `--gen_kwargs max_gen_toks`."""
    templates: str | None = None
    """YAML file with other texts for the user message; None for the benchmark's own."""
    judged: str | None = None
    """File or folder with the open replies to be judged."""
    judge_orders: int = JUDGE_ORDERS
    """Orders of the behaviours in which each reply is judged."""
    judge_context: JudgeContext = "none"
    """What a judge sees of the document's context."""
    judge_passage_tokens: int = PASSAGE_TOKENS
    """Of the context, around the harmful passage, for `judge_context` `passage`."""
    recipe: str | None = None
    """File of `longsafety build` whose items are to be completed."""
    model: ModelArgs = ModelArgs()


def parse(metadata: Mapping[str, Any]) -> Settings:
    """Sort lm-eval's flat metadata into settings.

    Raises:
        OptionError: an unknown value, or a key that resembles an option.
    """
    for key in metadata:
        plain = re.sub(r"(?<=[a-z])(?=[A-Z])|-", "_", str(key)).lower()
        close = difflib.get_close_matches(plain, OPTIONS, n=1, cutoff=_SIMILAR)
        if close and key not in OPTIONS:
            raise OptionError(
                f"--metadata: unknown key {key!r}; did you mean {close[0]!r}? (known: "
                f"{', '.join(OPTIONS)})"
            )
    return Settings(
        data=_text(metadata, "data") or os.environ.get("LONGSAFETY_DATA") or HUB_ID,
        data_revision=_text(metadata, "data_revision"),
        option_order=_one_of(metadata, "option_order", ("shuffled", "original")),  # type: ignore[arg-type]
        option_seed=_integer(metadata, "option_seed") or 0,
        over_length=_one_of(metadata, "over_length", ("middle", "skip", "error")),  # type: ignore[arg-type]
        max_prompt_tokens=_integer(metadata, "max_prompt_tokens", positive=True),
        reply_tokens=_integer(metadata, "reply_tokens", positive=True) or REPLY_TOKENS,
        templates=_text(metadata, "templates"),
        judged=_text(metadata, "judged"),
        judge_orders=_integer(metadata, "judge_orders", positive=True) or JUDGE_ORDERS,
        judge_context=_one_of(metadata, "judge_context", ("none", "full", "passage")),  # type: ignore[arg-type]
        judge_passage_tokens=_integer(metadata, "judge_passage_tokens", positive=True)
        or PASSAGE_TOKENS,
        recipe=_text(metadata, "recipe"),
        model=_model_args(metadata),
    )


def longest_reply(generation: Mapping[str, Any]) -> int:
    """Tokens that generation arguments allow a reply; 0 where they set no limit."""
    given = (generation.get(key) for key in REPLY_LENGTHS)
    numbers = (each for each in given if isinstance(each, int | float) and math.isfinite(each))
    return max((int(each) for each in numbers), default=0)


def _model_args(metadata: Mapping[str, Any]) -> ModelArgs:
    pretrained = _text(metadata, "pretrained")
    return ModelArgs(
        name=pretrained or _text(metadata, "model"),
        tokenizer=_text(metadata, "tokenizer"),
        revision=_text(metadata, "revision"),
        subfolder=_text(metadata, "subfolder"),
        trust_remote_code=metadata.get("trust_remote_code") in (True, "True", "true"),
        local=pretrained is not None,
        base_url=_text(metadata, "base_url"),
        max_length=_integer(metadata, "max_length", positive=True)
        or _integer(metadata, "max_model_len", positive=True),
    )


def _text(metadata: Mapping[str, Any], key: str) -> str | None:
    value = metadata.get(key)
    if isinstance(value, str | os.PathLike) and (value or key not in ("data", "templates")):
        return str(value) or None
    # A loaded model or tokenizer (Python API) has no name.
    plain = isinstance(value, int | float | str | list | tuple | dict)
    if value is not None and (
        key in ("data", "data_revision", "templates", "judged", "recipe")
        or key == "tokenizer"
        and plain
    ):
        raise OptionError(f"{key}: expected a text, found {shorten(value)}")
    return None


def shorten(value: object) -> str:
    """The text of a value as errors show it."""
    try:
        shown = repr(value)
    except ValueError:  # Python prints no number of more than 4,300 digits
        return f"a value of type {type(value).__name__} that is too long to print"
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}... ({len(shown)} characters)"


def _one_of(metadata: Mapping[str, Any], key: str, known: tuple[str, ...]) -> str:
    """The value of `key`, or the first of `known` if it is not given."""
    value = metadata.get(key, known[0])
    if value not in known:
        raise OptionError(f"{key}: unknown value {value!r} (known: {', '.join(known)})")
    return str(value)


def _integer(metadata: Mapping[str, Any], key: str, *, positive: bool = False) -> int | None:
    value = metadata.get(key)
    if value is None:
        return None
    digits = value if isinstance(value, str) else shorten(value)
    whole = not isinstance(value, bool) and re.fullmatch(rf"[+-]?\d{{1,{_SHOWN}}}", digits)
    if not whole or (positive and int(digits) < 1):
        expected = "a whole number above 0" if positive else "a whole number"
        raise OptionError(f"{key}: expected {expected}, found {shorten(value)}")
    return int(digits)
