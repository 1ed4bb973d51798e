"""The report's sections on the controls, from records made by hand."""

from pathlib import Path

from lm_eval_longsafety.analysis.models import subjects
from lm_eval_longsafety.report import controls
from lm_eval_longsafety.results import Run, Sample


def sample(task, number, sr, ha=None, picks=("A",), split="DocAttack"):
    return Sample(
        task=task,
        split=split,
        id=f"row-{number}",
        picks=tuple(picks),
        letters=tuple("ABCD"),
        sr=float(sr),
        ha=float(sr if ha is None else ha),
        answered=1.0,
        refused=0.0,
        truncated=0.0,
        context_sha256=f"context-{number}",
    )


def run(model="m", **samples):
    return Run(source=Path("results.json"), model=model, samples=samples)


def cells(table, row):
    return [cell.text for cell in table.rows[row]]


def test_lengths_and_depths_become_a_map_and_a_curve():
    samples = {
        f"longsafety_doc_attack_length_{n}_{d}": tuple(sample("x", i, i < safe) for i in range(4))
        for (n, d), safe in {(8192, "0"): 4, (8192, "0.5"): 2, (32768, "0"): 1}.items()
    }
    section = controls.length_rows(subjects([run(**samples)]))
    (table,) = section.tables
    assert [column.title for column in table.columns[1:]] == ["8,192", "32,768"]
    assert [(row[0].text, row[1].value, row[2].value) for row in table.rows] == [
        ("m, depth 0", 1.0, 0.25),
        ("m, depth 0.5", 0.5, None),
    ]
    for figure in section.figures:
        assert all(draw().axes for draw in figure.panels.values())


def test_the_setup_table_names_one_length_of_a_run():
    names = [f"longsafety_doc_attack_length_{n}_0" for n in (1, 2, 3)]
    found = subjects([run(longsafety_doc_attack=(sample("x", 1, 0),), **{n: () for n in names})])
    kept = [subject.variant for subject in controls.one_length_each(found)]
    assert kept == ["", "length_1_0"]
