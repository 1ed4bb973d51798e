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
from lm_eval_longsafety.errors import DataError, OptionError
from lm_eval_longsafety.prompts import templates, window
from lm_eval_longsafety.prompts.deal import deal
from lm_eval_longsafety.prompts.templates import Templates
from lm_eval_longsafety.prompts.window import Fitted
from lm_eval_longsafety.settings import Settings
from lm_eval_longsafety.variants import lengths, rotations
from lm_eval_longsafety.variants.length_options import LengthOptions, parse_length_options

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
    target_length: int = 0,
    target_depth: float = 0.0,
    **metadata: object,
) -> "dict[str, Dataset]":
    """The documents of one task, as lm-eval's `custom_dataset` wants them.

    Args:
        split: the task's split name.
        protocol: `generate` or `logits`; goes into the provenance.
        variant: `no_context`, `rotations`, `length`, `open`, or empty for the benchmark itself.
        provenance: filled in place. It is part of the task's YAML metadata (`task_file`); only
            through it can a `custom_dataset` record in lm-eval's results file what data was read.
        target_length: of the prompts of `length`, in tokens.
        target_depth: part of the filler before the document, 0 to 1; for `length`.
        metadata: the rest of lm-eval's metadata: model arguments and `--metadata`
            (`settings.OPTIONS`).

    Returns:
        {"test": documents}; columns: id, task, prompt, question, choices, letters, prompt_tokens,
        prompt_sha256 (over the tokens), truncated, context_sha256, [depth, length, filler: those
        that a row of the task has]; with `length` also target_length and target_depth, with
        `rotations` also orders, option_tails and kept_order (`rotations.extra_fields`).

    Raises:
        OptionError: options or model arguments that cannot be used.
        DataError: data that cannot be used.
    """
    chosen = settings.parse(metadata)
    held = window.model_window(chosen)
    limit = window.prompt_limit(held, chosen.reply_tokens)
    source = sources.load(chosen.data, chosen.data_revision)
    rows = source.rows(split)
    wording = templates.load_templates(chosen.templates)
    if warning := sources.row_count_warning(source, split, len(rows)):
        log.warning(warning)
    more: dict[str, Any] = {}
    if variant == "length":
        options, place = parse_length_options(metadata), (target_length, target_depth)
        documents, more = _build_lengths(split, rows, chosen, options, limit, place)
    else:
        built = _build(split, rows, chosen, limit, variant, wording)
        documents = _within_length(split, built, chosen, limit)
    if variant == "rotations":
        documents = [
            replace(
                d,
                extra=rotations.extra_fields(d.row, d.letters, d.fitted.prompt, wording.of(split)),
            )
            for d in documents
        ]
        more["kept_order"] = sum(document.extra["kept_order"] for document in documents)
    record = {
        "data": source.name,
        "revision": source.revision,
        "data_sha256": sources.fingerprint(rows),
        "rows": len(rows),
        "scored": len(documents),
        "truncated": sum(document.fitted.truncated for document in documents),
        "option_order": chosen.option_order,
        "option_seed": chosen.option_seed,
        "over_length": chosen.over_length,
        "templates": wording.name,
        "templates_sha256": wording.sha256,
        "window": held,
        "prompt_limit": limit,
        "protocol": protocol,
        "variant": variant,
        **more,
    }
    if provenance is not None:
        provenance.update(record)
    _log_summary(split, documents, record)
    return {"test": _as_dataset(split, documents)}


def _build_lengths(
    split: str,
    rows: Sequence[Row],
    chosen: Settings,
    options: LengthOptions,
    limit: int | None,
    place: tuple[int, float],
) -> tuple[list[Document], dict[str, Any]]:
    """Some of the rows at one length and depth, and what to record of their filler."""
    length, depth = place
    embedding = lengths.prepare(split, rows, chosen, options, limit, length, depth)
    picked = lengths.choose_rows(rows, options.length_rows)
    letters = [_letters(row, chosen, "length") for row in picked]
    built = zip(picked, letters, embedding.prompts(picked, letters), strict=True)
    target = {"target_length": length, "target_depth": depth}
    documents = [
        Document(row=row, letters=dealt, fitted=fitted, extra=target)
        for row, dealt, fitted in built
    ]
    return documents, target | {
        # A built prompt has the requested length or is refused, whatever the option says.
        "over_length": "error",
        "filler": embedding.filler.name,
        "filler_revision": embedding.filler.revision,
        "filler_seed": options.filler_seed,
    }


