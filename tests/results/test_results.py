"""Reading what lm-eval wrote: every shape since 0.3, damaged files, samples put to their runs."""

import json
import math
import os

import pytest

from lm_eval_longsafety.benchmark import parse_task_name
from lm_eval_longsafety.errors import ResultsError
from lm_eval_longsafety.results import load, read
from lm_eval_longsafety.results.summary import parse_json
from tests.results_files import (
    STAMP,
    document,
    full_run,
    sample_line,
    task_name,
    write_lines,
    write_run,
)

DOC_ATTACK = task_name("DocAttack")


def write_json(path, data):
    path.write_text(json.dumps(data), encoding="utf-8")
    return path


def load_one(path):
    (run,) = load([path])
    return run


def test_a_run_of_today_is_read_whole(tmp_path):
    run = load_one(write_run(tmp_path, full_run()).parent)
    assert (run.model, run.backend, run.lm_eval_version) == ("org/model-one", "hf", "0.4.13")
    assert (run.dtype, run.max_length, run.duration_s) == ("torch.bfloat16", 32000, 61.5)
    assert run.date.isoformat() == "2026-11-01T10:00:00+00:00"
    assert run.seeds == {
        "random_seed": 0,
        "numpy_seed": 1234,
        "torch_seed": 1234,
        "fewshot_seed": 1234,
    }
    assert len(run.tasks) == len(run.samples) == 10
    assert run.tasks[DOC_ATTACK].provenance.data_sha256 == "f" * 64
    assert run.tasks[DOC_ATTACK].metric("sr").value == 0.25
    assert not run.limited
    assert run.notes == ()


def test_a_sample_keeps_scores_and_letters_and_no_text(tmp_path):
    sample = load_one(write_run(tmp_path, full_run()).parent).samples[DOC_ATTACK][1]
    # The second document picks D, which is choice 2 of 0-3: aware, not the safe one.
    assert (sample.picks, sample.choice, sample.ha, sample.sr) == (("D",), 2, 1.0, 0.0)
    assert (sample.split, sample.id, sample.prompt_tokens) == ("DocAttack", "DocAttack-1", 1001)
    assert sample.text is None


def test_texts_are_kept_on_request_only(tmp_path):
    write_run(tmp_path, {DOC_ATTACK: [sample_line()]})
    (run,) = read([tmp_path], keep_text=True).runs
    assert run.samples[DOC_ATTACK][0].text.replies == ("B.",)


def test_logits_samples_give_the_most_probable_letter(tmp_path):
    name = task_name("DocAttack", "_logits")
    write_run(tmp_path, {name: [sample_line(pick="D", logits=True)]})
    run = load_one(tmp_path)
    assert run.samples[name][0].picks == ("D",)
    assert run.longsafety()[name].protocol == "logits"


def test_nan_log_probabilities_are_no_answer(tmp_path):
    name = task_name("DocAttack", "_logits")
    line = sample_line(logits=True)
    line["resps"][0][0][0] = "nan"
    write_run(tmp_path, {name: [line]})
    assert load_one(tmp_path).samples[name][0].picks == ("",)


def test_lm_eval_0_3_has_no_filters_and_hardly_any_facts(tmp_path):
    run = load_one(
        write_json(
            tmp_path / "any name.json",
            {
                "results": {"toxigen": {"acc": 0.43, "acc_stderr": 0.02, "em": 0}},
                "versions": {"toxigen": 0},
                "config": {"model": "gpt2", "model_args": "pretrained=a/b,use=True", "limit": None},
            },
        )
    )
    acc, em = run.tasks["toxigen"].metrics
    assert (acc.name, acc.filter, acc.value, acc.stderr) == ("acc", "", 0.43, 0.02)
    assert (em.value, em.stderr) == (0.0, None)
    assert (run.model, run.date, run.lm_eval_version) == ("a/b", None, None)


def test_groups_placeholders_and_words_instead_of_numbers(tmp_path):
    run = load_one(
        write_json(
            tmp_path / "r.json",
            {
                "results": {
                    "family": {" ": " ", "alias": "family"},
                    "mean": {"acc,none": 0.5, "acc_stderr,none": "N/A", "alias": "mean"},
                    "leaf": {"acc,none": 0.5, "f1,none": "N/A", "alias": " - leaf"},
                },
                "groups": {"mean": {"acc,none": 0.5}},
                "group_subtasks": {"mean": ["leaf"], "leaf": []},
                "configs": {"leaf": {"task": "leaf"}},
                "n-samples": {"leaf": {"original": 20, "effective": 5}},
            },
        )
    )
    assert list(run.tasks) == ["mean", "leaf"]
    assert run.tasks["mean"].is_group
    assert run.tasks["mean"].subtasks == ("leaf",)
    assert run.tasks["mean"].metrics[0].stderr is None
    leaf = run.tasks["leaf"]
    assert (leaf.alias, leaf.is_group, leaf.value("f1")) == ("leaf", False, None)
    assert run.limited


