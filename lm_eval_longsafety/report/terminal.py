"""The summary of a report as plain text: its banners, its first section's answer and tables.

Data flow: `content.Report` -> tables that fit the terminal -> one string. A table that is too wide
has its intervals below the values, and its last columns in a further table with the same rows.
"""

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

from lm_eval_longsafety.report.content import Cell, Report, Table

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table as RichTable

_ENDLESS = 100_000
"""Letters in a line of a file or pipe: nothing is wrapped there."""
_NAME = 22
"""Letters of the first column that stay together where there is no room for all."""
_SHORT = 10
"""Letters of a heading that need no second line."""
_GAP = 2
"""Blanks between two columns."""


def text(report: Report, width: int | None = None) -> str:
    """The summary.

    Args:
        report: its first section is shown.
        width: letters in a line of a terminal, which shows colours; None for plain text.
    """
    from rich.console import Console

    out = io.StringIO()
    console = Console(file=out, width=width or _ENDLESS, force_terminal=width is not None)
    _line(console, report.title, "bold")
    _line(console, report.line, "dim")
    for banner in report.banners:
        _line(console, f"\n! {banner}", "yellow")
    section = report.sections[0]
    _line(console, f"\n{section.answer}" if section.answer else "", "bold")
    for table in section.tables:
        if not table.folded:
            _line(console, f"\n{table.caption}", "dim")
            for part in _fitting(table, width or _ENDLESS):
                console.print(part)
                console.print()
    for note in section.notes:
        _line(console, f"- {note}")
    return "".join(f"{line.rstrip()}\n" for line in out.getvalue().splitlines())


def _line(console: "Console", words: str, style: str = "") -> None:
    """A text that is shown as it is: no markup, no emoji codes."""
    from rich.text import Text

    console.print(Text(words, style=style))


def _fitting(table: Table, width: int) -> "list[RichTable]":
    """The table, with its intervals in lines of their own or in several parts if it is too wide."""
    heads = [f"{column.group} {column.title}".strip() for column in table.columns]
    rows = [[cell.text for cell in row] for row in table.rows]
    if _width(heads, rows) > width:
        rows = [[_two_lines(cell) for cell in row] for row in table.rows]
        heads = [heads[0], *("\n".join(_halves(head)) for head in heads[1:])]
    return [_part(table, heads, rows, places) for places in _places(heads, rows, width)]


def _two_lines(cell: Cell) -> str:
    """A score's interval below its value."""
    return cell.text.replace(" [", "\n[", 1) if cell.low is not None else cell.text


def _halves(head: str) -> list[str]:
    """A long heading in two lines of about the same length."""
    words = head.split(" ")
    cuts = [(" ".join(words[:at]), " ".join(words[at:])) for at in range(1, len(words))]
    if len(head) <= _SHORT or not cuts:
        return [head]
    return list(min(cuts, key=lambda lines: max(map(len, lines))))


def _places(heads: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> list[list[int]]:
    """The columns of each part: as many as fit beside the first one."""
    first = min(_column(heads, rows, 0), max(_NAME, width // 2))
    groups: list[list[int]] = [[]]
    room = width - first
    for place in range(1, len(heads)):
        needed = _GAP + _column(heads, rows, place)
        if groups[-1] and needed > room:
            groups.append([])
            room = width - first
        groups[-1].append(place)
        room -= needed
    return [[0, *group] for group in groups]


def _width(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> int:
    return sum(_column(heads, rows, place) + _GAP for place in range(len(heads))) - _GAP


def _column(heads: Sequence[str], rows: Sequence[Sequence[str]], place: int) -> int:
    """Width of a column, in letters as wide as a terminal shows them."""
    from rich.cells import cell_len

    lines = [line for row in (heads, *rows) for line in row[place].split("\n")]
    return max(map(cell_len, lines), default=0)


def _part(
    table: Table, heads: Sequence[str], rows: Sequence[Sequence[str]], places: Sequence[int]
) -> "RichTable":
    from rich import box
    from rich.table import Table as RichTable
    from rich.text import Text

    shown = RichTable(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False)
    for place in places:
        column = table.columns[place]
        shown.add_column(
            Text(heads[place]),
            justify="right" if column.numeric else "left",
            no_wrap=place > 0,
            overflow="fold",
        )
    for row in rows:
        shown.add_row(*(Text(row[place]) for place in places))
    return shown
