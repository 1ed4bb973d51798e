"""Count conversations as the trainer will: rendered by the target's own chat template.

The template is applied to prompt and answer together, and the text is tokenised without further
special tokens: what TRL does with conversational rows.
"""

import hashlib
from collections.abc import Sequence

from lm_eval_longsafety.errors import DataError, OptionError, first_line
from lm_eval_longsafety.prompts.tokenizer import PromptTokenizer, TokenEnds, load_tokenizer
from lm_eval_longsafety.settings import ModelArgs, shorten
from lm_eval_longsafety.training.conversations import Conversation, Message


class ChatTokens:
    """Counts conversations with one tokenizer and its chat template."""

    def __init__(self, name: str, *, trust_remote_code: bool = False) -> None:
        """Load the tokenizer, by hub id or folder.

        Raises:
            OptionError: it cannot be loaded, or has no chat template.
        """
        model = ModelArgs(name=name, local=True, trust_remote_code=trust_remote_code)
        try:
            loaded = load_tokenizer(model)
        except OptionError as error:
            reason = first_line(error.__cause__) if error.__cause__ else "there is no such folder"  # type: ignore[arg-type]
            raise OptionError(
                f"--tokenizer {shorten(name)}: cannot be loaded ({reason}); give a hub id or a "
                "folder"
            ) from None
        if loaded is None or not _has_template(loaded):
            raise OptionError(
                f"--tokenizer {shorten(name)}: has no chat template, by which rows are counted and "
                "trained on; name the tokenizer of an instruct model"
            )
        self._tokenizer: PromptTokenizer = loaded

    @property
    def fingerprints(self) -> dict[str, str]:
        """SHA-256 of the tokenizer's definition and of its chat template."""
        template = self._tokenizer.loaded.get_chat_template()
        return {
            "tokenizer_sha256": self._tokenizer.fingerprint,
            "chat_template_sha256": hashlib.sha256(template.encode()).hexdigest(),
        }

    def count(self, rows: Sequence[Sequence[Message]], names: Sequence[Conversation]) -> list[int]:
        """Tokens of each conversation, all of its messages included.

        Args:
            rows: messages of each.
            names: the row that each comes from, for the error.

        Raises:
            DataError: the template refuses a conversation.
        """
        texts = [self._render(row, name) for row, name in zip(rows, names, strict=True)]
        return self._tokenizer.count(texts)

    def ends(self, texts: Sequence[str]) -> list[TokenEnds]:
        """Where each token of plain texts ends."""
        return self._tokenizer.ends(texts)

    def _render(self, messages: Sequence[Message], row: Conversation) -> str:
        from jinja2 import TemplateError

        try:
            text: str = self._tokenizer.loaded.apply_chat_template(list(messages), tokenize=False)
        except (TemplateError, ValueError, TypeError) as error:
            raise DataError(
                f"row {shorten(row.id)}: the tokenizer's chat template refuses its messages "
                f"({first_line(error)}); choose another tokenizer, or leave such rows out"
            ) from error
        return text


def _has_template(tokenizer: PromptTokenizer) -> bool:
    """Whether there is a template that trainers would take without being given its name."""
    found = tokenizer.loaded.chat_template
    return bool(found) and (not isinstance(found, dict) or "default" in found)
