"""What must hold before training starts, whatever script trains: no row cut, lost or masked.

`check_counts` needs no weights; `check_prepared` looks at what TRL made of the rows. Nothing here
imports a trainer.
"""

from collections.abc import Mapping
from typing import Any

from lm_eval_longsafety.errors import OptionError
from lm_eval_longsafety.settings import shorten
from lm_eval_longsafety.training.chat_tokens import ChatTokens

_MASKED = -100
"""Label of a token that is not learnt."""


def check_counts(longest: int, origin: Mapping[str, Any], model: str, limit: int) -> None:
    """Refuse rows that were counted otherwise or are too long.

    Args:
        longest: the largest number of tokens in the rows' column.
        origin: from `read_metadata`.
        model: hub id or folder of the model to train.
        limit: tokens that a row may have.

    Raises:
        OptionError: another tokenizer or chat template counted them, or a row is too long.
    """
    if any(origin.get(key) != value for key, value in ChatTokens(model).fingerprints.items()):
        raise OptionError(
            "the rows were counted with the tokenizer and chat template of "
            f"{shorten(origin['options']['tokenizer'])}; prepare them with --tokenizer {model}"
        )
    from transformers import AutoConfig

    config = AutoConfig.from_pretrained(model).get_text_config()
    window = getattr(config, "max_position_embeddings", None)  # Some models have no such limit.
    most = min(limit, window or limit)
    if longest > most:
        raise OptionError(
            f"the longest row has {longest} tokens, the limit is {limit} and the model's window "
            f"{window}; prepare the rows with --max-tokens {most}"
        )


def check_prepared(prepared: Any, rows: Any, tokenizer: Any) -> None:  # noqa: ANN401 - of datasets and transformers
    """Refuse to train if TRL lost or cut a row, or would learn anything but its answer.

    That the tokens to learn begin where the prompt ends is compared for the first row; of the
    others, that they are the end of the row. Rendering each prompt again would take as long as
    preparing the rows did.

    Args:
        prepared: `train_dataset` of TRL's SFTTrainer.
        rows: the data set that it was given.
        tokenizer: the model's.

    Raises:
        OptionError: naming the first row that is not what it should be.
    """
    if len(prepared) != len(rows):
        raise OptionError(f"TRL kept {len(prepared)} of {len(rows)} rows")
    columns = prepared.select_columns(["id", "tokens", "input_ids", "labels"])
    for row in columns.with_format("numpy"):
        length, learnt = len(row["input_ids"]), int((row["labels"] != _MASKED).sum())
        if length != row["tokens"]:
            raise OptionError(f"row {row['id']}: TRL made {length} of its {row['tokens']} tokens")
        if not learnt or (row["labels"][-learnt:] == _MASKED).any():
            raise OptionError(f"row {row['id']}: {learnt} tokens to learn, expected its answer")
    prompt = tokenizer.apply_chat_template(
        rows[0]["prompt"], add_generation_prompt=True, return_dict=False
    )
    masked = prepared[0]["labels"].count(_MASKED)
    if masked != len(prompt) or prepared[0]["input_ids"][:masked] != prompt:
        raise OptionError(
            "the chat template writes a prompt differently when an answer follows, so that the "
            "model would learn from prompts that it never gets; choose another template"
        )
