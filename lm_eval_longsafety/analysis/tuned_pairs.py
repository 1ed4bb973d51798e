"""Which models of a report are the base and the fine-tuned version of each other.

Data flow: `base=tuned` of the user -> `named`; without any, what the models' own files say ->
`detected`. Names must fit exactly; where several models fit, none is chosen.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePath

import yaml

from lm_eval_longsafety.analysis.models import Model
from lm_eval_longsafety.analysis.scores import short_name
from lm_eval_longsafety.errors import OptionError, meant
from lm_eval_longsafety.public import clean

Pair = tuple[Model, Model]
"""(base, tuned)."""
_MOST_BYTES = 1_000_000
"""Of a file beside a model that is read: cards and configs are much smaller."""


def named(asked: Sequence[str], models: Sequence[Model]) -> list[Pair]:
    """The pairs that a user named as `base=tuned`.

    Either side is a model's label, its name (or the last part of it), its adapter, or a path that
    holds its results and no other model's.

    Raises:
        OptionError: a pair has no two sides, or a side is not exactly one model.
    """
    pairs: list[Pair] = []
    for pair in asked:
        base, equals, tuned = (side.strip() for side in pair.partition("="))
        if not (base and equals and tuned):
            raise OptionError(f"--pair {pair!r}: give two models as base=tuned")
        found = _find(base, models), _find(tuned, models)
        if found[0] is found[1]:
            raise OptionError(f"--pair {pair!r}: both are the model {found[0].label}")
        if found not in pairs:
            pairs.append(found)
    return pairs


def _find(name: str, models: Sequence[Model]) -> Model:
    ways: tuple[Callable[[Model], bool], ...] = (
        lambda model: name == model.label,
        lambda model: name in _names(model),
        lambda model: _holds(Path(name), model),
    )
    for fits in ways:
        found = [model for model in models if fits(model)]
        if len(found) == 1:
            return found[0]
        if found:
            labels = ", ".join(model.label for model in found)
            raise OptionError(f"--pair: {name!r} may be {labels}; give one of these names")
    known = {each for model in models for each in (model.label, *_names(model))}
    labels = ", ".join(model.label for model in models)
    raise OptionError(f"--pair: there is no model {name!r}{meant(name, known)}; there are {labels}")


def _names(model: Model) -> set[str]:
    """The model's names; those of a base with an adapter are the adapter's."""
    name = model.runs[0].adapter or model.runs[0].model
    return {name, short_name(name), PurePath(name).name}


def _holds(path: Path, model: Model) -> bool:
    """Whether results of the model lie at the path or below it."""
    place = path.resolve()
    files = [run.source.resolve() for run in model.runs]
    return any(place in (file, *file.parents) for file in files)


def detected(models: Sequence[Model]) -> tuple[list[Pair], list[str]]:
    """The pairs that the models themselves name, and notes on bases that several models may be.

    A model run with an adapter names base and adapter. A model in a local folder names its base in
    `adapter_config.json`, in the header of its card, README.md, or in what
    `examples/training/sft.py` wrote.
    """
    pairs: list[Pair] = []
    notes: list[str] = []
    for tuned in models:
        bases = [base for base in models if base is not tuned and _is_base(base, tuned)]
        if len(bases) == 1:
            pairs.append((bases[0], tuned))
        elif bases:
            labels = ", ".join(base.label for base in bases)
            notes.append(
                f"{tuned.label}: its base may be {labels}; name one with --pair base=tuned."
            )
    return pairs, notes


def _is_base(base: Model, tuned: Model) -> bool:
    """Whether the tuned model names the other one as its base."""
    ours, theirs = base.runs[0], tuned.runs[0]
    if ours.adapter:
        return False
    if theirs.adapter:
        return (ours.model, ours.revision) == (theirs.model, theirs.revision)
    return any(_same(name, ours.model) for name in _stated_bases(theirs.model))


def _same(stated: str, model: str) -> bool:
    """The same name, or the same local folder."""
    return stated == model or (
        _is_folder(model) and Path(stated).resolve() == Path(model).resolve()
    )


def _is_folder(name: str) -> bool:
    try:
        return Path(name).is_dir()
    except (OSError, ValueError):  # Names are untrusted: too long, or with a null character.
        return False


def _stated_bases(model: str) -> list[str]:
    """What the files of a model in a local folder say of its base; what is unreadable says none."""
    if not _is_folder(model):
        return []
    found = []
    for name, (key, parse) in _FILES.items():
        try:
            text = (Path(model) / name).read_bytes()[:_MOST_BYTES].decode()
            stated = parse(text)
            value = stated.get(key) if isinstance(stated, Mapping) else None
        except (OSError, ValueError, RecursionError, yaml.YAMLError):
            continue
        # A card may list several models that were merged.
        found += [each for each in (value if isinstance(value, list) else [value]) if each]
    return [clean(each, 4000) for each in found if isinstance(each, str)]


def _header(card: str) -> object:
    """The YAML between the first two lines of `---` of a model card."""
    start, _, rest = card.lstrip().partition("---\n")
    return None if start else yaml.safe_load(rest.partition("\n---")[0])


_FILES: dict[str, tuple[str, Callable[[str], object]]] = {
    "adapter_config.json": ("base_model_name_or_path", json.loads),
    "README.md": ("base_model", _header),
    "training_rows.json": ("base_model", json.loads),
}
"""File beside a model: the key that names its base, and how the file is read."""
