"""The page in a real browser: headless Chromium, desktop and phone, light and dark.

Uses any Chromium or Chrome found on the machine (CHROMIUM names another); skipped, with the reason,
where there is none.
"""

import os
import shutil
from pathlib import Path

import pytest

from lm_eval_longsafety.report import render
from lm_eval_longsafety.report.sections import build
from lm_eval_longsafety.results import read
from tests.report.test_render import HOSTILE, hostile_files
from tests.results_files import full_run, write_run

playwright = pytest.importorskip(
    "playwright.sync_api", reason="the browser tests need playwright: pip install -e .[dev]"
)
axe = pytest.importorskip(
    "axe_playwright_python.sync_playwright", reason="the browser tests need axe-playwright-python"
)

FIXTURES = Path(__file__).parent.parent / "fixtures" / "results"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
SIZES = {"desktop": (1280, 900), "phone": (390, 844)}
PAPER = {"A4": 695, "Letter": 718}
"""Width in CSS pixels that the page's margins leave."""


def find_chromium():
    """The browser's path, or None."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


@pytest.fixture(scope="module")
def browser():
    path = find_chromium()
    if path is None:
        pytest.skip("no Chromium found; install one or set CHROMIUM to its path")
    with playwright.sync_playwright() as driver:
        # Containers run as root, where Chromium's sandbox cannot start.
        running = driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture(scope="module")
def real_page(tmp_path_factory):
    """Three real runs of the demo model and a fourth with other tasks, for every section."""
    folder = tmp_path_factory.mktemp("runs")
    extra = {"arc_challenge": {"acc,none": 0.4, "acc_stderr,none": 0.01}}
    write_run(folder, full_run("BDA ", 8), extra=extra)
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(render.html(build(read([FIXTURES, folder]))), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def eight_page(tmp_path_factory):
    """Eight models with all tasks, letter orders, no context, lengths and capability."""
    folder = tmp_path_factory.mktemp("eight")
    variants = ("", "_logits", "_rotations", "_no_context", "_length_0004096_0.50")
    answers = ("B", "BBBD", "BBDA", "BDAC", "BDA ", "BAAC", "DAAC", "A  C")
    for number, picks in enumerate(answers):
        lines = {}
        for place, suffix in enumerate(variants):
            lines |= full_run(picks[place:] + picks[:place], 8, suffix=suffix)
        extra = {
            "mmlu": {"acc,none": 0.3 + number / 20, "acc_stderr,none": 0.01},
            "toxigen": {"acc,none": 0.5, "acc_stderr,none": 0.02},
        }
        model = f"some-laboratory/Model-{number}-14B-Instruct-2507"
        write_run(folder / str(number), lines, model=model, extra=extra, date=float(number))
    path = folder / "report.html"
    path.write_text(render.html(build(read([folder]))), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def hostile_page(tmp_path_factory):
    """Five hostile runs on one page, with their texts."""
    folder = tmp_path_factory.mktemp("hostile")
    for number, text in enumerate(HOSTILE[:5]):
        hostile_files(folder / str(number), text)
    found = read([folder], keep_text=True)
    path = folder / "report.html"
    path.write_text(render.html(build(found, show_text=True)), encoding="utf-8")
    return path


PICTURES = """
[...document.querySelectorAll('svg')].map(svg => {
  const box = svg.getBoundingClientRect(), texts = [...svg.querySelectorAll('text')];
  const scale = box.width / svg.viewBox.baseVal.width;
  return {
    right: box.right,
    smallest: Math.min(...texts.map(text => parseFloat(getComputedStyle(text).fontSize) * scale)),
    outside: texts.filter(text => {
      const own = text.getBoundingClientRect();
      return own.left < box.left - 1 || own.right > box.right + 1;
    }).map(text => text.textContent),
  };
})
"""


class Visit:
    """An opened page, with everything it said or asked for."""

    def __init__(self, browser, path, size="desktop", scheme="light"):
        width, height = SIZES[size]
        self.context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme
        )
        self.page = self.context.new_page()
        self.console, self.requests, self.dialogs = [], [], []
        self.page.on("console", lambda message: self.console.append(message.text))
        self.page.on("pageerror", lambda error: self.console.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("dialog", lambda dialog: self.dialogs.append(dialog.message))
        self.page.goto(path.as_uri())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.context.close()


looks = pytest.mark.parametrize(
    ("size", "scheme"), [(size, scheme) for size in SIZES for scheme in ("light", "dark")]
)


@looks
def test_the_page_is_silent_loads_nothing_and_fits_the_window(browser, real_page, size, scheme):
    with Visit(browser, real_page, size, scheme) as visit:
        assert visit.console == []
        assert visit.requests == [real_page.as_uri()]
        width = visit.page.evaluate("document.documentElement.scrollWidth")
        assert width <= SIZES[size][0]


@looks
def test_axe_finds_no_serious_fault(browser, real_page, size, scheme):
    with Visit(browser, real_page, size, scheme) as visit:
        visit.page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        found = axe.Axe().run(visit.page).response["violations"]
        faults = [
            f"{fault['id']}: {fault['nodes'][0]['html'][:200]}"
            for fault in found
            if fault["impact"] in ("serious", "critical")
        ]
        assert faults == []


def test_every_section_and_picture_is_there(browser, real_page):
    with Visit(browser, real_page) as visit:
        headings = visit.page.locator("h2").all_inner_texts()
        assert headings[0] == "Verdict"
        assert "Safety beside capability" in headings
        pictures = visit.page.locator("svg")
        # Headline, tasks and groups for SR and HA, then of four models: gap, length, two maps each,
        # letters.
        assert pictures.count() == 1 + 2 * 2 + 4 + 1 + 2 * 4 + 1
        for box in (pictures.nth(i).bounding_box() for i in range(pictures.count())):
            assert box["width"] > 300
            assert box["height"] > 100


@pytest.mark.parametrize("size", SIZES)
def test_pictures_are_wholly_visible_and_their_letters_legible(browser, real_page, size):
    with Visit(browser, real_page, size) as visit:
        pictures = visit.page.evaluate(PICTURES)
        assert pictures
        for picture in pictures:
            assert picture["right"] <= SIZES[size][0]
            assert picture["outside"] == []
            # 9 points at 360 pixels less the page's margins; more where the window is wider.
            assert picture["smallest"] > 8


def test_panels_stand_beside_each_other_where_there_is_room(browser, real_page):
    for size, beside in (("desktop", True), ("phone", False)):
        with Visit(browser, real_page, size) as visit:
            panels = visit.page.locator(".panels:has(#tasks-sr-figure_1) svg")
            first, second = (panels.nth(i).bounding_box() for i in range(2))
            assert (first["y"] == second["y"]) is beside


def test_lines_between_rows_move_with_the_column_that_sticks(browser, real_page):
    with Visit(browser, real_page, "phone") as visit:
        style = "getComputedStyle(document.querySelector('{}')).{}"
        # Chromium leaves collapsed borders behind.
        assert visit.page.evaluate(style.format("table", "borderCollapse")) == "separate"
        for heading in ("tbody th", "thead th"):
            assert visit.page.evaluate(style.format(heading, "position")) == "sticky"
        assert visit.page.evaluate(style.format("tbody th", "borderBottomWidth")) == "1px"


def test_dark_and_light_differ_and_text_can_be_read_in_both(browser, real_page):
    colours = []
    for scheme in ("light", "dark"):
        with Visit(browser, real_page, scheme=scheme) as visit:
            script = "getComputedStyle(document.body).{}"
            colours.append([visit.page.evaluate(script.format(x)) for x in ("color", "background")])
            label = visit.page.locator("svg text").first
            assert label.evaluate("e => getComputedStyle(e).fill") == colours[-1][0]
    assert colours[0] != colours[1]


@looks
def test_hostile_names_and_replies_stay_text(browser, hostile_page, size, scheme):
    with Visit(browser, hostile_page, size, scheme) as visit:
        visit.page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        assert visit.dialogs == []
        assert visit.console == []
        assert visit.requests == [hostile_page.as_uri()]
        assert visit.page.locator("script, img, iframe").count() == 0
        width = visit.page.evaluate("document.documentElement.scrollWidth")
        assert width <= SIZES[size][0]


OPEN = "document.querySelectorAll('details').forEach(d => d.open = true)"
WIDE = """
[...document.querySelectorAll('.scroll')]
  .filter(box => box.scrollWidth > box.clientWidth)
  .map(box => box.querySelector('table').id)
