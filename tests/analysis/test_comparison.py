"""Comparing runs: pairs by document, refuses other data, ranks with ties."""

import json
from pathlib import Path

import pytest

from lm_eval_longsafety.analysis.comparison import compare, compare_all, rank, rankings
from lm_eval_longsafety.analysis.models import models, subjects
from lm_eval_longsafety.errors import OptionError, ResultsError
from lm_eval_longsafety.results import load
from tests.report_cli import longsafety
from tests.results_files import (
    STAMP,
    document,
    full_run,
    picks,
    sample_line,
    subject_of,
    task_name,
    write_run,
)

FIXTURES = Path(__file__).parents[1] / "fixtures" / "results"
DOC_ATTACK = task_name("DocAttack")


def test_a_difference_is_paired_by_document_and_worked_out_by_hand(tmp_path):
    first = subject_of(tmp_path / "a", picks("CCBB"))
    second = subject_of(tmp_path / "b", picks("BBBC"), "org/b")
    result = compare(first, second)
    (task,) = [t for t in result.tasks if t.metric == "sr"]
    # SR by document: 0 0 1 1 against 1 1 1 0
    assert (task.difference.value, task.difference.n) == (0.25, 4)
    assert (task.gained, task.lost) == (("DocAttack-0", "DocAttack-1"), ("DocAttack-3",))
    assert task.difference.p == pytest.approx(1.0)
    assert result.overall["sr"].value == 0.25


def test_the_order_of_lines_does_not_matter(tmp_path):
    lines = picks("CCBB")
    first = subject_of(tmp_path / "a", lines)
    second = subject_of(tmp_path / "b", {DOC_ATTACK: lines[DOC_ATTACK][::-1]}, "org/b")
    assert compare(first, second).overall["sr"].gained == 0


def test_p_values_are_corrected_over_the_tasks(tmp_path):
    better = full_run("B", 8)
    worse = full_run("B", 8)
    name = task_name("DocAttack")
    worse[name] = [sample_line(i, "C") for i in range(8)]
    result = compare(subject_of(tmp_path / "a", worse), subject_of(tmp_path / "b", better, "b/b"))
    by_split = {t.split: t for t in result.tasks if t.metric == "sr"}
    # All eight of one task gained: 2/2^8, times ten tasks; the rest did not change.
    assert by_split["DocAttack"].difference.p == pytest.approx(0.0078125)
    assert by_split["DocAttack"].p_holm == pytest.approx(0.078125)
    assert by_split["MedicalQuiz"].p_holm == 1.0


def test_runs_on_other_data_are_refused_by_fingerprint(tmp_path):
    first = subject_of(tmp_path / "a", picks("BB"))
    data = document(picks("BB"), model="org/b")
    data["configs"][DOC_ATTACK]["metadata"]["provenance"]["data_sha256"] = "0" * 64
    (tmp_path / "b").mkdir()
    path = write_run(tmp_path / "b", picks("BB"))
    path.write_text(json.dumps(data))
    (second,) = subjects(load([tmp_path / "b"]))
    with pytest.raises(ResultsError, match="different data: DocAttack has fingerprints"):
        compare(first, second)


def test_runs_on_other_contexts_are_refused_even_without_fingerprints(tmp_path):
    changed = {DOC_ATTACK: [sample_line(0, doc={"context_sha256": "1" * 64})]}
    write_run(tmp_path / "a", picks("B")).unlink()
    write_run(tmp_path / "b", changed).unlink()
    first, second = (subjects(load([tmp_path / x]))[0] for x in "ab")
    with pytest.raises(ResultsError, match="document 'DocAttack-0' of DocAttack has another"):
        compare(first, second)


def test_runs_that_share_no_document_are_refused(tmp_path):
    first = subject_of(tmp_path / "a", picks("B"))
    other = {task_name("MedicalQuiz"): [sample_line(0, "B", "MedicalQuiz")]}
    with pytest.raises(ResultsError, match="share no sampled document"):
        compare(first, subject_of(tmp_path / "b", other, "org/b"))


def test_documents_of_one_run_only_are_left_out_with_a_note(tmp_path):
    first = subject_of(tmp_path / "a", picks("BBBB"))
    second = subject_of(tmp_path / "b", picks("BB"), "org/b")
    result = compare(first, second)
    assert result.overall["sr"].n == 2
    assert "DocAttack: 2 of 4 documents are in both runs." in result.left_out


def test_other_protocols_are_compared_and_flagged(tmp_path):
    first = subject_of(tmp_path / "a", full_run("BD"))
    second = subject_of(tmp_path / "b", full_run("BD", suffix="_logits"), "org/b")
    result = compare(first, second)
    assert result.overall["sr"].value == 0.0
    assert any("protocol differs" in note for note in result.made_differently)


