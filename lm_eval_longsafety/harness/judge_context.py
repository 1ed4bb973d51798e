"""What a judge sees of a document's context: all of it, or a passage; a judge sees none by default.

Data flow: logged replies -> rows of the data at hand -> whole context or passage -> cut to the
judge's window.
"""

import hashlib
from collections.abc import Callable, Sequence

from lm_eval_longsafety.data import sources
from lm_eval_longsafety.data.rows import Row
from lm_eval_longsafety.errors import OptionError
from lm_eval_longsafety.prompts.tokenizer import PromptTokenizer, load_tokenizer
from lm_eval_longsafety.prompts.window import cut_middle
from lm_eval_longsafety.public import public
from lm_eval_longsafety.results.open_replies import OpenSample
from lm_eval_longsafety.settings import Settings

_SPARE = 16
"""Tokens cut in excess, since a cut text may be encoded a little differently."""


def contexts(samples: Sequence[OpenSample], chosen: Settings) -> dict[str, str | None]:
    """The context of each reply, or the passage of it, by id; None in tasks without depth.

    Raises:
        OptionError: no tokenizer is known, or the data at hand is not what the replies answer.
        DataError: the data cannot be used.
    """
    tokenizer = load_tokenizer(chosen.model)
    if tokenizer is None:
        raise OptionError(
            f"judge_context {chosen.judge_context!r} needs the judge's tokenizer; name it (hub id "
            "or folder) with --metadata '{\"tokenizer\": ...}'"
        )
    rows = {
        row.id: row
        for row in sources.load(chosen.data, chosen.data_revision).rows(samples[0].split)
    }
    for sample in samples:
        _refuse_other_data(sample, rows.get(sample.id), chosen)
    if chosen.judge_context == "full":
        return {sample.id: rows[sample.id].context for sample in samples}
    scale = _depth_scale(list(rows.values()))
    return {
        sample.id: _passage(rows[sample.id], scale, chosen.judge_passage_tokens, tokenizer)
        for sample in samples
    }


def fit(
    prompt: Callable[[str | None], str],
    context: str | None,
    tokenizer: PromptTokenizer | None,
    limit: int | None,
) -> tuple[str | None, bool]:
    """The context cut in the middle so that the prompt fits, and whether it was cut.

    Args:
        prompt: makes the judge's prompt of a context.
        context: None for none.
        tokenizer: the judge's.
        limit: tokens that the prompt may have; None for any number.

    Raises:
        OptionError: nothing of the context fits.
    """
    if context is None or tokenizer is None or limit is None:
        return context, False
    ids = tokenizer.encode(context)
    kept, shown = len(ids), context
    (around,) = tokenizer.count([prompt("")])
    while (used := tokenizer.count([prompt(shown)])[0]) > limit:
        kept = int(kept * (limit - around) / max(1, used - around)) - _SPARE
        if kept < 2:
            raise OptionError(
                f"judge_context: the judge's window leaves {limit} tokens, too few for question, "
                "reply and context; leave judge_context out or take a judge with a larger window"
            )
        shown = tokenizer.decode(cut_middle(ids, kept))
    return shown, kept < len(ids)


def _refuse_other_data(sample: OpenSample, row: Row | None, chosen: Settings) -> None:
    known = row and hashlib.sha256(row.context.encode()).hexdigest()
    if known != sample.context_sha256:
        raise OptionError(
            f"judge_context: the reply to document {sample.id!r} of {sample.split} answers another "
            f"context than that of {public(chosen.data)}; name the data of the replies with data "
            "and data_revision in --metadata"
        )


def _depth_scale(rows: Sequence[Row]) -> float:
    """The depth that stands for the end of a context: 1, or 100 where depths are in percent."""
    deepest = max((row.depth for row in rows if row.depth is not None), default=0.0)
    if deepest > 100:
        raise OptionError(
            f"judge_context 'passage': depths up to {deepest:g} are neither parts nor percent of "
            "a context; choose 'full' or 'none'"
        )
    return 1.0 if deepest <= 1 else 100.0


def _passage(row: Row, scale: float, tokens: int, tokenizer: PromptTokenizer) -> str | None:
    """The tokens around the harmful passage; None where its depth is not known."""
    if row.depth is None:
        return None
    ids = tokenizer.encode(row.context)
    middle = int(row.depth / scale * len(ids))
    start = max(0, min(middle - tokens // 2, len(ids) - tokens))
    return tokenizer.decode(ids[start : start + tokens])
