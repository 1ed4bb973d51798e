"""Which models are base and tuned: named by the user, or by the models' own files."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from lm_eval_longsafety.analysis.models import models
from lm_eval_longsafety.analysis.tuned_pairs import detected, named
from lm_eval_longsafety.errors import OptionError
from tests.hand_made import run_of, scored


def made(*names, **changes):
    """Models of these names."""
    return models([replace(run_of(name, DocAttack=scored((0, 1))), **changes) for name in names])


def labels(pairs):
    return [(base.label, tuned.label) for base, tuned in pairs]


@pytest.mark.parametrize("pair", ["org/base=org/tuned", "base=tuned", " org/base = tuned "])
def test_a_pair_is_named_by_labels_names_or_their_last_parts(pair):
    assert labels(named([pair, pair], made("org/base", "org/tuned"))) == [("org/base", "org/tuned")]


def test_a_pair_is_named_by_folders_of_results(tmp_path):
    runs = [
        replace(
            run_of("/secret/models/x", DocAttack=scored((0, 1))),
            source=tmp_path / name / "x" / "results.json",
            file=f"{name}/x/results.json",
            revision=name,
        )
        for name in ("one", "two")
    ]
    found = models(runs)
    pairs = named([f"{tmp_path}/one={tmp_path / 'two'}"], found)
    assert pairs == [(found[0], found[1])]


def test_an_adapter_is_named_by_its_own_name():
    base = run_of("org/base", DocAttack=scored((0, 1)))
    tuned = replace(base, model_args={"peft": "…/out/adapter"})
    found = models([base, tuned])
    assert named(["base=adapter"], found) == [(found[0], found[1])]


@pytest.mark.parametrize(
    ("pair", "message"),
    [
        ("base", "--pair 'base': give two models as base=tuned"),
        ("=tuned", "give two models as base=tuned"),
        ("base=tunde", "no model 'tunde' .*did you mean tuned.*; there are org/base, org/tuned"),
        ("base=xyz", "no model 'xyz'; there are org/base, org/tuned"),
        ("tuned=org/tuned", "both are the model org/tuned"),
    ],
)
def test_a_pair_that_cannot_be_meant_is_refused_in_one_line(pair, message):
    with pytest.raises(OptionError, match=message) as caught:
        named([pair], made("org/base", "org/tuned"))
    assert "\n" not in str(caught.value)


def test_a_name_that_several_models_have_is_refused():
    with pytest.raises(OptionError, match="'m' may be a/m, b/m; give one of these names"):
        named(["m=c/m"], made("a/m", "b/m", "c/n"))


def test_models_that_name_no_base_give_no_pair(tmp_path):
    assert detected(made("org/base", "org/tuned", str(tmp_path), "x\0y", "y" * 5000)) == ([], [])


@pytest.mark.parametrize("argument", ["peft", "lora_local_path"])
def test_an_adapter_run_names_its_base(argument):
    base = run_of("org/base", DocAttack=scored((0, 1)))
    runs = [
        base,
        replace(base, model_args={argument: "…/a"}),
        run_of("org/c", DocAttack=base.samples),
    ]
    pairs, notes = detected(models(runs[:2]))
    assert labels(pairs) == [("org/base", "org/base (a)")]
    assert notes == []


FILES = {
    "adapter_config.json": json.dumps({"base_model_name_or_path": "org/base"}),
    "README.md": "---\nlicense: mit\nbase_model: org/base\n---\n# A model\n",
    "training_rows.json": json.dumps({"sha256": "0", "base_model": "org/base"}),
}


@pytest.mark.parametrize("name", FILES)
def test_a_local_model_names_its_base_in_its_files(tmp_path, name):
    tuned = tmp_path / "tuned"
    tuned.mkdir()
    (tuned / name).write_text(FILES[name])
    pairs, _ = detected(made("org/base", str(tuned), "org/other"))
    assert [(base.label, tuned.index) for base, tuned in pairs] == [("org/base", 1)]


def test_a_base_in_a_local_folder_is_the_same_by_whatever_path(tmp_path, monkeypatch):
    for name in ("base", "tuned"):
        (tmp_path / name).mkdir()
    card = "---\nbase_model:\n- ./base\n---\n"
    (tmp_path / "tuned" / "README.md").write_text(card)
    monkeypatch.chdir(tmp_path)
    pairs, _ = detected(made(str(tmp_path / "base"), "tuned"))
    assert [(base.index, tuned.index) for base, tuned in pairs] == [(0, 1)]


def test_damaged_cards_and_configs_name_nothing(tmp_path):
    (tmp_path / "adapter_config.json").write_text("{")
    (tmp_path / "README.md").write_bytes(b"---\nbase_model: [\n---\n\xff")
    (tmp_path / "training_rows.json").write_text('["org/base"]')
    assert detected(made("org/base", str(tmp_path))) == ([], [])


def test_a_card_without_a_header_names_nothing(tmp_path):
    (tmp_path / "README.md").write_text("base_model: org/base\n")
    assert detected(made("org/base", str(tmp_path)))[0] == []


def test_of_several_runs_of_the_base_none_is_chosen(tmp_path):
    (tmp_path / "README.md").write_text(FILES["README.md"])
    base = run_of("org/base", DocAttack=scored((0, 1)))
    runs = [
        base,
        replace(base, source=Path("b.json")),
        run_of(str(tmp_path), DocAttack=base.samples),
    ]
    pairs, notes = detected(models(runs))
    assert pairs == []
    (note,) = notes
    assert "its base may be org/base (" in note
    assert note.endswith("name one with --pair base=tuned.")