def test_models_that_do_not_differ_significantly_share_a_rank_and_others_do_not(tmp_path):
    good = subject_of(tmp_path / "a", full_run("B", 8), "org/good")
    near = subject_of(tmp_path / "b", full_run("BBBBBBBC", 8), "org/near")
    poor = subject_of(tmp_path / "c", full_run("C", 8), "org/poor")
    near_task = full_run("B", 8)
    near_task[DOC_ATTACK][0] = sample_line(0, "C")
    tied = subject_of(tmp_path / "d", near_task, "org/tied")
    places = {entry.subject.label: entry.rank for entry in rank([poor, near, good, tied])}
    # One document is not significant (p = 1); ten of eighty in one direction are: p = 2/2^10 x 6.
    assert places == {"org/good": 1, "org/tied": 1, "org/near": 3, "org/poor": 4}


def test_who_is_better_is_seen_on_shared_documents_not_on_each_ones_own(tmp_path):
    # On the eight documents of both A scores 0 and B 1 (p = 2/2^8); over its own A has 32 of 40
    # and B 8 of 29.
    lines = {i: sample_line(i, "C" if i < 8 else "B") for i in range(40)}
    first = subject_of(tmp_path / "a", {DOC_ATTACK: list(lines.values())}, "org/a")
    others = {i: sample_line(i, "B" if i < 8 else "C") for i in (*range(8), *range(40, 61))}
    second = subject_of(tmp_path / "b", {DOC_ATTACK: list(others.values())}, "org/b")
    places = {entry.subject.label: entry.rank for entry in rank([first, second])}
    assert places == {"org/a": 2, "org/b": 1}


def test_runs_of_other_tasks_are_compared_on_what_they_share_but_not_ranked(tmp_path):
    # A has two of three documents of one task right; B has that task whole and nothing of the rest.
    write_run(tmp_path / "a", picks("BBC"), model="org/a")
    lines = full_run("C", 3) | picks("BBB")
    write_run(tmp_path / "b", lines, model="org/b")
    found = models(load([tmp_path]))
    assert rankings(found) == []
    (pair,) = compare_all(found)
    assert pair.overall["sr"].value == pytest.approx(1 / 3)
    shown = longsafety("compare", tmp_path).output
    assert "## Ranks" not in shown
    assert "org/a: no other run has scores and samples of the same tasks" in shown


def test_two_runs_without_a_shared_task_do_not_stop_the_others(tmp_path):
    medical = {task_name("MedicalQuiz"): [sample_line(i, "B", "MedicalQuiz") for i in range(3)]}
    write_run(tmp_path / "a", medical, model="org/a")
    for name in "bc":
        write_run(tmp_path / name, picks("BBC"), model=f"org/{name}")
    found = models(load([tmp_path]))
    pairs = compare_all(found)
    assert [(p.first.label, p.second.label) for p in pairs] == [("org/b", "org/c")]
    (ranking,) = rankings(found)
    assert [entry.subject.label for entry in ranking] == ["org/b", "org/c"]
    shown = longsafety("compare", tmp_path)
    assert shown.exit_code == 0, shown.output
    assert "org/a: no document in common with any other run" in shown.output
    assert "Ranks by overall SR [95 % interval], generate, DocAttack" in shown.output


def test_runs_that_share_nothing_at_all_are_refused_by_the_command(tmp_path):
    write_run(tmp_path / "a", picks("B"), model="org/a")
    other = {task_name("MedicalQuiz"): [sample_line(0, "B", "MedicalQuiz")]}
    write_run(tmp_path / "b", other, model="org/b")
    result = longsafety("compare", tmp_path)
    assert isinstance(result.exception, ResultsError)
    assert "org/a and org/b share no sampled document" in str(result.exception)


@pytest.mark.parametrize("format_", ["md", "html", "csv", "json"])
@pytest.mark.parametrize("command", ["compare", "report"])
def test_every_output_names_the_results_file_of_each_run_and_no_folder_of_the_machine(
    tmp_path, command, format_
):
    for name in "ab":
        write_run(tmp_path / f"run{name}", picks("BBC"), model=f"/data/{name}/final/hf")
    shown = longsafety(command, tmp_path, "--format", format_).output
    for name in "ab":
        assert f"final/hf ({name})" in shown
        assert f"run{name}/results_{STAMP}.json" in shown
    assert str(tmp_path) not in shown


def test_the_command_compares_real_runs_in_every_format(tmp_path):
    shown = longsafety("compare", FIXTURES)
    assert shown.exit_code == 0, shown.output
    assert "models/demo-model-1 minus models/demo-model-0" in shown.output
    assert "| Mean over tasks |" in shown.output
    for ending in ("html", "csv", "json"):
        path = tmp_path / f"c.{ending}"
        assert longsafety("compare", FIXTURES, "-o", path).exit_code == 0
        assert path.stat().st_size > 1000


