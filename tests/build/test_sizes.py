"""Texts are split and cut without any change, in words, characters and tokens."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lm_eval_longsafety.build.sizes import LEVELS, Ruler, cut, nearest, split, total

WORDS = Ruler("words")
CHARACTERS = Ruler("characters")


@pytest.mark.parametrize(
    ("level", "text", "parts"),
    [
        ("paragraph", "A b.\n\nC\nd.\n \n\nE.", ["A b.", "\n\nC\nd.", "\n \n\nE."]),
        ("paragraph", "A.\r\n\r\nB.", ["A.", "\r\n\r\nB."]),
        ("sentence", 'He said: "No!" Then no more.', ['He said: "No!"', " Then no more."]),
        ("sentence", "A list\n- one\n- two", ["A list", "\n- one", "\n- two"]),
        ("sentence", "Sie sagte: „Nein.“ Dann …", ["Sie sagte: „Nein.“", " Dann …"]),
        ("sentence", "他说：“不！”然后走了。好", ["他说：“不！”", "然后走了。", "好"]),
        ("sentence", "Version 3.11 is 0.5 m.", ["Version 3.11 is 0.5 m."]),
        ("word", " one  two", [" one", "  two"]),
        ("character", "ab c", ["a", "b", " c"]),
        ("character", "e\u0301x👩‍👧y\U0001f44d\U0001f3fdz각\r\nน้ำ", None),
    ],
)
def test_a_text_is_split_at_the_ends_of_a_level(level, text, parts):
    found = list(split(text, level))
    assert "".join(found) == text
    if parts is not None:
        assert found == parts
    else:
        assert found == ["e\u0301", "x", "👩‍👧", "y", "👍🏽", "z", "각", "\r\nน้", "ำ"]


@given(st.text(), st.sampled_from(LEVELS))
def test_the_parts_of_any_text_are_the_text(text, level):
    stripped = text.strip()
    parts = list(split(stripped, level))
    assert "".join(parts) == stripped
    assert all(part.strip() for part in parts)


@given(st.text(alphabet=st.characters(exclude_categories=["M", "C", "Z"]), min_size=1))
def test_text_without_spaces_can_be_cut_after_every_character(text):
    pieces = CHARACTERS.pieces(text, "paragraph")
    for size in range(len(text)):
        part = "".join(piece.text for piece in cut(pieces, size, 0, CHARACTERS))
        assert text.startswith(part)
        # A character that is drawn together with the one before it is not cut off.
        assert len(part) <= size


@given(st.lists(st.sampled_from(["One.", "two", "three;", "\n\n", "\n"]), min_size=1).map(" ".join))
def test_words_are_cut_exactly(text):
    pieces = WORDS.pieces(text.strip(), "paragraph")
    for size in range(1, total(pieces) + 1):
        part = "".join(piece.text for piece in cut(pieces, size, 0, WORDS))
        assert text.strip().startswith(part)
        assert len(part.split()) == size


def test_a_cut_is_at_the_end_of_a_paragraph_or_sentence_where_one_is_close():
    text = "One two three.\n\nFour five. Six seven eight nine."
    pieces = WORDS.pieces(text, "paragraph")

    def cut_at(size, slack):
        return "".join(piece.text for piece in cut(pieces, size, slack, WORDS))

    assert cut_at(4, 1) == "One two three."
    assert cut_at(6, 1) == "One two three.\n\nFour five."
    assert cut_at(7, 0) == "One two three.\n\nFour five. Six seven"
    assert cut_at(8, 1) == text
    assert len(cut(pieces, 7, 0, WORDS)) == 2


def test_the_nearest_end_is_found():
    pieces = WORDS.pieces("a b\n\nc d\n\ne f", "paragraph")
    assert [nearest(pieces, size) for size in (0, 0.9, 1, 1.1, 3, 3.1, 6, 99)] == [
        *(0, 0, 0, 1, 1, 2, 3, 3)
    ]


@settings(deadline=None, max_examples=30)
@given(st.lists(st.sampled_from(["The mill", "stood", "still.", "磨坊", "\n\n"]), min_size=300))
def test_tokens_are_cut_close_to_the_size(tiny_model, parts):
    ruler = Ruler("tokens", str(tiny_model))
    text = " ".join(parts).strip()
    pieces = ruler.pieces(text, "paragraph")
    size = total(pieces) // 2
    part = "".join(piece.text for piece in cut(pieces, size, 0, ruler))
    assert text.startswith(part)
    assert abs(ruler.size(part) - size) <= size * 0.05


@pytest.mark.parametrize("name", ["Dr. Doe", "J. R. Doe", "Mrs. Doe", "St. Ives", "Prof. B. Doe"])
def test_a_title_or_an_initial_ends_no_sentence(name):
    text = f"We saw {name} there. It rained... Did it? It did."
    parts = [f"We saw {name} there.", " It rained...", " Did it?", " It did."]
    assert list(split(text, "sentence")) == parts
