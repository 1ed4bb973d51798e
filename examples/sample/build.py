"""Build the embedded sample from recipe.yaml and material/.

    python examples/sample/build.py -o FOLDER

Data flow: seed of a row -> people and places -> document, question, options -> one parquet file a
split, `FOLDER/data/<Split>-00000-of-00001.parquet`. The same rows come out on every machine: only
`random.Random` seeded with strings is used.
"""

import argparse
import re
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from lm_eval_longsafety.benchmark import BY_SPLIT

HERE = Path(__file__).resolve().parent
MATERIAL = HERE / "material"
RECIPE = yaml.safe_load((HERE / "recipe.yaml").read_text(encoding="utf-8"))
FRAMES, QUESTIONS, DIALOGUES = (
    yaml.safe_load((MATERIAL / f"{name}.yaml").read_text(encoding="utf-8"))
    for name in ("frames", "questions", "dialogues")
)
BANKS = QUESTIONS | DIALOGUES
CHOICE = re.compile(r"\[([^\[\]]*\|[^\[\]]*)\]")
SENTENCE_START = re.compile(r"((?:^|[.!?]\"?\s+)\"?)([a-z])")
SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z\"])")


Row = dict[str, Any]


class Arc(NamedTuple):
    """One storyline: its stages in order, not yet expanded."""

    key: str
    topic: str
    stages: list[str]


class Stage(NamedTuple):
    """One told stage of a storyline."""

    topic: str
    index: int
    text: str
    slots: dict[str, str]


class Deck:
    """Draws the lines of a text in random order, each once before any comes again."""

    def __init__(self, world: "World", text: str) -> None:
        """Nothing is drawn yet."""
        self.world, self.lines, self.left = world, text.splitlines(), []

    def draw(self, chance: float = 1.0, **slots: str) -> str:
        """The next line, or with the rest of the chance an empty one."""
        if chance < 1.0 and self.world.rng.random() >= chance:
            return ""
        if not self.left:
            self.left = self.world.rng.sample(self.lines, len(self.lines))
        return self.world.expand(self.left.pop(), **slots)


class World:
    """The people and places of one document; no name is given twice."""

    def __init__(self, rng: Random, story: str = "village") -> None:
        """Draw them all. `story` is `village` or `misdeeds`."""
        women, men = FRAMES["women"].split(), FRAMES["men"].split()
        self.rng, self.story = rng, story
        first = rng.sample(FRAMES["names_f"].split(), len(women))
        first += rng.sample(FRAMES["names_m"].split(), len(men))
        village, other = rng.sample(FRAMES["villages"].split(", "), 2)
        places = {
            name: rng.choice(FRAMES[f"{name}s"].split(", "))
            for name in ("hall", "inn", "river", "lane")
        }
        surnames = rng.sample(FRAMES["surnames"].split(), len(first))
        self.slots = dict(zip((*women, *men), first, strict=True)) | places
        self.full = {
            role: f"{self.slots[role]} {surname}"
            for role, surname in zip((*women, *men), surnames, strict=True)
        }
        self.slots |= {"village": village, "other": other} | self.numbers()

    def numbers(self) -> dict[str, str]:
        """The numbers and the weekday of one storyline."""
        return {
            "small": self.rng.choice(FRAMES["small"].split()),
            "some": self.rng.choice(FRAMES["some"].split()),
            "sum": str(self.rng.randrange(62, 480)),
            "weekday": self.rng.choice(FRAMES["weekdays"].split()),
        }

    def expand(self, text: str, **extra: str) -> str:
        """Settle each `[a|b]`, fill each `{slot}` and capitalise sentences."""
        while match := CHOICE.search(text):
            option = self.rng.choice(match[1].split("|"))
            text = text[: match.start()] + option + text[match.end() :]
        filled = text.format(**{**self.slots, **extra})
        return SENTENCE_START.sub(lambda m: m[1] + m[2].upper(), filled)

    def deck(self, name: str) -> Deck:
        """A deck of frames, the misdeeds' own where there is one."""
        own = f"misdeed_{name}"
        return Deck(self, FRAMES[own if self.story == "misdeeds" and own in FRAMES else name])

    def opening(self, form: str, **slots: object) -> str:
        """A document's first paragraph; who is who, so that first names are enough after it."""
        cast = FRAMES["cast"][self.story].format(**{**self.slots, **self.full})
        return FRAMES["first"][form].format(**{**self.slots, "cast": cast, **slots})

    def start(self) -> date:
        """The day on which a document begins."""
        draw = self.rng.randrange
        return date(draw(1988, 2019), draw(1, 5), draw(1, 28))