def test_bare_nan_and_infinity_are_missing_numbers_not_zero(tmp_path):
    path = tmp_path / "r.json"
    path.write_text(
        '{"results": {"t": {"mae,none": Infinity, "mae_stderr,none": NaN, "acc,none": NaN}},'
        ' "configs": {"t": {}}}'
    )
    mae, acc = load_one(path).tasks["t"].metrics
    assert (mae.value, mae.stderr, acc.value) == (None, None, None)


def test_a_limit_larger_than_the_task_limits_nothing(tmp_path):
    data = document({DOC_ATTACK: [sample_line()]})
    data["config"]["limit"] = 1000.0
    assert not load_one(write_json(tmp_path / "r.json", data)).limited


def test_a_limit_without_counts_counts_as_limited(tmp_path):
    data = document({DOC_ATTACK: [sample_line()]})
    data["config"]["limit"] = 10
    del data["n-samples"]
    assert load_one(write_json(tmp_path / "r.json", data)).limited


def test_a_dump_of_simple_evaluate_embeds_its_samples(tmp_path):
    lines = [sample_line(i, "B") for i in range(3)]
    data = document({DOC_ATTACK: lines})
    for key in ("model_name", "model_source", "date"):
        del data[key]
    data["config"]["model_args"] = None
    data["samples"] = {DOC_ATTACK: lines}
    run = load_one(write_json(tmp_path / "dump.json", data))
    assert run.model == "unknown"
    assert len(run.samples[DOC_ATTACK]) == 3


