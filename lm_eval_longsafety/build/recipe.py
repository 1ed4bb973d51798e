"""A recipe: what the rows of each split are built from; every key is checked before any work.

Data flow: YAML file -> `read_recipe` -> `Recipe`, which holds a `SplitRecipe` for each split. Paths
are relative to the recipe's folder. `docs/build.md` describes every key.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lm_eval_longsafety.benchmark import BY_SPLIT
from lm_eval_longsafety.build.yaml_file import Entry, read_yaml
from lm_eval_longsafety.errors import BuildError, meant

UNITS = ("words", "characters")
ANSWERS = ("text", "letter")
MODES = ("bm25", "random", "none")


@dataclass(frozen=True, slots=True, kw_only=True)
class MaterialRecipe:
    """Texts that contexts are made of."""

    name: str
    files: tuple[str, ...]
    """Paths or patterns, relative to the recipe; or one hub id (owner/name)."""
    revision: str | None
    """Branch, tag or commit of a hub id."""
    licence: str | None
    source: str | None
    where: str
    """File, line and keys, for errors."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitRecipe:
    """How the rows of one split are built; keys that its pipeline lacks have their defaults."""

    split: str
    pipeline: str
    items: Path
    rows: int | None = None
    """None for one row for each cell, or for each item if these are more."""
    lengths: tuple[int, ...] = ()
    """In the recipe's unit; empty for contexts as they come."""
    depths: tuple[float, ...] = ()
    filler: tuple[str, ...] = ()
    """Names of materials."""
    at: str = "paragraph"
    """Where passages are inserted: after a `paragraph` or a `sentence`."""
    passages: tuple[int, ...] = ()
    """How many of an item's passages are inserted; empty for all."""
    spread: bool = False
    """Whether several passages stand apart from each other."""
    material: str | None = None
    """Name of the material of the pipeline `whole`."""
    corpus: str | None = None
    mode: str = "bm25"
    shots: str | None = None
    benign: str | None = None
    places: dict[str, str]
    """Key -> file, line and keys, for errors; the key "" stands for the split itself."""

    def where(self, key: str = "") -> str:
        """Where a key of this split stands, else where the split does."""
        return self.places.get(key, self.places[""])


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Everything that the rows depend on."""

    path: Path
    name: str
    """First part of the rows' ids."""
    seed: str
    licence: str | None
    """Of material that has none of its own."""
    unit: str
    """Of lengths: `words`, `characters` or `tokens`."""
    tokenizer: str | None
    """Hub id or folder as the recipe names it, where the unit is `tokens`."""
    canary: bool
    asked: tuple[str, ...]
    """Folders or files with replies to `longsafety_ask`, relative to the recipe."""
    accept_generated: bool
    """Whether texts that a model has written may enter the rows."""
    training_part: float
    """Of items and texts, in [0, 1]: only training rows have them. 0 is for evaluation alone."""
    training_answer: str
    """What training rows are answered with: `text` of the safest choice, or its `letter`."""
    training_templates: Path | None
    """File with other texts for the user message of training rows."""
    material: dict[str, MaterialRecipe]
    splits: tuple[SplitRecipe, ...]

    @property
    def folder(self) -> Path:
        """The folder that the recipe's paths are relative to."""
        return self.path.parent

    def for_training(self, key: str) -> bool:
        """Whether an item or a text belongs to the training rows: drawn by the seed and its key."""
        digest = hashlib.sha256(f"{self.seed}\0training\0{key}".encode()).digest()
        return int.from_bytes(digest[:8], "big") < self.training_part * 2.0**64

    def relative(self, path: Path) -> str:
        """A path as the recipe would name it, the same on every machine."""
        inside = path.is_relative_to(self.folder)
        return (path.relative_to(self.folder) if inside else path).as_posix()


_RECIPE = (
    *("seed", "name", "licence", "unit", "canary", "training", "asked", "accept_generated"),
    *("material", "splits"),
)
_TRAINING = ("part", "answer", "templates")
_MATERIAL = ("files", "revision", "licence", "source")
_SHARED = ("pipeline", "items", "rows", "lengths")
PIPELINE_KEYS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "insert": (("filler", "lengths", "depths"), ("at", "passages", "spread")),
    "retrieve": (("corpus",), ("mode",)),
    "dialogue": (("shots", "lengths"), ("benign",)),
    "whole": (("material",), ()),
}
"""Pipeline -> the keys that it needs, and those that it may have, beside the shared ones."""
_READ: dict[str, Callable[[Entry], Any]] = {
    "rows": Entry.whole,
    "lengths": lambda entry: entry.many(Entry.whole),
    "depths": lambda entry: entry.many(Entry.fraction),
    "filler": lambda entry: entry.many(Entry.text),
    "at": lambda entry: entry.one_of(("paragraph", "sentence")),
    "passages": lambda entry: entry.many(Entry.whole),
    "spread": Entry.flag,
    "mode": lambda entry: entry.one_of(MODES),
    "material": Entry.text,
    "corpus": Entry.text,
    "shots": Entry.text,
    "benign": Entry.text,
}
"""How the value of each key of a split is read."""
_NAMES_MATERIAL = ("filler", "material", "corpus", "shots", "benign")


