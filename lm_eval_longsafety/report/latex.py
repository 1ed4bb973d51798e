"""The numbers of a report as LaTeX tables for a paper: scores, controls, comparison.

Data flow: `content.Report` -> its tables that have intervals -> one string. Every text is escaped:
names come from results files and may hold anything.
"""

import itertools
import re
from collections.abc import Iterator, Sequence

from lm_eval_longsafety.report.content import Cell, Column, Report, Section, Table

_SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\char34{}",
    "`": r"\char96{}",
    "−": "$-$",
    "…": r"\ldots{}",
    "\N{REPLACEMENT CHARACTER}": "?",
    "·": r"\textperiodcentered{}",
}
_HELD = 12
"""Tables between two page breaks: LaTeX holds a limited number back."""
_JOINED = re.compile(r"([-',])(?=\1)")
"""Signs of which LaTeX makes one where two stand beside each other."""
_HEAD = r"% Needs \usepackage{booktabs,graphicx}, and LuaLaTeX or XeLaTeX for names beyond Latin."


def tables(report: Report) -> str:
    """Every table with intervals, in the order of the page.

    What must be read before any number stands in the first caption, and how to read the numbers of
    a section in the caption of its first table.
    """
    shown = []
    before = report.banners
    for section in report.sections:
        method: Sequence[str] = section.details
        for table in _numeric(section):
            shown.append(_table(table, (*before, *method)))
            before = method = ()
    pages = (shown[start : start + _HELD] for start in range(0, len(shown), _HELD))
    return f"{_HEAD}\n\n" + "\n\n\\clearpage\n\n".join(map("\n\n".join, pages)) + "\n"


def escaped(text: str) -> str:
    """The text as LaTeX shows it unchanged."""
    shown = _JOINED.sub(r"\1{}", "".join(_SPECIAL.get(letter, letter) for letter in text))
    # After a line's end in a table these two would belong to it.
    return "{}" + shown if shown.startswith(("[", "*")) else shown


def _numeric(section: Section) -> Iterator[Table]:
    for table in section.tables:
        if any(cell.low is not None for row in table.rows for cell in row):
            yield table


def _table(table: Table, caption: Sequence[str]) -> str:
    sentences = " ".join(escaped(text.rstrip(".")) + "." for text in (table.caption, *caption))
    rows = [
        " & ".join(_cell(cell, column) for cell, column in zip(row, table.columns, strict=True))
        for row in table.rows
    ]
    lines = [
        r"\begin{table*}[t]",
        rf"\caption{{{sentences}}}",
        rf"\label{{tab:{table.id}}}",
        r"\smallskip\centering\footnotesize\setlength{\tabcolsep}{4pt}",
        # As wide as the page at most.
        r"\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%",
        rf"\begin{{tabular}}{{{''.join('r' if c.numeric else 'l' for c in table.columns)}}}",
        r"\toprule",
        *_groups(table.columns),
        " & ".join(escaped(column.title) for column in table.columns) + r" \\",
        r"\midrule",
        *(rf"{row} \\" for row in rows),
        r"\bottomrule",
        r"\end{tabular}}",
        r"\end{table*}",
    ]
    return "\n".join(lines)


def _cell(cell: Cell, column: Column) -> str:
    """A text, or a number with its interval in small letters."""
    if cell.low is None or not column.numeric:
        return escaped(cell.text)
    value, _, ends = cell.text.partition(" [")
    return escaped(value) + (rf" {{\scriptsize [{escaped(ends)}}}" if ends else "")


def _groups(columns: Sequence[Column]) -> Iterator[str]:
    """The line of headings above several columns, and the rules below them."""
    if not any(column.group for column in columns):
        return
    heads, rules, place = [], [], 1
    for group, own in itertools.groupby(columns, key=lambda column: column.group):
        width = len(list(own))
        if group:
            heads.append(rf"\multicolumn{{{width}}}{{c}}{{{escaped(group)}}}")
            rules.append(rf"\cmidrule(lr){{{place}-{place + width - 1}}}")
        else:
            heads += [""] * width
        place += width
    yield " & ".join(heads) + r" \\"
    yield "".join(rules)
