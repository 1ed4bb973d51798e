"""How many rows of each task were read, and what became of them."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from lm_eval_longsafety.training.known_tasks import scenario

ENDS = ("not chosen", "overlap", "refused", "held out", "kept")
"""What can become of a row; together they are the rows read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A row that was asked for and is in no file."""

    id: str
    task: str
    why: str
    tokens: int | None = None
    """That it has without its context; None where that is not why."""


@dataclass(slots=True)
class Tally:
    """Counts by task, and the rows left out."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Rows by task and end; rows cut and tokens of those written too."""
    left_out: list[LeftOut] = field(default_factory=list)

    def add(self, task: str, end: str, *, tokens: int = 0, cut: bool = False) -> None:
        """Count one row."""
        self.counts[task, "read"] += 1
        self.counts[task, end] += 1
        self.counts[task, "tokens"] += tokens
        self.counts[task, "cut"] += cut

    def leave_out(self, end: str, row: LeftOut) -> None:
        """Count and list a row that is in no file."""
        self.add(row.task, end)
        self.left_out.append(row)

    def total(self, column: str) -> int:
        """Sum of a column over the tasks."""
        return sum(count for (_, name), count in self.counts.items() if name == column)

    def columns(self) -> list[str]:
        """Columns of the table; what was not asked for and did not happen is left out."""
        optional = [end for end in ENDS[:-1] if end != "refused" and not self.total(end)]
        ends = [end for end in ENDS if end not in optional]
        return ["read", *ends, "cut", "tokens"]

    def rows(self) -> Iterator[dict[str, object]]:
        """One row for each task, in order of first appearance."""
        for task in dict.fromkeys(task for task, _ in self.counts):
            counts = {column: self.counts[task, column] for column in self.columns()}
            yield {"task": task, "scenario": scenario(task), **counts}

    def unknown(self) -> list[str]:
        """Tasks whose scenario is not known."""
        return [str(row["task"]) for row in self.rows() if row["scenario"] is None]
