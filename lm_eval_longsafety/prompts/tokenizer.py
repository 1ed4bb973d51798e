"""Load the tokenizer and the config that the model arguments name, and count tokens.

Nothing here loads weights. Special tokens are never added: prompts are measured as plain text.
"""

import functools
import hashlib
import os
import sys
from array import array
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from lm_eval_longsafety.data.file_cache import cached
from lm_eval_longsafety.data.progress import progress
from lm_eval_longsafety.errors import OptionError, first_line
from lm_eval_longsafety.settings import ModelArgs

if TYPE_CHECKING:
    from transformers import PretrainedConfig

_BATCH_CHARACTERS = 4_000_000
"""Characters tokenised at once: enough to keep every core busy without much memory."""
_UNSET_MAX_LENGTH = 10**9
"""Tokenizers without a limit of their own report about 1e30."""


class Measure(NamedTuple):
    """Token count of a text, and a hash of its tokens."""

    tokens: int
    sha256: str
    """Over the token ids, each as four bytes, least significant first."""


class TokenEnds(NamedTuple):
    """The tokens of a text."""

    number: int
    end: Callable[[int], int]
    """Position of a token -> characters up to its end."""


class PromptTokenizer:
    """Counts, encodes and decodes plain text with a Hugging Face tokenizer."""

    def __init__(self, tokenizer: Any) -> None:  # noqa: ANN401 - transformers' own classes
        """Wrap a loaded tokenizer; its own truncation and padding are switched off."""
        self._tokenizer = tokenizer
        self._fast = getattr(tokenizer, "backend_tokenizer", None)
        if self._fast is not None:
            self._fast.no_truncation()
            self._fast.no_padding()

    @property
    def loaded(self) -> Any:  # noqa: ANN401 - transformers' own classes
        """The tokenizer itself."""
        return self._tokenizer

    @property
    def max_length(self) -> int | None:
        """The tokenizer's own limit in tokens, None where it has none."""
        limit = getattr(self._tokenizer, "model_max_length", None)
        return int(limit) if limit and limit < _UNSET_MAX_LENGTH else None

    @functools.cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the tokenizer's full definition; tokenizers with equal ones count alike."""
        if self._fast is not None:
            definition = self._fast.to_str()
        else:
            definition = repr((type(self._tokenizer), sorted(self._tokenizer.get_vocab().items())))
        return hashlib.sha256(definition.encode()).hexdigest()

    def count(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text; texts are tokenised in batches."""
        return [len(ids) for batch in _batches(texts) for ids in self._encode_batch(batch)]

    def measure(self, texts: Sequence[str]) -> list[Measure]:
        """Count and hash of each text's tokens, from one pass of the tokenizer."""
        found: list[Measure] = []
        with progress("counting tokens", total=sum(map(len, texts)), unit=" characters") as bar:
            for batch in _batches(texts):
                found += map(measure_ids, self._encode_batch(batch))
                bar.update(sum(map(len, batch)))
        return found

    def encode(self, text: str) -> list[int]:
        """Token ids, without special tokens."""
        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=False, verbose=False)
        return ids

    def decode(self, ids: Sequence[int]) -> str:
        """The text of token ids; spaces and special tokens are kept."""
        text: str = self._tokenizer.decode(
            list(ids), skip_special_tokens=False, clean_up_tokenization_spaces=False
        )
        return text

    def ends(self, texts: Sequence[str]) -> list["TokenEnds"]:
        """Where each token ends; only tokenizers in Rust know, of others all have equal parts."""
        fast = self._fast
        if fast is not None:
            batches = (fast.encode_batch(b, add_special_tokens=False) for b in _batches(texts))
            return [TokenEnds(len(each), _ends_of(each)) for batch in batches for each in batch]
        counts = self.count(texts)
        return [
            TokenEnds(count, functools.partial(_equal_part, len(text), count))
            for text, count in zip(texts, counts, strict=True)
        ]

    def check_chat_template(self, name: str | None = None) -> None:
        """Check that the tokenizer has a chat template, of this name where it has several.

        Raises:
            OptionError: the tokenizer has no such template.
        """
        found = self._tokenizer.chat_template
        if found and (not isinstance(found, dict) or (name or "default") in found):
            return
        has = f"only {', '.join(sorted(found))}" if isinstance(found, dict) else "none"
        raise OptionError(
            f"--apply_chat_template: the tokenizer of {self._tokenizer.name_or_path!r} has {has}; "
            "leave the option out for a base model, or name an instruct model"
        )

    def _encode_batch(self, texts: list[str]) -> Iterator[list[int]]:
        if self._fast is None:
            return (self.encode(text) for text in texts)
        encoded = self._fast.encode_batch_fast(texts, add_special_tokens=False)
        return (each.ids for each in encoded)


