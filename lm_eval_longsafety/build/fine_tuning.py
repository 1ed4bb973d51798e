"""Rows for fine-tuning: the same items, answered with the safest choice.

The columns are those of LongSafety-17k (`id`, `task`, `content`), and `question`, the end of the
prompt that must not be cut. `longsafety training-data` reads them.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from lm_eval_longsafety.build.assemble import Built
from lm_eval_longsafety.build.items import Item
from lm_eval_longsafety.build.recipe import Recipe
from lm_eval_longsafety.errors import BuildError
from lm_eval_longsafety.prompts.deal import deal
from lm_eval_longsafety.prompts.templates import Templates, render, render_open


def check_templates(templates: Templates, recipe: Recipe) -> None:
    """Check that the end of each prompt, which must not be cut, holds the question.

    Raises:
        BuildError: a template has the question before the context.
        OptionError: a template is missing.
    """
    for split in recipe.splits:
        text = templates.of(split.split, open_reply=recipe.training_answer == "text")
        if text.rindex("{question}") < text.rindex("{context}"):
            raise BuildError(
                f"{recipe.path.name}, training.templates: the text for {split.split} has "
                "{question} before {context}; long prompts are cut from their start up to the "
                "question, so write the question after the context"
            )


def training_row(built: Built, recipe: Recipe, templates: Templates) -> dict[str, Any]:
    """A built row as one turn: the benchmark's user message, and the answer to be learnt.

    The message is that of open replies, answered with the text of the safest choice; or, where the
    recipe says so, that of multiple choice, answered with its letter.
    """
    row, split = built.row, built.plan.split.split
    texts = {"context": row["context"], "question": row["question"]}
    output = row["choices"][-1]
    if recipe.training_answer == "letter":
        letters = deal(row["id"], len(row["choices"]), order="shuffled", seed=0)
        prompt = render(
            split, choices=row["choices"], letters=letters, templates=templates, **texts
        )
        output = letters[-1]
    else:
        prompt = render_open(split, templates=templates, **texts)
    end = prompt.rpartition(row["context"])[2] if row["context"] else prompt
    item, used = built.plan.item, built.made.texts
    return {
        "id": row["id"],
        "task": split,
        "content": [{"prompt": prompt, "output": output}],
        "question": end.lstrip("\n"),
        "licence": _joined(item.licence or recipe.licence, *(text.licence for text in used)),
        "source": _joined(item.source, *(text.source for text in used)),
    }


def _joined(*values: str | None) -> str | None:
    """Different values as one text."""
    return "; ".join(sorted({value for value in values if value})) or None


def part_of(
    items: Mapping[str, Sequence[Item]], recipe: Recipe, *, training: bool
) -> dict[str, list[Item]]:
    """The items of each split for training rows, or those for evaluation rows.

    Raises:
        BuildError: none of a split is left, or two items of different parts, of whichever splits,
            share a document, a passage or, without these, a question.
    """
    seen: dict[str, tuple[Item, bool]] = {}
    chosen: dict[str, list[Item]] = {split: [] for split in items}
    for split, item in ((split, item) for split, own in items.items() for item in own):
        part = recipe.for_training("\0".join(item.subjects))
        for subject in item.subjects:
            other, others_part = seen.setdefault(subject, (item, part))
            if others_part != part:
                raise BuildError(
                    f"{item.where}: shares a passage with {other.where}, and one of the two is "
                    "held out for training (recipe key training.part); give each passage to one "
                    "item"
                )
        if part == training:
            chosen[split].append(item)
    for split in (split for split, own in chosen.items() if not own):
        purpose = "training" if training else "evaluation"
        raise BuildError(
            f"{items[split][0].where.rpartition(', ')[0]}: no item is left for {purpose}; add "
            f"items, or change the recipe's key training.part (now {recipe.training_part:g})"
        )
    return chosen
