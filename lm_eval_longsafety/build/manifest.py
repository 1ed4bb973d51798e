"""`manifest.json`: what a folder of built rows was made from, and hashes of all that was written.

Data flow: recipe, inputs, built rows -> `Manifest.add` -> the file; later `verify` compares the
files of the folder with it. It holds the recipe, but no text of any row.
"""

import hashlib
import json
import statistics
import uuid
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from lm_eval_longsafety.build.assemble import Built
from lm_eval_longsafety.build.material import Input, Text, sha256
from lm_eval_longsafety.build.recipe import Recipe
from lm_eval_longsafety.errors import DataError

NAME = "manifest.json"
_NAMESPACE = uuid.UUID("5c1d4e0e-3f7c-5c39-9a55-6d6f1f0b7a11")
_CANARY = "This row is for evaluation and must not be in training data. longsafety canary GUID {}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """One file that was written."""

    file: str
    split: str
    pipeline: str
    rows: int
    sha256: str
    sizes: tuple[int, float, int]
    """Least, median and greatest size of a context, in the recipe's unit."""


@dataclass(slots=True, kw_only=True)
class Manifest:
    """What `manifest.json` holds; filled while rows are written."""

    recipe: Recipe
    text: str
    """The recipe's file."""
    format: str
    """`data` or `training`."""
    tokenizer: str | None
    """Fingerprint of the tokenizer, where lengths are tokens."""
    outputs: list[Output] = field(default_factory=list)
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    _texts: dict[tuple[tuple[str, str | None], ...], int] = field(default_factory=dict)

    @property
    def canary(self) -> str | None:
        """A string by which these rows are found in a corpus; none for training rows."""
        named = f"{self.recipe.name}\0{self.recipe.seed}\0{self.text}"
        wanted = self.recipe.canary and self.format == "data"
        return _CANARY.format(uuid.uuid5(_NAMESPACE, named)) if wanted else None

    def add(self, built: Built) -> None:
        """Note a row: its id, its item, and the texts in it."""
        split, item = built.plan.split.split, built.plan.item
        about = {
            "id": built.row["id"],
            "item": item.where,
            "size": built.size,
            "depth": None if built.made.depth is None else round(built.made.depth, 4),
            "texts": [self._number(text) for text in built.made.texts],
            "licence": item.licence or self.recipe.licence,
            "source": item.source,
            "generated": list(item.generated),
        }
        self.rows.setdefault(split, []).append(
            {k: v for k, v in about.items() if v not in (None, [])}
        )

    def close(self, file: str, split: str, pipeline: str, digest: str) -> Output:
        """Note a finished file of a split."""
        sizes = [row["size"] for row in self.rows[split]]
        output = Output(
            file=file,
            split=split,
            pipeline=pipeline,
            rows=len(sizes),
            sha256=digest,
            sizes=(min(sizes), statistics.median(sizes), max(sizes)),
        )
        self.outputs.append(output)
        return output

    def json(self, inputs: list[Input]) -> str:
        """The file's content."""
        recipe = self.recipe
        content = {
            "tool": f"lm-eval-longsafety {version('lm-eval-longsafety')}",
            "format": self.format,
            "canary": self.canary,
            "seed": recipe.seed,
            "unit": recipe.unit,
            "tokenizer": recipe.tokenizer and {"name": recipe.tokenizer, "sha256": self.tokenizer},
            "recipe": {
                "file": recipe.path.name,
                "sha256": hashlib.sha256(self.text.encode()).hexdigest(),
                "text": self.text,
            },
            "inputs": [asdict(each) for each in inputs],
            "outputs": [asdict(each) for each in self.outputs],
            "texts": [dict(about) for about in self._texts],
            "rows": self.rows,
        }
        return json.dumps(content, ensure_ascii=False, indent=1) + "\n"

    def _number(self, text: Text) -> int:
        """The text's index in `texts`."""
        about = (
            ("material", text.material),
            ("id", text.id),
            ("licence", text.licence),
            ("source", text.source),
        )
        return self._texts.setdefault(about, len(self._texts))


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What `check-data` needs of a manifest."""

    files: dict[str, str]
    """File -> SHA-256."""
    data_rows: dict[str, int]
    """Split -> its rows; empty for training rows, which are no data of the benchmark."""
    format: str
    """`data` or `training`."""


def read_manifest(folder: Path) -> Written | None:
    """The manifest of a folder; None if it has none.

    Raises:
        DataError: the file is damaged.
    """
    path = folder / NAME
    if not path.is_file():
        return None
    try:
        content = json.loads(path.read_bytes())
        outputs = content["outputs"] if content["format"] == "data" else []
        return Written(
            format=str(content["format"]),
            files={str(each["file"]): str(each["sha256"]) for each in content["outputs"]},
            data_rows={str(each["split"]): int(each["rows"]) for each in outputs},
        )
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        raise DataError(
            f"{path}: is not the manifest that `longsafety build` wrote; build the folder again"
        ) from None


def verify(folder: Path, written: Written, read: Iterable[Path]) -> list[str]:
    """What is not as the manifest says: files that differ, are missing, or do not belong there.

    Args:
        folder: with the manifest.
        written: the manifest.
        read: the files that are read as the data of the folder.
    """
    problems = []
    for name, expected in written.files.items():
        path = folder / name
        if not path.is_file():
            problems.append(f"{path}: is missing; {NAME} names it")
        elif (found := sha256(path)) != expected:
            problems.append(
                f"{path}: is not as {NAME} says (SHA-256 {found[:12]}..., expected "
                f"{expected[:12]}...)"
            )
    more = sorted(set(read) - {folder / name for name in written.files})
    return problems + [f"{path}: {NAME} does not name this file" for path in more]
