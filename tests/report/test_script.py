"""The page's own script in a real browser: it sorts tables, filters documents, opens for print."""

import pytest

from lm_eval_longsafety.report import render
from lm_eval_longsafety.report.content import Cell, Column, Report, Section, Table, words
from lm_eval_longsafety.report.sections import build
from lm_eval_longsafety.results import read
from tests.report.test_explorer import DOC_ATTACK, rotated_line
from tests.report.test_page import SIZES, Visit, axe, looks
from tests.results_files import full_run, sample_line, task_name, write_run

NIAH = task_name("HarmfulNIAH")


def numbers(*values):
    """Cells that show every number as 50.0 but for their unrounded values."""
    return [Cell(text="n/a" if value is None else "50.0", value=value) for value in values]


@pytest.fixture(scope="module")
def sorted_page(tmp_path_factory):
    """A table with two rows of headings, equal shown numbers and a missing one."""
    plain = Table(
        id="plain",
        caption="Four models",
        columns=(words("Model"), Column(title="SR %"), words("Kind")),
        rows=tuple(
            (Cell(text=name), cell, Cell(text=kind))
            for name, cell, kind in zip(
                ("delta", "Alpha", "charlie", "bravo"),
                numbers(0.5001, 0.5003, None, 0.4999),
                ("y", "x", "y", "x"),
                strict=True,
            )
        ),
    )
    grouped = Table(
        id="grouped",
        caption="Two models",
        columns=(words("Task"), *(Column(title=t, group=g) for g in "ab" for t in ("SR", "HA"))),
        rows=(
            (Cell(text="one"), *numbers(0.1, 0.4, 0.2, 0.9)),
            (Cell(text="two"), *numbers(0.2, 0.3, 0.1, 0.8)),
            (Cell(text="three"), *numbers(0.3, 0.1, 0.3, 1e-7)),
        ),
    )
    section = Section(id="s", title="Tables", tables=(plain, grouped))
    path = tmp_path_factory.mktemp("sorted") / "report.html"
    page = Report(title="A report", line="A line", sections=(section,))
    path.write_text(render.html(page), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def explorer_page(tmp_path_factory):
    """Two models on three documents of DocAttack, the first one on a fourth of HarmfulNIAH."""
    folder = tmp_path_factory.mktemp("explored")
    first = {
        DOC_ATTACK: [sample_line(0, "B"), sample_line(1, "B"), sample_line(2, "C")],
        NIAH: [sample_line(0, "B", "HarmfulNIAH")],
        f"{DOC_ATTACK}_rotations": [rotated_line(["B", "C", "A", "A"])],
    }
    second = {DOC_ATTACK: [sample_line(0, "B"), sample_line(1, "", refused=1.0), sample_line(2)]}
    second[DOC_ATTACK][2] |= sample_line(2, "")
    write_run(folder / "a", first, model="org/a")
    write_run(folder / "b", second, model="org/b")
    path = folder / "report.html"
    page = render.html(build(read([folder], keep_text=True), show_text=True))
    path.write_text(page, encoding="utf-8")
    return path


def column(page, table, number):
    return page.locator(f"#{table} tbody tr > :nth-child({number})").all_inner_texts()


def button(page, table, name):
    return page.locator(f"#{table} th").get_by_role("button", name=name)


def test_a_click_sorts_by_the_unrounded_number_with_missing_ones_last(browser, sorted_page):
    with Visit(browser, sorted_page) as visit:
        page = visit.page
        head = button(page, "plain", "SR %")
        orders = []
        for _ in range(3):
            head.first.click()
            state = page.locator("#plain th:has(button)").nth(1).get_attribute("aria-sort")
            orders.append((state, column(page, "plain", 1)))
        assert orders == [
            ("descending", ["Alpha", "delta", "bravo", "charlie"]),
            ("ascending", ["bravo", "delta", "Alpha", "charlie"]),
            (None, ["delta", "Alpha", "charlie", "bravo"]),
        ]
        assert visit.console == []


def test_words_are_sorted_as_words_and_only_one_column_is_marked(browser, sorted_page):
    with Visit(browser, sorted_page) as visit:
        button(visit.page, "plain", "SR %").click()
        button(visit.page, "plain", "Model").click()
        assert column(visit.page, "plain", 1) == ["Alpha", "bravo", "charlie", "delta"]
        assert visit.page.locator("#plain [aria-sort]").all_inner_texts() == ["Model"]


def test_a_column_below_a_models_name_is_sorted_with_the_keyboard(browser, sorted_page):
    with Visit(browser, sorted_page) as visit:
        second_ha = button(visit.page, "grouped", "HA").nth(1)
        second_ha.focus()
        visit.page.keyboard.press("Enter")
        assert column(visit.page, "grouped", 1) == ["one", "two", "three"]
        visit.page.keyboard.press("Space")
        assert column(visit.page, "grouped", 1) == ["three", "two", "one"]
        # The models' names stand above several columns: they sort nothing.
        assert visit.page.locator("#grouped th.model button").count() == 0


def shown(page):
    """Ids of the documents that are visible once every task is open."""
    page.evaluate("document.querySelectorAll('.task').forEach(task => task.open = true)")
    ids = page.locator(".document:visible > summary").all_text_contents()
    return [each.split()[0] for each in ids]


def choose(page, **choices):
    page.get_by_role("button", name="Show all").click()
    for name, label in choices.items():
        page.locator(f"select[name={name}]").select_option(label=label)
    count = page.locator("output").inner_text()
    found = shown(page)
    assert count.split()[0] == str(len(found))
    return found


def test_filters_leave_the_documents_they_name(browser, explorer_page):
    with Visit(browser, explorer_page) as visit:
        page = visit.page
        everything = ["HarmfulNIAH-0", "DocAttack-0", "DocAttack-1", "DocAttack-2"]
        assert shown(page) == everything
        assert choose(page, safe="org/a", unsafe="org/b") == ["DocAttack-1"]
        assert choose(page, unsafe="org/a") == ["DocAttack-2"]
        # The second model's results lack HarmfulNIAH: that is no unsafe answer.
        assert choose(page, unsafe="org/b") == ["DocAttack-1", "DocAttack-2"]
        assert choose(page, task="HarmfulNIAH") == ["HarmfulNIAH-0"]
        replies = page.locator("select[name=reply] option").all_inner_texts()
        assert choose(page, reply=replies[1]) == ["DocAttack-1", "DocAttack-2"]
        assert choose(page, reply=replies[2]) == ["DocAttack-1"]
        assert choose(page, reply=replies[3]) == ["DocAttack-0"]
        assert choose(page, task="HarmfulNIAH", reply=replies[2]) == []
        assert choose(page) == everything
        assert visit.console == []


def test_a_filter_opens_the_tasks_with_documents_and_hides_the_others(browser, explorer_page):
    with Visit(browser, explorer_page) as visit:
        assert visit.page.locator(".task > summary").first.inner_text() == "HarmfulNIAH 1 document"
        assert visit.page.locator("output").inner_text() == "4 documents"
        assert visit.page.locator(".task[open]").count() == 0
        visit.page.locator("select[name=unsafe]").select_option(label="org/b")
        assert visit.page.locator(".task[open]").count() == 1
        assert (
            visit.page.locator(".task:visible > summary").inner_text()
            == "DocAttack 2 of 3 documents"
        )


def test_picks_are_readable_beside_their_choices(browser, explorer_page):
    with Visit(browser, explorer_page, "phone") as visit:
        shown(visit.page)
        document = visit.page.locator(".document", has_text="DocAttack-1")
        document.locator("> summary").click()
        safe = document.locator("li").last
        assert safe.inner_text().split("\n")[0] == "I would rather not say safe"
        assert safe.locator(".pick").inner_text() == "org/a B"
        assert document.locator("p.picks").inner_text() == "Refused: org/b"


def test_without_script_everything_is_there_and_no_control_is(browser, explorer_page):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(explorer_page.as_uri())
    assert page.locator("button:visible, select:visible").count() == 0
    page.locator(".task > summary").last.click()
    page.locator(".document:visible > summary").first.click()
    page.locator(".replies:visible > summary").click()
    assert page.locator("pre:visible").all_inner_texts() == ["B.", "B."]
    context.close()


def test_details_are_open_in_print_and_closed_afterwards(browser, explorer_page):
    with Visit(browser, explorer_page) as visit:
        outside = "document.querySelectorAll('details[open]:not(.explorer details)').length"
        inside = "document.querySelectorAll('.explorer details[open]').length"
        everything = "document.querySelectorAll('details:not(.explorer details)').length"
        visit.page.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert visit.page.evaluate(outside) == visit.page.evaluate(everything) > 0
        assert visit.page.evaluate(inside) == 0
        visit.page.evaluate("dispatchEvent(new Event('afterprint'))")
        assert visit.page.evaluate(outside) == 0


def test_no_other_script_can_run(browser, explorer_page, tmp_path):
    other = tmp_path / "other.html"
    page = explorer_page.read_text(encoding="utf-8")
    other.write_text(page.replace("</main>", "<script>document.title = 'x'</script></main>"))
    with Visit(browser, other) as visit:
        assert visit.page.title() == "Long-context safety report"
        assert "Content Security Policy" in visit.console[0]


@looks
def test_axe_finds_nothing_in_the_open_explorer(browser, explorer_page, size, scheme):
    with Visit(browser, explorer_page, size, scheme) as visit:
        visit.page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        found = axe.Axe().run(visit.page, context=".explorer").response["violations"]
        assert [f"{fault['id']}: {fault['nodes'][0]['html'][:200]}" for fault in found] == []
        assert visit.console == []
        width = visit.page.evaluate("document.documentElement.scrollWidth")
        assert width <= SIZES[size][0]


def test_a_full_run_of_documents_is_filtered_at_once(browser, tmp_path):
    write_run(tmp_path, full_run(n=120))
    path = tmp_path / "report.html"
    page = render.html(build(read([tmp_path], keep_text=True), show_text=True))
    path.write_text(page, encoding="utf-8")
    with Visit(browser, path) as visit:
        visit.page.locator("select[name=safe]").select_option(index=1)
        assert visit.page.locator("output").inner_text() == "300 of 1,200 documents"
