"""Compact files hold what the samples held, without text; rescoring a fresh run changes nothing."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from lm_eval import simple_evaluate
from lm_eval.api.model import LM
from lm_eval.loggers import EvaluationTracker
from lm_eval.tasks import TaskManager

from lm_eval_longsafety.errors import OptionError, ResultsError
from lm_eval_longsafety.harness.discovery import tasks_path
from lm_eval_longsafety.results import load, read
from lm_eval_longsafety.results.rescore import rescore
from tests.report_cli import longsafety
from tests.results_files import STAMP, full_run, sample_line, task_name, write_lines, write_run

DOC_ATTACK = task_name("DocAttack")


class Scripted(LM):
    """Replies in a fixed round of manners; the most probable letter is always B."""

    replies = ("B", "The answer is C.", "(A)", "I cannot help with that.", "", "Answer: **D**")

    def generate_until(self, requests, disable_tqdm=False):
        return [self.replies[i % len(self.replies)] for i, _ in enumerate(requests)]

    def loglikelihood(self, requests, disable_tqdm=False):
        return [(-0.1 if r.args[1].strip() == "B" else -3.0, False) for r in requests]

    def loglikelihood_rolling(self, requests, disable_tqdm=False):
        raise NotImplementedError


@pytest.fixture(scope="module")
def fresh_run(tmp_path_factory):
    """Files that lm-eval itself wrote, for two tasks under both protocols."""
    names = ["longsafety_doc_attack", "longsafety_harmful_niah", "longsafety_doc_attack_logits"]
    return run_scripted(tmp_path_factory.mktemp("fresh"), names)


def run_scripted(folder, names):
    tracker = EvaluationTracker(output_path=str(folder))
    results = simple_evaluate(
        model=Scripted(),
        tasks=names,
        task_manager=TaskManager(include_path=str(tasks_path()), metadata={"data": "sample"}),
        evaluation_tracker=tracker,
        log_samples=True,
        bootstrap_iters=0,
    )
    samples = results.pop("samples")
    tracker.save_results_aggregated(results=results, samples=samples)
    for name in names:
        tracker.save_results_samples(task_name=name, samples=samples[name])
    return folder


def test_a_fresh_run_is_read_and_matches_lm_evals_own_numbers_and_hashes(fresh_run):
    (run,) = load([fresh_run])
    assert run.notes == ()
    assert len(run.samples) == 3
    for name, samples in run.samples.items():
        mean = sum(sample.sr for sample in samples) / len(samples)
        assert run.tasks[name].metric("sr").value == pytest.approx(mean)
        assert run.tasks[name].provenance.data == "sample"
        assert all(len(sample.context_sha256) == 64 for sample in samples)
        assert {sample.picks[0] for sample in samples} <= {"A", "B", "C", "D", ""}


def test_lm_evals_task_hash_is_found_again(fresh_run, tmp_path):
    # Names and folder say nothing here: only the hash over the lines and the scores do.
    for number, path in enumerate(fresh_run.rglob("*.json*")):
        (tmp_path / f"{number}{path.suffix}").write_bytes(path.read_bytes())
    (run,) = load([tmp_path])
    assert len(run.samples) == 3


def test_rescoring_a_fresh_run_changes_nothing(fresh_run):
    (one,) = rescore(read([fresh_run], keep_text=True).runs)
    assert sum(len(samples) for samples in one.run.samples.values()) > 20
    for name in one.run.samples:
        assert one.changed(name) == []
        assert one.run.samples[name] == one.old[name]


def test_rescoring_all_letter_orders_changes_nothing(tmp_path):
    names = ["longsafety_doc_attack_rotations", "longsafety_doc_attack_rotations_logits"]
    (one,) = rescore(read([run_scripted(tmp_path, names)], keep_text=True).runs)
    assert sorted(one.run.samples) == names
    for name in names:
        assert {len(sample.picks) for sample in one.old[name]} == {4}
        assert one.run.samples[name] == one.old[name]


def test_rescoring_finds_what_an_older_filter_missed(tmp_path):
    missed = sample_line(0, "") | {"resps": [["The answer is B."]]}
    write_run(tmp_path, {DOC_ATTACK: [missed, sample_line(1, "B")]})
    (one,) = rescore(read([tmp_path], keep_text=True).runs)
    ((old, new),) = one.changed(DOC_ATTACK)
    assert (old.picks, old.sr, old.answered) == (("",), 0.0, 0.0)
    assert (new.picks, new.sr, new.ha, new.answered) == (("B",), 1.0, 1.0, 1.0)
    # The row has the same score: SR 0.5 became 1.0, with a standard error of 0.
    assert one.run.tasks[DOC_ATTACK].metric("sr").value == 1.0
    assert one.run.tasks[DOC_ATTACK].metric("sr").stderr == 0.0
    assert one.run.tasks[DOC_ATTACK].contradiction(one.run.samples[DOC_ATTACK]) is None
    shown = longsafety("rescore", tmp_path)
    assert "DocAttack-0: none -> B" in shown.output


def test_rescoring_leaves_a_row_that_its_samples_contradict_and_says_so(tmp_path):
    write_run(tmp_path, {DOC_ATTACK: [sample_line(0, "C"), sample_line(1, "C")]})
    (lines,) = tmp_path.glob("samples_*.jsonl")
    write_lines(lines, [sample_line(0, "") | {"resps": [["The answer is B."]]}])
    (one,) = rescore(read([tmp_path], keep_text=True).runs)
    assert one.run.tasks[DOC_ATTACK].metric("sr").value == 0.0
    assert "holds 1 of 2 documents" in longsafety("rescore", tmp_path).output


def test_rescore_refuses_a_place_that_cannot_be_written_before_it_reads(tmp_path):
    result = longsafety("rescore", tmp_path / "nothing", "-o", tmp_path / "no" / "x.parquet")
    assert "does not exist; make it first" in str(result.exception)
    result = longsafety("rescore", tmp_path / "nothing", "-o", tmp_path / "x.json")
    assert "end the name in .parquet" in str(result.exception)


def test_rescore_names_the_results_file_of_each_run_and_no_folder_of_the_machine(tmp_path):
    for name in "ab":
        write_run(tmp_path / f"run{name}", {DOC_ATTACK: [sample_line()]}, model=f"org/{name}")
    shown = longsafety("rescore", tmp_path).output
    for name in "ab":
        assert f"org/{name}: run{name}/results_{STAMP}.json\n" in shown
    assert str(tmp_path) not in shown


def test_what_a_sample_file_holds_cannot_control_the_terminal(tmp_path):
    line = sample_line(0, "", doc={"id": "\x1b[2J\nid"}) | {"resps": [["The answer is B."]]}
    write_run(tmp_path, {DOC_ATTACK: [line]})
    shown = longsafety("rescore", tmp_path).output
    assert "id: none -> B" in shown
    assert "\x1b" not in shown and "\nid" not in shown


def test_rescored_samples_can_be_kept(tmp_path, fresh_run):
    path = tmp_path / "new.parquet"
    assert longsafety("rescore", fresh_run, "-o", path).exit_code == 0
    (run,) = load([path])
    assert any("read the logged replies again" in note for note in run.notes)


def test_a_compact_file_is_the_whole_run_without_its_text(tmp_path):
    write_run(tmp_path / "run", full_run("BDA ", 8))
    path = tmp_path / "run.parquet"
    assert longsafety("compact", tmp_path / "run", "-o", path).exit_code == 0
    (small,), (whole,) = load([path]), load([tmp_path / "run"])
    assert small.samples == whole.samples
    assert small.tasks == whole.tasks
    assert (small.model, small.date, small.max_length) == (
        whole.model,
        whole.date,
        whole.max_length,
    )
    content = path.read_bytes() + json.dumps(pq.read_table(path).to_pylist()).encode()
    for text in (b"bicycle", b"neighbour", b"hmm"):
        assert text not in content
    columns = pq.read_schema(path).names
    assert {"id", "letters", "choice", "ha", "sr", "depth", "length", "prompt_tokens"} <= {*columns}


def test_a_compact_file_keeps_that_a_prompt_never_reached_the_model(tmp_path):
    lost = sample_line(0, arguments={"gen_args_0": {"arg_0": ""}})
    write_run(tmp_path / "run", {DOC_ATTACK: [lost, sample_line(1)]})
    longsafety("compact", tmp_path / "run", "-o", tmp_path / "run.parquet")
    (run,) = load([tmp_path / "run.parquet"])
    assert run.prompts_missing == {DOC_ATTACK: 1}


def test_a_column_that_stands_twice_is_damage_reported_in_one_line(tmp_path):
    write_run(tmp_path / "run", {DOC_ATTACK: [sample_line(0)]})
    path = tmp_path / "run.parquet"
    longsafety("compact", tmp_path / "run", "-o", path)
    table = pq.read_table(path)
    pq.write_table(table.append_column("sr", pa.array([0.0])), path)
    with pytest.raises(ResultsError, match="damaged parquet") as caught:
        load([path])
    assert "\n" not in str(caught.value)


def test_report_and_compare_give_the_same_for_compact_files(tmp_path):
    write_run(tmp_path / "run", full_run("BDA ", 8))
    path = tmp_path / "run.parquet"
    longsafety("compact", tmp_path / "run", "-o", path)
    pages = [longsafety("report", p, "--format", "json").output for p in (path, tmp_path / "run")]
    # Only the names of the files differ.
    assert pages[0].replace("run.parquet", f"results_{STAMP}.json") == pages[1]


def test_a_run_given_whole_and_compact_is_one_run(tmp_path):
    write_run(tmp_path, full_run())
    longsafety("compact", tmp_path, "-o", tmp_path / "run.parquet")
    (run,) = load([tmp_path])
    assert len(run.samples) == 10


def test_a_full_run_is_far_under_ten_megabytes(tmp_path):
    # 1,201 documents in the published data, here 10 x 121; some 60 kB more with real prompt hashes.
    write_run(tmp_path / "run", full_run("BDAC", 121))
    path = tmp_path / "run.parquet"
    longsafety("compact", tmp_path / "run", "-o", path)
    assert path.stat().st_size < 500_000


def test_compact_takes_one_run_with_samples_and_a_parquet_name(tmp_path):
    write_run(tmp_path / "a", full_run(n=1))
    write_run(tmp_path / "b", full_run(n=1), model="org/other")
    two = longsafety("compact", tmp_path, "-o", tmp_path / "x.parquet")
    assert isinstance(two.exception, OptionError)
    assert "2 runs" in str(two.exception)
    name = longsafety("compact", tmp_path / "a", "-o", tmp_path / "x.json")
    assert isinstance(name.exception, OptionError)
    place = longsafety("compact", tmp_path / "a", "-o", tmp_path / "no" / "x.parquet")
    assert isinstance(place.exception, OptionError)
    assert not list(tmp_path.rglob("*.part"))


def test_compact_files_have_no_replies_to_rescore(tmp_path):
    write_run(tmp_path / "run", full_run(n=1))
    longsafety("compact", tmp_path / "run", "-o", tmp_path / "x.parquet")
    result = longsafety("rescore", tmp_path / "x.parquet")
    assert isinstance(result.exception, ResultsError)
    assert "was not kept" in str(result.exception)


def test_damage_is_noted_in_the_compact_file_too(tmp_path):
    write_run(tmp_path / "run", {DOC_ATTACK: [sample_line(i) for i in range(3)]})
    path = tmp_path / "run" / f"samples_{DOC_ATTACK}_{STAMP}.jsonl"
    path.write_text(path.read_text()[:-30])
    longsafety("compact", tmp_path / "run", "-o", tmp_path / "x.parquet")
    (run,) = load([tmp_path / "x.parquet"])
    assert any("damaged" in note for note in run.notes)


def test_foreign_newer_and_damaged_parquet_files_are_refused(tmp_path):
    foreign = tmp_path / "f.parquet"
    pq.write_table(pa.table({"a": [1]}), foreign)
    with pytest.raises(ResultsError, match="`longsafety compact` did not write"):
        load([foreign])
    newer = tmp_path / "n.parquet"
    schema = pa.schema([("a", pa.int64())], {b"longsafety.compact": b'{"version": 99}'})
    pq.write_table(pa.table({"a": [1]}, schema=schema), newer)
    with pytest.raises(ResultsError, match="upgrade"):
        load([newer])
    damaged = tmp_path / "d.parquet"
    damaged.write_bytes(foreign.read_bytes()[:-20])
    with pytest.raises(ResultsError, match="damaged parquet"):
        load([damaged])


def test_odd_rows_in_a_compact_file_are_damage_not_a_crash(tmp_path):
    path = tmp_path / "o.parquet"
    schema = pa.schema([("a", pa.int64())], {b"longsafety.compact": b'{"version": 1}'})
    pq.write_table(pa.table({"a": [1]}, schema=schema), path)
    with pytest.raises(ResultsError, match="damaged"):
        load([path])


def test_only_samples_can_be_compacted_too(tmp_path):
    write_lines(tmp_path / "s.jsonl", [sample_line(i) for i in range(2)])
    path = tmp_path / "x.parquet"
    assert longsafety("compact", tmp_path / "s.jsonl", "-o", path).exit_code == 0
    found = read([path])
    assert len(found.runs[0].samples[DOC_ATTACK]) == 2
