import hashlib
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lm_eval_longsafety.errors import DataError, OptionError
from lm_eval_longsafety.training.options import TrainingOptions
from lm_eval_longsafety.training.prepare import prepare
from lm_eval_longsafety.training.rows_file import read_metadata
from tests.conftest import write_jsonl
from tests.test_files import inside, on_a_full_disk
from tests.training.chat_templates import words
from tests.training.rows import QUESTION, folder_of, raw, run

TEN = [raw(i, task="LawQA" if i % 2 else "harmful_niah") for i in range(10)]


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    return words(tmp_path_factory.mktemp("words"))


def table(done):
    return {row["task"]: row for row in done.tally.rows()}


def test_rows_become_prompt_and_completion_with_what_is_known_of_them(tmp_path, tokenizer):
    done, rows = run(tmp_path, [raw(0)], tokenizer=tokenizer)
    assert rows == [
        {
            "prompt": [{"role": "user", "content": raw(0)["content"][0]["prompt"]}],
            "completion": [{"role": "assistant", "content": "Nobody knows."}],
            "task": "LawQA",
            "scenario": "query_harmful",
            "tokens": 50,
            "id": "r0",
        }
    ]
    assert table(done)["LawQA"]["kept"] == 1


def test_the_table_counts_what_was_read_kept_cut_and_refused_by_task(tmp_path, tokenizer):
    # 50 tokens without the cut; the last row has 30 in its question alone.
    refused = raw(9, task="other", words=5)
    refused["content"][0]["prompt"] += " why" * 30
    rows = [raw(0), raw(1, words=20), raw(2, task="HarmfulNIAH"), refused]
    done, written = run(tmp_path, rows, tokenizer=tokenizer, max_tokens=32)
    assert [row["tokens"] for row in written] == [32, 30, 32]
    counts = {"read": 2, "refused": 0, "kept": 2, "cut": 1, "tokens": 62}
    assert table(done)["LawQA"] == {"task": "LawQA", "scenario": "query_harmful", **counts}
    assert table(done)["other"]["refused"] == 1
    (left,) = done.tally.left_out
    assert (left.id, left.tokens) == ("r9", 40)
    assert done.tally.unknown() == ["other"]


def test_several_turns_keep_earlier_answers_in_the_prompt(tmp_path, tokenizer):
    turns = [{"prompt": "One?", "output": "Two."}, {"prompt": "Three?", "output": "Four."}]
    _, (row,) = run(tmp_path, [raw(0, content=turns)], tokenizer=tokenizer)
    assert [message["content"] for message in row["prompt"]] == ["One?", "Two.", "Three?"]
    assert [message["content"] for message in row["completion"]] == ["Four."]


def test_the_columns_of_11k_and_a_clone_in_parquet_are_read(tmp_path, tokenizer):
    old = {"id": ["a"], "task": ["SafeMT"], "input": ["One?"], "output": ["Two."]}
    (tmp_path / "clone" / "data").mkdir(parents=True)
    pq.write_table(pa.table(old), tmp_path / "clone" / "data" / "train-00000-of-00001.parquet")
    options = {"source": str(tmp_path / "clone"), "tokenizer": str(tokenizer)}
    prepare(TrainingOptions(output=tmp_path / "rows.parquet", **options))
    (row,) = pq.read_table(tmp_path / "rows.parquet").to_pylist()
    assert (row["prompt"][0]["content"], row["task"]) == ("One?", "SafeMT")


def test_both_formats_hold_the_same_rows_and_have_the_same_sha256(tmp_path, tokenizer):
    done, rows = run(tmp_path, TEN, tokenizer=tokenizer, max_tokens=30)
    asked = {"source": str(tmp_path / "data"), "tokenizer": str(tokenizer), "max_tokens": 30}
    lines = prepare(TrainingOptions(output=tmp_path / "rows.jsonl", **asked))
    text = (tmp_path / "rows.jsonl").read_bytes()
    assert [json.loads(line) for line in text.splitlines()] == rows
    sha256 = hashlib.sha256(text).hexdigest()
    assert {lines.files[0].sha256, done.files[0].sha256} == {sha256}


@pytest.mark.parametrize("output", ["rows.parquet", "rows.jsonl"])
def test_the_metadata_says_how_the_rows_were_made(tmp_path, tokenizer, output):
    options = TrainingOptions(
        source=folder_of(tmp_path, TEN),
        output=tmp_path / output,
        tokenizer=str(tokenizer),
        max_tokens=30,
    )
    done = prepare(options)
    found = read_metadata(options.output)
    assert found["sha256"] == done.files[0].sha256
    assert found["rows"] == 10
    assert found["table"] == list(done.tally.rows())
    assert found["options"]["max_tokens"] == 30
    assert len(found["chat_template_sha256"]) == len(found["tokenizer_sha256"]) == 64
    assert str(tmp_path) not in json.dumps(found)


