"""The four formats: nothing of a results file may run, load or break out of its place."""

import base64
import csv
import hashlib
import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from lm_eval_longsafety.report import render
from lm_eval_longsafety.report.sections import build
from lm_eval_longsafety.results import read
from tests.results_files import STAMP, document, full_run, write_lines

SCRIPT = (Path(render.__file__).parent / "page.js").read_text(encoding="utf-8")
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=http://evil.invalid/x.png onerror=alert(1)>',
    "{{ 7*7 }}{% raw %}",
    "$\\frac{1}{$ </text></svg><script>alert(2)</script>",
    "javascript:alert(1)",
    "a\x00b\x1b[31m\u202egnp.exe",
    "=HYPERLINK(\"http://evil.invalid\")",
    "| x | ![y](http://evil.invalid/y.png) `z` </style>",
    "é" * 3000,
    "../../../etc/passwd",
    "模型 🤖 \ud83d",
)  # fmt: skip


def hostile_files(folder, text):
    """A run with the string in every text field that reaches a report."""
    lines = full_run("BDAC", 4)
    for own in lines.values():
        for line in own:
            line["doc"]["id"] += text
            line["doc"]["question"] = text
            line["doc"]["choices"] = [text] * 4
            line["resps"] = [[text]]
            line["doc"]["context_sha256"] = line["prompt_hash"] = text
            line["metrics"].append(text)
            line[text] = 1.0
    extra = {
        text: {f"{text},{text}": 0.5, f"{text}_stderr,{text}": text},
        "arc": {"acc,none": 0.5, "alias": text},
    }
    data = document(lines, model=text, extra=extra, lm_eval_version=text, git_hash=text)
    data["config"] |= {key: text for key in ("model", "model_dtype", "model_revision", "model_sha")}
    data["chat_template_sha"] = text
    data["group_subtasks"] = {text: [text]}
    data["versions"] = dict.fromkeys(data["results"], text)
    for name in lines:
        provenance = data["configs"][name]["metadata"]["provenance"]
        for key in ("data", "revision", "data_sha256", "option_order", "over_length"):
            provenance[key] = text
    folder.mkdir()
    (folder / f"results_{STAMP}.json").write_text(json.dumps(data))
    for name, own in lines.items():
        write_lines(folder / f"samples_{name}_{STAMP}.jsonl", own)
    return folder


class Seen(HTMLParser):
    """Tags and attributes as a browser would find them."""

    def __init__(self):
        super().__init__()
        self.tags, self.attributes = set(), []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += attrs


@pytest.fixture(scope="module", params=HOSTILE, ids=range(len(HOSTILE)))
def hostile(request, tmp_path_factory):
    folder = hostile_files(tmp_path_factory.mktemp("hostile") / "run", request.param)
    return build(read([folder], keep_text=True), show_text=True)


def test_no_text_of_a_results_file_becomes_markup(hostile):
    seen = Seen()
    page = render.html(hostile)
    own = page[page.index("<script>") : page.index("</script>")]
    assert own == "<script>" + SCRIPT
    page = page.replace(own + "</script>", "")
    seen.feed(page)
    assert not seen.tags & {"script", "img", "iframe", "object", "embed", "form", "input", "base"}
    for name, value in seen.attributes:
        assert not name.startswith("on")
        if name in ("href", "xlink:href", "src"):
            assert value.startswith("#") or value == "data:,"
    assert "url(http" not in page.replace("w3.org", "")
    assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", page)
    assert "\u202e" not in page
    page.encode()


def test_markdown_keeps_its_tables(hostile):
    text = render.markdown(hostile)
    assert "<script" not in text
    assert "![y](" not in text
    for block in re.findall(r"(?:^\|.*\n)+", text, flags=re.MULTILINE):
        widths = {len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}
        assert len(widths) == 1


def test_csv_holds_no_formula(hostile):
    rows = list(csv.reader(io.StringIO(render.csv_text(hostile))))
    assert {len(row) for row in rows} == {10}
    for row in rows:
        assert not any(cell.startswith(("=", "@", "+")) for cell in row)


def test_json_is_strict_and_whole(hostile):
    data = json.loads(render.json_text(hostile), parse_constant=pytest.fail)
    assert [section["id"] for section in data["sections"]][0] == "verdict"


def test_pictures_survive_formulas_and_letters_their_font_lacks(tmp_path):
    folder = hostile_files(tmp_path / "run", HOSTILE[3][:12] + HOSTILE[-1])
    report = build(read([folder]))
    assert render.save_figures(render.figures(report), tmp_path / "figures")


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plain")
    (folder / "r.json").write_text(json.dumps(document(full_run())))
    for name, lines in full_run().items():
        write_lines(folder / f"{name}.jsonl", lines)
    return build(read([folder]))


def test_the_page_forbids_loading_and_all_scripts_but_its_own_by_policy(plain):
    page = render.html(plain)
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)[1]
    digest = base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()
    assert policy.split("; ")[:2] == ["default-src 'none'", f"script-src 'sha256-{digest}'"]


def test_the_pages_script_is_short_loads_nothing_and_builds_no_markup():
    assert len(SCRIPT.splitlines()) < 150
    for word in ("eval", "Function(", "innerHTML", "fetch", "import", "http", "</", "<!--"):
        assert word not in SCRIPT


def test_ids_on_the_page_are_unique(plain):
    ids = re.findall(r'\bid="([^"]+)"', render.html(plain))
    assert len(ids) == len(set(ids))


def test_no_document_text_reaches_the_page_by_default(plain):
    page = render.html(plain)
    for text in ("stolen bicycle", "Who took the bicycle", "rather not say"):
        assert text not in page


def test_csv_holds_unrounded_numbers_and_counts(plain):
    rows = list(csv.DictReader(io.StringIO(render.csv_text(plain))))
    (row,) = [
        row
        for row in rows
        if row["table"] == "per-task" and row["row"] == "DocAttack" and row["column"] == "SR %"
    ]
    assert (float(row["value"]), row["n"]) == (0.25, "8")
    # Wilson of 2/8
    assert (float(row["low"]), float(row["high"])) == pytest.approx((0.07150, 0.59072), abs=1e-4)


def test_every_picture_stands_beside_a_table_with_its_numbers(plain):
    for section in plain.sections:
        assert not section.figures or section.tables


def test_markdown_has_every_table(plain):
    text = render.markdown(plain)
    for section in plain.sections:
        for table in section.tables:
            assert text.count("| " + table.columns[0].title) >= 1
