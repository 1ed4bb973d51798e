"""Which rows of the training set and of the general data are used, and in which order.

Everything drawn is drawn by SHA-256 of the seed, so that it is the same on every machine.
"""

import itertools
from collections.abc import Iterator, Sequence
from typing import Literal, TypeVar

from lm_eval_longsafety.errors import OptionError, meant
from lm_eval_longsafety.prompts.deal import draw
from lm_eval_longsafety.training.known_tasks import KNOWN, same
from lm_eval_longsafety.training.options import TrainingOptions
from lm_eval_longsafety.training.training_set import Seen

Part = Literal["kept", "held out"]
Item = TypeVar("Item")


def choose(seen: Sequence[Seen], options: TrainingOptions) -> dict[int, Part]:
    """The rows to use, by position, and the file that each belongs to.

    Rows that share a context go to the same file.

    Raises:
        OptionError: no row has an asked task, or there are fewer rows than asked for.
    """
    wanted = _asked_tasks(sorted({row.task for row in seen}), options.tasks)
    found = [index for index, row in enumerate(seen) if row.task in wanted]
    if options.rows is not None and options.rows > len(found):
        raise OptionError(f"--rows {options.rows}: there are only {len(found)} such rows")
    chosen = sorted(_drawn(found, len(found) if options.rows is None else options.rows, options))
    contexts = sorted({seen[index].context for index in chosen})
    if options.hold_out and len(contexts) < 2:
        raise OptionError(f"--hold-out {options.hold_out}: all rows have the same context")
    count = max(1, round(options.hold_out * len(contexts))) if options.hold_out else 0
    held_out = {contexts[i] for i in _drawn(range(len(contexts)), count, options)}
    return {index: "held out" if seen[index].context in held_out else "kept" for index in chosen}


def choose_general(available: int, rows: int, options: TrainingOptions) -> set[int]:
    """The rows of general data to use, by position, for this many rows of the training set.

    Raises:
        OptionError: there are fewer than the ratio asks for.
    """
    count = max(1, round(options.mix_ratio * rows))
    if count > available:
        raise OptionError(
            f"--mix-ratio {options.mix_ratio}: {rows} rows ask for {count} rows of general data, "
            f"and {options.mix} has {available}; lower the ratio, no row is used twice"
        )
    return set(_drawn(range(available), count, options))


def mixed(
    rows: Iterator[Item], general: Iterator[Item], counts: tuple[int, int], options: TrainingOptions
) -> Iterator[Item]:
    """Rows with general data between them, at drawn places; `counts` says how many each has."""
    total = sum(counts)
    places = set(_drawn(range(total), counts[1], options))
    for place in range(total):
        yield from itertools.islice(general if place in places else rows, 1)
    # To the ends of both, so that the rows behind the last chosen ones are counted.
    yield from rows
    yield from general


def _asked_tasks(found: Sequence[str], asked: Sequence[str]) -> set[str]:
    if not asked:
        return set(found)
    for name in asked:
        if not any(same(task, name) for task in found):
            raise OptionError(
                f"--tasks: no row has the task {name!r}{meant(name, [*found, *KNOWN])}; found "
                f"{', '.join(found)}"
            )
    return {task for task in found if any(same(task, name) for name in asked)}


def _drawn(items: Sequence[int], count: int, options: TrainingOptions) -> list[int]:
    """`count` of the items, by the hash of each."""
    return sorted(items, key=lambda item: draw(options.seed, str(len(items)), item))[:count]
