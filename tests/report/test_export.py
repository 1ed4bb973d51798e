"""Pictures for a paper: as wide as one or two columns, letters of 7 points or more, all inside."""

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from lm_eval_longsafety.analysis.comparison import compare_all, rankings
from lm_eval_longsafety.analysis.models import models
from lm_eval_longsafety.report import drawing, export, render
from lm_eval_longsafety.report.compare_page import page
from lm_eval_longsafety.report.sections import build
from lm_eval_longsafety.results import load, read
from tests.results_files import full_run, write_run

NAMES = ("org/short", "an-organisation/a-model-whose-name-is-rather-long-8B-thinking", "o/M$_x$")


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """Every panel of a report and of a comparison, by name; drawn anew at each call."""
    folder = tmp_path_factory.mktemp("sizes")
    for number, model in enumerate(NAMES):
        write_run(folder / f"{number}", full_run("BBDAC"[number:], 8), model=model)
    found = models(load([folder]))
    reports = (build(read([folder])), page(found, compare_all(found), rankings(found)))
    return {
        (figure.id, name): draw
        for report in reports
        for figure in render.figures(report)
        for name, draw in figure.panels.items()
    }


def edges(figure):
    """The outermost pixels at the left and the right."""
    figure.set_dpi(200)
    canvas = FigureCanvasAgg(figure)
    with drawing.style():
        canvas.draw()
    pixels = np.asarray(canvas.buffer_rgba())[..., :3]
    return pixels[:, [0, -1]].reshape(-1, 3)


@pytest.mark.parametrize("width", export.COLUMNS.values())
def test_pictures_are_as_wide_as_asked_with_legible_letters_inside(pictures, width):
    for name, draw in pictures.items():
        figure = export.fitted(draw(), width)
        assert figure.get_figwidth() == width
        assert min(text.get_fontsize() for text in figure.findobj(Text)) >= 7, name
        # Nothing is cut off: only paper at the edges.
        assert {tuple(pixel) for pixel in edges(figure)} == {(254, 254, 254)}, name


def test_one_column_takes_other_line_breaks_than_two(pictures):
    draw = pictures["verdict", ""]
    titles = [
        export.fitted(draw(), width).axes[0].get_xlabel() for width in export.COLUMNS.values()
    ]
    assert titles == [
        "percent of documents, mean over\ntasks",
        "percent of documents, mean over tasks",
    ]


def test_pdf_and_png_have_the_size(pictures, tmp_path):
    figure = export.fitted(pictures["verdict", ""](), 3.3)
    pdf, png = export.save(figure, tmp_path / "verdict")
    # 72 points and 200 pixels an inch.
    assert b"/MediaBox [ 0 0 237.6 " in pdf.read_bytes()
    assert int.from_bytes(png.read_bytes()[16:20]) == 660
