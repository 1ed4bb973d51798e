"""The small parquet files of `longsafety compact`: the contents of sample files without text.

One row for each document; the file's metadata holds the run's summarised results document, so that
one file is a whole run.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lm_eval_longsafety.errors import ResultsError, first_line
from lm_eval_longsafety.files import replacing
from lm_eval_longsafety.public import public
from lm_eval_longsafety.results.records import Sample
from lm_eval_longsafety.results.summary import publishable, summarise

if TYPE_CHECKING:
    import pyarrow

FORMAT = b"longsafety.compact"
VERSION = 1
MAGIC = b"PAR1"
_LATER = {"prompt_missing"}
"""Columns that files of earlier releases do not have; their fields have a default."""


def write_compact(
    path: Path, samples: Sequence[Sample], summary: Mapping[str, Any], notes: Sequence[str] = ()
) -> int:
    """Write the samples of one run and its summarised results document, made public.

    Returns:
        The file's size in bytes.

    Raises:
        OptionError: the file cannot be written.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = _schema()
    rows = {name: [_cell(sample, name) for sample in samples] for name in schema.names}
    document = {"version": VERSION, "summary": publishable(summary), "notes": public(list(notes))}
    table = pa.table(rows, schema=schema.with_metadata({FORMAT: json.dumps(document).encode()}))
    with replacing(path) as new:
        pq.write_table(table, new, compression="zstd", compression_level=9)
    return path.stat().st_size


def read_compact(path: Path) -> tuple[list[Sample], Mapping[str, Any], tuple[str, ...]] | None:
    """Samples, summarised results document and notes; None for any other parquet file.

    Raises:
        ResultsError: the file is damaged, or a newer release wrote it.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        metadata = pq.read_schema(path).metadata or {}
        if FORMAT not in metadata:
            return None
        document = json.loads(metadata[FORMAT])
        if document.get("version") != VERSION:
            raise ResultsError(
                f"{path}: compact format {document.get('version')!r}, but this release reads "
                f"{VERSION}; upgrade lm-eval-longsafety"
            )
        table = pq.read_table(path)
    except (pa.ArrowException, OSError, json.JSONDecodeError) as error:
        shown = first_line(error)
        raise ResultsError(f"{path}: damaged parquet file ({shown}); write it again") from None
    missing = {*_schema().names} - {*table.column_names} - _LATER
    if missing or not isinstance(document.get("summary"), dict):
        raise ResultsError(
            f"{path}: damaged, {sorted(missing) or 'summary'} missing; write it again"
        )
    samples = [_sample(row) for row in table.to_pylist()]
    # Summarised again, since files of older releases may contain what is removed today.
    return samples, summarise(document["summary"]), tuple(document.get("notes", ()))


def _schema() -> "pyarrow.Schema":
    import pyarrow as pa

    text = pa.dictionary(pa.int32(), pa.string())
    return pa.schema(
        [
            ("task", text),
            ("split", text),
            ("id", pa.string()),
            ("picks", pa.list_(pa.string())),
            ("letters", pa.list_(pa.string())),
            ("choice", pa.int8()),
            ("ha", pa.float64()),
            ("sr", pa.float64()),
            ("answered", pa.float64()),
            ("refused", pa.float64()),
            ("truncated", pa.float64()),
            ("prompt_tokens", pa.int64()),
            ("depth", pa.float64()),
            ("length", pa.float64()),
            ("context_sha256", text),
            ("prompt_hash", pa.string()),
            ("extra", pa.map_(pa.string(), pa.float64())),
            ("prompt_missing", pa.bool_()),
        ]
    )


def _cell(sample: Sample, name: str) -> object:
    value = getattr(sample, name)
    if name == "extra":
        return list(value.items())
    return list(value) if isinstance(value, tuple) else value


def _sample(row: dict[str, Any]) -> Sample:
    row.pop("choice")
    for name in ("picks", "letters"):
        row[name] = tuple(row[name])
    row["extra"] = dict(row["extra"] or ())
    return Sample(**row)