def test_ranks_of_random_models_are_shared():
    # Three models with random weights: all at chance.
    assert {entry.rank for entry in rank(subjects(load([FIXTURES])))} == {1}


def test_one_run_alone_cannot_be_compared():
    result = longsafety("compare", FIXTURES / "demo-model-0.parquet")
    assert isinstance(result.exception, OptionError)
    assert "found 1" in str(result.exception)


def test_a_run_without_a_score_has_no_rank(tmp_path):
    scored = subject_of(tmp_path / "a", picks("CCBB"))
    data = {DOC_ATTACK: picks("CCBB")[DOC_ATTACK], task_name("MedicalQuiz"): []}
    data[task_name("MedicalQuiz")] = [sample_line(0, "B", "MedicalQuiz")]
    write_run(tmp_path / "b", data, model="org/b")
    for path in (tmp_path / "b").glob("samples_longsafety_medical_quiz*"):
        path.unlink()
    (results,) = (tmp_path / "b").glob("results_*.json")
    text = json.loads(results.read_text())
    text["results"][task_name("MedicalQuiz")]["sr,letter"] = "N/A"
    results.write_text(json.dumps(text))
    (unscored,) = subjects(load([tmp_path / "b"]))
    assert [entry.subject.label for entry in rank([scored, unscored])] == [scored.label]


def three_models(folder):
    """One task of eight documents: A has 8, B 7 and C 0 of them right."""
    letters = {"a": "B" * 8, "b": "C" + "B" * 7, "c": "C" * 8}
    for name, own in letters.items():
        write_run(folder / name, picks(own), model=f"org/{name}")
    return models(load([folder]))


def test_all_pairs_are_compared_and_corrected_over_all_pairs(tmp_path):
    pairs = compare_all(three_models(tmp_path))
    found = {(p.first.label[-1], p.second.label[-1]): p for p in pairs}
    assert list(found) == [("a", "b"), ("a", "c"), ("b", "c")]
    # Randomisation, all changes in one direction: 1, 8 and 7 documents, 2/2^n.
    p = {pair: each.overall["sr"].p for pair, each in found.items()}
    assert p == pytest.approx({("a", "b"): 1.0, ("a", "c"): 2 / 256, ("b", "c"): 2 / 128})
    # Holm over three pairs: 3 x 2/256, 2 x 2/128, 1 x 1.
    holm = {pair: each.p_holm["sr"] for pair, each in found.items()}
    assert holm == pytest.approx({("a", "b"): 1.0, ("a", "c"): 6 / 256, ("b", "c"): 4 / 128})
    assert found["b", "c"].overall["sr"].value == -7 / 8


def test_ranks_follow_the_corrected_p_values_of_the_pairs(tmp_path):
    found = three_models(tmp_path)
    (ranking,) = rankings(found)
    assert [(entry.subject.label[-1], entry.rank) for entry in ranking] == [
        ("a", 1),
        ("b", 1),
        ("c", 3),
    ]


def both_protocols(letter):
    return full_run(letter, 2) | full_run(letter, 2, suffix="_logits")


def test_models_with_both_protocols_are_compared_under_each_one(tmp_path):
    for name, letter in {"a": "B", "b": "C"}.items():
        write_run(tmp_path / name, both_protocols(letter), model=f"org/{name}")
    pairs = compare_all(models(load([tmp_path])))
    assert [pair.protocols for pair in pairs] == [("generate",), ("logits",)]
    # Each protocol is corrected by itself: one pair, so nothing changes.
    for pair in pairs:
        assert pair.p_holm == {metric: pair.overall[metric].p for metric in ("sr", "ha")}


def test_protocols_are_mixed_only_where_two_runs_share_none(tmp_path):
    write_run(tmp_path / "a", both_protocols("B"), model="org/a")
    write_run(tmp_path / "b", full_run("B", 2), model="org/b")
    write_run(tmp_path / "c", full_run("C", 2, suffix="_logits"), model="org/c")
    pairs = compare_all(models(load([tmp_path])))
    shown = [(p.first.run.model[-1], p.second.run.model[-1], p.protocols) for p in pairs]
    assert shown == [
        ("a", "b", ("generate",)),
        ("a", "c", ("logits",)),
        ("b", "c", ("generate", "logits")),
    ]


def test_one_model_alone_is_compared_across_its_protocols(tmp_path):
    write_run(tmp_path / "a", both_protocols("B"), model="org/a")
    (pair,) = compare_all(models(load([tmp_path])))
    assert pair.protocols == ("generate", "logits")


def test_runs_of_two_protocols_are_not_ranked_together(tmp_path):
    write_run(tmp_path / "a", full_run("B", 2), model="org/a")
    write_run(tmp_path / "b", full_run("C", 2, suffix="_logits"), model="org/b")
    assert rankings(models(load([tmp_path]))) == []