def _build(
    split: str,
    rows: Sequence[Row],
    chosen: Settings,
    limit: int | None,
    variant: str,
    wording: Templates,
) -> list[Document]:
    letters = [_letters(row, chosen, variant) for row in rows]
    rendered = [
        _render(split, row, dealt, variant, wording)
        for row, dealt in zip(rows, letters, strict=True)
    ]
    fitted = window.fit(rendered, chosen, limit)
    return [
        Document(row=row, letters=dealt, fitted=fit)
        for row, dealt, fit in zip(rows, letters, fitted, strict=True)
    ]


def _render(split: str, row: Row, letters: Sequence[str], variant: str, wording: Templates) -> str:
    if variant == "open":
        return templates.render_open(
            split, context=row.context, question=row.question, templates=wording
        )
    return templates.render(
        split,
        context=None if variant == "no_context" else row.context,
        question=row.question,
        choices=row.choices,
        letters=letters,
        templates=wording,
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
            f"split {split}: {len(cut)} of {len(documents)} prompts are longer than {limit} tokens "
            f"(first id {cut[0].row.id!r}), and over_length is 'error'; choose 'middle' or 'skip', "
            "or a larger window"
        )
    kept = [document for document in documents if not document.fitted.truncated]
    if not kept:
        raise DataError(
            f"split {split}: over_length 'skip' leaves no documents: all {len(documents)} prompts "
            f"are longer than {limit} tokens; choose 'middle' or a larger window"
        )
    return kept


def _as_dataset(split: str, documents: Sequence[Document]) -> "Dataset":
    """The documents as lm-eval wants them; columns as in `load_documents`."""
    from datasets import Dataset
    from datasets.fingerprint import generate_random_fingerprint
    from datasets.table import InMemoryTable

    # Not `Dataset.from_list`, which would pickle and hash every prompt to make a fingerprint.
    known = [name for name in _OPTIONAL if any(getattr(d.row, name) is not None for d in documents)]
    table = InMemoryTable.from_pylist([_fields(split, each, known) for each in documents])
    return Dataset(table, fingerprint=generate_random_fingerprint())


_OPTIONAL = ("depth", "length", "filler")
"""Fields of a row that a task may lack."""


def _fields(split: str, document: Document, optional: Sequence[str]) -> dict[str, Any]:
    row, fitted = document.row, document.fitted
    return {
        "id": row.id,
        "task": split,
        "prompt": fitted.prompt,
        "question": row.question,
        "choices": list(row.choices),
        "letters": document.letters,
        "prompt_tokens": fitted.tokens,
        "prompt_sha256": fitted.sha256,
        "truncated": fitted.truncated,
        "context_sha256": hashlib.sha256(row.context.encode()).hexdigest(),
        **{name: getattr(row, name) for name in optional},
        **document.extra,
    }


def _log_summary(split: str, documents: Sequence[Document], record: dict[str, Any]) -> None:
    counts = [d.fitted.tokens for d in documents if d.fitted.tokens is not None]
    tokens = f"{min(counts)} to {max(counts)} tokens" if counts else "tokens not counted"
    limit = "{truncated} cut to {prompt_limit} tokens"
    if record["prompt_limit"] is None:
        limit = "window unknown, sent whole"
    line = "LongSafetyBench {split} from {data}: {scored} of {rows} documents to score, {tokens}, "
    line += limit + ", options {option_order}"
    log.info("%s", line.format(split=split, tokens=tokens, **record))
