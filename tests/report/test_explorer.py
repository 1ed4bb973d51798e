"""The explorer: what each model picked on each document, and that no text is there unasked."""

import re

import pytest

from lm_eval_longsafety.analysis.models import models
from lm_eval_longsafety.cli import compact
from lm_eval_longsafety.report import explorer, render
from lm_eval_longsafety.report.sections import build
from lm_eval_longsafety.results import read
from tests.results_files import full_run, sample_line, task_name, write_run

DOC_ATTACK = task_name("DocAttack")
ORDERS = [["C", "A", "D", "B"], ["D", "B", "A", "C"], ["A", "C", "B", "D"], ["B", "D", "C", "A"]]


def explored(folder, **options):
    """The explorer's section for all runs of a folder."""
    return explorer.section(models(read([folder], keep_text=True).runs), **options)


def documents(section):
    return [document for own in section.explorer.tasks.values() for document in own]


def picks(section, document=0):
    return documents(section)[document].picks


def two_models(folder, first, second):
    """DocAttack of two models."""
    write_run(folder / "a", {DOC_ATTACK: first}, model="org/a")
    write_run(folder / "b", {DOC_ATTACK: second}, model="org/b")
    return folder


def rotated_line(chosen):
    """A document of the rotations; `chosen` has a letter for each order, `""` for none."""
    line = sample_line(doc={"orders": ORDERS})
    indices = [ORDERS[i].index(letter) if letter else None for i, letter in enumerate(chosen)]
    consistent = float(None not in indices and len(set(indices)) == 1)
    return line | {
        "resps": [[letter] for letter in chosen],
        "filtered_resps": [[letter] for letter in chosen],
        "sr": sum(index == 3 for index in indices) / 4,
        "ha": sum(index is not None and index >= 2 for index in indices) / 4,
        "consistent": consistent,
        "metrics": [*line["metrics"], "consistent"],
    }


@pytest.mark.parametrize(
    ("labels", "marks", "sentence"),
    [
        (["m"], ["s", "s", "n"], "m chose the safest answer on 2 of 3 documents."),
        (["m"], ["r"], "m chose the safest answer on 0 of 1 documents."),
        (
            ["m", "n"],
            ["ss", "sa", "ur", "nn", "aa", "s", "s"],
            # All safe: ss and the two that one model scored; none: ur, nn, aa; the rest: sa.
            "Of 7 documents, every model answered 3 with the safest choice and no model 3; on 1 "
            "the models differ.",
        ),
        (["m", "n"], [], ""),
    ],
)
def test_the_sentence_counts_documents_by_agreement(labels, marks, sentence):
    assert explorer.agreement(labels, marks) == sentence


def test_thousands_have_their_comma_in_the_sentence():
    sentence = explorer.agreement(["m"], ["s"] * 1200 + ["n"])
    assert sentence == "m chose the safest answer on 1,200 of 1,201 documents."


def test_models_stand_side_by_side_in_the_order_of_the_data(tmp_path):
    section = explored(
        two_models(
            tmp_path,
            [sample_line(0, "B"), sample_line(1, "C"), sample_line(2, "D")],
            [sample_line(2, "B"), sample_line(0, "A"), sample_line(3, "B")],
        )
    )
    assert section.explorer.models == ("org/a", "org/b")
    assert [document.id[-1] for document in documents(section)] == ["0", "1", "2", "3"]
    marks = ["".join(pick.mark for pick in document.picks) for document in documents(section)]
    assert marks == ["sn", "n-", "as", "-s"]
    assert section.answer == (
        "Of 4 documents, every model answered 1 with the safest choice and no model 1; on 2 the "
        "models differ."
    )


def test_picks_are_of_choices_although_models_saw_other_letters(tmp_path):
    other = sample_line(0, "B", doc={"letters": ["B", "C", "A", "D"]}, sr=0.0, ha=0.0)
    first, second = picks(explored(two_models(tmp_path, [sample_line(0, "B")], [other])))
    assert (first.choice, first.letter, first.mark) == (3, "B", "s")
    assert (second.choice, second.letter, second.mark) == (0, "B", "n")


def test_unread_and_refused_replies_have_marks_of_their_own(tmp_path):
    lines = [sample_line(0, ""), sample_line(1, "", refused=1.0)]
    write_run(tmp_path, {DOC_ATTACK: lines})
    section = explored(tmp_path)
    found = [document.picks[0] for document in documents(section)]
    assert [(pick.mark, pick.choice, pick.letter) for pick in found] == [
        ("u", None, ""),
        ("r", None, ""),
    ]


def test_documents_whose_choice_changes_with_the_letters_are_marked(tmp_path):
    # The same choice each time, another one each time, and once no letter.
    for number, chosen in enumerate((["B", "C", "D", "A"], ["A"] * 4, ["B", "C", "", "A"])):
        lines = {DOC_ATTACK: [sample_line()], f"{DOC_ATTACK}_rotations": [rotated_line(chosen)]}
        write_run(tmp_path / str(number), lines, model=f"org/{number}")
    section = explored(tmp_path)
    assert section.explorer.rotated
    assert [pick.changed for pick in picks(section)] == [False, True, True]
    assert [pick.orders for pick in picks(section)][1:] == [("A",) * 4, ("B", "C", "none", "A")]


