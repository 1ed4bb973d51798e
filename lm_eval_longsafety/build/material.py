"""Texts that contexts are made of: plain files, tables and hub data sets.

Data flow: `MaterialRecipe` -> `Library.shelf(name)` -> `Shelf`, a sequence of `Text`s. Texts lie in
a temporary file and are read one at a time, so that material larger than memory can be used.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, overload

from lm_eval_longsafety.build.recipe import MaterialRecipe, Recipe
from lm_eval_longsafety.build.tables import read_table
from lm_eval_longsafety.build.yaml_file import read_utf8
from lm_eval_longsafety.data import hub
from lm_eval_longsafety.data.progress import progress
from lm_eval_longsafety.errors import BuildError

_PLAIN = (".txt", ".md")
_ROWS = (".jsonl", ".csv", ".parquet")
_TEXT_COLUMNS = ("text", "context", "content")
_SHOT_COLUMNS = ("user", "assistant")
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One text of a material."""

    material: str
    id: str
    """Path relative to the recipe; with `#` and the row, or the column `id`, in tables."""
    text: str
    """Never empty; neither begins nor ends with blanks; its line ends are the file's."""
    licence: str | None
    source: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """A file that rows depend on, for the manifest."""

    path: str
    """Relative to the recipe; `hub:owner/name@commit/...` for a file of the hub."""
    sha256: str
    licence: str | None = None
    source: str | None = None


class Shelf(Sequence[Text]):
    """The texts of one material, in the order of its files and rows."""

    def __init__(self, recipe: MaterialRecipe, file: IO[bytes]) -> None:
        """Empty; `file` is where the texts lie."""
        self.recipe = recipe
        self._file = file
        self._places: list[tuple[int, int]] = []
        self._about: list[tuple[str, str | None, str | None]] = []

    def __len__(self) -> int:
        """Number of texts."""
        return len(self._places)

    @overload
    def __getitem__(self, index: int) -> Text: ...
    @overload
    def __getitem__(self, index: slice) -> list[Text]: ...
    def __getitem__(self, index: int | slice) -> Text | list[Text]:
        """The text at an index, read from the file."""
        if isinstance(index, slice):
            return [self[i] for i in range(len(self))[index]]
        start, size = self._places[index]
        self._file.seek(start)
        text = self._file.read(size).decode()
        name, licence, source = self._about[index]
        return Text(material=self.recipe.name, id=name, text=text, licence=licence, source=source)

    @property
    def ids(self) -> list[str]:
        """The id of each text."""
        return [name for name, _, _ in self._about]

    def add(self, text: Text) -> None:
        """Put a text at the end."""
        data = text.text.encode()
        start = self._file.seek(0, 2)
        self._file.write(data)
        self._places.append((start, len(data)))
        self._about.append((text.id, text.licence, text.source))


class Library:
    """The materials of a recipe, each read when it is first asked for."""

    def __init__(self, recipe: Recipe, file: IO[bytes], *, training: bool) -> None:
        """Texts of all materials are written to `file`, open for reading and writing.

        Args:
            recipe: of the materials; says which texts are held out for training.
            file: where the texts are put.
            training: whether the rows are for training; the other texts are left out.
        """
        self._recipe = recipe
        self._training = training
        self._parts: dict[bytes, bool] = {}
        self._file = file
        self._shelves: dict[str, Shelf] = {}
        self.inputs: list[Input] = []
        """The files read so far."""

    def shelf(self, name: str) -> Shelf:
        """The texts of a material.

        Raises:
            BuildError: no file, an empty one, one that is not UTF-8 or has no column for the text.
        """
        if name not in self._shelves:
            self._shelves[name] = self._read(self._recipe.material[name])
        return self._shelves[name]

    def _read(self, material: MaterialRecipe) -> Shelf:
        shelf = Shelf(material, self._file)
        ids = set[str]()
        for path, name in progress(f"reading {material.name}", _files(material, self._recipe)):
            for text in _texts(path, name, material, self._recipe.licence):
                if text.id in ids:
                    raise BuildError(
                        f"{text.id}: two texts of the material {material.name} have this id; give "
                        "each row of a table an id of its own, or none at all"
                    )
                ids.add(text.id)
                if self._for_training(text) == self._training:
                    shelf.add(text)
            licence = material.licence or self._recipe.licence
            self.inputs.append(
                Input(path=name, sha256=sha256(path), licence=licence, source=material.source)
            )
        if not len(shelf):
            purpose = "training" if self._training else "evaluation"
            raise BuildError(
                f"{material.where}: no text of the material {material.name} is left for {purpose} "
                "(recipe key training.part); add texts or change the part"
            )
        return shelf

    def _for_training(self, text: Text) -> bool:
        """Whether a text belongs to the training rows.

        Raises:
            BuildError: an equal text belongs to the others.
        """
        part = self._recipe.for_training(text.id)
        if self._recipe.training_part in (0, 1):
            return part
        digest = hashlib.sha256(text.text.encode()).digest()
        if self._parts.setdefault(digest, part) != part:
            raise BuildError(
                f"{text.id}: the same text stands elsewhere in the material, and one of the two is "
                "held out for training (recipe key training.part); keep one of them"
            )
        return part


def sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal digits."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _files(material: MaterialRecipe, recipe: Recipe) -> list[tuple[Path, str]]:
    """The files of a material and their names, sorted within each of its patterns."""
    found: dict[str, Path] = {}
    for pattern in material.files:
        try:
            names = _local(recipe, pattern) or _from_hub(pattern, material)
        except (OSError, ValueError):  # A name that no file can have, a pattern such as `a**b`.
            names = {}
        if not names:
            raise BuildError(
                f"{material.where}: there is no file {pattern!r} beside the recipe; give files "
                f"that end in {', '.join((*_PLAIN, *_ROWS))}, or a hub id (owner/name)"
            )
        found |= dict(sorted(names.items()))
    return [(path, name) for name, path in found.items()]


def _local(recipe: Recipe, pattern: str) -> dict[str, Path]:
    """Name -> file, of the files that a path or pattern names; of a folder, all that are known."""
    anchor = Path(pattern).anchor
    start, inner = Path(anchor) if anchor else recipe.folder, pattern.removeprefix(anchor)
    found = {}
    named = (start / inner).exists()
    for path in [start / inner] if named else start.glob(inner):
        if path.name.startswith(".") and not named:
            continue  # `.DS_Store` and the like.
        inside = [p for p in path.rglob("*") if p.suffix in (*_PLAIN, *_ROWS)]
        for each in inside if path.is_dir() else [path]:
            found[recipe.relative(each)] = each
    return found


def _from_hub(name: str, material: MaterialRecipe) -> dict[str, Path]:
    if not hub.is_id(name):
        return {}
    # The Markdown files of a repository describe the data.
    patterns = [f"*{ending}" for ending in (".txt", *_ROWS)]
    folder = hub.download("material", name, patterns, material.revision)
    paths = [path for pattern in patterns for path in folder.rglob(pattern)]
    return {
        f"hub:{name}@{folder.name}/{path.relative_to(folder).as_posix()}": path for path in paths
    }


def _text(row: Mapping[str, object]) -> object:
    """The text of a row; a shot is written as in the dialogues of the benchmark."""
    if all(isinstance(row.get(column), str) for column in _SHOT_COLUMNS):
        return f"User: {row['user']}\n\nAssistant: {row['assistant']}"
    return next((row[column] for column in _TEXT_COLUMNS if column in row), None)


def _texts(path: Path, name: str, material: MaterialRecipe, licence: str | None) -> Iterator[Text]:
    about = {"licence": material.licence or licence, "source": material.source}
    if path.suffix in _PLAIN:
        content = read_utf8(path, name).strip()
        if not content:
            raise BuildError(f"{name}: is empty")
        yield Text(material=material.name, id=name, text=content, **about)
        return
    if path.suffix not in _ROWS:
        raise BuildError(f"{name}: expected a file that ends in {', '.join((*_PLAIN, *_ROWS))}")
    for number, (where, row) in enumerate(read_table(path, name), start=1):
        text = _text(row)
        if not isinstance(text, str) or not text.strip():
            raise BuildError(
                f"{where}: no text in a column {', '.join(_TEXT_COLUMNS)}, and no shot in columns "
                f"{' and '.join(_SHOT_COLUMNS)}"
            )
        own = {key: str(row[key]) for key in about if key in row}
        text_id = f"{name}#{row.get('id', number)}"
        yield Text(material=material.name, id=text_id, text=text.strip(), **(about | own))
