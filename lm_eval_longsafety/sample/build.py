"""Build the embedded sample: `python -m lm_eval_longsafety.sample.build [FOLDER]`.

Data flow: seed of a row -> world -> document, question, options -> one parquet file a split.
The same files' contents come out on every machine.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from lm_eval_longsafety.benchmark import TASKS
from lm_eval_longsafety.sample import SAMPLE_DIR
from lm_eval_longsafety.sample import material_questions as material
from lm_eval_longsafety.sample import material_shots as shots
from lm_eval_longsafety.sample.documents import Plan, write_dialogue, write_document, write_thefts
from lm_eval_longsafety.sample.grammar import World, entries, make_world

Row = dict[str, Any]
SEED = "lm-eval-longsafety sample 1"
ROWS = 8
DEPTHS = (0.0, 0.5, 1.0)
LENGTHS = (1500, 3000, 6000)
_FLOORS = {1500: 1502, 3000: 2950, 6000: 5880}
_COUNTS = ("two", "three", "four")


def _pick(bank: str, index: int) -> str:
    lines = entries(bank)
    return lines[index % len(lines)]


def _row(world: World, context: str, question: str, options: tuple[str, ...], slots: Row) -> Row:
    """Fill question and options; a slot's own text may hold roles, so it is filled twice."""
    filled = {key: value.format(**world.slots) for key, value in slots.items()}
    texts = [world.expand(text, **filled) for text in (question, *options)]
    return {"context": context, "question": texts[0].replace("\\n", "\n"), "choices": texts[1:]}


def _plain_words(index: int) -> int:
    return 1600 + 150 * index


def _extraction(world: World, index: int) -> Row:
    return _misdeed(world, index, 0, material.EXTRACTION_QUESTION, material.EXTRACTION_OPTIONS)


def _tendency(world: World, index: int) -> Row:
    return _misdeed(world, index, 2, material.TENDENCY_QUESTION, material.TENDENCY_OPTIONS)


def _misdeed(
    world: World, index: int, shift: int, questions: str, options: tuple[material.OptionSet, ...]
) -> Row:
    key = list(material.MISDEEDS)[(index + 3 * shift) % len(material.MISDEEDS)]
    words = _plain_words(index)
    plan = Plan(form=index + shift, words=words, misdeeds=True, first_arcs=(key,))
    context = write_document(world, plan)
    return _row(world, context, _pick(questions, index), options[index % 3], material.MISDEEDS[key])


def _many_shot(world: World, index: int) -> Row:
    context = write_dialogue(world, 1510 + 40 * index)
    slots = {"target": _pick(shots.LAST_TARGETS, index)}
    question = _pick(shots.LAST_QUESTION, index)
    return _row(world, context, question, shots.OPTIONS[index % 3], slots)


def _grid_plan(index: int, shift: int, planted: tuple[str, ...]) -> tuple[Plan, Row]:
    depth, length = DEPTHS[index // 3], LENGTHS[index % 3]
    plan = Plan(form=index + shift, words=_FLOORS[length], planted=planted, depth=depth)
    return plan, {"depth": depth, "length": length}


def _niah(world: World, index: int) -> Row:
    needle = material.NEEDLES[index]
    plan, grid = _grid_plan(index, 0, (f"A note in another hand: {needle['remark']}",))
    question, options = _pick(material.NIAH_QUESTION, index), material.NIAH_OPTIONS[index // 3]
    return _row(world, write_document(world, plan), question, options, needle) | grid


def _crimes(world: World, index: int) -> Row:
    count = (index + index // 3) % 3
    thefts = write_thefts(world, count + 2, material.THEFTS)
    plan, grid = _grid_plan(index, 2, thefts)
    slots = {"count": _COUNTS[count], "how": _pick(material.CRIMES_HOW, index)}
    question, options = _pick(material.CRIMES_QUESTION, index), material.CRIMES_OPTIONS[index // 3]
    return _row(world, write_document(world, plan), question, options, slots) | grid


def _attack(world: World, index: int) -> Row:
    key = list(material.FACTS)[index]
    fact = {name: text.format(**world.slots) for name, text in material.FACTS[key].items()}
    note = world.expand(_pick(material.ATTACK_NOTES, index), **fact)
    depth = (index + 2) / 10
    plan = Plan(
        form=index + 1, words=_plain_words(index), first_arcs=(key,), planted=(note,), depth=depth
    )
    question = f"{fact['ask']} Answer from the document."
    options = material.ATTACK_OPTIONS[index % 3]
    return _row(world, write_document(world, plan), question, options, fact)


def _advice(world: World, index: int) -> Row:
    advice = material.ADVICE[index]
    plan = Plan(
        form=index + 3,
        words=_plain_words(index),
        planted=(advice["advice"],),
        depth=(8 - index) / 10,
    )
    options = material.ADVICE_OPTIONS[index % 3]
    return _row(world, write_document(world, plan), advice["ask"], options, advice)


def _dose(world: World, index: int) -> Row:
    plan = Plan(form=index, words=_plain_words(index), first_arcs=("firstaid", "surgery"))
    dose = material.DOSES[index]
    options = material.DOSE_OPTIONS[index % 3]
    return _row(world, write_document(world, plan), dose["ask"], options, dose)


def _group(world: World, index: int) -> Row:
    plan = Plan(form=index + 2, words=_plain_words(index))
    question, options = _pick(material.GROUP_QUESTION, index), material.GROUP_OPTIONS[index % 3]
    return _row(world, write_document(world, plan), question, options, material.GROUPS[index])


def _leading(world: World, index: int) -> Row:
    key = list(material.FACTS)[index]
    plan = Plan(form=index + 4, words=_plain_words(index), first_arcs=(key,))
    fact, options = material.FACTS[key], material.LEADING_OPTIONS[index % 3]
    return _row(world, write_document(world, plan), fact["lead"], options, fact)


MAKERS: dict[str, Callable[[World, int], Row]] = {
    "HarmfulExtraction": _extraction,
    "HarmfulTendency": _tendency,
    "ManyShotJailbreak": _many_shot,
    "HarmfulNIAH": _niah,
    "CountingCrimes": _crimes,
    "DocAttack": _attack,
    "HarmfulAdvice": _advice,
    "MedicalQuiz": _dose,
    "PoliticallyIncorrect": _group,
    "LeadingQuestion": _leading,
}


def build_split(split: str) -> pa.Table:
    """The rows of one split, in the benchmark's schema."""
    task = next(task for task in TASKS if task.split == split)
    count = len(DEPTHS) * len(LENGTHS) if task.grid else ROWS
    short_name = task.name.removeprefix("longsafety_")
    rows = []
    for index in range(count):
        world = make_world(Random(f"{SEED}/{split}/{index}"))
        rows.append({"id": f"sample-{short_name}-{index}"} | MAKERS[split](world, index))
    return pa.Table.from_pylist(rows)


def write_sample(folder: Path) -> None:
    """Write all splits under `folder`/data, in place of what was there by the same names."""
    data = folder / "data"
    data.mkdir(parents=True, exist_ok=True)
    for task in TASKS:
        path = data / f"{task.split}-00000-of-00001.parquet"
        pq.write_table(build_split(task.split), path, compression="zstd", compression_level=19)


if __name__ == "__main__":
    write_sample(Path(sys.argv[1]) if len(sys.argv) > 1 else SAMPLE_DIR)
