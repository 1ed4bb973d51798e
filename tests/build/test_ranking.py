"""BM25 over words of any language, held to scores worked out by hand."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lm_eval_longsafety.build.ranking import Ranking, words

TEXTS = [
    "The red bicycle stood in the yard.",
    "The miller lost a bicycle and found a bicycle.",
    "The bell rang in the tower.",
    "The rain fell on the tower and the mill.",
]


def test_words_have_no_case_and_no_punctuation():
    assert list(words("Der Müller (STRASSE/Straße): 3 Räder_4")) == [
        *("der", "müller", "strasse", "strasse", "3", "räder", "4")
    ]


def test_scripts_without_spaces_give_each_two_characters():
    assert list(words("失くした自転車 by 水")) == [
        *("失く", "くし", "した", "た自", "自転", "転車", "by", "水")
    ]
    assert list(words("ยานยนต์")) == ["ยา", "าน", "นย", "ยน", "นต", "ต์"]


def test_full_width_letters_are_letters():
    assert list(words("ＡＢＣ")) == ["abc"]


def test_scores_are_those_of_the_formula():
    ranking = Ranking(TEXTS, ["bicycle"])
    # idf = ln(1 + (4 - 2 + 0.5) / (2 + 0.5)); tf / (k1 * (1 - b + b * length / mean) + tf).
    idf, mean = math.log(2), (7 + 9 + 6 + 9) / 4
    wanted = [
        idf * tf / (1.5 * (0.25 + 0.75 * length / mean) + tf) for tf, length in ((1, 7), (2, 9))
    ]
    got = ranking._index.get_scores_from_ids([1])
    assert list(got) == pytest.approx([*wanted, 0, 0], rel=1e-6)
    assert ranking.best(["bicycle"]) == [1, 0]


def test_the_rarer_word_and_the_shorter_document_come_first():
    ranking = Ranking(TEXTS, ["bell in the tower"])
    assert ranking.best(["bell", "tower"]) == [2, 3]


def test_keywords_are_words_that_stand_in_some_but_not_in_most_documents():
    ranking = Ranking(TEXTS, ["Was the bicycle in the tower, Sir?", "the"])
    assert ranking.keywords("Was the bicycle in the tower, Sir?") == ["bicycle", "in", "tower"]
    assert ranking.keywords("the") == []


def test_equal_documents_keep_their_order():
    ranking = Ranking(["a bell", "no sound", "a bell", "a bell", "x", "y", "z"], ["bell"])
    assert ranking.best(["bell"]) == [0, 2, 3]


@given(
    st.lists(st.text("ab äß自転車\n.", min_size=1).filter(lambda t: any(words(t))), min_size=1),
    st.text("ab äß自転車"),
)
def test_best_are_exactly_the_documents_that_hold_a_keyword(texts, query):
    ranking = Ranking(texts, [query])
    keywords = ranking.keywords(query)
    best = ranking.best(keywords)
    holders = [i for i, text in enumerate(texts) if set(keywords) & set(words(text))]
    assert sorted(best) == holders
    assert best == Ranking(texts, [query, "more words"]).best(keywords)
