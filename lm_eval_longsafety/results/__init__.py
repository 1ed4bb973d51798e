"""Read what lm-eval wrote into plain records: only this package knows its file formats.

Data flow: paths -> `read` -> `Collection(runs, notes)`; `load` gives the runs alone. Files are
recognised by content, never by name: results JSON of lm-eval 0.3 to 0.5.0.dev1, sample lines, and
the parquet files of `longsafety compact`.
"""

from lm_eval_longsafety.results.load import Collection, load, read
from lm_eval_longsafety.results.records import (
    Metric,
    Provenance,
    Run,
    Sample,
    SampleText,
    TaskResult,
)

__all__ = [
    "Collection",
    "Metric",
    "Provenance",
    "Run",
    "Sample",
    "SampleText",
    "TaskResult",
    "load",
    "read",
]