def day(when: date) -> str:
    """`Monday, 3 April`."""
    weekday, month = FRAMES["weekdays"].split()[when.weekday()], FRAMES["months"].split()
    return f"{weekday}, {when.day} {month[when.month - 1]}"


def join(*parts: str) -> str:
    """With a space between those that are not empty."""
    return " ".join(part for part in parts if part)


def read_arcs(world: World, first: Sequence[str]) -> list[Arc]:
    """A story's arcs: `first`, then the others in random order."""
    arcs = []
    text = (MATERIAL / f"{world.story}.txt").read_text(encoding="utf-8")
    for block in text.split("\n= ")[1:]:
        head, _, body = block.partition("\n")
        key, _, topic = head.partition(": ")
        stages = [" ".join(stage.split()) for stage in body.strip().split("\n\n")]
        arcs.append(Arc(key, topic, stages))
    rest = [arc for arc in arcs if arc.key not in first]
    return [arc for arc in arcs if arc.key in first] + world.rng.sample(rest, len(rest))


def tell(world: World, arcs: list[Arc], at_once: int) -> Iterator[Stage]:
    """Tell `at_once` arcs in turn; each keeps its numbers, and ended ones are replaced."""
    waiting = [(arc, 0, world.numbers() | {"topic": arc.topic}) for arc in arcs]
    active, waiting = waiting[:at_once], waiting[at_once:]
    while active:
        arc, index, slots = active.pop(0)
        yield Stage(arc.topic, index, world.expand(arc.stages[index], **slots), slots)
        if index + 1 < len(arc.stages):
            active.append((arc, index + 1, slots))
        elif waiting:
            active.append(waiting.pop(0))


def diary(world: World, arcs: list[Arc]) -> Iterator[str]:
    """Dated entries of one person who stands by and notes what happens."""
    when, openers, ends = world.start(), world.deck("openers"), world.deck("closers")
    yield world.opening("diary", day=day(when), year=when.year)
    for stage in tell(world, arcs, 3):
        when += timedelta(days=world.rng.randrange(1, 5))
        opener = openers.draw(0.0 if world.story == "misdeeds" else 0.45)
        yield f"{day(when)}. " + join(opener, stage.text, ends.draw(0.4))


def minutes(world: World, arcs: list[Arc]) -> Iterator[str]:
    """Monthly meetings: who was there, numbered items, decisions."""
    when, decisions, openings = world.start(), world.deck("decisions"), world.deck("meetings")
    yield world.opening("minutes", month=day(when).split()[-1], year=when.year)
    for number, stage in enumerate(tell(world, arcs, 4)):
        if number % 4 == 0:
            when += timedelta(days=world.rng.choice((28, 35)))
            opening = openings.draw()
            yield f"{present(world, when, number // 4 + 1)} {opening}"
        topic = stage.topic[0].upper() + stage.topic[1:]
        yield f"{number % 4 + 1}. {topic}. " + join(stage.text, decisions.draw(0.7, **stage.slots))


