"""The documents of one task of `longsafety_length`, at one length and one depth.

Data flow: metadata -> options -> rows and filler -> prompts of the requested length -> a
`datasets.Dataset`. What cannot be built raises an error here, before any model call.
"""

import logging
from typing import TYPE_CHECKING, Any

from lm_eval_longsafety import settings
from lm_eval_longsafety.data import sources
from lm_eval_longsafety.errors import OptionError
from lm_eval_longsafety.harness.documents import Document, as_dataset, describe
from lm_eval_longsafety.prompts import window
from lm_eval_longsafety.prompts.deal import deal
from lm_eval_longsafety.prompts.tokenizer import load_tokenizer
from lm_eval_longsafety.variants.filler import load_filler, split_passages
from lm_eval_longsafety.variants.length_options import parse_length_options
from lm_eval_longsafety.variants.lengths import Embedding, choose_rows

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
    """Chosen documents of one task, each embedded in filler; see `documents.load_documents`.

    Args:
        split: the task.
        target_length: of the prompts, in tokens.
        target_depth: part of the filler before the document, 0 to 1.
        protocol: `generate` or `logits`; goes into the provenance.
        provenance: filled in place.
        metadata: model arguments and `settings.OPTIONS`.

    Raises:
        OptionError: an option cannot be used, there is no tokenizer, or the length, the filler or
            the window is too small.
        DataError: the data cannot be used.
    """
    chosen, wanted = settings.parse(metadata), parse_length_options(metadata)
    tokenizer = load_tokenizer(chosen.model)
    if tokenizer is None:
        raise OptionError(
            "longsafety_length builds prompts of a requested length and needs the model's "
            "tokenizer; name it (hub id or folder) with --metadata '{\"tokenizer\": ...}'"
        )
    held = window.model_window(chosen)
    limit = window.prompt_limit(held, chosen.reply_tokens)
    if limit is not None and target_length > limit:
        raise OptionError(
            f"lengths: {target_length} tokens do not fit into the model's window of {held}, of "
            f"which {(held or 0) - limit} stay free for chat template and reply; the largest "
            f"length is {limit}"
        )
    source = sources.load(chosen.data, chosen.data_revision)
    rows = source.rows(split)
    filler = load_filler(wanted.filler, chosen.data, chosen.data_revision)
    picked = choose_rows(rows, wanted.length_rows)
    letters = [
        deal(row.id, len(row.choices), order=chosen.option_order, seed=chosen.option_seed)
        for row in picked
    ]
    embedding = Embedding(
        split=split,
        length=target_length,
        depth=target_depth,
        seed=wanted.filler_seed,
        filler=filler,
        tokenizer=tokenizer,
        own=frozenset(text for row in rows for text in split_passages(row.context)),
    )
    target = {"target_length": target_length, "target_depth": target_depth}
    built = zip(picked, letters, embedding.prompts(picked, letters), strict=True)
    documents = [
        Document(row=row, letters=dealt, fitted=fitted, extra=target)
        for row, dealt, fitted in built
    ]
    if provenance is not None:
        provenance |= describe(
            source, rows, documents, chosen, window=held, protocol=protocol, variant="length"
        )
        # A built prompt has the requested length or is refused, whatever `over_length` says.
        provenance |= {
            "over_length": "error",
            "filler": filler.name,
            "filler_revision": filler.revision,
            "filler_seed": wanted.filler_seed,
            **target,
        }
    log.info(
        "LongSafetyBench %s: %d of %d documents in filler from %s, %d tokens, depth %g",
        *(split, len(documents), len(rows), filler.name, target_length, target_depth),
    )
    return {"test": as_dataset(split, documents)}