def test_secrets_in_model_arguments_are_dropped(tmp_path):
    args = "base_url=https://me:pw@host/v1,api_key=xyz,token=abc,tokenizer=a/b"
    data = document({DOC_ATTACK: [sample_line()]})
    data["config"]["model_args"] = args
    run = load_one(write_json(tmp_path / "r.json", data))
    assert run.model_args == {"base_url": "https://host/v1", "tokenizer": "a/b"}
    assert "xyz" not in json.dumps(run.summary)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "the file is empty"),
        ('{"results": {"a": {"acc', "not valid JSON"),
        ("[1, 2]", "found list"),
        ('{"weights": 1}', r"found \['weights'\]"),
        ('{"results": [], "config": {}}', "no 'results' of lm-eval"),
        ("\x00\x01\x02", "not valid JSON"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_a_named_file_that_is_not_lm_evals_is_refused_with_the_reason(tmp_path, content, message):
    path = tmp_path / "results_x.json"
    path.write_text(content)
    with pytest.raises(ResultsError, match=message) as caught:
        load([path])
    assert str(path) in str(caught.value)


def test_lighteval_files_are_refused_by_name(tmp_path):
    row = {"acc": 0.5, "acc_stderr": 0.1}
    data = {"config_general": {"model_name": "a/b"}, "results": {"all": row}, "versions": {}}
    path = write_json(tmp_path / "results_2026.json", data)
    with pytest.raises(ResultsError, match="written by lighteval"):
        load([path])
    write_run(tmp_path / "run", {DOC_ATTACK: [sample_line()]})
    found = read([tmp_path])
    assert len(found.runs) == 1
    assert any("lighteval" in note for note in found.notes)


def test_other_standard_errors_are_no_metrics(tmp_path):
    row = {"acc,none": 0.5, "acc_stderr,none": 0.1, "acc_stderr_clt,none": 0.1}
    row["acc_stderr_clustered,none"] = 0.2
    run = load_one(write_json(tmp_path / "r.json", {"results": {"t": row}, "configs": {"t": {}}}))
    assert [metric.name for metric in run.tasks["t"].metrics] == ["acc"]


def test_0_3_names_the_model_of_an_api_engine(tmp_path):
    config = {"model": "gpt3", "model_args": "engine=davinci"}
    data = {"results": {"t": {"acc": 0.5}}, "versions": {"t": 0}, "config": config}
    assert load_one(write_json(tmp_path / "r.json", data)).model == "davinci"


def test_a_key_with_two_values_is_refused_and_with_one_value_twice_is_not(tmp_path):
    text = json.dumps(document({DOC_ATTACK: [sample_line(0, "B")]}))
    path = tmp_path / "r.json"
    path.write_text(text.replace('"sr,letter": 1.0', '"sr,letter": 1.0, "sr,letter": 0.0'))
    with pytest.raises(ResultsError, match="key 'sr,letter' occurs twice with different values"):
        load([path])
    path.write_text(text.replace('"sr,letter": 1.0', '"sr,letter": 1.0, "sr,letter": 1.0'))
    assert load_one(path).tasks[DOC_ATTACK].metric("sr").value == 1.0


@pytest.mark.parametrize("depth", [400, 900, 100_000])
def test_deep_nesting_costs_a_line_of_samples_or_refuses_a_results_file(tmp_path, depth):
    deep = "[" * depth + "NaN" + "]" * depth
    path = tmp_path / "samples.jsonl"
    line = json.dumps(sample_line(1)).replace('"DocAttack-1"', deep)
    path.write_text(json.dumps(sample_line(0)) + "\n" + line + "\n")
    assert sample_ids(load_one(path))[0] == "DocAttack-0"
    text = json.dumps(document({DOC_ATTACK: [sample_line()]})).replace('"sample"', deep)
    results = tmp_path / "r.json"
    results.write_text(text)
    if depth > 1000:
        with pytest.raises(ResultsError, match="nested too deeply"):
            load([results])


def sample_ids(run):
    return [sample.id for sample in run.samples[DOC_ATTACK]]


def test_bytes_that_are_no_text_are_refused(tmp_path):
    path = tmp_path / "r.json"
    path.write_bytes(b'{"results": "\xff\xfe"}')
    with pytest.raises(ResultsError, match="not valid JSON"):
        load([path])


def test_a_missing_path_and_an_empty_folder_are_refused(tmp_path):
    with pytest.raises(ResultsError, match="no such file or folder"):
        load([tmp_path / "nowhere"])
    with pytest.raises(ResultsError, match="no results of lm-eval found"):
        load([tmp_path])


def test_other_files_in_a_folder_are_skipped_with_a_note(tmp_path):
    write_run(tmp_path, {DOC_ATTACK: [sample_line()]})
    write_json(tmp_path / "tokenizer.json", {"model": 1})
    (tmp_path / "results_cut.json").write_text('{"results": {')
    (tmp_path / "table.parquet").write_bytes(b"PAR1 and nothing more")
    found = read([tmp_path])
    assert len(found.runs) == 1
    assert len(found.notes) == 3
    assert all("skipped" in note for note in found.notes)
    assert "1 file(s) that lm-eval did not write skipped: tokenizer.json" in found.notes


def test_samples_of_other_tasks_are_counted_not_read(tmp_path):
    line = sample_line()
    line["doc"] = {"question": "2 + 2?"}
    path = tmp_path / "samples_gsm8k.jsonl"
    write_lines(path, [line] * 4)
    with pytest.raises(ResultsError, match=r"1 sample file\(s\) of other tasks not read"):
        load([path])


def test_sample_files_of_other_tasks_are_one_note_however_many(tmp_path):
    write_run(tmp_path, {DOC_ATTACK: [sample_line()]})
    for number in range(12):
        write_lines(tmp_path / f"samples_mmlu_{number:02}.jsonl", [sample_line(doc={"task": "x"})])
    (note,) = read([tmp_path]).notes
    assert note.startswith("12 sample file(s) of other tasks not read")
    assert note.endswith("samples_mmlu_03.jsonl, samples_mmlu_04.jsonl and 7 more")


def test_thousands_of_unrelated_files_make_one_short_message(tmp_path):
    for number in range(2000):
        (tmp_path / f"config_{number:04}.json").write_text("{}")
    with pytest.raises(ResultsError, match="config_0004.json and 1,995 more") as caught:
        load([tmp_path])
    assert "2,000 file(s) that lm-eval did not write" in str(caught.value)
    assert len(str(caught.value)) < 500
    write_run(tmp_path / "run", {DOC_ATTACK: [sample_line()]})
    assert len(read([tmp_path]).notes) == 1


def test_damaged_files_are_named_one_by_one_but_only_five_in_an_error(tmp_path):
    for number in range(20):
        (tmp_path / f"results_{number:02}.json").write_text('{"results": {')
    with pytest.raises(ResultsError, match="and 15 more; give the folder"):
        load([tmp_path])


def test_a_folder_that_cannot_be_read_is_reported(tmp_path):
    write_run(tmp_path, {DOC_ATTACK: [sample_line()]})
    # Deeper than any path can say: unlike a missing permission this holds for root as well.
    name = "m" * 250
    place = os.open(tmp_path, os.O_RDONLY)
    for _ in range(17):
        os.mkdir(name, dir_fd=place)
        inner = os.open(name, os.O_RDONLY, dir_fd=place)
        os.close(place)
        place = inner
    os.close(place)
    (note,) = read([tmp_path]).notes
    assert "cannot be read (File name too long); runs in it are missing" in note
    assert note.startswith("mmm")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read all")
def test_folders_and_files_without_permission_are_reported(tmp_path):
    write_run(tmp_path / "good", {DOC_ATTACK: [sample_line()]})
    for name, mode in {"closed": 0o000, "listed": 0o444}.items():
        write_run(tmp_path / name, {DOC_ATTACK: [sample_line()]}, model=f"org/{name}")
        (tmp_path / name).chmod(mode)
    try:
        found = read([tmp_path])
        with pytest.raises(ResultsError, match="cannot be read"):
            read([tmp_path / "closed"])
    finally:
        for name in ("closed", "listed"):
            (tmp_path / name).chmod(0o700)
    assert len(found.runs) == 1
    assert any(note.startswith("closed: cannot be read") for note in found.notes)
    assert any("results_" in note and "cannot be read" in note for note in found.notes)


def test_a_broken_last_line_costs_that_line_and_is_noted(tmp_path):
    write_run(tmp_path, {DOC_ATTACK: [sample_line(i) for i in range(4)]})
    path = tmp_path / f"samples_{DOC_ATTACK}_{STAMP}.jsonl"
    path.write_text(path.read_text()[:-40])
    run = load_one(tmp_path)
    assert len(run.samples[DOC_ATTACK]) == 3
    assert any("1 damaged line(s), the first is line 4" in note for note in run.notes)


def test_a_sample_without_scores_is_a_damaged_line(tmp_path):
    bad = sample_line(1)
    del bad["sr"]
    write_run(tmp_path, {DOC_ATTACK: [sample_line(0), sample_line(2)]})
    write_lines(tmp_path / f"samples_{DOC_ATTACK}_{STAMP}.jsonl", [sample_line(0), bad])
    run = load_one(tmp_path)
    assert len(run.samples[DOC_ATTACK]) == 1
    assert any("damaged" in note for note in run.notes)


def test_a_line_that_stands_twice_counts_once_and_is_reported(tmp_path):
    write_lines(tmp_path / "samples.jsonl", [sample_line(0), sample_line(1), sample_line(0)])
    run = load_one(tmp_path)
    assert len(run.samples[DOC_ATTACK]) == 2
    assert any("1 line(s) repeat a document exactly" in note for note in run.notes)


@pytest.mark.parametrize("again", [sample_line(0, "C"), sample_line(0, "C") | {"doc_id": 7}])
def test_one_document_with_two_outcomes_is_refused_not_decided(tmp_path, again):
    path = tmp_path / "samples.jsonl"
    write_lines(path, [sample_line(0, "B"), sample_line(1), again])
    with pytest.raises(ResultsError, match="'DocAttack-0' occurs more than once") as caught:
        load([path])
    assert "lines of several runs" in str(caught.value)
    write_run(tmp_path / "run", {DOC_ATTACK: [sample_line()]})
    found = read([tmp_path])
    assert len(found.runs) == 1
    assert any("more than once" in note and str(tmp_path) not in note for note in found.notes)


def test_lines_of_several_tasks_in_one_file_are_refused_not_mixed(tmp_path):
    path = tmp_path / "all.jsonl"
    write_lines(path, [sample_line(0), sample_line(0, split="MedicalQuiz")])
    with pytest.raises(ResultsError, match="lines of several tasks"):
        load([path])


def test_of_several_filters_the_letter_counts(tmp_path):
    other = sample_line(0, "C") | {"filter": "other"}
    write_lines(tmp_path / "samples.jsonl", [other, sample_line(0, "B")])
    (sample,) = load_one(tmp_path).samples[DOC_ATTACK]
    assert sample.picks == ("B",)


def test_samples_without_results_make_a_run_that_says_so(tmp_path):
    write_lines(tmp_path / "renamed.jsonl", [sample_line(i) for i in range(2)])
    run = load_one(tmp_path / "renamed.jsonl")
    assert run.model.startswith("unknown")
    assert len(run.samples[DOC_ATTACK]) == 2
    assert any("without their results file" in note for note in run.notes)


def test_an_empty_samples_file_is_no_documents(tmp_path):
    write_run(tmp_path, {DOC_ATTACK: [sample_line()]})
    (tmp_path / "samples_empty.jsonl").write_text("")
    assert any("no documents" in note for note in read([tmp_path]).notes)


def test_renamed_files_find_their_run_by_content(tmp_path):
    good = [sample_line(i, "B") for i in range(4)]
    poor = [sample_line(i, "C") for i in range(4)]
    write_json(tmp_path / "one.json", document({DOC_ATTACK: good}, model="org/good"))
    write_json(tmp_path / "two.json", document({DOC_ATTACK: poor}, model="org/poor", date=1.0))
    write_lines(tmp_path / "x.jsonl", poor)
    write_lines(tmp_path / "y.jsonl", good)
    by_model = {run.model: run for run in load([tmp_path])}
    assert by_model["org/good"].samples[DOC_ATTACK][0].sr == 1.0
    assert by_model["org/poor"].samples[DOC_ATTACK][0].sr == 0.0


def test_renamed_samples_of_two_models_are_two_runs_not_one(tmp_path):
    write_lines(tmp_path / "good.jsonl", [sample_line(i, "B") for i in range(10)])
    write_lines(tmp_path / "poor.jsonl", [sample_line(i, "C") for i in range(10)])
    runs = load([tmp_path])
    assert [run.model for run in runs] == ["unknown (good.jsonl)", "unknown (poor.jsonl)"]
    for run, sr in zip(runs, (1.0, 0.0), strict=True):
        assert [sample.sr for sample in run.samples[DOC_ATTACK]] == [sr] * 10
        assert any("without their results file" in note for note in run.notes)


def test_renamed_samples_of_several_tasks_are_not_taken_for_one_model(tmp_path):
    write_lines(tmp_path / "a.jsonl", [sample_line(0)])
    write_lines(tmp_path / "b.jsonl", [sample_line(0, split="MedicalQuiz")])
    assert len(load([tmp_path])) == 2


def test_samples_with_other_scores_are_not_the_only_runs_own(tmp_path):
    # Another model read the same prompts: folder and hash say nothing about who answered.
    own = [sample_line(i, "B") for i in range(4)]
    write_json(tmp_path / "model.json", document({DOC_ATTACK: own}))
    write_lines(tmp_path / "x.jsonl", [sample_line(i, "C") for i in range(4)])
    first, second = load([tmp_path])
    assert (first.model, first.samples) == ("org/model-one", {})
    assert second.model == "unknown (x.jsonl)"


def test_two_files_that_fit_one_run_equally_well_are_not_used(tmp_path):
    own = [sample_line(0, "B"), sample_line(1, "C")]
    write_json(tmp_path / "model.json", document({DOC_ATTACK: own}))
    write_lines(tmp_path / "x.jsonl", own)
    write_lines(tmp_path / "y.jsonl", [sample_line(0, "C"), sample_line(1, "B")])
    (run,) = load([tmp_path])
    assert run.samples == {}
    assert sum("fit this run equally well; not used" in note for note in run.notes) == 2


def test_the_name_of_the_results_file_decides_between_equals(tmp_path):
    for model, picks in {"one": "BC", "one_b": "CB"}.items():
        lines = [sample_line(i, pick) for i, pick in enumerate(picks)]
        write_json(tmp_path / f"{model}.json", document({DOC_ATTACK: lines}, model=model))
        write_lines(tmp_path / f"{model}_doc_attack.jsonl", lines)
    by_model = {run.model: run for run in load([tmp_path])}
    assert [sample.sr for sample in by_model["one"].samples[DOC_ATTACK]] == [1.0, 0.0]
    assert [sample.sr for sample in by_model["one_b"].samples[DOC_ATTACK]] == [0.0, 1.0]


def test_a_run_names_its_file_and_as_many_folders_as_distinguish_it_from_others(tmp_path):
    for folder in ("x/runs", "y/runs"):
        write_run(tmp_path / folder, {DOC_ATTACK: [sample_line()]}, model=folder)
    name = f"results_{STAMP}.json"
    for one in (tmp_path / "x", tmp_path / "x" / "runs" / name):
        assert [run.file for run in load([one])] == [name]
    both = load([tmp_path / "x" / "runs", tmp_path / "y" / "runs"])
    assert [run.file for run in both] == [f"x/runs/{name}", f"y/runs/{name}"]


def test_two_runs_of_one_model_stay_two(tmp_path):
    lines = {DOC_ATTACK: [sample_line()]}
    write_run(tmp_path, lines, stamp="2026-11-01T10-00-00.1")
    write_run(tmp_path, lines, stamp="2026-11-02T10-00-00.1", date=1793613600.0)
    runs = load([tmp_path])
    assert len(runs) == 2
    assert all(len(run.samples[DOC_ATTACK]) == 1 for run in runs)


def test_samples_that_fit_two_runs_equally_well_are_not_used(tmp_path):
    lines = {DOC_ATTACK: [sample_line()]}
    write_json(tmp_path / "a.json", document(lines, model="org/a"))
    write_json(tmp_path / "b.json", document(lines, model="org/b"))
    write_lines(tmp_path / "s.jsonl", lines[DOC_ATTACK])
    found = read([tmp_path])
    assert all(not run.samples for run in found.runs)
    assert any("fits 2 runs equally well" in note for note in found.notes)


def test_a_file_given_twice_is_one_run(tmp_path):
    path = write_run(tmp_path, {DOC_ATTACK: [sample_line()]})
    assert len(load([tmp_path, path, path.parent])) == 1


def test_a_copied_run_counts_once_and_is_noted(tmp_path):
    for folder in ("a", "b"):
        write_run(tmp_path / folder, {DOC_ATTACK: [sample_line()]})
    (run,) = load([tmp_path])
    assert any("a copy of another run" in note for note in run.notes)


def test_samples_that_disagree_with_their_results_are_noted(tmp_path):
    write_run(tmp_path, {DOC_ATTACK: [sample_line(0, "C"), sample_line(1, "C")]})
    write_lines(tmp_path / f"samples_{DOC_ATTACK}_{STAMP}.jsonl", [sample_line(0, "B")])
    (note,) = load_one(tmp_path).notes
    assert "holds 1 of 2 documents; the score is taken from the results file" in note


def test_samples_of_another_model_are_never_taken_for_a_runs_own(tmp_path):
    # Both models read the same prompts: lm-eval's hashes are equal. One of two means is equal too.
    others = [sample_line(0, "B"), sample_line(1, "C")]
    own = [sample_line(0, "C"), sample_line(1, "B")]
    write_lines(tmp_path / "a" / f"samples_{DOC_ATTACK}_2026-10-01T10-00-00.1.jsonl", others)
    write_run(tmp_path / "b", {DOC_ATTACK: own})
    runs = load([tmp_path])
    assert len(runs) == 2
    assert runs[0].model.startswith("unknown")
    assert [sample.sr for sample in runs[1].samples[DOC_ATTACK]] == [0.0, 1.0]


def test_of_two_files_for_one_task_the_one_that_fits_is_read_and_the_other_named(tmp_path):
    write_run(tmp_path, {DOC_ATTACK: [sample_line(0, "C")]})
    write_lines(tmp_path / "edited" / f"samples_{DOC_ATTACK}_{STAMP}.jsonl", [sample_line(0, "B")])
    run = load_one(tmp_path)
    assert run.samples[DOC_ATTACK][0].sr == 0.0
    assert any("not used, other samples of" in note for note in run.notes)


def test_runs_stay_in_the_users_order(tmp_path):
    write_lines(tmp_path / "a" / f"samples_{DOC_ATTACK}_{STAMP}.jsonl", [sample_line()])
    write_run(tmp_path / "b", {DOC_ATTACK: [sample_line()]}, stamp="2026-11-02T10-00-00.1")
    assert [run.model[:7] for run in load([tmp_path / "a", tmp_path / "b"])] == [
        "unknown",
        "org/mod",
    ]


@pytest.mark.parametrize("score", [5, -1])
def test_a_value_that_is_no_share_is_missing_and_noted(tmp_path, score):
    data = document({DOC_ATTACK: [sample_line()]})
    data["results"][DOC_ATTACK]["sr,letter"] = score
    write_json(tmp_path / "results.json", data)
    run = load_one(tmp_path)
    assert run.tasks[DOC_ATTACK].metric("sr").value is None
    assert any("is not in [0, 1]" in note for note in run.notes)


def test_the_letter_filter_is_the_score_whatever_stands_before_it(tmp_path):
    data = document({DOC_ATTACK: [sample_line(0, "C")]})
    row = data["results"][DOC_ATTACK]
    data["results"][DOC_ATTACK] = {"sr,zzz": 0.99, **row}
    write_json(tmp_path / "results.json", data)
    assert load_one(tmp_path).tasks[DOC_ATTACK].metric("sr").value == 0.0


def test_a_damaged_first_line_costs_that_line(tmp_path):
    path = write_run(tmp_path, {DOC_ATTACK: [sample_line(i) for i in range(3)]})
    (lines,) = tmp_path.glob("samples_*.jsonl")
    lines.write_text('{"doc_id": 0, "do\n\n' + lines.read_text())
    assert len(load_one(path.parent).samples[DOC_ATTACK]) == 3


@pytest.mark.parametrize(
    "change", [{"resps": 5}, {"resps": True}, {"doc": {"task": []}}, {"doc": {"task": {}}}]
)
def test_lines_of_odd_types_never_stop_the_reader(tmp_path, change):
    write_run(tmp_path, {DOC_ATTACK: [sample_line(0), sample_line(1)]})
    (lines,) = tmp_path.glob("samples_*.jsonl")
    write_lines(lines, [sample_line(0), sample_line(1, **change)])
    assert len(load_one(tmp_path).samples[DOC_ATTACK]) == 1


def test_numbers_too_large_for_their_column_are_missing(tmp_path):
    write_run(tmp_path, {DOC_ATTACK: [sample_line(0, doc={"prompt_tokens": 2**63})]})
    assert load_one(tmp_path).samples[DOC_ATTACK][0].prompt_tokens is None
    with pytest.raises(ResultsError, match="not valid JSON"):
        parse_json('{"results": ' + "9" * 5000 + "}", tmp_path)


def test_a_negative_count_is_unknown(tmp_path):
    data = document({DOC_ATTACK: [sample_line()]})
    data["n-samples"][DOC_ATTACK]["effective"] = -5
    write_json(tmp_path / "results.json", data)
    assert load_one(tmp_path).tasks[DOC_ATTACK].n_effective is None


@pytest.mark.parametrize("odd", [None, 3, "text", [], {"a": {"b": []}}, math.nan, True])
@pytest.mark.parametrize(
    "key",
    "configs n-samples config date n-shot versions higher_is_better group_subtasks groups "
    "task_hashes model_name max_length lm_eval_version samples".split(),
)
def test_fields_of_odd_types_never_stop_the_reader(tmp_path, key, odd):
    data = document({DOC_ATTACK: [sample_line()]}) | {key: odd}
    if key == "config":
        data["versions"] = {}
    assert load_one(write_json(tmp_path / "r.json", data)).tasks


def test_absurd_numbers_are_missing_numbers(tmp_path):
    path = tmp_path / "r.json"
    path.write_text(
        '{"results": {"t": {"acc,none": ' + "9" * 400 + '}}, "configs": {"t": {}},'
        ' "date": 1e300, "max_length": -1}'
    )
    run = load_one(path)
    assert (run.tasks["t"].metrics[0].value, run.date, run.max_length) == (None, None, None)


@pytest.mark.parametrize(
    ("name", "variant", "protocol"),
    [
        ("longsafety_harmful_niah", "", "generate"),
        ("longsafety_harmful_niah_logits", "", "logits"),
        ("longsafety_harmful_niah_no_context_logits", "no_context", "logits"),
        ("longsafety_harmful_niah_rotations", "rotations", "generate"),
    ],
)
def test_task_names_give_variant_and_protocol(name, variant, protocol):
    parsed = parse_task_name(name)
    assert (parsed.benchmark.split, parsed.variant, parsed.protocol) == (
        "HarmfulNIAH",
        variant,
        protocol,
    )


@pytest.mark.parametrize("name", ["longsafety", "longsafety_fully_harmful", "gsm8k", ""])
def test_groups_and_other_tasks_are_none_of_the_ten(name):
    assert parse_task_name(name) is None


@pytest.mark.parametrize("score", [5, -1, "high", None])
def test_scores_that_are_no_shares_are_damage(tmp_path, score):
    write_lines(tmp_path / "s.jsonl", [sample_line(0), sample_line(1) | {"sr": score}])
    run = load_one(tmp_path)
    assert len(run.samples[DOC_ATTACK]) == 1
    assert any("damaged" in note for note in run.notes)


def test_rows_of_0_4_12_give_names_and_counts_of_their_own(tmp_path):
    data = {
        "results": {
            "leaf": {"name": "leaf", "alias": "leaf", "sample_len": 20, "acc,none": 0.45},
            "family": {
                "alias": "family",
                "name": "family",
                "sample_len": 60,
                "acc,none": 0.525,
                "sample_count": {"acc,none": 40},
            },
        },
        "groups": {"family": {"acc,none": 0.525, "sample_count": {"acc,none": 40}}},
        "group_subtasks": {"family": ["leaf"]},
        "configs": {"leaf": {"task": "leaf"}},
    }
    run = load_one(write_json(tmp_path / "r.json", data))
    assert [metric.name for metric in run.tasks["family"].metrics] == ["acc"]
    assert (run.tasks["leaf"].n_effective, run.tasks["family"].is_group) == (20, True)


def test_0_4_0_writes_neither_date_nor_counts(tmp_path):
    data = {
        "results": {"t": {"acc,none": 0.3, "acc_stderr,none": 0.02, "alias": "t"}},
        "configs": {"t": {"task": "t", "group": "g"}},
        "versions": {"t": "Yaml"},
        "n-shot": {"t": 5},
        "config": {"model": "hf", "model_args": "pretrained=a/b,dtype=float16", "limit": None},
        "git_hash": "abc",
    }
    run = load_one(write_json(tmp_path / "r.json", data))
    task = run.tasks["t"]
    assert (run.model, run.dtype, run.git_hash, run.date) == ("a/b", "float16", "abc", None)
    assert (task.n_effective, task.n_shot, task.version, task.is_group) == (None, 5, "Yaml", False)


def test_metric_names_may_hold_anything(tmp_path):
    row = {"pass@1,create_test": 0.15, "pass@1_stderr,create_test": 0.03, "alias": "h"}
    run = load_one(write_json(tmp_path / "r.json", {"results": {"h": row}, "configs": {"h": {}}}))
    (metric,) = run.tasks["h"].metrics
    assert (metric.name, metric.filter, metric.stderr) == ("pass@1", "create_test", 0.03)


def test_a_record_pretty_printed_by_hand_is_damage_on_those_lines(tmp_path):
    lines = [json.dumps(sample_line(i)) for i in range(3)]
    lines[1] = json.dumps(sample_line(1), indent=2)
    (tmp_path / "s.jsonl").write_text("\n".join(lines))
    run = load_one(tmp_path / "s.jsonl")
    assert [sample.id for sample in run.samples[DOC_ATTACK]] == ["DocAttack-0", "DocAttack-2"]
    assert any("the first is line 2" in note for note in run.notes)


def test_a_results_file_whose_beginning_is_lost_is_refused(tmp_path):
    path = tmp_path / "results_x.json"
    text = json.dumps(document({DOC_ATTACK: [sample_line()]}), indent=2)
    path.write_text(text[len(text) // 3 :])
    with pytest.raises(ResultsError, match="cut off or edited"):
        load([path])


def test_a_task_below_a_group_of_lm_eval_0_5_is_read_under_its_own_name(tmp_path):
    line = sample_line(0, "B", filtered_resps=[["B"]], scores_per_repeat={"sr": [1.0, 1.0]})
    below = f"longsafety_partially_harmful::{DOC_ATTACK}"
    members = {"longsafety_partially_harmful": [below]}
    path = write_run(tmp_path, {below: [line]}, group_subtasks=members)
    data = json.loads(path.read_text())
    row = dict(data["results"][below], alias="partially harmful")
    data["results"]["longsafety_partially_harmful"] = row
    run = load_one(write_json(path, data).parent)
    assert run.samples[DOC_ATTACK][0].picks == ("B",)
    assert run.tasks[DOC_ATTACK].provenance.data == "sample"
    assert (run.tasks[DOC_ATTACK].n_effective, run.tasks[DOC_ATTACK].version) == (1, "1.0")
    assert run.tasks["longsafety_partially_harmful"].subtasks == (DOC_ATTACK,)
    assert run.notes == ()


def test_a_task_that_ran_below_two_groups_counts_once(tmp_path):
    names = [f"{group}::{DOC_ATTACK}" for group in ("longsafety_partially_harmful", "mine")]
    same = load_one(write_run(tmp_path / "same", {name: [sample_line()] for name in names}).parent)
    assert (set(same.longsafety()), same.notes) == ({DOC_ATTACK}, ())
    lines = {names[0]: [sample_line(0, "B")], names[1]: [sample_line(0, "C")]}
    (run,) = load([write_run(tmp_path / "other", lines)])
    assert run.tasks[DOC_ATTACK].metric("sr").value == 1.0
    assert run.notes == (f"{names[1]}: ran more than once; shown are the first scores",)


def test_names_of_other_projects_keep_what_lm_eval_wrote(tmp_path):
    extra = {"mmlu::anatomy": {"acc,none": 0.5, "alias": "anatomy"}}
    run = load_one(write_run(tmp_path, {DOC_ATTACK: [sample_line()]}, extra=extra).parent)
    assert set(run.tasks) == {DOC_ATTACK, "mmlu::anatomy"}


def test_rotated_letters_in_lists_of_their_own_are_all_read(tmp_path):
    line = sample_line(filtered_resps=[["A"], ["B"], [""], ["D"]], resps=[["x"]] * 4)
    run = load_one(write_run(tmp_path, {f"{DOC_ATTACK}_rotations": [line]}).parent)
    assert run.samples[f"{DOC_ATTACK}_rotations"][0].picks == ("A", "B", "", "D")


def test_the_hash_names_the_variant_of_a_renamed_file_under_its_own_protocol(tmp_path):
    # The same documents under both protocols have the same hash.
    names = [f"{DOC_ATTACK}_no_context{protocol}" for protocol in ("", "_logits")]
    lines = {name: [sample_line(logits=name.endswith("_logits"))] for name in names}
    write_json(tmp_path / "r.json", document(lines))
    for number, name in enumerate(names):
        write_lines(tmp_path / f"{number}.jsonl", lines[name])
    assert sorted(load_one(tmp_path).samples) == names


def test_samples_whose_other_metrics_differ_from_the_row_are_a_contradiction(tmp_path):
    data = document({DOC_ATTACK: [sample_line()]})
    data["results"][DOC_ATTACK]["refused,letter"] = 1.0
    write_json(tmp_path / f"results_{STAMP}.json", data)
    write_lines(tmp_path / f"samples_{DOC_ATTACK}_{STAMP}.jsonl", [sample_line()])
    (note,) = load_one(tmp_path).notes
    assert "holds mean refused 0, in the results file 1" in note


def test_half_of_a_surrogate_pair_becomes_a_question_mark(tmp_path):
    write_run(tmp_path, {DOC_ATTACK: [sample_line(0, doc={"id": "a\ud800"})]}, model="org/\ud800")
    run = load_one(tmp_path)
    assert (run.model, run.samples[DOC_ATTACK][0].id) == ("org/?", "a?")


@pytest.mark.parametrize(("stderr", "kept"), [(0.5, 0.5), (5, None), (-1, None)])
def test_an_impossible_standard_error_is_missing_and_its_score_is_kept(tmp_path, stderr, kept):
    data = document({DOC_ATTACK: [sample_line()]})
    data["results"][DOC_ATTACK]["sr_stderr,letter"] = stderr
    run = load_one(write_json(tmp_path / "r.json", data))
    metric = run.tasks[DOC_ATTACK].metric("sr")
    assert (metric.value, metric.stderr) == (1.0, kept)
    assert len(run.notes) == (kept is None)