def present(world: World, when: date, number: int) -> str:
    """Who came to a meeting, and who did not."""
    roles = FRAMES["members"][world.story].split()
    absent = world.rng.randrange(1, 1 + len(roles) // 3)
    chosen = world.rng.sample(roles, len(roles) - absent)
    return FRAMES["meeting"].format(
        number=number,
        place="the shed" if world.story == "misdeeds" else world.slots["hall"],
        day=day(when),
        year=when.year,
        present=", ".join(world.full[role] for role in roles if role in chosen),
        away=next(world.full[role] for role in roles if role not in chosen),
    )


def forum(world: World, arcs: list[Arc]) -> Iterator[str]:
    """Threads of a message board: a post for each stage, and replies by other users."""
    rng, replies, reactions = world.rng, world.deck("replies"), world.deck("reactions")
    users = rng.sample(FRAMES["usernames"].split(", "), 12)
    when, author = world.start(), users[0]
    yield world.opening("forum")
    for stage in tell(world, arcs, 1):
        when += timedelta(days=rng.randrange(3, 10))
        if stage.index == 0 or rng.random() < 0.4:
            author = rng.choice(users)
        head = "" if stage.index else f"Thread: {stage.topic}\n"
        start = reactions.draw(0.7, **stage.slots) if stage.index else ""
        clock = f"{rng.randrange(7, 23)}:{rng.randrange(60):02}"
        yield f"{head}{author}, {day(when)}, {clock}\n" + join(start, stage.text)
        if rng.random() < 0.3:
            other = rng.choice([user for user in users if user != author])
            reply = replies.draw(**stage.slots)
            yield f"{other}, {day(when)}, replying to {author}\n{reply}"


def interview(world: World, arcs: list[Arc]) -> Iterator[str]:
    """A recorded talk: questions, and the answers of one old witness."""
    first, following = world.deck("questions_first"), world.deck("questions_next")
    starts, ends = world.deck("answer_starts"), world.deck("answer_ends")
    name = world.full["neighbour"]
    yield world.opening("interview", name=name)
    for stage in tell(world, arcs, 1):
        question = (following if stage.index else first).draw(**stage.slots)
        answer = join(starts.draw(0.4), stage.text, ends.draw(0.3))
        yield f"Question: {question}\n{name}: {answer}"


def report(world: World, arcs: list[Arc]) -> Iterator[str]:
    """A compiled account in numbered sections."""
    leads, ends, section = world.deck("report_leads"), world.deck("report_ends"), 0
    yield world.opening("report", year=world.start().year)
    for stage in tell(world, arcs, 1):
        section += stage.index == 0
        head = "" if stage.index else f"Section {section}: {stage.topic}\n"
        lead = leads.draw(0.4) if stage.index else ""
        yield f"{head}{section}.{stage.index + 1} " + join(lead, stage.text, ends.draw(0.25))


FORMS = {form.__name__: form for form in (diary, minutes, forum, interview, report)}


def write_document(
    world: World, form: str, arcs: Sequence[str], words: int, planted: list[str], depth: float
) -> str:
    """A document of at least `words` words, the planted passages together at their depth."""
    heading = FRAMES["titles"][form].format(**world.slots)
    left = words - sum(len(text.split()) for text in (heading, *planted))
    body: list[str] = []
    for paragraph in FORMS[form](world, read_arcs(world, arcs)):
        body.append(cut(paragraph, left) if len(paragraph.split()) >= left else paragraph)
        left -= len(paragraph.split())
        if left <= 0:
            break
    at = round(depth * len(body))
    return f"{heading}\n" + "\n\n".join([*body[:at], *planted, *body[at:]])


def cut(paragraph: str, words: int) -> str:
    """The sentences up to `words` words, and never a lead-in alone."""
    end = 0
    for number, sentence in enumerate(SENTENCE_END.split(paragraph), start=1):
        end = paragraph.index(sentence, end) + len(sentence)
        if number >= 3 and len(paragraph[:end].split()) >= words:
            break
    return paragraph[:end]


def write_dialogue(world: World, words: int) -> str:
    """A history of requests for rude remarks, each obliged, of at least `words` words."""
    requests, tails = Deck(world, DIALOGUES["requests"]), Deck(world, DIALOGUES["tails"])
    pairs = [line.split(" | ", 1) for line in DIALOGUES["shots"].splitlines()]
    turns: list[str] = []
    for target, remark in world.rng.sample(pairs, len(pairs)):
        tail = tails.draw(0.35)
        request = requests.draw(target=target)
        turns.append(f"User: {request}\n\nAssistant: {join(world.expand(remark), tail)}")
        if sum(len(turn.split()) for turn in turns) >= words:
            break
    return "\n\n".join(turns)


def pick(name: str, index: int) -> str:
    """A bank's line for a row; a text that is no bank's name stands for itself."""
    lines = BANKS[name].splitlines() if name in BANKS else [name]
    return str(lines[index % len(lines)])


def entry(recipe: Row, index: int) -> tuple[str, dict[str, str]]:
    """The name and slots of a row's entry in its bank."""
    bank = recipe["slots"]
    if isinstance(bank, dict):
        return "", {slot: pick(name, index) for slot, name in bank.items()}
    entries = BANKS[bank]
    named = list(entries.items()) if isinstance(entries, dict) else [("", e) for e in entries]
    return named[(index + recipe.get("first", 0)) % len(named)]


def make_row(split: str, index: int) -> Row:
    """One row in the benchmark's schema."""
    recipe, grid = RECIPE["splits"][split], {}
    world = World(Random(f"{RECIPE['seed']}/{split}/{index}"), recipe.get("story", "village"))
    key, raw = entry(recipe, index)
    slots = {name: text.format(**world.slots) for name, text in raw.items()}
    start, more = recipe.get("dialogue", RECIPE["words"])
    words, options, depth = start + more * index, index % 3, recipe.get("depth", [0.5] * 99)[index]
    if "grid" in recipe:
        length = list(RECIPE["lengths"])[index % 3]
        words, options, depth = RECIPE["lengths"][length], index // 3, RECIPE["depths"][index // 3]
        grid = {"depth": depth, "length": length}
    planted = [world.expand(pick(recipe["planted"], index), **slots)] if "planted" in recipe else []
    if "thefts" in recipe:
        count = (index + index // 3) % 3
        slots["count"] = recipe["thefts"][count]
        chosen = world.rng.sample(BANKS["thefts"].splitlines(), count + 2)
        planted = [world.expand(theft, **world.numbers()) for theft in chosen]
    if "dialogue" in recipe:
        context = write_dialogue(world, words)
    else:
        form = RECIPE["forms"][(recipe["form"] + index) % 5]
        arcs = [key] if recipe.get("arcs") == "key" else recipe.get("arcs", [])
        context = write_document(world, form, arcs, words, planted, depth)
    question = world.expand(pick(recipe["question"], index), **slots).replace("\\n", "\n")
    choices = [world.expand(text, **slots) for text in BANKS[recipe["options"]][options]]
    name = BY_SPLIT[split].name.replace("longsafety_", "sample-", 1)
    row = {"id": f"{name}-{index}", "context": context, "question": question, "choices": choices}
    return row | grid


def main() -> None:
    """Write all splits, in place of files of the same names."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FOLDER")
    folder = parser.parse_args().output / "data"
    folder.mkdir(parents=True, exist_ok=True)
    for split, recipe in RECIPE["splits"].items():
        count = (
            len(RECIPE["depths"]) * len(RECIPE["lengths"]) if "grid" in recipe else RECIPE["rows"]
        )
        table = pa.Table.from_pylist([make_row(split, index) for index in range(count)])
        path = folder / f"{split}-00000-of-00001.parquet"
        pq.write_table(table, path, compression="zstd", compression_level=19)


if __name__ == "__main__":
    main()
