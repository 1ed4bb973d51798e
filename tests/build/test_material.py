"""Texts are read from plain files and tables, with the origin of each."""

import io
import json
import os

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lm_eval_longsafety.build.material import Library
from lm_eval_longsafety.build.recipe import read_recipe
from lm_eval_longsafety.errors import BuildError, DataError
from tests.build.recipes import write

RECIPE = """
seed: 1
licence: Apache-2.0
material: {{box: {{files: {files}, source: attic}}}}
splits: {{HarmfulTendency: {{pipeline: whole, items: items.csv, material: box}}}}
"""


def shelf(folder, files, **contents):
    library = Library(
        read_recipe(write(folder, RECIPE.format(files=files), **contents)),
        io.BytesIO(),
        training=False,
    )
    return library.shelf("box"), library


def test_each_plain_file_is_one_text(tmp_path):
    found, library = shelf(tmp_path, "'*.txt'", a_txt="\ufeff\r\n One.\r\n\r\nTwo.\n", b_txt="乙。")
    assert [(text.id, text.text) for text in found][:2] == [
        ("a.txt", "One.\r\n\r\nTwo."),
        ("b.txt", "乙。"),
    ]
    assert {(text.licence, text.source) for text in found} == {("Apache-2.0", "attic")}
    assert [each.path for each in library.inputs] == ["a.txt", "b.txt", "village.txt"]


def test_hidden_files_are_no_part_of_a_pattern(tmp_path):
    (tmp_path / "box").mkdir()
    (tmp_path / "box" / ".DS_Store").write_bytes(b"\0\0")
    (tmp_path / "box" / "a.txt").write_text("One.")
    for files in ("'box/*'", "box"):
        assert [text.id for text in shelf(tmp_path, files)[0]] == ["box/a.txt"]


@pytest.mark.parametrize("ending", ["jsonl", "csv", "parquet"])
def test_each_row_of_a_table_is_one_text_with_its_own_licence(tmp_path, ending):
    table = [
        {"text": "One,\n\ntwo.", "licence": "CC0-1.0", "id": "first"},
        {"text": "Drei.", "licence": None, "id": None},
    ]
    if ending == "jsonl":
        data = "".join(json.dumps(row) + "\n" for row in table).encode()
    elif ending == "csv":
        data = b'text,licence,id\n"One,\n\ntwo.",CC0-1.0,first\nDrei.,,\n'
    else:
        buffer = io.BytesIO()
        pq.write_table(pa.Table.from_pylist(table), buffer)
        data = buffer.getvalue()
    found, _ = shelf(tmp_path, f"box.{ending}", **{f"box_{ending}": data})
    name = f"box.{ending}#"
    assert [(text.id, text.text, text.licence) for text in found] == [
        (f"{name}first", "One,\n\ntwo.", "CC0-1.0"),
        (f"{name}2", "Drei.", "Apache-2.0"),
    ]


def test_a_folder_and_several_patterns_are_read_in_the_order_of_the_recipe(tmp_path):
    (tmp_path / "in" / "deep").mkdir(parents=True)
    (tmp_path / "in" / "deep" / "z.md").write_text("Deep.")
    (tmp_path / "in" / "a.txt").write_text("First.")
    (tmp_path / "in" / "picture.png").write_bytes(b"\x89")
    found, _ = shelf(tmp_path, "[village.txt, in]")
    assert [text.id for text in found] == ["village.txt", "in/a.txt", "in/deep/z.md"]


@pytest.mark.parametrize(
    ("files", "contents", "message"),
    [
        ("none.txt", {}, "material.box.files: there is no file 'none.txt' beside the recipe"),
        ("'*.md'", {}, r"there is no file '\*.md'"),
        ("a**b", {}, r"there is no file 'a\*\*b'"),
        ("n" * 300, {}, "there is no file 'nnn"),
        ('"a\\0b"', {}, r"there is no file 'a\\x00b'"),
        ("a.txt", {"a_txt": " \n"}, "a.txt: is empty"),
        ("a.txt", {"a_txt": b"caf\xe9"}, r"a.txt: is not UTF-8 \(byte 3\)"),
        ("a.doc", {"a_doc": "x"}, "a.doc: expected a file that ends in .txt, .md, .jsonl"),
        ("a.csv", {"a_csv": "text\n"}, "a.csv: has no rows"),
        ("a.csv", {"a_csv": "title\nx\n"}, "a.csv, row 1: no text in a column text, context"),
        ("a.csv", {"a_csv": "text,text\nx,y\n"}, "a.csv: a column has no name, or two have the"),
        ("a.csv", {"a_csv": "text,b\nx\n"}, "a.csv, row 1: has more or fewer cells than the 2"),
        ("a.csv", {"a_csv": 'text\n"x'}, "a.csv: is not CSV"),
        ("a.jsonl", {"a_jsonl": '{"text": "x"}\n{\n'}, "a.jsonl: line 2 is not JSON"),
        ("a.jsonl", {"a_jsonl": "[1]\n"}, "a.jsonl, row 1: expected keys with values"),
        ("a.jsonl", {"a_jsonl": '{"text": "\\ud800"}\n'}, "half of a surrogate pair"),
        ("a.jsonl", {"a_jsonl": '{"text": ""}\n'}, "a.jsonl, row 1: no text in a column"),
        ("a.parquet", {"a_parquet": "x"}, "not a readable parquet file"),
        ("owner/name", {}, "material 'owner/name' cannot be loaded"),
    ],
)
def test_material_that_cannot_be_read_is_one_line(tmp_path, files, contents, message):
    with pytest.raises((BuildError, DataError), match=message):
        shelf(tmp_path, files, **contents)


def test_a_pipe_in_place_of_a_text_is_one_line(tmp_path):
    os.mkfifo(tmp_path / "a.txt")
    with pytest.raises(BuildError, match="a.txt: is not a file"):
        shelf(tmp_path, "a.txt")


@pytest.mark.parametrize("ids", ['"a" "a"', "2 null"])
def test_two_texts_with_one_id_are_an_error(tmp_path, ids):
    rows = [f'{{"id": {each}, "text": "Text {i}."}}\n' for i, each in enumerate(ids.split())]
    with pytest.raises(BuildError, match="box.jsonl#[a2]: two texts of the material box have this"):
        shelf(tmp_path, "box.jsonl", box_jsonl="".join(rows))
