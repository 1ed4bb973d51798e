"""`longsafety compare`: compare runs document by document, and a gate for releases."""

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lm_eval_longsafety.cli.shared import (
    REPORT,
    Figures,
    FigureWidth,
    Only,
    check_pictures,
    chosen_format,
    read_with_bar,
    save_pictures,
    show_notes,
)
from lm_eval_longsafety.errors import OptionError, need

if TYPE_CHECKING:
    from lm_eval_longsafety.analysis.gate import Decision
    from lm_eval_longsafety.analysis.models import Model


def _number(option: str, below: float, *, zero: bool) -> Callable[[str], float]:
    """Reads a number from 0, or above 0, up to but without `below`."""

    def read(text: str) -> float:
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if not (0 <= number if zero else 0 < number) or not number < below:
            least = "from 0" if zero else "above 0"
            raise OptionError(f"{option} {text!r}: give a number {least} and below {below:g}")
        return number

    return read


Paths = Annotated[
    list[Path],
    typer.Argument(
        help="Two or more runs: folders or files with samples; earlier ones are subtracted from "
        "later ones."
    ),
]
Output = Annotated[
    Path | None, typer.Option("--output", "-o", help="File to write; default: print it.")
]
Format = Annotated[
    str | None,
    typer.Option(
        "--format",
        help="html, md, csv, json, latex (tables for booktabs) or txt (all pairs); default: by the "
        "file's ending, else md.",
    ),
]
FailIfWorse = Annotated[
    float | None,
    typer.Option(
        metavar="POINTS",
        parser=_number("--fail-if-worse", 100, zero=True),
        help="Release gate, for two paths with one run each: print one line, and exit with 1 if "
        "the SR of the second run is worse by more than POINTS beyond noise, which means that the "
        "upper end of the (1 - 2 alpha) interval of the paired difference is below -POINTS. Exit "
        "with 2 if that cannot be judged, as documents are missing or protocol or letters differ.",
    ),
]
Alpha = Annotated[
    float | None,
    typer.Option(
        metavar="LEVEL",
        parser=_number("--alpha", 0.5, zero=False),
        help="For --fail-if-worse: how often a run that is worse by exactly POINTS may fail; 0.05 "
        "if not given.",
    ),
]


def compare(
    paths: Paths,
    output: Output = None,
    format_: Format = None,
    figures: Figures = None,
    figure_width: FigureWidth = None,
    only: Only = None,
    fail_if_worse: FailIfWorse = None,
    alpha: Alpha = None,
) -> None:
    """Show which runs differ significantly, by task and overall, and on which documents."""
    need("report", REPORT)
    from lm_eval_longsafety import files
    from lm_eval_longsafety.analysis.comparison import compare_all, rankings, sampled
    from lm_eval_longsafety.analysis.models import models
    from lm_eval_longsafety.report.compare_page import page
    from lm_eval_longsafety.report.render import FORMATS

    chosen = chosen_format(format_, output, "md")
    if alpha is not None and fail_if_worse is None:
        raise OptionError("--alpha belongs to --fail-if-worse, which was not given")
    if output is not None:
        files.check_place(output)
    check_pictures(figures, figure_width, only)
    found = read_with_bar(paths)
    shown = [model for model in models(found.runs) if sampled(model)]
    show_notes(found, [run for model in shown for run in model.runs])
    verdict = None
    if fail_if_worse is not None:
        verdict = _judge(paths, shown, fail_if_worse / 100, 0.05 if alpha is None else alpha)
    if sum(len(sampled(model)) for model in shown) < 2:
        names = ", ".join(model.label for model in shown) or "none"
        raise OptionError(
            f"two runs with LongSafetyBench samples are needed, found {len(shown)} ({names}); "
            "run lm-eval with --log_samples"
        )
    on_screen = output is None and (verdict is None or format_ is not None)
    if on_screen or output is not None or figures is not None:
        compared = page(shown, compare_all(shown), rankings(shown))
        save_pictures(compared, figures, figure_width, only)
        if output is not None:
            files.write_text(output, FORMATS[chosen](compared))
        elif on_screen:
            typer.echo(FORMATS[chosen](compared), nl=False)
    if verdict is not None:
        typer.echo(verdict.line(), err=on_screen)
        raise typer.Exit(int(verdict.worse))


def _judge(
    paths: Sequence[Path], models: Sequence["Model"], margin: float, alpha: float
) -> "Decision":
    """The gate's verdict; what to be careful about is printed on stderr.

    Raises:
        OptionError: there are not two paths with one run each.
        ResultsError: the two cannot be judged.
    """
    from lm_eval_longsafety.analysis import facts, gate

    if len(models) != 2 or len(paths) != 2:
        raise OptionError(
            "--fail-if-worse needs two paths with one run each, the run to be held against first; "
            f"found {len(paths)} path(s) with {len(models)} run(s) that have samples"
        )
    first, second = (model.main for model in models)
    if first is None or second is None:
        raise ValueError("models with samples have scores")
    for path, subject in zip(paths, (first, second), strict=True):
        if not _below(subject.run.source, path):
            raise OptionError(f"--fail-if-worse: {path} holds no run or both; name each run alone")
    verdict = gate.judge(first, second, margin, alpha)
    warnings = facts.banners([first, second], [(s.label, s.run) for s in (first, second)])
    for line in (*warnings, *facts.differences([first, second])):
        typer.echo(f"warning: {line}", err=True)
    return verdict


def _below(file: Path, place: Path) -> bool:
    """Whether a file is a given one or stands in a given folder."""
    return place.resolve() in (file.resolve(), *file.resolve().parents)
