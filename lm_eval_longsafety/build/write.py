"""Build all splits of a recipe into a folder: complete, or not at all.

Data flow: recipe -> items, tools -> `build_split` -> one line of JSON at a time -> a temporary
folder beside the target, which is renamed at the end. Only the manifest grows with the rows.
"""

import hashlib
import json
import tempfile
from pathlib import Path

from lm_eval_longsafety.build.assemble import build_split
from lm_eval_longsafety.build.complete import accepted
from lm_eval_longsafety.build.fine_tuning import check_templates, part_of, training_row
from lm_eval_longsafety.build.items import Item
from lm_eval_longsafety.build.manifest import NAME, Manifest, Output
from lm_eval_longsafety.build.material import Input, sha256
from lm_eval_longsafety.build.plan import plans
from lm_eval_longsafety.build.recipe import Recipe, SplitRecipe, read_recipe
from lm_eval_longsafety.build.stock import Tools
from lm_eval_longsafety.build.yaml_file import read_utf8
from lm_eval_longsafety.data.progress import progress
from lm_eval_longsafety.errors import BuildError, OptionError
from lm_eval_longsafety.files import check_place, replacing_folder
from lm_eval_longsafety.prompts.templates import Templates, load_templates
from lm_eval_longsafety.settings import shorten

FORMATS = ("data", "training")


def build(path: Path, folder: Path, *, format: str = "data", force: bool = False) -> list[Output]:
    """Build the rows of a recipe.

    Args:
        path: the recipe.
        folder: written as a whole; the folder above it must be there.
        format: `data` for the benchmark's columns, `training` for rows for fine-tuning.
        force: replace a folder that an earlier build wrote.

    Returns:
        The files written, one for each split.

    Raises:
        BuildError: a row cannot be built; nothing is written, but a list of generated texts.
        OptionError: the folder cannot be written, or is in use.
    """
    check_folder(folder, force=force)
    recipe = read_recipe(path)
    training = format == "training"
    named = recipe.training_templates if training else None
    templates = load_templates(str(named) if named else None)
    if training and not recipe.training_part:
        raise BuildError(
            f"{path.name}: nothing is held out for training; add the key training, such as "
            "training: {part: 0.2}"
        )
    if training:
        check_templates(templates, recipe)
    found = accepted(recipe)
    items = part_of(found.items, recipe, training=training)
    with replacing_folder(folder) as new, tempfile.TemporaryFile(dir=new) as file:
        tools = Tools(recipe, file, training=training)
        manifest = _manifest(recipe, format, tools)
        for split in recipe.splits:
            _write(new, split, items[split.split], tools, manifest, templates)
        inputs = [*_files(recipe, training), *found.inputs, *tools.library.inputs]
        (new / NAME).write_bytes(manifest.json(inputs).encode())
        file.close()  # On Windows the folder could not be renamed.
    return manifest.outputs


def check_folder(folder: Path, *, force: bool) -> None:
    """Check before the work is done that a folder can be written.

    Raises:
        OptionError: it holds files and `force` is not given, or files that no build writes; it is
            a file, or it cannot be written.
    """
    check_place(folder.resolve().parent / f".{folder.name}.part")
    if folder.exists() and not folder.is_dir():
        raise OptionError(f"{folder}: is a file; name a folder")
    inside = sorted(each.name for each in folder.iterdir()) if folder.exists() else []
    if inside and not force:
        raise OptionError(f"{folder}: is not empty; choose another folder or give --force")
    foreign = [name for name in inside if name != NAME and not name.endswith(".jsonl")]
    if inside and (foreign or NAME not in inside):
        raise OptionError(
            f"{folder}: holds {shorten((foreign or inside)[0])}; --force replaces only a folder "
            "that `longsafety build` wrote"
        )


def _manifest(recipe: Recipe, format: str, tools: Tools) -> Manifest:
    tokenizer = tools.ruler.tokenizer
    return Manifest(
        recipe=recipe,
        text=read_utf8(recipe.path, recipe.path.name),
        format=format,
        tokenizer=tokenizer.fingerprint if tokenizer else None,
    )


def _files(recipe: Recipe, training: bool) -> list[Input]:
    """The tables of items, each once, and the templates of training rows."""
    paths = dict.fromkeys(split.items for split in recipe.splits)
    if training and recipe.training_templates is not None:
        paths[recipe.training_templates] = None
    return [Input(path=recipe.relative(path), sha256=sha256(path)) for path in paths]


def _write(
    folder: Path,
    split: SplitRecipe,
    items: list[Item],
    tools: Tools,
    manifest: Manifest,
    templates: Templates,
) -> None:
    """Write the rows of a split as lines of JSON."""
    recipe, purpose = manifest.recipe, manifest.format.removeprefix("data")
    canary = {"canary": manifest.canary} if manifest.canary else {}
    total = len(plans(split, items, recipe.seed))
    rows = build_split(recipe, split, items, tools, purpose=purpose)
    digest = hashlib.sha256()
    path = folder / f"{split.split}.jsonl"
    with path.open("wb") as file:
        for built in progress(f"building {split.split}", rows, total=total, unit=" rows"):
            row = training_row(built, recipe, templates) if purpose else built.row | canary
            line = json.dumps(row, ensure_ascii=False).encode() + b"\n"
            file.write(line)
            digest.update(line)
            manifest.add(built)
    manifest.close(path.name, split.split, split.pipeline, digest.hexdigest())
