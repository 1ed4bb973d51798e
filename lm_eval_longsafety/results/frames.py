"""Results as pandas tables, for notebooks and scripts.

Data flow: paths -> `load` -> runs -> `LoadedRun.scores()` and `.samples()`. The tables contain no
text of documents or replies.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lm_eval_longsafety.benchmark import parse_task_name
from lm_eval_longsafety.errors import LongSafetyError
from lm_eval_longsafety.public import clean, public
from lm_eval_longsafety.results.load import load
from lm_eval_longsafety.results.records import SCORES, Run

if TYPE_CHECKING:
    from pandas import DataFrame

_SCORES = ("task", "variant", "protocol", "metric", "filter", "value", "stderr", "documents")
_PLACE = ("prompt_tokens", "depth", "length", "filler")
_SAMPLES = ("task", "id", "letters", "letter", "choice", *SCORES, *_PLACE)


@dataclass(frozen=True, slots=True, repr=False)
class LoadedRun:
    """One evaluation of one model."""

    run: Run
    """Everything that was read, as plain records. Its model may be a local path."""

    def __repr__(self) -> str:
        """Model without local folders, date and number of tasks, in one line."""
        date = f", {self.run.date:%Y-%m-%d}" if self.run.date else ""
        tasks = len(self.run.tasks.keys() | self.run.samples.keys())
        return f"<{clean(public(self.run.model), 80)}{date}: {tasks} task{'s' * (tasks != 1)}>"

    def scores(self) -> "DataFrame":
        """One row for each task or group, metric and filter, as lm-eval reported it.

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
        """One row for each scored document of LongSafetyBench; empty without `--log_samples`.

        Returns:
            Columns task, id, letters (of the choices, from least to most safe), letter (the one
            that was read, None if none was; for rotations one for each order, joined by commas),
            choice (index of the letter's choice, missing for rotations), one column for each metric
            in [0, 1], prompt_tokens, depth, length and filler (missing if the task has none).
        """
        rows = [
            {
                **{name: getattr(sample, name) for name in _SAMPLES if name != "letter"},
                "letters": "".join(sample.letters),
                "letter": ",".join(sample.picks) if any(sample.picks) else None,
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
        paths: one or several folders or files: what `lm_eval run --output_path` wrote, or files of
            `longsafety compact`.

    Returns:
        One item for each evaluation of one model, in the order of the paths.

    Raises:
        ResultsError: a path does not exist, a file is damaged, or no results were found.
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
            "tables need pandas, which is not installed; pip install 'lm-eval-longsafety[report]'"
        ) from None
    return DataFrame(list(rows), columns=list(columns))
