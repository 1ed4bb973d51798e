"""LaTeX tables: every name stays text, tables are whole, and a TeX engine takes them."""

import re
import shutil
import subprocess

import pytest

from lm_eval_longsafety.analysis.comparison import compare_all, rankings
from lm_eval_longsafety.analysis.models import models
from lm_eval_longsafety.report.compare_page import page
from lm_eval_longsafety.report.latex import escaped, tables
from lm_eval_longsafety.report.sections import build
from lm_eval_longsafety.results import load, read
from tests.report.test_render import HOSTILE, hostile_files
from tests.results_files import full_run, write_run

NAMES = (
    *HOSTILE[:-1],
    "\\input{/etc/passwd}\\write18{ls}",
    "[1]*{x}&y%z#_^~$",
    "--''``,,?`!`<<>>",
    "\\end{tabular}",
)


def reports(folder):
    """The report on two runs, and their comparison."""
    found = models(load([folder]))
    yield build(read([folder]))
    yield page(found, compare_all(found), rankings(found))


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    folder = tmp_path_factory.mktemp("two")
    for name, picks in {"a_1": "BDAC", "b&c": "BBAC"}.items():
        write_run(folder / name[0], full_run(picks, 8), model=f"org/{name}")
    return [tables(report) for report in reports(folder)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a_b & 5 %", r"a\_b \& 5 \%"),
        ("\\frac{1}{$x$}", r"\textbackslash{}frac\{1\}\{\$x\$\}"),
        ("#1 ^ ~", r"\#1 \textasciicircum{} \textasciitilde{}"),
        ("a-b--c---d", "a-b-{}-c-{}-{}-d"),
        ("[x] [y]", "{}[x] [y]"),
        ("*", "{}*"),
        ("−1.2 … · \ufffd", r"$-$1.2 \ldots{} \textperiodcentered{} ?"),
        ("模型", "模型"),
    ],
)
def test_every_letter_is_shown_as_it_is(text, expected):
    assert escaped(text) == expected


def test_scores_and_comparison_have_tables_with_captions_and_labels(two):
    report, comparison = two
    assert r"\label{tab:overall}" in report
    assert r"org/a\_1" in report
    for label in ("pair-table", "rank-table", "pair-1"):
        assert rf"\label{{tab:{label}}}" in comparison
    assert r"& \multicolumn{3}{c}{SR} & \multicolumn{3}{c}{HA} &" in comparison
    assert r"\cmidrule(lr){3-5}\cmidrule(lr){6-8}" in comparison
    assert "Results file" not in comparison


def test_a_number_stands_before_its_interval(two):
    # Wilson of 2/8 joined over ten tasks: tests/report/test_report.py.
    assert r"25.0 {\scriptsize [19.4, 35.8]}" in two[0]
    # B against C of org/a_1 on 2 of 8 documents of each task, and nothing else.
    assert r"+25.0 {\scriptsize [" in two[1]


def test_the_first_line_names_the_packages(two):
    for text in two:
        assert text.splitlines()[0].startswith(r"% Needs \usepackage{booktabs,graphicx}")


def test_captions_hold_the_method_and_what_must_be_read_first(two):
    captions = re.findall(r"\\caption\{(.*)\}", two[1])
    assert "run on the embedded sample data" in captions[0]
    assert "paired randomisation test" in captions[0]
    assert not any("embedded sample data" in caption for caption in captions[1:])


def braces(text):
    plain = re.sub(r"\\[\\{}]", "", text)
    return plain.count("{"), plain.count("}")


@pytest.fixture(scope="module", params=NAMES, ids=range(len(NAMES)))
def hostile(request, tmp_path_factory):
    """The same text in every field of two runs, in LaTeX."""
    folder = tmp_path_factory.mktemp("hostile")
    hostile_files(folder / "run", request.param)
    write_run(folder / "plain", full_run("BDAC", 4), model="org/plain")
    return tables(build(read([folder])))


def test_tables_of_hostile_names_are_whole(hostile):
    assert len(set(braces(hostile))) == 1
    for line in hostile.splitlines():
        opened, closed = braces(line)
        assert opened == closed or line.startswith((r"\resizebox", r"\end{tabular}"))
    shown = r"(?<!\\)[#%&_^~$]|\\(?:input|write|end\{tabular\}[^}])"
    rows = re.findall(r"(?<=\\midrule\n).*?(?=\n\\bottomrule)", hostile, flags=re.S)
    for row in "\n".join(rows).splitlines():
        assert row.endswith(r" \\")
        assert not set(re.findall(shown, row.replace("$-$", ""))) - {"&"}
        assert not row.startswith(("[", "*"))
    for table in re.findall(r"\\begin\{tabular\}\{(\w+)\}(.*?)\\end\{tabular\}", hostile, re.S):
        body = table[1].partition(r"\midrule")[2]
        for row in re.findall(r"^.*\\\\$", body, flags=re.M):
            assert len(re.findall(r"(?<!\\)&", row)) == len(table[0]) - 1


def compiled(folder, text):
    """What pdflatex printed, and its exit code; no shell, no other files."""
    document = "\\documentclass{article}\n\\usepackage{booktabs,graphicx}\n\\begin{document}\n"
    (folder / "t.tex").write_text(f"{document}{text}\\end{{document}}\n", encoding="utf-8")
    command = ["pdflatex", "-no-shell-escape", "-interaction=nonstopmode", "-halt-on-error", "t"]
    return subprocess.run(command, cwd=folder, capture_output=True, check=False)


engine = pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs pdflatex")


@engine
def test_pdflatex_takes_the_tables(two, tmp_path):
    done = compiled(tmp_path, "".join(two))
    assert done.returncode == 0, done.stdout[-2000:]


@engine
def test_pdflatex_takes_hostile_names(hostile, tmp_path):
    done = compiled(tmp_path, hostile)
    assert done.returncode == 0, done.stdout[-2000:]
    assert b"Misplaced" not in done.stdout


@engine
def test_pdflatex_takes_the_tables_of_eight_models(tmp_path):
    for n in range(8):
        picks = "C" * n + "B" * (8 - n)
        write_run(tmp_path / f"run{n}", full_run(picks, 8), model=f"org/{n}")
    for report in reports(tmp_path):
        done = compiled(tmp_path, tables(report))
        assert done.returncode == 0, done.stdout[-2000:]
