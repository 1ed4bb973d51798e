"""Fit prompts to the model's window: count their tokens, and cut long ones in the middle.

Data flow: finished prompts -> `fit` -> the prompts as sent, each with its token count and whether
it was cut. The cut is the benchmark's: the first and the last half of the tokens that fit are kept
and decoded; 500 tokens of the window stay free for the chat template and the reply. Unlike the
published code no special tokens are added.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from lm_eval_longsafety.data.progress import progress
from lm_eval_longsafety.errors import OptionError
from lm_eval_longsafety.prompts.token_counts import TokenCounts
from lm_eval_longsafety.prompts.tokenizer import PromptTokenizer, load_config, load_tokenizer
from lm_eval_longsafety.public import public
from lm_eval_longsafety.settings import REPLY_TOKENS, RESERVED_TOKENS, ModelArgs, Settings

CUT_RULE = "middle 1"
"""Name of the rule by which prompts are cut. Every change that moves a cut must change it, or
remembered cuts of an earlier release would be sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """One prompt as it is sent."""

    prompt: str
    tokens: int | None
    """Tokens of the prompt, or of what the cut kept of it, without special tokens; None where no
    tokenizer is known."""
    sha256: str | None = None
    """Over the token ids of `prompt`; None where no tokenizer is known."""
    truncated: bool


def model_window(settings: Settings) -> int | None:
    """The model's window in tokens; None where it is unknown (`dummy`, model objects).

    Order: `max_prompt_tokens`, `max_length` / `max_model_len` of the model arguments, the model's
    config by lm-eval's own rule.

    Raises:
        OptionError: an API model without `max_length`, or `max_prompt_tokens` above the window
            to which lm-eval would cut the prompts.
    """
    model = settings.model
    if (model.name and not model.local or model.base_url) and not model.max_length:
        raise OptionError(
            f"an API model ({public(model.base_url or model.name)}) needs max_length=<the model's "
            "window in tokens> in --model_args: without it lm-eval cuts prompts to 2,048 tokens "
            "from the left without a warning"
        )
    own = model.max_length or _config_window(model)
    asked = settings.max_prompt_tokens
    if asked and own and asked > own:
        raise OptionError(
            f"max_prompt_tokens {asked} is above the model's window of {own} tokens, to which "
            f"lm-eval would cut the prompts from the left; add max_length={asked} to --model_args "
            "if the model really has that window"
        )
    return asked or own


def prompt_limit(window: int | None, reply_tokens: int = REPLY_TOKENS) -> int | None:
    """Tokens that a prompt may have in `window`; those of a reply above 64 are taken from it.

    Otherwise lm-eval would cut the prompt's head.

    Raises:
        OptionError: the window leaves no room for a prompt.
    """
    if window is None:
        return None
    reserved = RESERVED_TOKENS + max(0, reply_tokens - REPLY_TOKENS)
    if window < reserved + 2:
        raise OptionError(
            f"a window of {window} tokens leaves no room for a prompt: {reserved} are "
            "kept free for the chat template and the reply; set max_length (--model_args) or "
            "max_prompt_tokens (--metadata) higher"
        )
    return window - reserved


def fit(prompts: Sequence[str], settings: Settings, limit: int | None) -> list[Fitted]:
    """Count the prompts' tokens and cut those above `limit` in the middle.

    Args:
        prompts: finished user messages.
        settings: their model arguments name the tokenizer.
        limit: from `prompt_limit`; None sends every prompt whole.

    Raises:
        OptionError: a prompt may be too long, and no tokenizer is known to count its tokens.
    """
    tokenizer = load_tokenizer(settings.model)
    if tokenizer is None:
        return [_fit_uncounted(prompt, limit, settings.model) for prompt in prompts]
    store = TokenCounts(tokenizer)
    whole = store.measure(prompts)
    cut: dict[int, str] = {}
    if limit is not None:
        long = [index for index, measure in enumerate(whole) if measure.tokens > limit]
        for index in progress("cutting prompts", long, unit=" prompts"):
            cut[index] = _cut(prompts[index], limit, tokenizer, store)
    # A cut text is measured again: its tokens are those that a backend will make of it.
    hashes = dict(zip(cut, store.measure(list(cut.values())), strict=True))
    return [
        Fitted(
            prompt=cut.get(index, prompt),
            tokens=measure.tokens if index not in cut else _kept(limit or 0),
            sha256=hashes.get(index, measure).sha256,
            truncated=index in cut,
        )
        for index, (prompt, measure) in enumerate(zip(prompts, whole, strict=True))
    ]


def cut_middle(ids: Sequence[int], limit: int) -> list[int]:
    """The first and last `int(limit / 2)` token ids, all of them where they fit."""
    half = limit // 2
    return list(ids) if len(ids) <= limit else [*ids[:half], *ids[-half:]]


def _cut(prompt: str, limit: int, tokenizer: PromptTokenizer, store: TokenCounts) -> str:
    def cut(text: str) -> str:
        return tokenizer.decode(cut_middle(tokenizer.encode(text), limit))

    return store.cut(prompt, _kept(limit), cut, rule=CUT_RULE)


def _kept(limit: int) -> int:
    """Tokens that `cut_middle` keeps of a longer prompt."""
    return limit // 2 * 2


def _fit_uncounted(prompt: str, limit: int | None, model: ModelArgs) -> Fitted:
    """Accept a prompt with no more bytes than the limit: a token has at least one byte."""
    size = len(prompt.encode())
    if limit is not None and size > limit:
        raise OptionError(
            f"cannot decide whether a prompt of {size} bytes fits into {limit} tokens: no "
            f"tokenizer for model {model.name!r} here; name one (hub id or folder) with --metadata "
            "'{\"tokenizer\": ...}'"
        )
    return Fitted(prompt=prompt, tokens=None, sha256=None, truncated=False)


def _config_window(model: ModelArgs) -> int | None:
    """lm-eval's rule for hf: the config's positions, else the tokenizer's limit, else 2,048."""
    if not model.local or model.name is None:
        return None
    config = load_config(model)
    text_config = getattr(config, "text_config", None) or config
    for attribute in ("n_positions", "max_position_embeddings", "n_ctx"):
        value = getattr(text_config, attribute, None)
        if value is not None:
            return int(value)
    tokenizer = load_tokenizer(model)
    return tokenizer.max_length if tokenizer and tokenizer.max_length else _LM_EVAL_DEFAULT


_LM_EVAL_DEFAULT = 2048
"""`DEFAULT_MAX_LENGTH` of lm-eval's backends."""
