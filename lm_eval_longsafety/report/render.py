"""Write a report as HTML, Markdown, CSV, JSON, LaTeX or text, and its pictures as PDF and PNG.

Data flow: `content.Report` -> one string. Each renderer escapes for its own format.
"""

import base64
import csv
import hashlib
import io
import itertools
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import asdict
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any

from lm_eval_longsafety.public import no_formula
from lm_eval_longsafety.report import export, latex, terminal
from lm_eval_longsafety.report.content import Cell, Column, Figure, Report, Section, Table

_CSV_COLUMNS = ("section", "table", "row", "group", "column", "text", "value", "low", "high", "n")
_NO_TEXTS = "Questions, choices and replies are in the HTML page only."
_MARKDOWN = re.compile(r"([\\`*|~]|(?<!\w)_|_(?!\w)|(?<=\])[(:\[]|^[#>]|^[-+=](?=[\s+=-]))")


def figures(report: Report) -> list[Figure]:
    """All pictures of a report."""
    return [figure for section in report.sections for figure in section.figures]


def html(report: Report) -> str:
    """One self-contained page: nothing loaded, a policy that forbids all scripts but its own."""
    import jinja2
    from markupsafe import Markup

    # Our own stylesheets, script and matplotlib's pictures, whose texts matplotlib has escaped.
    css = Markup(_file("page.css") + _file("explorer.css"))  # noqa: S704
    script = Markup(_file("page.js"))  # noqa: S704
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    pictures = {
        figure.id: [
            Markup(export.inline_svg(draw(), _stem(figure, name)))  # noqa: S704
            for name, draw in figure.panels.items()
        ]
        for figure in figures(report)
    }
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(_file),
        undefined=jinja2.StrictUndefined,
        autoescape=True,
        keep_trailing_newline=True,
    )
    environment.filters["groups"] = _column_groups
    environment.filters["parts"] = _parts
    return environment.get_template("page.html.jinja").render(
        report=report,
        css=css,
        script=script,
        script_hash=f"sha256-{digest}",
        pictures=pictures,
        version=version("lm-eval-longsafety"),
    )


def markdown(report: Report) -> str:
    """The same tables for a README or an issue; pictures are left out."""
    parts = [f"# {_md(report.title)}", _md(report.line)]
    parts += [f"> **{_md(banner)}**" for banner in report.banners]
    for section in report.sections:
        parts.append(f"## {_md(section.title)}")
        parts += [_md(section.answer)] if section.answer else []
        parts += ["\n".join(f"- {_md(note)}" for note in section.notes)] if section.notes else []
        for table in section.tables:
            parts += [f"**{_md(table.caption)}**", _markdown_table(table)]
        parts += [_md(paragraph) for paragraph in section.details]
        parts += [_NO_TEXTS] if section.explorer else []
    return "\n\n".join(parts) + "\n"


def csv_text(report: Report) -> str:
    """All tables in long form: one line per entry, unrounded, scores in [0, 1]."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_CSV_COLUMNS)
    for section, table, row, column, cell in _cells(report):
        numbers = ("" if x is None else x for x in (cell.value, cell.low, cell.high, cell.n))
        words = (section.id, table.id, row, column.group, column.title, cell.text)
        writer.writerow([*map(no_formula, words), *map(no_formula, numbers)])
    return out.getvalue()


def json_text(report: Report) -> str:
    """Everything but the pictures, unrounded."""
    return json.dumps(_plain(report), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


FORMATS: dict[str, Callable[[Report], str]] = {
    "html": html,
    "md": markdown,
    "csv": csv_text,
    "json": json_text,
    "latex": latex.tables,
    "txt": terminal.text,
}


def save_figures(chosen: Iterable[Figure], folder: Path, width: float | None = None) -> list[Path]:
    """Write pictures as PDF and PNG into a folder.

    Args:
        chosen: some of the `figures` of a report.
        folder: made if it does not exist.
        width: in inches, of a paper's column; None for that of the page.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    for figure in chosen:
        for name, draw in figure.panels.items():
            drawn = draw() if width is None else export.fitted(draw(), width)
            written += export.save(drawn, folder / _stem(figure, name))
    return written


def _file(name: str) -> str:
    return files("lm_eval_longsafety.report").joinpath(name).read_text(encoding="utf-8")


def _stem(figure: Figure, panel: str) -> str:
    """Name of a panel's files, and start of its ids on the page."""
    return f"{figure.id}-{panel}" if panel else figure.id


def _column_groups(columns: Iterable[Column]) -> list[tuple[str, list[Column]]]:
    return [(key, list(own)) for key, own in itertools.groupby(columns, key=lambda c: c.group)]


def _parts(cell: Cell) -> tuple[str, str]:
    """A score's value and its interval, as "45.0" and "[40.1, 50.0]"."""
    value, _, ends = cell.text.partition(" [")
    return value, f"[{ends}" if ends else ""


def _cells(report: Report) -> Iterable[tuple[Section, Table, str, Column, Cell]]:
    for section in report.sections:
        for table in section.tables:
            for row in table.rows:
                for column, cell in zip(table.columns[1:], row[1:], strict=True):
                    yield section, table, row[0].text, column, cell


def _markdown_table(table: Table) -> str:
    heads = [f"{c.group} · {c.title}" if c.group else c.title for c in table.columns]
    lines = [heads, ["---:" if column.numeric else "---" for column in table.columns]]
    rows = [[_md(cell.text) for cell in row] for row in table.rows]
    cells = [[_md(head) for head in lines[0]], lines[1], *rows]
    return "\n".join("| " + " | ".join(row) + " |" for row in cells)


def _md(text: str) -> str:
    """Text escaped so that Markdown shows it unchanged; HTML in it is not interpreted."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;")
    return _MARKDOWN.sub(r"\\\1", escaped)


def _plain(report: Report) -> dict[str, Any]:
    return {
        "title": report.title,
        "line": report.line,
        "banners": list(report.banners),
        "sections": [
            {
                "id": section.id,
                "title": section.title,
                "answer": section.answer,
                "notes": list(section.notes),
                "tables": [_plain_table(table) for table in section.tables],
            }
            for section in report.sections
        ],
    }


def _plain_table(table: Table) -> dict[str, Any]:
    return {
        "id": table.id,
        "caption": table.caption,
        "columns": [{"title": c.title, "group": c.group} for c in table.columns],
        "rows": [[asdict(cell) for cell in row] for row in table.rows],
    }
