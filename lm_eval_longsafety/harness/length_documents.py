"""The documents of one row of `longsafety_length`: one task at one length and one depth.

Data flow: metadata -> options -> rows and filler, shared by all rows of the table -> prompts of the
asked length -> a `datasets.Dataset`. What cannot be built is reported here, before any model call.
"""

import functools
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lm_eval_longsafety import settings
from lm_eval_longsafety.data import sources
from lm_eval_longsafety.data.rows import Row
from lm_eval_longsafety.errors import OptionError
from lm_eval_longsafety.harness.documents import Document, as_dataset, describe
from lm_eval_longsafety.prompts import window
from lm_eval_longsafety.prompts.deal import deal
from lm_eval_longsafety.prompts.tokenizer import PromptTokenizer, load_tokenizer
from lm_eval_longsafety.settings import Settings
from lm_eval_longsafety.variants import lengths
from lm_eval_longsafety.variants.filler import Filler, load_filler
from lm_eval_longsafety.variants.length_options import LengthOptions, parse_length_options

if TYPE_CHECKING:
    from datasets import Dataset

log = logging.getLogger("lm_eval.longsafety")


def load_length_documents(
    *,
    split: str,
    target_length: int,
    target_depth: float,
    protocol: str = "generate",
    provenance: dict[str, Any] | None = None,
    **metadata: object,
) -> "dict[str, Dataset]":
    """Chosen documents of one task, each embedded in filler.

    Args:
        split: the task.
        target_length: of the prompts, in tokens.
        target_depth: part of the filler before the document, 0 to 1.
        protocol: goes into the provenance.
        provenance: filled in place, as in `documents.load_documents`.
        metadata: model arguments, `settings.OPTIONS`.

    Returns:
        {"test": documents}, with target_length and target_depth beside the usual columns.

    Raises:
        OptionError: options that cannot be used, no tokenizer, too short a length, filler or
            window.
        DataError: data that cannot be used.
    """
    chosen, wanted = settings.parse(metadata), parse_length_options(metadata)
    tokenizer = _required_tokenizer(chosen)
    held = _check_window(chosen, target_length)
    source = sources.load(chosen.data, chosen.data_revision)
    rows = source.rows(split)
    filler = load_filler(wanted.filler, chosen.data, chosen.data_revision)
    target = {"target_length": target_length, "target_depth": target_depth}
    documents = _build(split, rows, chosen, wanted, _counted(filler, tokenizer), target)
    record = describe(
        source, rows, documents, chosen, window=held, protocol=protocol, variant="length"
    )
    # A built prompt has the length asked for or is refused, whatever `over_length` says.
    record |= {"over_length": "error", "filler": filler.name, "filler_revision": filler.revision}
    record |= {"filler_seed": wanted.filler_seed}
    if provenance is not None:
        provenance.update(record | target)
    log.info(
        "LongSafetyBench %s: %d of %d documents in filler from %s, %d tokens, depth %g",
        *(split, len(documents), len(rows), filler.name, target_length, target_depth),
    )
    return {"test": as_dataset(split, documents)}


def _build(
    split: str,
    rows: Sequence[Row],
    chosen: Settings,
    wanted: LengthOptions,
    tokens: lengths.FillerTokens,
    target: dict[str, Any],
) -> list[Document]:
    """The chosen rows in filler, with `target` as fields of their own."""
    picked = lengths.choose_rows(rows, wanted.rows)
    dealt = [
        deal(row.id, len(row.choices), order=chosen.option_order, seed=chosen.option_seed)
        for row in picked
    ]
    fitted = lengths.embed(
        split,
        picked,
        dealt,
        length=target["target_length"],
        depth=target["target_depth"],
        seed=wanted.filler_seed,
        tokens=tokens,
        own=lengths.own_passages(rows),
    )
    return [
        Document(row=row, letters=letters, fitted=fit, extra=target)
        for row, letters, fit in zip(picked, dealt, fitted, strict=True)
    ]


def _required_tokenizer(chosen: Settings) -> PromptTokenizer:
    tokenizer = load_tokenizer(chosen.model)
    if tokenizer is None:
        raise OptionError(
            "longsafety_length builds prompts of exact length and needs the model's tokenizer; "
            "name it (hub id or folder) with --metadata '{\"tokenizer\": ...}'"
        )
    return tokenizer


def _check_window(chosen: Settings, length: int) -> int | None:
    held = window.model_window(chosen)
    limit = window.prompt_limit(held, chosen.reply_tokens)
    if limit is not None and length > limit:
        raise OptionError(
            f"lengths: {length} tokens do not fit into the model's window of {held}, of which "
            f"{(held or 0) - limit} stay free for chat template and reply; the largest length "
            f"is {limit}"
        )
    return held


@functools.lru_cache(maxsize=1)
def _counted(filler: Filler, tokenizer: PromptTokenizer) -> lengths.FillerTokens:
    """Shared by all lengths, depths and tasks, so that filler is tokenised once."""
    return lengths.FillerTokens(filler=filler, tokenizer=tokenizer)