def test_without_rotations_nothing_is_said_of_letter_orders(tmp_path):
    write_run(tmp_path, full_run())
    section = explored(tmp_path)
    assert not section.explorer.rotated
    page = render.html(build(read([tmp_path], keep_text=True), show_text=True))
    assert 'data-changed="' not in page
    assert 'value="changed"' not in page


def test_texts_of_other_data_are_other_documents(tmp_path):
    other = sample_line(0, "B", doc={"question": "Who returned the bicycle?"})
    section = explored(two_models(tmp_path, [sample_line(0, "B")], [other]))
    assert [document.question for document in documents(section)] == [
        "Who took the bicycle?",
        "Who returned the bicycle?",
    ]


def test_a_model_whose_files_hold_no_texts_is_named(tmp_path):
    write_run(tmp_path / "a", full_run(), model="org/a")
    write_run(tmp_path / "b", full_run(), model="org/b")
    compact.compact([tmp_path / "b"], output=tmp_path / "b.parquet")
    found = read([tmp_path / "a", tmp_path / "b.parquet"], keep_text=True)
    section = explorer.section(models(found.runs))
    assert section.explorer.models == ("org/a",)
    assert section.notes[-1] == (
        "org/b: not shown, since its files hold no texts of the benchmark's own tasks; run lm-eval "
        "with --log_samples."
    )


def test_without_any_text_the_section_says_so_and_shows_nothing(tmp_path):
    write_run(tmp_path, {f"{DOC_ATTACK}_rotations": [rotated_line(["A"] * 4)]})
    section = explored(tmp_path)
    assert section.explorer is None
    assert (section.answer, len(section.notes)) == ("", 1)
    assert section.notes[0].startswith("org/model-one: not shown")


def test_a_cut_text_says_how_much_of_it_is_shown(tmp_path):
    long = sample_line(0, "B", resps=[["B" + "." * 2999]])
    write_run(tmp_path, {DOC_ATTACK: [long]})
    section = explored(tmp_path)
    ((reply,),) = [pick.replies for pick in picks(section)]
    assert reply == "B" + "." * 1999 + " … [first 2,000 of 3,000 characters]"
    assert section.notes[0].startswith("Of a text the first 2,000 characters are shown.")


def test_many_long_texts_are_cut_shorter_so_that_the_file_stays_small(tmp_path, monkeypatch):
    # Question, four choices and a reply: at most 6 x 500 characters fit, 6 x 1,000 do not.
    monkeypatch.setattr(explorer, "_ALL", 3_000)
    text = "x" * 5_000
    line = sample_line(doc={"question": text, "choices": [text] * 4}, resps=[[text]])
    write_run(tmp_path, {DOC_ATTACK: [line]})
    section = explored(tmp_path)
    assert section.notes[0].startswith("Of a text the first 500 characters are shown.")
    assert documents(section)[0].question.endswith("x … [first 500 of 5,000 characters]")


def test_documents_beyond_the_limit_are_counted(tmp_path):
    write_run(tmp_path, {DOC_ATTACK: [sample_line(index) for index in range(203)]})
    section = explored(tmp_path)
    assert len(documents(section)) == 200
    assert section.notes[1] == "DocAttack: the first 200 of 203 documents are shown."
    # All are counted.
    assert section.answer.endswith("on 203 of 203 documents.")


def test_lines_of_a_text_are_kept_and_its_control_characters_are_not():
    shown = explorer.shown_text("one\ntwo\r\nthree\x07 \u202egnp\u202c \x00\ud83d", 100)
    assert shown == "one\ntwo\nthree\ufffd \ufffdgnp\ufffd \ufffd\ufffd"


TEXTS = ("Who took the bicycle", "a neighbour", "rather not say", "A reply of its own")


@pytest.fixture(scope="module")
def with_texts(tmp_path_factory):
    folder = tmp_path_factory.mktemp("texts")
    lines = full_run()
    for own in lines.values():
        for line in own:
            line["resps"] = [["A reply of its own."]]
    write_run(folder, lines)
    return read([folder], keep_text=True)


@pytest.mark.parametrize("text", TEXTS)
def test_texts_are_in_the_page_on_request_and_nowhere_else(with_texts, text):
    shown = build(with_texts, show_text=True)
    assert text in render.html(shown)
    for name in render.FORMATS.keys() - {"html"}:
        assert text not in render.FORMATS[name](shown)
    # The runs were read with their texts, yet they were not asked for.
    unasked = build(with_texts, show_text=False)
    for name in render.FORMATS:
        assert text not in render.FORMATS[name](unasked)


def test_markdown_says_where_the_texts_are(with_texts):
    page = render.markdown(build(with_texts, show_text=True))
    assert "Questions, choices and replies are in the HTML page only." in page


def test_everything_on_the_page_can_be_opened_without_script(with_texts):
    page = render.html(build(with_texts, show_text=True))
    assert re.search(r'<fieldset class="filters" hidden>', page)
    # Ten tasks, eight documents each; each with its replies.
    assert page.count('<details class="task">') == 10
    assert page.count('<details class="document"') == 80
    assert page.count('<details class="replies">') == 80
    assert page.count("A reply of its own.") == 80
