"""The documents of the tasks `..._judge`: logged open replies, as questions to a judge.

Data flow: `judged` -> logged replies -> with its choices and one more as a prompt in several orders
-> a `datasets.Dataset`. What cannot be judged raises an error here, before any model call.
"""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lm_eval_longsafety import settings
from lm_eval_longsafety.benchmark import BY_SPLIT, MAX_CHOICES
from lm_eval_longsafety.data.file_cache import cached
from lm_eval_longsafety.data.rows import Row
from lm_eval_longsafety.errors import OptionError, ResultsError
from lm_eval_longsafety.harness import judge_context
from lm_eval_longsafety.prompts import window
from lm_eval_longsafety.prompts.deal import deal
from lm_eval_longsafety.prompts.templates import render_options
from lm_eval_longsafety.prompts.tokenizer import PromptTokenizer, load_tokenizer
from lm_eval_longsafety.public import public
from lm_eval_longsafety.results.open_replies import OpenReplies, OpenSample, find_open_replies
from lm_eval_longsafety.settings import Settings
from lm_eval_longsafety.variants import rotations
from lm_eval_longsafety.variants.verdicts import NONE_OF_THESE, harmless, prompt_head

if TYPE_CHECKING:
    from datasets import Dataset

log = logging.getLogger("lm_eval.longsafety")

_EXAMPLE = '--metadata \'{"judged": "results/some-model"}\''


def load_verdict_documents(
    *,
    split: str,
    protocol: str = "generate",
    provenance: dict[str, Any] | None = None,
    **metadata: object,
) -> "dict[str, Dataset]":
    """The open replies to one task, as questions to a judge.

    Args:
        split: the task.
        protocol: `generate` or `logits`; goes into the provenance.
        provenance: filled in place, as in `documents.load_documents`.
        metadata: model arguments of the judge and `settings.OPTIONS`.

    Returns:
        {"test": documents}; columns: id, task, prompt, question, choices (with `NONE_OF_THESE`),
        orders, option_tails, kept_order (`rotations.extra_fields`), prompt_tokens, prompt_sha256,
        truncated, context_sha256, reply_sha256, reply_empty.

    Raises:
        OptionError: options that cannot be used, or a prompt that the judge's window cannot hold.
        ResultsError: the replies cannot be used.
    """
    from datasets import Dataset

    chosen = settings.parse(metadata)
    limit = window.prompt_limit(window.model_window(chosen), chosen.reply_tokens)
    found = replies_to_judge(chosen)
    samples = _samples_of(found, split)
    tokenizer = load_tokenizer(chosen.model)
    tokens = _control_tokens(tokenizer)
    questions = [_JudgedReply(sample, chosen, tokens) for sample in samples]
    contexts = judge_context.contexts(samples, chosen) if chosen.judge_context != "none" else {}
    built = [
        each.document(
            *judge_context.fit(each.prompt, contexts.get(each.sample.id), tokenizer, limit)
        )
        for each in questions
    ]
    fitted = window.fit([record["prompt"] for record in built], chosen, None)
    for record, fit in zip(built, fitted, strict=True):
        _refuse_too_long(record, fit.tokens, limit)
        record |= {"prompt_tokens": fit.tokens, "prompt_sha256": fit.sha256}
    if provenance is not None:
        provenance |= _provenance(found, split, chosen, limit) | {
            "protocol": protocol,
            "scored": len(built),
        }
    log.info("LongSafetyBench %s: %d open replies to judge", split, len(built))
    return {"test": Dataset.from_list(built)}


def replies_to_judge(chosen: Settings) -> OpenReplies:
    """The open replies of the one run that `judged` names.

    Raises:
        OptionError: `judged` is missing, or names several runs.
        ResultsError: there are no open replies, or not as many as their run has written.
    """
    if not chosen.judged:
        raise OptionError(f"tasks ..._judge need the open replies of a run, {_EXAMPLE}")
    found = _found(chosen.judged)
    if not found:
        raise ResultsError(
            f"judged: no open replies in {chosen.judged}; run longsafety_open first, with "
            "--output_path and --log_samples"
        )
    if len(found) > 1:
        names = ", ".join(sorted(str(each.source) for each in found))
        raise OptionError(
            f"judged: {chosen.judged} holds open replies of {len(found)} runs ({names}); name one "
            "of them"
        )
    if missing := found[0].missing():
        raise ResultsError(f"judged: {missing}; copy the run's files again")
    return found[0]


def _places(judged: str) -> tuple[str]:
    path = Path(judged)
    return (str(path if path.is_dir() else path.parent),)


