"""Shared 13-grams: counted by hand, held against plain sets, read from every form of row."""

import tracemalloc

import hypothesis.strategies as st
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given

from lm_eval_longsafety.data import sources
from lm_eval_longsafety.data.overlap import SIZE, Grams, Shared, files_of, overlaps, texts_of
from lm_eval_longsafety.errors import DataError
from tests.conftest import row, write_jsonl

WORDS = [f"word{i}" for i in range(100)]


def text(first, last):
    return " ".join(WORDS[first:last])


def shared(ours, theirs):
    """What a text shares with another one."""
    return Grams.of([theirs]).shared(ours)


def test_a_gram_is_thirteen_words_in_a_row():
    # 15 words have 3 grams, of which the other text has those that begin at words 0 and 1.
    assert shared(text(0, 15), text(0, 14)) == Shared(count=2, total=3)
    assert shared(text(0, 15), text(2, 14)) == Shared(count=0, total=3)
    assert shared(text(0, 12), text(0, 12)) == Shared(count=0, total=0)
    assert (Shared(count=1, total=4).share, Shared(count=0, total=0).share) == (0.25, 0.0)


def test_case_punctuation_line_ends_and_the_form_of_letters_do_not_count():
    plain = "der müller sah die straße und sein altes rad an der wand don t ask"
    other = (
        "Der Mu\u0308ller sah — die STRASSE\r\nund **sein** altes_Rad, an der Wand: „Don’t ask!“"
    )
    assert shared(plain, other) == Shared(count=3, total=3)


def test_order_counts():
    turned = " ".join(reversed(WORDS[:13]))
    assert shared(text(0, 13), turned).count == 0


def test_in_scripts_without_spaces_each_character_is_a_word():
    chinese = "一辆自行车昨天在旧磨坊被人偷走"  # 15 characters
    assert shared(chinese, f"据说，{chinese[:8]}，{chinese[8:14]}!") == Shared(count=2, total=3)
    hindi = "यह एक छोटी कहानी है जिसमें किसी ने एक पुरानी साइकिल चुरा ली"  # 13 words
    assert shared(hindi, hindi) == Shared(count=1, total=1)


@given(st.lists(st.lists(st.sampled_from("abc"), max_size=40), min_size=2, max_size=4))
def test_counts_are_those_of_plain_sets(drawn):
    def grams(words):
        return [tuple(words[i : i + SIZE]) for i in range(len(words) - SIZE + 1)]

    first, *others = drawn
    texts = [" ".join(words) for words in others]
    known = {gram for words in others for gram in grams(words)}
    expected = Shared(count=sum(g in known for g in grams(first)), total=len(grams(first)))
    assert Grams.of(texts).shared(" ".join(first)) == expected
    # The same the other way round, streamed.
    common, count = Grams.of([" ".join(first)]).common(iter(texts))
    assert common.shared(" ".join(first)) == expected
    assert count == len(texts)


def test_the_other_texts_are_streamed():
    grams = Grams.of(text(0, 50) for _ in range(100))
    tracemalloc.start()
    # 4,500 words a text, of which one takes 0.7 MB; the texts alone would have 2.5 MB.
    common, count = grams.common(" ".join(WORDS[i % 50 :] * 60) for i in range(80))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (count, peak < 1_500_000) == (80, True)
    assert common.shared(text(0, 50)).share == 1.0


def test_context_and_question_with_choices_are_reported_apart(tmp_path):
    rows = [
        row(0, context=text(0, 30), question="Who?", choices=["Anna.", "Ben."]),
        row(1, context=text(40, 60), question=text(60, 70), choices=[text(70, 75), "None."]),
    ]
    write_jsonl(tmp_path / "DocAttack.jsonl", rows)
    own = sources.load(str(tmp_path)).rows("DocAttack")
    common, _ = Grams.of([text(0, 100)]).common([f"{text(0, 14)} here {text(58, 74)}"])
    context, asked = overlaps([("DocAttack", own)], common)
    # 2 of the 18 grams of the first context; of the 16 words asked, 60 to 73 have 2 of 4 grams.
    assert (context.part, context.sharing, context.short) == ("context", 1, 0)
    assert context.rows == (
        ("row-0", Shared(count=2, total=18)),
        ("row-1", Shared(count=0, total=8)),
    )
    assert (asked.part, asked.sharing, asked.short) == ("question and choices", 1, 1)
    assert (asked.rows[1][1], asked.largest) == (Shared(count=2, total=4), 0.5)


FORMS = {
    "data": row(0, context=text(0, 20)),
    "17k": {"id": "a", "task": "t", "content": [{"prompt": text(0, 20), "output": "No."}]},
    "11k": {"id": "a", "task": "t", "input": text(0, 20), "output": "No."},
    "chat": {
        "prompt": [{"role": "user", "content": text(0, 20)}],
        "completion": [{"role": "assistant", "content": "No."}],
    },
    "text": {"text": text(0, 20), "score": 0.5, "source": None},
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("ending", ["jsonl", "parquet"])
def test_rows_of_data_and_of_training_are_read_whatever_their_columns(tmp_path, form, ending):
    path = tmp_path / "below" / f"train.{ending}"
    write_jsonl(tmp_path / "below" / "train.jsonl", [FORMS[form]] * 2)
    if ending == "parquet":
        pq.write_table(pa.Table.from_pylist([FORMS[form]] * 2), path)
        path.with_suffix(".jsonl").unlink()
    for name in (path, path.parent, tmp_path):
        assert files_of(str(name)) == [path]
    common, count = Grams.of([text(0, 20)]).common(texts_of([path]))
    assert (common.shared(text(0, 20)), count) == (Shared(count=8, total=8), 2)


def test_the_sample_shares_all_of_its_rows_with_itself():
    own = [("MedicalQuiz", sources.load("sample").rows("MedicalQuiz"))]
    common, count = Grams.of(part for r in own[0][1] for part in (r.context, r.question)).common(
        texts_of(files_of("sample"))
    )
    assert count == 82
    assert all(found.share == 1.0 for _, found in next(overlaps(own, common)).rows)


@pytest.mark.parametrize("name", ["no/such/folder", "nothing", "\0"])
def test_what_is_not_there_is_refused(name):
    with pytest.raises(DataError, match="is not a file or folder here; give one, a hub id"):
        files_of(name)


def test_files_of_other_kinds_are_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("x")
    for name in (tmp_path, tmp_path / "notes.txt"):
        with pytest.raises(DataError, match=r"expected \.jsonl or \.parquet files, found none"):
            files_of(str(name))


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([row(0), "{"], "line 2 is not JSON"),
        ([{"score": 3}], "no row has any text"),
        ([], "no row has any text"),
    ],
)
def test_texts_that_cannot_be_read_stop_the_comparison(tmp_path, rows, message):
    path = write_jsonl(tmp_path / "train.jsonl", rows)
    with pytest.raises(DataError, match=message):
        list(texts_of([path]))
