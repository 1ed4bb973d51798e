"""Build the documents of a task, with finished prompts; lm-eval calls this for a task's data.

Data flow: metadata -> settings -> rows -> letters -> prompts -> fitted to the window -> a
`datasets.Dataset`. Errors in options, data and window are raised here, before any model call.
"""

import hashlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from lm_eval_longsafety import settings
from lm_eval_longsafety.data import sources
from lm_eval_longsafety.data.rows import Row
from lm_eval_longsafety.data.sources import DataSource
from lm_eval_longsafety.errors import DataError, OptionError
from lm_eval_longsafety.prompts import templates, window
from lm_eval_longsafety.prompts.deal import deal
from lm_eval_longsafety.prompts.window import Fitted, prompt_limit
from lm_eval_longsafety.settings import Settings
from lm_eval_longsafety.variants import rotations

if TYPE_CHECKING:
    from datasets import Dataset

# A child of lm-eval's logger, so that the lines appear where lm-eval's own do.
log = logging.getLogger("lm_eval.longsafety")


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One row with its letters and finished prompt."""

    row: Row
    letters: list[str]
    fitted: Fitted
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Fields that a variant adds to those of every document."""


def load_documents(
    *,
    split: str,
    protocol: str = "generate",
    variant: str = "",
    provenance: dict[str, Any] | None = None,
    **metadata: object,
) -> "dict[str, Dataset]":
    """The documents of one task, as lm-eval's `custom_dataset` wants them.

    Args:
        split: the task's split name.
        protocol: `generate` or `logits`; goes into the provenance.
        variant: `no_context`, `rotations`, `open`, or empty for the benchmark as published.
        provenance: filled in place. It is part of the task's YAML metadata (`task_file`); only
            through it can a `custom_dataset` record in lm-eval's results file what data was read.
        metadata: the rest of lm-eval's metadata: model arguments and `--metadata`
            (`settings.OPTIONS`).

    Returns:
        {"test": documents}; columns: id, task, prompt, question, choices, letters, [depth, length,]
        prompt_tokens, prompt_sha256 (over the tokens), truncated, context_sha256; with `rotations`
        also orders, option_tails and kept_order (`rotations.extra_fields`).

    Raises:
        OptionError: options or model arguments that cannot be used.
        DataError: data that cannot be used.
    """
    chosen = settings.parse(metadata)
    model_window = window.model_window(chosen)
    limit = prompt_limit(model_window, chosen.reply_tokens)
    source = sources.load(chosen.data, chosen.data_revision)
    rows = source.rows(split)
    if warning := sources.row_count_warning(source, split, len(rows)):
        log.warning(warning)
    built = _build(split, rows, chosen, limit, variant)
    documents = _within_length(split, built, chosen, limit)
    if variant == "rotations":
        documents = [
            replace(d, extra=rotations.extra_fields(d.row, d.letters, d.fitted.prompt))
            for d in documents
        ]
    record = describe(
        source, rows, documents, chosen, window=model_window, protocol=protocol, variant=variant
    )
    if variant == "rotations":
        record["kept_order"] = sum(document.extra["kept_order"] for document in documents)
    if provenance is not None:
        provenance.update(record)
    _log_summary(split, documents, record)
    return {"test": as_dataset(split, documents)}


def describe(
    source: DataSource,
    rows: Sequence[Row],
    documents: Sequence[Document],
    chosen: Settings,
    *,
    window: int | None,
    protocol: str,
    variant: str,
) -> dict[str, Any]:
    """The provenance of one task's documents, as it is written to the results file.

    Args:
        source: where the rows come from.
        rows: all rows of the split.
        documents: those that will be scored.
        chosen: the run's options.
        window: the model's, in tokens; None where it is unknown.
        protocol: `generate` or `logits`.
        variant: empty for the benchmark as published.
    """
    return {
        "data": source.name,
        "revision": source.revision,
        "data_sha256": sources.fingerprint(rows),
        "rows": len(rows),
        "scored": len(documents),
        "truncated": sum(document.fitted.truncated for document in documents),
        "option_order": chosen.option_order,
        "option_seed": chosen.option_seed,
        "over_length": chosen.over_length,
        "window": window,
        "prompt_limit": prompt_limit(window, chosen.reply_tokens),
        "protocol": protocol,
        "variant": variant,
    }


def load_without_context(**keywords: Any) -> "dict[str, Dataset]":  # noqa: ANN401 - lm-eval's
    """`load_documents` with the contexts left out of the prompts."""
    return load_documents(variant="no_context", **keywords)


def load_rotated(**keywords: Any) -> "dict[str, Dataset]":  # noqa: ANN401 - lm-eval's
    """`load_documents` with the fields that are needed to show a document in all orders."""
    return load_documents(variant="rotations", **keywords)