def read_recipe(path: Path) -> Recipe:
    """Read and check a recipe.

    Raises:
        BuildError: naming file, line and key of the first mistake.
    """
    keys = read_yaml(path, path.name).section(_RECIPE, ("seed", "material", "splits"))
    seed = keys["seed"].value
    if isinstance(seed, bool) or not isinstance(seed, (str, int)):
        raise keys["seed"].error("a text or a whole number")
    unit, tokenizer = _unit(keys.get("unit"))
    material = {name: _material(name, each) for name, each in keys["material"].table().items()}
    splits = keys["splits"].table()
    training = keys["training"].section(_TRAINING, ("part",)) if "training" in keys else {}
    return Recipe(
        path=path,
        name=keys["name"].text() if "name" in keys else path.stem,
        seed=str(seed),
        licence=_optional(keys, "licence"),
        unit=unit,
        tokenizer=tokenizer,
        canary=keys["canary"].flag() if "canary" in keys else True,
        asked=keys["asked"].many(Entry.text) if "asked" in keys else (),
        accept_generated="accept_generated" in keys and keys["accept_generated"].flag(),
        training_part=training["part"].fraction() if training else 0.0,
        training_answer=training["answer"].one_of(ANSWERS) if "answer" in training else ANSWERS[0],
        training_templates=(
            path.parent / training["templates"].text() if "templates" in training else None
        ),
        material=material,
        splits=tuple(_split(name, each, path, material) for name, each in splits.items()),
    )


def _optional(keys: dict[str, Entry], key: str) -> str | None:
    return keys[key].text() if key in keys else None


def _unit(entry: Entry | None) -> tuple[str, str | None]:
    """Unit of lengths, and the tokenizer."""
    if entry is None:
        return "words", None
    if not isinstance(entry.value, dict):
        return entry.one_of(UNITS), None
    return "tokens", entry.section(("tokens",), ("tokens",))["tokens"].text()


def _material(name: str, entry: Entry) -> MaterialRecipe:
    keys = entry.section(_MATERIAL, ("files",))
    return MaterialRecipe(
        name=name,
        files=keys["files"].many(Entry.text),
        revision=_optional(keys, "revision"),
        licence=_optional(keys, "licence"),
        source=_optional(keys, "source"),
        where=keys["files"].where,
    )


def _split(name: str, entry: Entry, path: Path, material: dict[str, MaterialRecipe]) -> SplitRecipe:
    if name not in BY_SPLIT:
        raise BuildError(
            f"{entry.where}: there is no task for a split {name!r}{meant(name, BY_SPLIT)}; known "
            f"are {', '.join(BY_SPLIT)}"
        )
    if "pipeline" not in entry.table():
        raise BuildError(f"{entry.where}: the key pipeline is missing ({', '.join(PIPELINE_KEYS)})")
    pipeline = entry.table()["pipeline"].one_of(PIPELINE_KEYS)
    required, optional = PIPELINE_KEYS[pipeline]
    known = tuple(dict.fromkeys((*_SHARED, *required, *optional)))
    keys = entry.section(known, ("items", *required))
    values = {key: _READ[key](each) for key, each in keys.items() if key in _READ}
    for key in _NAMES_MATERIAL:
        for each in [values[key]] if isinstance(values.get(key), str) else values.get(key, ()):
            if each not in material:
                raise BuildError(
                    f"{keys[key].where}: there is no material {each!r}{meant(each, material)}; "
                    f"there are {', '.join(material)}"
                )
    if BY_SPLIT[name].grid and not {"lengths", "depths"} <= keys.keys():
        raise BuildError(
            f"{entry.where}: rows of {name} have a depth and a length; use the pipeline insert"
        )
    if pipeline == "retrieve" and ("lengths" in keys) is (values.get("mode") == "none"):
        raise BuildError(
            f"{entry.where}: the pipeline retrieve needs the key lengths; only with `mode: none`, "
            "whose contexts are empty, there is none"
        )
    if "benign" in values:
        values["filler"] = (values["shots"], values["benign"])
    places = {"": entry.where, **{key: each.where for key, each in keys.items()}}
    items = path.parent / keys["items"].text()
    return SplitRecipe(split=name, pipeline=pipeline, items=items, places=places, **values)
