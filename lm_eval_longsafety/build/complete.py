"""Complete items that lack a question or choices with what a model has written of them.

Data flow: tables of items -> what each lacks (`ask`) -> replies under the recipe's key `asked` ->
complete items, the generated texts, and what is still open. `longsafety_ask` sends what is open;
`longsafety build` stops as long as anything is, and until the generated texts are accepted.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryFile

from lm_eval_longsafety.benchmark import ASK
from lm_eval_longsafety.build.ask import Asked, Unusable, ask_choices, ask_question, read_reply
from lm_eval_longsafety.build.items import Item, fill, read_items
from lm_eval_longsafety.build.material import Input, Library, sha256
from lm_eval_longsafety.build.recipe import Recipe, SplitRecipe, read_recipe
from lm_eval_longsafety.errors import BuildError
from lm_eval_longsafety.files import write_text
from lm_eval_longsafety.public import csv_cell
from lm_eval_longsafety.results.asked import AskedReply, find_asked_replies

_COLUMNS = ("split", "row", "kind", "status", "text", "model")
_WAITS = "not answered yet"
_ASKS = ("?", "？", "؟")


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """What an item still lacks."""

    split: str
    row: str
    """Of the table of items, as errors name it."""
    asked: Asked
    status: str = _WAITS
    """Why the last reply cannot be used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Generated:
    """A question, or the choices of a question, that a model has written."""

    split: str
    row: str
    kind: str
    lines: tuple[str, ...]
    model: str | None


@dataclass(slots=True, kw_only=True)
class Completed:
    """The items of all splits."""

    items: dict[str, list[Item]] = field(default_factory=dict)
    """Of each split; those with gaps lack a question or choices."""
    gaps: list[Gap] = field(default_factory=list)
    generated: list[Generated] = field(default_factory=list)
    inputs: list[Input] = field(default_factory=list)
    """The files of replies."""


def unanswered(path: Path) -> list[Gap]:
    """What the items of a recipe still lack.

    Raises:
        BuildError: the recipe or a file that it names cannot be used.
        ResultsError: earlier replies are damaged.
    """
    return complete(read_recipe(path), asking=True).gaps


def accepted(recipe: Recipe) -> Completed:
    """The complete items of each split, once the user has accepted all generated texts.

    Raises:
        BuildError: something is still to be answered or to be accepted; the message names the
            list for review, which is written beside the recipe.
        ResultsError: replies are damaged.
    """
    found = complete(recipe, asking=bool(recipe.asked))
    if not found.gaps and not found.generated:
        return found
    place = recipe.path.with_suffix(".review.csv")
    write_text(place, _review(found, accepted=recipe.accept_generated))
    if found.gaps:
        n, s = len(found.gaps), "s" * (len(found.gaps) != 1)
        unusable = sum(gap.status != _WAITS for gap in found.gaps)
        absent = [name for name in recipe.asked if not (recipe.folder / name).exists()]
        raise BuildError(
            f"{recipe.path.name}: items lack {n} question{s} or set{s} of choices, for "
            f"{unusable} of which there is a reply that cannot be used ({place.name} lists them); "
            f"run the task {ASK} (docs/build.md), or write them into the table of items"
            + f" (asked: there is no {', '.join(absent)})"
            * bool(absent)
        )
    if recipe.accept_generated:
        return found
    raise BuildError(
        f"{recipe.path.name}: {len(found.generated)} generated questions and sets of choices wait "
        f"for review; read {place.name}, write better ones into the table of items, then set "
        "accept_generated: true"
    )