"""
BEYOND = """
limit => [...document.querySelectorAll('table, svg, p')]
  .filter(part => part.getBoundingClientRect().right > limit + 1)
  .map(part => part.id || part.textContent.slice(0, 60))
"""


def test_no_table_of_eight_models_is_clipped_on_a_desktop(browser, eight_page):
    with Visit(browser, eight_page) as visit:
        visit.page.evaluate(OPEN)
        assert visit.page.evaluate(WIDE) == []


@pytest.mark.parametrize("size", SIZES)
def test_pictures_of_eight_models_are_wholly_visible_and_legible(browser, eight_page, size):
    with Visit(browser, eight_page, size) as visit:
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= SIZES[size][0]
        for picture in visit.page.evaluate(PICTURES):
            assert picture["right"] <= SIZES[size][0]
            assert picture["outside"] == []
            assert picture["smallest"] > 8


@pytest.mark.parametrize("size", SIZES)
def test_the_verdict_stands_on_the_first_screen(browser, eight_page, size):
    with Visit(browser, eight_page, size) as visit:
        table = visit.page.locator("#overall")
        rows = table.locator("tbody tr")
        assert rows.count() == 8
        seen = rows.last if size == "desktop" else rows.first
        box = seen.bounding_box()
        assert box["y"] + box["height"] <= SIZES[size][1]


@pytest.mark.parametrize("paper", PAPER)
def test_nothing_is_cut_off_on_paper_and_details_are_open(browser, eight_page, paper):
    with Visit(browser, eight_page) as visit:
        visit.page.set_viewport_size({"width": PAPER[paper], "height": 1000})
        visit.page.emulate_media(media="print")
        assert visit.page.evaluate(BEYOND, PAPER[paper]) == []
        folded = visit.page.locator("details table").first
        assert folded.bounding_box()["height"] > 50


def test_the_page_prints_with_its_tables_and_pictures(browser, real_page, tmp_path):
    with Visit(browser, real_page) as visit:
        target = tmp_path / "report.pdf"
        visit.page.pdf(path=target, format="A4")
        assert target.stat().st_size > 20_000
