"""The documents of `longsafety_ask`: what a recipe's items still lack, as prompts.

Data flow: `recipe` -> items without a question or choices, but for those that earlier replies
complete -> prompts, fitted to the window -> a `datasets.Dataset`.
"""

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lm_eval_longsafety import settings
from lm_eval_longsafety.benchmark import ASK
from lm_eval_longsafety.build.complete import Gap, unanswered
from lm_eval_longsafety.errors import OptionError
from lm_eval_longsafety.prompts import window
from lm_eval_longsafety.settings import Settings

if TYPE_CHECKING:
    from datasets import Dataset

log = logging.getLogger("lm_eval.longsafety")


def load_asked_documents(
    *,
    protocol: str = "generate",
    provenance: dict[str, Any] | None = None,
    **metadata: object,
) -> "dict[str, Dataset]":
    """What the items of a recipe lack, as prompts to any model.

    Args:
        protocol: goes into the provenance.
        provenance: filled in place, as in `documents.load_documents`.
        metadata: model arguments and `settings.OPTIONS`.

    Returns:
        {"test": documents}; columns: id (`Asked.key`), task, prompt, kind, split, row (in the
        table of items), prompt_tokens, prompt_sha256, truncated.

    Raises:
        OptionError: no recipe is named, or its items lack nothing.
        BuildError: the recipe or a file that it names cannot be used.
        ResultsError: earlier replies are damaged.
    """
    from datasets import Dataset

    chosen = settings.parse(metadata)
    gaps = gaps_to_ask(chosen)
    limit = window.prompt_limit(window.model_window(chosen), chosen.reply_tokens)
    fitted = window.fit([gap.asked.prompt for gap in gaps], chosen, limit)
    if provenance is not None:
        provenance |= {"variant": "ask", "protocol": protocol, "scored": len(gaps)}
    log.info("longsafety_ask: %d prompts, of %s", len(gaps), chosen.recipe)
    return {
        "test": Dataset.from_list(
            [
                {
                    "id": gap.asked.key,
                    "task": ASK,
                    "prompt": fit.prompt,
                    "kind": gap.asked.kind,
                    "split": gap.split,
                    "row": gap.row,
                    "prompt_tokens": fit.tokens,
                    "prompt_sha256": fit.sha256,
                    "truncated": fit.truncated,
                }
                for gap, fit in zip(gaps, fitted, strict=True)
            ]
        )
    }


def gaps_to_ask(chosen: Settings) -> list[Gap]:
    """What is to be asked, each prompt once.

    Raises:
        OptionError: no recipe is named, or its items lack nothing.
        BuildError: the recipe or a file that it names cannot be used.
    """
    if not chosen.recipe:
        raise OptionError(f'{ASK} needs a recipe, --metadata \'{{"recipe": "recipe.yaml"}}\'')
    gaps = unanswered(Path(chosen.recipe))
    if not gaps:
        raise OptionError(
            f"recipe: the items of {chosen.recipe} lack no question and no choices; "
            "run `longsafety build`"
        )
    return list({gap.asked.key: gap for gap in reversed(gaps)}.values())[::-1]