def complete(recipe: Recipe, *, asking: bool) -> Completed:
    """The items of all splits, with what replies add to them.

    Args:
        recipe: names the tables of items and the replies.
        asking: whether items may lack a question or choices.

    Raises:
        BuildError: an item cannot be used.
        ResultsError: replies are damaged.
    """
    replies = find_asked_replies(map(recipe.folder.joinpath, recipe.asked))
    models = {reply.path: reply.model for reply in replies}
    found = Completed(
        inputs=[
            Input(path=recipe.relative(path), sha256=sha256(path), source=model)
            for path, model in models.items()
        ]
    )
    last = _usable_last(replies)
    with TemporaryFile() as file:
        # Items are asked about whether or not they are held out for training.
        library = Library(replace(recipe, training_part=0.0), file, training=False)
        for split in recipe.splits:
            items = read_items(split.items, recipe.relative(split.items), complete=not asking)
            found.items[split.split] = [
                _complete(item, _text(item, split, library), split.split, last, found)
                for item in items
            ]
    return found


def _usable_last(replies: Sequence[AskedReply]) -> dict[str, AskedReply]:
    """The reply to each prompt: the last one of those that can be used, else the last one."""

    def usable(reply: AskedReply) -> bool:
        return not isinstance(_read(reply), Unusable)

    return {reply.key: reply for reply in sorted(replies, key=usable)}


def _read(reply: AskedReply) -> tuple[str, ...] | Unusable:
    """The lines of a reply; those of a model that saw only a part of the text cannot be used."""
    if reply.truncated:
        return Unusable("the prompt was cut to fit the model's window")
    # A question about a refusal may look like one.
    if reply.kind == "question" and reply.refused and not reply.reply.rstrip().endswith(_ASKS):
        return Unusable("is a refusal")
    return read_reply(reply.kind, reply.reply, cut=reply.cut)


def _complete(
    item: Item, text: str, split: str, replies: Mapping[str, AskedReply], found: Completed
) -> Item:
    while not (item.question and item.choices):
        asked = _asked(item, text)
        reply = replies.get(asked.key)
        if reply is None:
            found.gaps.append(Gap(split=split, row=item.where, asked=asked))
            return item
        lines = _read(reply)
        if isinstance(lines, Unusable):
            found.gaps.append(Gap(split=split, row=item.where, asked=asked, status=lines))
            return item
        found.generated.append(
            Generated(split=split, row=item.where, kind=asked.kind, lines=lines, model=reply.model)
        )
        item = _with(item, asked.kind, lines)
    return item


def _asked(item: Item, text: str) -> Asked:
    """What to ask about an item that lacks its question, its choices or both."""
    if item.question:
        return ask_choices(text, fill(item.question, _values(item), item.where))
    return ask_question(text)


def _with(item: Item, kind: str, lines: Sequence[str]) -> Item:
    """The item with a generated text, whose braces are no placeholders."""
    literal = tuple(line.replace("{", "{{").replace("}", "}}") for line in lines)
    generated = (*item.generated, kind)
    if kind == "question":
        return replace(item, question=literal[0], generated=generated)
    return replace(item, choices=literal, generated=generated)


def _values(item: Item) -> dict[str, str]:
    """The values of placeholders, as far as they are known before rows are built."""
    if len(item.passages) != 1:
        return dict(item.values)
    return {**item.values, "passage": fill(item.passages[0], item.values, item.where)}


def _text(item: Item, split: SplitRecipe, library: Library) -> str:
    """What a model is shown of an item that lacks something."""
    if item.question and item.choices:
        return ""
    shown = "\n\n".join(fill(each, _values(item), item.where) for each in item.passages)
    if split.pipeline == "whole" and split.material:
        shelf = library.shelf(split.material)
        shown = shelf[shelf.ids.index(item.document)].text if item.document in shelf.ids else ""
    shown = shown or fill(item.query or "", _values(item), item.where)
    if not shown and not item.question:
        raise BuildError(f"{item.where}: has neither a question nor a text to ask about")
    return shown


def _review(found: Completed, *, accepted: bool) -> str:
    """The generated texts and the gaps as CSV; texts of a model are no formulas."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for each in found.generated:
        status = "accepted" if accepted else "to be reviewed"
        shown = (each.split, each.row, each.kind, status)
        for line in each.lines:
            writer.writerow([*shown, csv_cell(line), csv_cell(each.model or "")])
    for gap in found.gaps:
        writer.writerow([gap.split, gap.row, gap.asked.kind, gap.status, "", ""])
    return out.getvalue()
