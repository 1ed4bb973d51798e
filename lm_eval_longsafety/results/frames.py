"""Results as pandas tables, for notebooks and scripts.

Data flow: paths -> `load` -> runs -> `LoadedRun.scores()` and `.samples()`. The tables hold no text
of documents or replies.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lm_eval_longsafety.benchmark import parse_task_name
from lm_eval_longsafety.errors import LongSafetyError
from lm_eval_longsafety.results.load import load
from lm_eval_longsafety.results.records import Run

if TYPE_CHECKING:
    from pandas import DataFrame

_SCORES = ("task", "variant", "protocol", "metric", "filter", "value", "stderr", "documents")
_METRICS = ("sr", "ha", "answered", "refused", "truncated")
_PLACE = ("prompt_tokens", "depth", "length")
_SAMPLES = ("task", "id", "letters", "letter", "choice", *_METRICS, *_PLACE)


@dataclass(frozen=True, slots=True, repr=False)
class LoadedRun:
    """One evaluation of one model."""

    run: Run
    """All that was read, as plain records."""

    def __repr__(self) -> str:
        """Model, date and number of tasks."""
        date = f", {self.run.date:%Y-%m-%d}" if self.run.date else ""
        return f"<{self.run.model}{date}: {len(self.run.tasks)} tasks>"

    def scores(self) -> "DataFrame":
        """One row a task (or group), metric and filter, as lm-eval reported it.

        Returns:
            Columns task, variant, protocol (both None for tasks of other projects and for groups),
            metric, filter, value and stderr (NaN where lm-eval wrote no number), documents.
        """
        rows = []
        for name, task in self.run.tasks.items():
            parsed = None if task.is_group else parse_task_name(name)
            own = (parsed.variant, parsed.protocol) if parsed else (None, None)
            rows += [
                (name, *own, each.name, each.filter, each.value, each.stderr, task.n_effective)
                for each in task.metrics
            ]
        return _frame(rows, _SCORES)

    def samples(self) -> "DataFrame":
        """One row a scored document of LongSafetyBench; empty without `--log_samples`.

        Returns:
            Columns task, id, letters (of the choices from least to most safe), letter (the one
            read, None where none was; of rotations one per order), choice (its index), one column
            for each metric, prompt_tokens, and depth and length where the task has them.
        """
        rows = [
            {
                **{name: getattr(sample, name) for name in _SAMPLES if name != "letter"},
                "letters": "".join(sample.letters),
                "letter": ",".join(sample.picks) or None,
                **sample.extra,
            }
            for samples in self.run.samples.values()
            for sample in samples
        ]
        extra = dict.fromkeys(key for row in rows for key in row if key not in _SAMPLES)
        return _frame(rows, (*_SAMPLES, *extra))


def load_results(*paths: str | Path | Iterable[str | Path]) -> list[LoadedRun]:
    """Read lm-eval's results.

    Args:
        paths: folders or files, one or several: what `lm_eval run --output_path` wrote, or files of
            `longsafety compact`.

    Returns:
        One item an evaluation of one model.

    Raises:
        ResultsError: a path does not exist, is damaged, or holds no results.
    """
    given: list[str | Path] = []
    for each in paths:
        given += [each] if isinstance(each, (str, Path)) else list(each)
    return [LoadedRun(run) for run in load(given)]


def _frame(rows: Iterable[object], columns: Iterable[str]) -> "DataFrame":
    try:
        from pandas import DataFrame
    except ImportError:
        raise LongSafetyError(
            "tables need pandas, not installed here; pip install 'lm-eval-longsafety[report]'"
        ) from None
    return DataFrame(list(rows), columns=list(columns))
