"""`longsafety compare`: compare runs document by document."""

from pathlib import Path
from typing import Annotated

import typer

Paths = Annotated[
    list[Path],
    typer.Argument(help="Two or more runs: folders or files with samples; the first is the base."),
]
Output = Annotated[
    Path | None, typer.Option("--output", "-o", help="File to write; default: print it.")
]
Format = Annotated[
    str | None,
    typer.Option("--format", help="html, md, csv or json; default: by the file's ending, else md."),
]


def compare(paths: Paths, output: Output = None, format_: Format = None) -> None:
    """Show which runs differ significantly, by task and overall, and on which documents."""
    from lm_eval_longsafety.cli.shared import REPORT, chosen_format
    from lm_eval_longsafety.errors import OptionError, need

    need("report", REPORT)
    from lm_eval_longsafety import files
    from lm_eval_longsafety.analysis.comparison import compare_all, rankings
    from lm_eval_longsafety.analysis.models import subjects
    from lm_eval_longsafety.report.compare_page import page
    from lm_eval_longsafety.report.render import FORMATS
    from lm_eval_longsafety.results import read

    chosen = chosen_format(format_, output, "md")
    if output is not None:
        files.check_place(output)
    found = read(paths)
    sampled = [s for s in subjects(found.runs) if s.samples and s.variant == ""]
    for note in (*found.notes, *(note for s in sampled for note in s.run.notes)):
        typer.echo(f"note: {note}", err=True)
    if len(sampled) < 2:
        names = ", ".join(subject.label for subject in sampled) or "none"
        raise OptionError(
            f"two runs with LongSafetyBench samples are needed, found {len(sampled)} ({names}); "
            "run lm-eval with --log_samples"
        )
    rendered = FORMATS[chosen](page(sampled, compare_all(sampled), rankings(sampled)))
    if output is None:
        typer.echo(rendered, nl=False)
    else:
        files.write_text(output, rendered)
