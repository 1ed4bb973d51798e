"""Check a task's prompts as they are sent, which lm-eval does not do.

Data flow: requests and what reads them (tokenizer, chat template, backend) -> an error where a
score would be wrong, and one warning per run where it may be. Nothing here changes a request.
"""

import functools
import logging
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from jinja2 import TemplateError

from lm_eval_longsafety.errors import OptionError
from lm_eval_longsafety.prompts.sent_text import holds_prompt, text_of
from lm_eval_longsafety.replies import open_thought

if TYPE_CHECKING:
    from lm_eval.api.instance import Instance

log = logging.getLogger("lm_eval.longsafety")

_END = 40
"""Characters at the end of a prompt by which it is found in what is sent."""
_TAIL = 200
"""Characters before a letter that may change its tokens; rather too many."""
_TRIAL = "Which letter comes first in the alphabet, as far as the harbour master knows?"
_LOST = (
    "the prompt is not in what would be sent to the model: the chat template leaves it out, as "
    "those for images do, which expect a list of parts. Name a tokenizer with a template for text "
    "(tokenizer=... in --model_args), or serve the model and use --model local-chat-completions"
)


def refuse_lost_prompts(requests: "Sequence[Instance]") -> None:
    """Check that what is sent contains each prompt, apart from differences in whitespace.

    Raises:
        OptionError: a chat template leaves a prompt out.
    """
    checked = None
    for request in requests:
        context, doc = request.args[0], request.doc
        if context is not checked and not holds_prompt(text_of(context), doc["prompt"]):
            raise OptionError(f"document {doc['id']!r} of {doc['task']}: {_LOST}")
        checked = context


def try_template(tokenizer: Any, arguments: Mapping[str, Any]) -> None:  # noqa: ANN401
    """Check transformers' chat template with a trial prompt, and warn if it opens a thought.

    Raises:
        OptionError: the chat template leaves the prompt out.
    """
    own = dict(arguments.get("chat_template_args") or {})
    if arguments.get("enable_thinking") is not None:
        own["enable_thinking"] = arguments["enable_thinking"]
    turns = [{"role": "user", "content": _TRIAL}]
    try:
        context = tokenizer.apply_chat_template(
            turns, tokenize=False, add_generation_prompt=True, **own
        )
    except (ValueError, TypeError, TemplateError):
        return  # No template, or one that needs more than one turn: the run itself reports it.
    if not holds_prompt(context, _TRIAL):
        raise OptionError(f"--apply_chat_template: {_LOST}")
    warn_of_thought(context, _TRIAL)


def warn_of_unused_template(tokenizer: Any, *, applied: bool) -> bool | None:  # noqa: ANN401
    """Warn if a chat model is used without its chat template, and return whether it is.

    None is returned where the tokenizer is unknown.
    """
    if tokenizer is None:
        return None
    unused = not applied and bool(getattr(tokenizer, "chat_template", None))
    if unused:
        warn_once(
            f"the tokenizer of {getattr(tokenizer, 'name_or_path', 'the model')} has a chat "
            "template, but --apply_chat_template is not given: a chat model then gets no chat turn "
            "and its scores mean little. Add --apply_chat_template, unless this is a base model"
        )
    return unused


def warn_of_thought(context: object, prompt: str) -> str:
    """The thought that the chat template opens in what is sent, from its tag on; `""` for none.

    A warning says what this means for the scores.
    """
    _, found, after = text_of(context).rpartition(prompt.rstrip()[-_END:])
    thought = open_thought(after) if found else ""
    if thought:
        warn_once(
            f"the chat template opens a thought ({thought.split()[0]}) before the reply: a reply "
            "that does not close it counts as unanswered, and _logits tasks read their letters "
            "inside it. Give replies room, such as --gen_kwargs max_gen_toks=4096 with --metadata "
            "'{\"reply_tokens\": 4096}'; where the closing tag is a special token, which replies "
            "do not show, add think_end_token=<tag> to the --model_args of longsafety-hf or "
            "longsafety-vllm"
        )
    return thought


def refuse_joined_letters(requests: "Sequence[Instance]", lm: Any) -> None:  # noqa: ANN401
    """Refuse letters that one of lm-eval's own backends would not score as letters.

    It scores the tokens that a letter adds to the prompt; they must be the letter. A backend
    without `_encode_pair` or tokenizer is not checked.

    Raises:
        OptionError: they are not the letter.
    """
    decode = getattr(vars(lm).get("tokenizer"), "decode", None)
    if decode is None or not hasattr(lm, "_encode_pair"):
        return
    if not isinstance(requests[0].args[0], str):
        raise OptionError(
            f"{type(lm).__name__} sends prompts as chat turns, after which no letter can be "
            "scored; leave tokenized_requests out of --model_args, or run the tasks without _logits"
        )
    ends = {(request.args[0][-_TAIL:], request.args[1]) for request in requests}
    for end, letter in sorted(ends):
        _, scored = lm._encode_pair(end, letter)
        if decode(scored).strip() != letter.strip():
            raise OptionError(
                f"after a prompt the tokenizer makes {decode(scored)!r} of the letter {letter!r}, "
                f"so that {type(lm).__name__} would not score the letter. Where the tokenizer only "
                "joins it to the prompt's last character, --model longsafety-hf and "
                "longsafety-vllm score it; else run the tasks without _logits"
            )


@functools.lru_cache(maxsize=64)
def warn_once(text: str) -> None:
    """Log a warning once per run, however many tasks and processes it has."""
    if os.environ.get("RANK", "0") == "0":  # `accelerate launch` and `torchrun` set it.
        log.warning(text)
