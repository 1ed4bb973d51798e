"""From a training set to files of rows: read, chosen, counted, cut, written, in bounded memory.

Data flow: `TrainingOptions` -> every row is checked -> batches of a few rows pass through `fit` ->
`RowsFile` -> `Tally`. After an error there is no file.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from lm_eval_longsafety.data.overlap import Grams, files_of, texts_of
from lm_eval_longsafety.data.progress import progress
from lm_eval_longsafety.errors import OptionError
from lm_eval_longsafety.public import public
from lm_eval_longsafety.training.chat_tokens import ChatTokens
from lm_eval_longsafety.training.choice_of_rows import Part, choose, choose_general, mixed
from lm_eval_longsafety.training.conversations import Conversation
from lm_eval_longsafety.training.known_tasks import scenario
from lm_eval_longsafety.training.middle_cut import FittedRow, fit, without_context
from lm_eval_longsafety.training.options import TrainingOptions
from lm_eval_longsafety.training.rows_file import RowsFile
from lm_eval_longsafety.training.tally import ENDS, LeftOut, Tally
from lm_eval_longsafety.training.training_set import TrainingSet, open_file, open_set

_Placed = tuple[Conversation, Part]
_BATCH_CHARACTERS = 4_000_000
_BATCH_ROWS = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What was written."""

    tally: Tally
    files: list[RowsFile]
    """The rows, and those held out."""


def prepare(options: TrainingOptions) -> Prepared:
    """Write the rows that the options ask for.

    Raises:
        OptionError: an option cannot be used, or no row fits.
        DataError: the data cannot be read, or rows are malformed.
    """
    options.check()
    chat = ChatTokens(options.tokenizer, trust_remote_code=options.trust_remote_code)
    known = _known(options.without_overlap)
    tally = Tally()
    source = open_set(options.source, options.revision)
    rows, count = _rows(options, source, tally)
    if known is not None:
        rows = _without_overlap(rows, known, options.without_overlap, tally)
    with ExitStack() as stack:
        files: dict[Part, RowsFile] = {"kept": stack.enter_context(RowsFile(options.output))}
        if options.hold_out:
            files["held out"] = stack.enter_context(RowsFile(options.held_out_file))
        with progress("preparing rows", total=count, unit=" rows") as bar:
            for batch in batches(rows):
                _write(batch, chat, options, files, tally)
                bar.update(len(batch))
        _check_result(tally, options)
        metadata = _metadata(options, source, chat, tally)
        for part, file in files.items():
            file.finish({**metadata, "part": part})
    return Prepared(tally=tally, files=list(files.values()))


def _rows(
    options: TrainingOptions, source: TrainingSet, tally: Tally
) -> tuple[Iterator[_Placed], int]:
    """The chosen rows, each with the file that it belongs to, and their number."""
    seen = source.survey()
    chosen = choose(seen, options)
    rows = _chosen(source, chosen, tally)
    if options.short:
        rows = _short(rows, tally)
    if options.mix is None:
        return rows, len(chosen)
    mix = open_file(options.mix)
    kept = list(chosen.values()).count("kept")
    also: dict[int, Part] = dict.fromkeys(choose_general(len(mix.survey()), kept, options), "kept")
    both = mixed(rows, _chosen(mix, also, tally), (len(chosen), len(also)), options)
    return both, len(chosen) + len(also)


def _chosen(source: TrainingSet, chosen: dict[int, Part], tally: Tally) -> Iterator[_Placed]:
    for index, row in enumerate(source.conversations()):
        if index in chosen:
            yield row, chosen[index]
        else:
            tally.add(row.task, "not chosen")


def _short(rows: Iterator[_Placed], tally: Tally) -> Iterator[_Placed]:
    """The rows without their contexts; general data that is mixed in keeps its own."""
    for row, part in rows:
        if (short := without_context(row)) is not None:
            yield short, part
        else:
            why = "its question cannot be told from its context"
            tally.leave_out("refused", LeftOut(id=row.id, task=row.task, why=why))


def _known(evaluation: str | None) -> Grams | None:
    """What no row may share: all 13-grams of evaluation data."""
    if evaluation is None:
        return None
    files = files_of(evaluation)
    return Grams.of(progress(f"reading {Path(evaluation).name}", texts_of(files), unit=" rows"))


def _without_overlap(
    rows: Iterator[_Placed], known: Grams, evaluation: str | None, tally: Tally
) -> Iterator[_Placed]:
    """The rows that share no 13 words in a row with evaluation data; the others are listed."""
    for row, part in rows:
        found = known.shared("\n".join(message["content"] for message in row.messages))
        if found.count:
            why = f"{found.count} of its {found.total} 13-grams stand in {evaluation}"
            tally.leave_out("overlap", LeftOut(id=row.id, task=row.task, why=why))
        else:
            yield row, part


def batches(rows: Iterator[_Placed]) -> Iterator[list[_Placed]]:
    """Rows that are tokenised together: enough to keep every core busy without much memory."""
    batch: list[_Placed] = []
    size = 0
    for row, part in rows:
        batch.append((row, part))
        size += row.characters
        if size >= _BATCH_CHARACTERS or len(batch) == _BATCH_ROWS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _write(
    batch: list[_Placed],
    chat: ChatTokens,
    options: TrainingOptions,
    files: dict[Part, RowsFile],
    tally: Tally,
) -> None:
    """Count, cut and write a few rows; list those that cannot be written."""
    fitted = fit([row for row, _ in batch], chat, options.max_tokens)
    for (row, part), found in zip(batch, fitted, strict=True):
        if found.refused:
            why = f"{found.tokens} tokens without its context, above {options.max_tokens}"
            left = LeftOut(id=row.id, task=row.task, why=why, tokens=found.tokens)
            tally.leave_out("refused", left)
        else:
            files[part].add(_row(row, found))
            tally.add(row.task, part, tokens=found.tokens, cut=found.cut)


def _row(row: Conversation, fitted: FittedRow) -> dict[str, Any]:
    return {
        "prompt": list(fitted.messages[:-1]),
        "completion": [fitted.messages[-1]],
        "task": row.task,
        "scenario": scenario(row.task),
        "tokens": fitted.tokens,
        "id": row.id,
    }


def _check_result(tally: Tally, options: TrainingOptions) -> None:
    """Refuse a file without rows."""
    if tally.total("kept"):
        return
    least = min((row.tokens for row in tally.left_out if row.tokens), default=None)
    if least is not None:
        raise OptionError(
            f"--max-tokens {options.max_tokens}: smaller than question, answer and chat template "
            f"of every row; the shortest needs {least}"
        )
    ends = ", ".join(f"{tally.total(end)} {end}" for end in ENDS if tally.total(end))
    raise OptionError(f"{options.output}: no row is left of {tally.total('read')}: {ends}")


def _metadata(
    options: TrainingOptions, source: TrainingSet, chat: ChatTokens, tally: Tally
) -> dict[str, Any]:
    asked = asdict(options)
    for name in ("output", "trust_remote_code"):
        del asked[name]
    named = {key: str(value) if isinstance(value, Path) else value for key, value in asked.items()}
    return {
        "version": 1,
        "made_by": f"lm-eval-longsafety {version('lm-eval-longsafety')}",
        "options": public({**named, "revision": source.revision}),
        **chat.fingerprints,
        "table": list(tally.rows()),
        "left_out": [asdict(row) for row in tally.left_out],
    }