def _build(
    split: str, rows: Sequence[Row], chosen: Settings, limit: int | None, variant: str
) -> list[Document]:
    letters = [_letters(row, chosen, variant) for row in rows]
    rendered = [
        _render(split, row, dealt, variant) for row, dealt in zip(rows, letters, strict=True)
    ]
    fitted = window.fit(rendered, chosen, limit)
    return [
        Document(row=row, letters=dealt, fitted=fit)
        for row, dealt, fit in zip(rows, letters, fitted, strict=True)
    ]


def _render(split: str, row: Row, letters: Sequence[str], variant: str) -> str:
    if variant == "open":
        return templates.render_open(split, context=row.context, question=row.question)
    return templates.render(
        split,
        context=None if variant == "no_context" else row.context,
        question=row.question,
        choices=row.choices,
        letters=letters,
    )


def _letters(row: Row, chosen: Settings, variant: str) -> list[str]:
    if variant == "open":
        return []  # No choices are shown.
    kept = variant == "rotations" and rotations.speaks_of_others(row.choices)
    order = "original" if kept else chosen.option_order
    return deal(row.id, len(row.choices), order=order, seed=chosen.option_seed)


def _within_length(
    split: str, documents: list[Document], chosen: Settings, limit: int | None
) -> list[Document]:
    """Apply `over_length`: keep the cut prompts, leave them out, or refuse the run."""
    cut = [document for document in documents if document.fitted.truncated]
    if not cut or chosen.over_length == "middle":
        return documents
    if chosen.over_length == "error":
        raise OptionError(
            f"split {split}: {len(cut)} of {len(documents)} prompts are longer than {limit} "
            "tokens (first id "
            f"{cut[0].row.id!r}), and over_length is 'error'; choose 'middle' or 'skip', or a "
            "larger window"
        )
    kept = [document for document in documents if not document.fitted.truncated]
    if not kept:
        raise DataError(
            f"split {split}: over_length 'skip' leaves no documents: all {len(documents)} "
            "prompts are longer than "
            f"{limit} tokens; choose 'middle' or a larger window"
        )
    return kept


def as_dataset(split: str, documents: Sequence[Document]) -> "Dataset":
    """The documents as lm-eval wants them; columns as in `load_documents`."""
    from datasets import Dataset, DatasetInfo, Features, Value
    from datasets import Sequence as ListOf
    from datasets.fingerprint import generate_random_fingerprint
    from datasets.table import InMemoryTable

    text, number, texts = Value("string"), Value("float64"), ListOf(Value("string"))
    features = {
        "id": text,
        "task": text,
        "prompt": text,
        "question": text,
        "choices": texts,
        "letters": texts,
        "prompt_tokens": Value("int64"),
        "prompt_sha256": text,
        "truncated": Value("bool"),
        "context_sha256": text,
    }
    if documents[0].row.depth is not None:
        features |= {"depth": number, "length": number}
    extra = {
        "orders": ListOf(texts),
        "option_tails": texts,
        "kept_order": Value("bool"),
        "target_length": Value("int64"),
        "target_depth": number,
    }
    features |= {key: kind for key, kind in extra.items() if key in documents[0].extra}
    records = [_fields(split, document) for document in documents]
    chosen = Features(features)
    # Not `Dataset.from_list`, which would pickle and hash every prompt to make a fingerprint.
    return Dataset(
        InMemoryTable.from_pylist(records, schema=chosen.arrow_schema),
        info=DatasetInfo(features=chosen),
        fingerprint=generate_random_fingerprint(),
    )


def _fields(split: str, document: Document) -> dict[str, Any]:
    row, fitted = document.row, document.fitted
    return {
        "id": row.id,
        "task": split,
        "prompt": fitted.prompt,
        "question": row.question,
        "choices": list(row.choices),
        "letters": document.letters,
        "depth": row.depth,
        "length": row.length,
        "prompt_tokens": fitted.tokens,
        "prompt_sha256": fitted.sha256,
        "truncated": fitted.truncated,
        "context_sha256": hashlib.sha256(row.context.encode()).hexdigest(),
        **document.extra,
    }


def _log_summary(split: str, documents: Sequence[Document], record: dict[str, Any]) -> None:
    counts = [d.fitted.tokens for d in documents if d.fitted.tokens is not None]
    tokens = f"{min(counts)} to {max(counts)} tokens" if counts else "tokens not counted"
    held = record["prompt_limit"]
    limit = (
        "window unknown, sent whole"
        if held is None
        else f"{record['truncated']} cut to {held} tokens"
    )
    log.info(
        "LongSafetyBench %s from %s: %d of %d documents to score, %s, %s, options %s",
        split,
        record["data"],
        record["scored"],
        record["rows"],
        tokens,
        limit,
        record["option_order"],
    )