def _ends_of(encoding: Any) -> Callable[[int], int]:  # noqa: ANN401 - of tokenizers
    return lambda token: int(encoding.token_to_chars(token)[1])


def _equal_part(characters: int, count: int, token: int) -> int:
    return characters * (token + 1) // count


def measure_ids(ids: Sequence[int]) -> Measure:
    """Count and hash of token ids."""
    packed = array("I", ids)
    if sys.byteorder == "big":
        packed.byteswap()
    return Measure(tokens=len(ids), sha256=hashlib.sha256(packed.tobytes()).hexdigest())


def _batches(texts: Sequence[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    size = 0
    for text in texts:
        batch.append(text)
        size += len(text)
        if size >= _BATCH_CHARACTERS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


@cached(maxsize=2, places=lambda model: (model.tokenizer, model.name))
def load_tokenizer(model: ModelArgs) -> PromptTokenizer | None:
    """The tokenizer that the model arguments name: `tokenizer`, else the model itself.

    Returns:
        None if none is named, or if no tokenizer is found by an API model's name.

    Raises:
        OptionError: a tokenizer named by the user, or that of a model on this machine, cannot be
            loaded.
    """
    name = model.tokenizer or model.name
    if name is None:
        return None
    must_load = model.tokenizer is not None or model.local
    if must_load:
        _refuse_missing("tokenizer", name)
    try:
        from transformers import AutoTokenizer

        return PromptTokenizer(AutoTokenizer.from_pretrained(name, **_hub_arguments(model)))
    except _load_errors() as error:
        if not must_load:
            return None
        raise OptionError(_cannot_load("tokenizer", name, first_line(error))) from error


@cached(maxsize=2, places=lambda model: (model.name,))
def load_config(model: ModelArgs) -> "PretrainedConfig":
    """The config of a model that lm-eval loads itself.

    Raises:
        OptionError: it cannot be loaded.
    """
    if model.name is None:
        raise ValueError("no model is named")
    _refuse_missing("config", model.name)
    try:
        from transformers import AutoConfig

        config: PretrainedConfig = AutoConfig.from_pretrained(model.name, **_hub_arguments(model))
        return config
    except _load_errors() as error:
        raise OptionError(_cannot_load("config", model.name, first_line(error))) from error


def _load_errors() -> tuple[type[Exception], ...]:
    """The errors that transformers raises for missing, damaged and unsuitable files."""
    from huggingface_hub import errors

    # The configs of huggingface_hub 1.0 and newer raise an error that is none of the usual ones.
    checked = getattr(errors, "StrictDataclassError", ValueError)
    usual = (ImportError, OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError)
    return (*usual, checked)


def _hub_arguments(model: ModelArgs) -> dict[str, Any]:
    return {
        "revision": model.revision or "main",
        "subfolder": model.subfolder or "",
        "trust_remote_code": model.trust_remote_code,
    }


def _refuse_missing(what: str, name: str) -> None:
    """Refuse a missing folder: transformers takes seconds, and would call the name malformed."""
    if os.path.isabs(name) and not os.path.exists(name):
        raise OptionError(_cannot_load(what, name, "there is no such folder"))


def _cannot_load(what: str, name: str, reason: str) -> str:
    advice = "name another one with --metadata '{\"tokenizer\": ...}'"
    if what == "config":
        advice = "give the window as max_length=<tokens> in --model_args"
    return (
        f"the {what} of {name!r} cannot be loaded ({reason}); prompts cannot be fitted to the "
        f"model's window without it. Check the name, or {advice}"
    )