def test_a_file_without_that_metadata_is_not_ours(tmp_path):
    pq.write_table(pa.table({"a": [1]}), tmp_path / "other.parquet")
    with pytest.raises(DataError, match="not rows of `longsafety training-data`"):
        read_metadata(tmp_path / "other.parquet")


def test_short_rows_are_the_same_questions_and_answers(tmp_path, tokenizer):
    unclear = raw(10, words=500)
    unclear["content"][0]["prompt"] = unclear["content"][0]["prompt"].replace("\n\n", " ")
    done, rows = run(tmp_path, [*TEN, unclear], tokenizer=tokenizer, short=True)
    assert {row["prompt"][0]["content"] for row in rows} == {QUESTION}
    assert [row["completion"][0]["content"] for row in rows] == ["Nobody knows."] * 10
    assert {row["tokens"] for row in rows} == {10}
    assert [row.id for row in done.tally.left_out] == ["r10"]
    assert "cannot be told from its context" in done.tally.left_out[0].why


def test_general_data_keeps_its_contexts_beside_short_rows(tmp_path, tokenizer):
    mix = tmp_path / "general.jsonl"
    write_jsonl(mix, [raw(100, words=50)])
    _, rows = run(tmp_path, TEN, tokenizer=tokenizer, short=True, mix=mix, mix_ratio=0.1)
    lengths = {row["id"]: len(row["prompt"][0]["content"].split()) for row in rows}
    assert len(lengths) == 11
    assert lengths.pop("r100") > 50 and set(lengths.values()) == {len(QUESTION.split())}


def test_only_asked_tasks_are_kept_and_the_others_are_counted(tmp_path, tokenizer):
    done, rows = run(tmp_path, TEN, tokenizer=tokenizer, tasks=("HarmfulNIAH",))
    assert {row["task"] for row in rows} == {"harmful_niah"}
    assert table(done)["LawQA"]["not chosen"] == 5
    assert table(done)["harmful_niah"]["kept"] == 5


def test_rows_are_drawn_by_the_seed_from_all_tasks(tmp_path, tokenizer):
    def drawn(seed):
        _, rows = run(
            tmp_path, TEN, tokenizer=tokenizer, rows=4, seed=seed, output=f"{seed}.parquet"
        )
        return [row["id"] for row in rows]

    assert len(drawn(1)) == 4
    orders = {tuple(drawn(seed)) for seed in range(2, 7)}
    assert len(orders) > 1
    assert all(list(ids) == sorted(ids) for ids in orders)