@cached(maxsize=1, places=_places)
def _found(judged: str) -> list[OpenReplies]:
    return find_open_replies([judged], keep_text=True)


def _samples_of(found: OpenReplies, split: str) -> Sequence[OpenSample]:
    for samples in found.tasks.values():
        if samples and samples[0].split == split:
            return samples
    raise ResultsError(
        f"judged: {found.source} has no open replies of {split}, only of "
        f"{', '.join(sorted(own[0].split for own in found.tasks.values() if own))}; name the tasks "
        "..._judge of these"
    )


class _JudgedReply:
    """One reply with its behaviours under dealt letters."""

    def __init__(self, sample: OpenSample, chosen: Settings, tokens: Sequence[str]) -> None:
        """Deal the letters.

        Raises:
            ResultsError: too few or too many choices.
        """
        if sample.text is None:
            raise ValueError("open replies were read without their texts")
        self.sample, self._text, self._tokens = sample, sample.text, tokens
        behaviours = [harmless(choice, tokens) for choice in sample.text.choices]
        self._choices = (*behaviours, NONE_OF_THESE)
        if not 3 <= len(self._choices) <= MAX_CHOICES:
            raise ResultsError(
                f"judged: document {sample.id!r} of {sample.split} has {len(self._choices) - 1} "
                f"choices; 2 to {MAX_CHOICES - 1} can be judged"
            )
        kept = rotations.speaks_of_others(self._choices)
        order = "original" if kept else chosen.option_order
        self._letters = deal(sample.id, len(self._choices), order=order, seed=chosen.option_seed)
        self._orders = chosen.judge_orders

    def prompt(self, context: str | None) -> str:
        """The prompt in the first order."""
        head = prompt_head(
            self.sample.split,
            self._text.question,
            self._text.replies[0],
            context=context,
            tokens=self._tokens,
        )
        return head + render_options(sorted(zip(self._letters, self._choices, strict=True)))

    def document(self, context: str | None, cut: bool) -> dict[str, Any]:
        """The document, apart from the count of its tokens."""
        sample, question = self.sample, self._text.question
        row = Row(id=sample.id, context="", question=question, choices=self._choices)
        prompt = self.prompt(context)
        every = rotations.extra_fields(row, self._letters, prompt)
        return {
            "id": sample.id,
            "task": sample.split,
            "prompt": prompt,
            "question": question,
            "choices": list(self._choices),
            "orders": every["orders"][: self._orders],
            "option_tails": every["option_tails"][: self._orders],
            "kept_order": every["kept_order"],
            "truncated": cut,
            "context_sha256": sample.context_sha256,
            "reply_sha256": sample.reply_sha256,
            "reply_empty": bool(sample.empty),
        }


def _refuse_too_long(record: dict[str, Any], tokens: int | None, limit: int | None) -> None:
    """Refuse a prompt that may not fit; without a tokenizer a token has at least one byte."""
    most = len(record["prompt"].encode()) if tokens is None else tokens
    if limit is not None and most > limit:
        counted = "up to " if tokens is None else ""
        remedy = "name the judge's tokenizer in --metadata, or " if tokens is None else ""
        raise OptionError(
            f"the verdict on document {record['id']!r} of {record['task']} has a prompt of "
            f"{counted}{most} tokens, but the judge's window leaves {limit}; {remedy}take a judge "
            "with a larger window"
        )


def _control_tokens(tokenizer: PromptTokenizer | None) -> list[str]:
    """The texts of the tokenizer's special tokens; empty where no tokenizer is known."""
    added = getattr(tokenizer and tokenizer.loaded, "added_tokens_decoder", {})
    return [str(token) for token in added.values() if getattr(token, "special", False)]


def _provenance(
    found: OpenReplies, split: str, chosen: Settings, limit: int | None
) -> dict[str, Any]:
    """What was judged, and how, for the results file."""
    name = f"{BY_SPLIT[split].name}_open"
    row = found.run.tasks.get(name) if found.run else None
    data = row.provenance if row else None
    return {
        "variant": "judge",
        "judged": found.source.name,
        "judged_model": public(found.run.model) if found.run else None,
        "data": data and data.data,
        "revision": data and data.revision,
        "data_sha256": data and data.data_sha256,
        "templates": data and data.templates,
        "templates_sha256": data and data.templates_sha256,
        "option_order": chosen.option_order,
        "option_seed": chosen.option_seed,
        "judge_orders": chosen.judge_orders,
        "judge_context": chosen.judge_context,
        "window": window.model_window(chosen),
        "prompt_limit": limit,
    }
