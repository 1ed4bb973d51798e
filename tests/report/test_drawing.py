"""The palette: eight models that can be told apart in light, dark and by colour-blind eyes."""

import itertools
import re
from importlib.resources import files

import numpy as np
import pytest

from lm_eval_longsafety.report import drawing

# Machado, Oliveira, Fernandes (IEEE TVCG 2009), severity 1, for linear RGB.
EYES = {
    "usual": np.eye(3),
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
               [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
               [-0.011820, 0.042940, 0.968881]],
    "tritan": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
               [0.004733, 0.691367, 0.303900]],
}  # fmt: skip
TO_LMS = [[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566],
          [0.0883024619, 0.2817188376, 0.6299787005]]  # fmt: skip
TO_LAB = [[0.2104542553, 0.7936177850, -0.0040720468], [1.9779984951, -2.4285922050, 0.4505937099],
          [0.0259040371, 0.7827717662, -0.8086757660]]  # fmt: skip
CSS = files("lm_eval_longsafety.report").joinpath("page.css").read_text(encoding="utf-8")
LIGHT, DARK = CSS.split("@media (prefers-color-scheme: dark)")


def linear(color):
    parts = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def contrast(first, second):
    light, dark = sorted(linear(c) @ [0.2126, 0.7152, 0.0722] for c in (first, second))[::-1]
    return (light + 0.05) / (dark + 0.05)


def oklab(color, eye):
    seen = np.clip(np.asarray(EYES[eye]) @ linear(color), 0, 1)
    return np.asarray(TO_LAB) @ np.cbrt(np.asarray(TO_LMS) @ seen)


def variables(css):
    return dict(re.findall(r"--([\w-]+): (#\w{6});", css.partition("}")[0]))


def series(css):
    found = variables(css)
    return [found[f"series-{number}"] for number in range(8)]


@pytest.mark.parametrize("css", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("eye", EYES)
def test_eight_models_differ_for_every_eye(css, eye):
    seen = [oklab(color, eye) for color in series(css)]
    # 0.02 is a difference that is just visible side by side.
    assert min(np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2)) > 0.1


@pytest.mark.parametrize("css", [LIGHT, DARK], ids=["light", "dark"])
def test_every_colour_of_a_model_and_every_text_is_readable_on_the_page(css):
    paper = variables(css)["paper"]
    shown = [*series(css), *(variables(css)[name] for name in ("ink", "muted", "link"))]
    assert min(contrast(color, paper) for color in shown) >= 4.5


def test_pictures_use_the_page_s_light_colours():
    assert list(drawing.SERIES) == series(LIGHT)
    found = variables(LIGHT)
    assert (drawing.INK, drawing.MUTED, drawing.PAPER) == tuple(
        found[name] for name in ("ink", "muted", "paper")
    )


@pytest.mark.parametrize("share", [0, 0.2, 0.4, 0.5, 0.6, 0.8, 1])
def test_numbers_in_a_heat_map_are_readable(share):
    _, ax = drawing.panel(1.5)
    drawing.fields(ax, ["a"], ["b"], {(0, 0): share})
    (field,), (number,) = ax.collections, ax.texts
    color = "#" + "".join(f"{round(255 * part):02x}" for part in field.get_facecolor()[0][:3])
    assert contrast(number.get_color(), color) >= 4.5