def test_rows_about_one_document_are_held_out_together(tmp_path, tokenizer):
    rows = [raw(i, document=i // 3) for i in range(12)]
    done, kept = run(tmp_path, rows, tokenizer=tokenizer, hold_out=0.25)
    held = pq.read_table(tmp_path / "rows.held_out.parquet").to_pylist()
    assert len(held) == 3  # One document of four.
    assert len(kept) == 9
    assert len({int(row["id"][1:]) // 3 for row in held}) == 1
    assert done.tally.total("held out") == 3
    assert read_metadata(tmp_path / "rows.held_out.parquet")["part"] == "held out"


def test_general_data_stands_between_the_rows_by_ratio_and_seed(tmp_path, tokenizer):
    messages = [{"role": "user", "content": "Tea?"}, {"role": "assistant", "content": "Please."}]
    general = [{"messages": messages, "id": f"g{i}"} for i in range(20)]
    mix = write_jsonl(tmp_path / "general.jsonl", general)
    options = {"tokenizer": tokenizer, "mix": mix, "mix_ratio": 0.5}
    done, rows = run(tmp_path, TEN, **options)
    ids = [row["id"] for row in rows]
    assert [name for name in ids if name[0] == "r"] == [row["id"] for row in TEN]
    assert len(ids) == 15
    assert ids != sorted(ids, key=lambda name: name[0])
    assert table(done)["general"]["not chosen"] == 15
    _, again = run(tmp_path, TEN, output="again.parquet", **options)
    assert again == rows
    _, other = run(tmp_path, TEN, output="other.parquet", seed=1, **options)
    assert other != rows


def test_a_row_of_two_batches_is_neither_lost_nor_repeated(tmp_path, tokenizer, monkeypatch):
    monkeypatch.setattr("lm_eval_longsafety.training.prepare._BATCH_ROWS", 3)
    monkeypatch.setattr("lm_eval_longsafety.training.rows_file._BATCH_BYTES", 700)
    _, rows = run(tmp_path, TEN, tokenizer=tokenizer)
    assert [row["id"] for row in rows] == [row["id"] for row in TEN]


def test_rows_that_share_text_with_evaluation_data_are_left_out_and_listed(tmp_path, tokenizer):
    # 13 words of the context of the third row, in other letters; 12 are no 13-gram.
    shared = [f"D2W{i}" for i in range(5, 18)]
    evaluation = [
        {"id": "e", "context": " ".join(shared) + "."},
        {"context": " ".join(shared[:12])},
    ]
    data = write_jsonl(tmp_path / "evaluation" / "DocAttack.jsonl", evaluation).parent
    done, rows = run(tmp_path, TEN, tokenizer=tokenizer, without_overlap=str(data))
    assert [row["id"] for row in rows] == [f"r{i}" for i in range(10) if i != 2]
    (left,) = done.tally.left_out
    assert left.id == "r2"
    assert left.why.startswith("1 of its 34 13-grams stand in ")
    assert table(done)["harmful_niah"]["overlap"] == 1
    found = read_metadata(tmp_path / "rows.parquet")
    assert [row["id"] for row in found["left_out"]] == ["r2"]


def test_evaluation_data_that_shares_every_row_leaves_no_file(tmp_path, tokenizer):
    own = folder_of(tmp_path, TEN)
    with pytest.raises(OptionError, match="no row is left of 10: 10 overlap"):
        run(tmp_path, TEN, tokenizer=tokenizer, without_overlap=own)
    with pytest.raises(DataError, match="'nothing' is not a file or folder"):
        run(tmp_path, TEN, tokenizer=tokenizer, without_overlap="nothing")
    assert inside(tmp_path) == ["train.jsonl"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"output": "rows.csv"}, "end the name in .parquet or .jsonl"),
        ({"max_tokens": 0}, "--max-tokens 0"),
        ({"max_tokens": 9}, "smaller than question, answer.*shortest needs 10"),
        ({"rows": 11}, "--rows 11: there are only 10"),
        ({"tasks": ("Poetry",)}, "no row has the task 'Poetry'; found LawQA, harmful_niah"),
        ({"hold_out": 1.0}, "--hold-out 1.0"),
        ({"mix_ratio": 0.5}, "belong together"),
        ({"output": "missing/rows.parquet"}, "does not exist"),
    ],
)
def test_an_option_that_cannot_be_used_leaves_no_file(tmp_path, tokenizer, options, message):
    with pytest.raises(OptionError, match=message):
        run(tmp_path, TEN, tokenizer=tokenizer, **options)
    assert inside(tmp_path) == ["train.jsonl"]


def test_too_little_general_data_is_refused(tmp_path, tokenizer):
    mix = write_jsonl(tmp_path / "general.jsonl", [raw(0)])
    with pytest.raises(OptionError, match="10 rows ask for 5 rows.*has 1"):
        run(tmp_path, TEN, tokenizer=tokenizer, mix=mix, mix_ratio=0.5)
    assert inside(tmp_path) == ["general.jsonl", "train.jsonl"]


def test_all_bad_rows_are_named_before_any_is_written(tmp_path, tokenizer):
    rows = [*TEN, raw(10, content=[{"prompt": "p", "output": ""}]), {"id": "x", "text": "t"}]
    with pytest.raises(DataError, match="2 of 12 rows.*no answer.*columns 'id, text'"):
        run(tmp_path, rows, tokenizer=tokenizer)
    assert inside(tmp_path) == ["train.jsonl"]


def test_an_output_that_is_there_is_not_replaced(tmp_path, tokenizer):
    (tmp_path / "rows.held_out.parquet").write_text("mine")
    with pytest.raises(OptionError, match="rows.held_out.parquet: is already there"):
        run(tmp_path, TEN, tokenizer=tokenizer, hold_out=0.5)
    assert inside(tmp_path) == ["rows.held_out.parquet", "train.jsonl"]


def test_a_full_disk_is_one_line_and_leaves_no_file(tmp_path, tokenizer):
    code = """
from lm_eval_longsafety.cli.main import main
sys.argv = ["longsafety", *sys.argv[2:]]
main()
"""
    # As random as text can be, so that compression does not make it small.
    rows = [raw(i, content=[{"prompt": _noise(i), "output": "No."}]) for i in range(20)]
    for name in ("rows.parquet", "rows.jsonl"):
        done = on_a_full_disk(
            code,
            *("training-data", folder_of(tmp_path, rows), "--tokenizer", tokenizer),
            *("-o", tmp_path / name),
            limit=100_000,
        )
        assert (done.returncode, done.stdout) == (2, "")
        (line,) = done.stderr.strip().splitlines()
        assert f"{name}: cannot be written (" in line
        assert "File too large" in line
    assert inside(tmp_path) == ["train.jsonl"]


def _noise(seed):
    return " ".join(hashlib.sha256(f"{seed} {i}".encode()).hexdigest() for i in range(200))
