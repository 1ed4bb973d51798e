"""The small parquet files of `longsafety compact`: the contents of sample files without text.

One row for each document; the file's metadata holds the run's summarised results document, so that
one file is a whole run.
"""

import json
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lm_eval_longsafety.errors import ResultsError, first_line
from lm_eval_longsafety.files import replacing
from lm_eval_longsafety.public import public
from lm_eval_longsafety.results.fields import as_mapping
from lm_eval_longsafety.results.records import Run, Sample
from lm_eval_longsafety.results.results_file import run_from

if TYPE_CHECKING:
    import pyarrow

MAGIC = b"PAR1"
_FORMAT = b"longsafety.compact"
_VERSION = 1


def write_compact(path: Path, run: Run) -> int:
    """Write a run's samples and its summarised results document, made public.

    Returns:
        The file's size in bytes.

    Raises:
        OptionError: the file cannot be written.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = _schema()
    samples = [sample for own in run.samples.values() for sample in own]
    rows = {name: [getattr(sample, name) for sample in samples] for name in schema.names}
    rows["extra"] = [list(sample.extra.items()) for sample in samples]
    document = {"version": _VERSION, "summary": run.summary, "notes": public(list(run.notes))}
    table = pa.table(rows, schema=schema.with_metadata({_FORMAT: json.dumps(document).encode()}))
    with replacing(path) as new:
        pq.write_table(table, new, compression="zstd", compression_level=9)
    return path.stat().st_size


def read_compact(path: Path) -> Run | None:
    """The run in a compact file; None for any other parquet file.

    Raises:
        ResultsError: the file is damaged, or a newer release wrote it.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        metadata = pq.read_schema(path).metadata or {}
        if _FORMAT not in metadata:
            return None
        document = as_mapping(json.loads(metadata[_FORMAT]))
        if document.get("version") != _VERSION:
            raise ResultsError(
                f"{path}: compact format {document.get('version')!r}, but this release reads "
                f"{_VERSION}; upgrade lm-eval-longsafety"
            )
        # Summarised again, since files of older releases may contain what is removed today.
        run = run_from(document["summary"], path)
        samples: dict[str, list[Sample]] = {}
        for row in pq.read_table(path).to_pylist():
            sample = _sample(row)
            samples.setdefault(sample.task, []).append(sample)
    except (pa.ArrowException, OSError, KeyError, TypeError, ValueError) as error:
        shown = first_line(error)
        raise ResultsError(f"{path}: damaged parquet file ({shown}); write it again") from None
    notes = (*(run.notes if run.tasks else ()), *document.get("notes", ()))
    kept = {task: tuple(own) for task, own in samples.items()}
    return replace(run, samples=kept, notes=tuple(dict.fromkeys(notes)))


def _schema() -> "pyarrow.Schema":
    """A column for each field of a sample but its texts, and one for its choice."""
    import pyarrow as pa

    types: dict[object, pyarrow.DataType] = {
        str: pa.string(),
        str | None: pa.string(),
        bool: pa.bool_(),
        float: pa.float64(),
        float | None: pa.float64(),
        int | None: pa.int64(),
        tuple[str, ...]: pa.list_(pa.string()),
        Mapping[str, float]: pa.map_(pa.string(), pa.float64()),
    }
    columns = [(each.name, types[each.type]) for each in fields(Sample) if each.name != "text"]
    return pa.schema([*columns, ("choice", pa.int8())])


def _sample(row: dict[str, Any]) -> Sample:
    """The sample; fields that an earlier release did not write have their default."""
    values = {**row, "picks": tuple(row["picks"]), "letters": tuple(row["letters"])}
    values["extra"] = dict(row["extra"] or ())
    del values["choice"]
    return Sample(**values)
