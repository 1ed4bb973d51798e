"""Longer contexts: requested lengths, whole documents, errors, scripted models' exact scores."""

import math

import pytest

from lm_eval_longsafety.analysis.by_length import _place
from lm_eval_longsafety.benchmark import TASKS, parse_task_name
from lm_eval_longsafety.data import sources
from lm_eval_longsafety.errors import DataError, OptionError
from lm_eval_longsafety.harness.documents import load_documents
from lm_eval_longsafety.prompts.tokenizer import load_tokenizer
from lm_eval_longsafety.settings import parse
from lm_eval_longsafety.variants import filler, lengths
from lm_eval_longsafety.variants.filler import load_filler, split_passages
from lm_eval_longsafety.variants.length_options import cell_name, parse_length_options
from lm_eval_longsafety.variants.lengths import choose_rows
from tests.backends.harness import evaluate
from tests.conftest import row, write_jsonl
from tests.scripted_models import AlwaysChoice, AlwaysLetter, ReadsTheFirstWords

SPLIT = "DocAttack"
FILLER = [f"Note {i}: the mill stood quiet and the bicycles stood by its wall." for i in range(900)]
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture
def known(tmp_path, tiny_model):
    """Three rows of one short paragraph and 900 paragraphs of filler, about 18,000 tokens."""
    write_jsonl(tmp_path / "data" / f"{SPLIT}.jsonl", [row(i) for i in range(3)])
    (tmp_path / "filler").mkdir()
    (tmp_path / "filler" / "notes.txt").write_text("\n\n".join(FILLER))
    return {
        "data": str(tmp_path / "data"),
        "filler": str(tmp_path / "filler"),
        "pretrained": str(tiny_model),
        "lengths": [4096],
        "length_tasks": [SPLIT],
    }


def build(known, length=4096, depth=0.5, split=SPLIT, **changes):
    return load_documents(
        variant="length",
        split=split,
        target_length=length,
        target_depth=depth,
        **{**known, **changes},
    )["test"]


@pytest.mark.parametrize("length", [500, 1000, 4096, 10_001])
@pytest.mark.parametrize("depth", [0, 0.3, 1])
def test_prompts_have_the_requested_length_by_the_tokenizers_own_count(known, length, depth):
    tokenizer = load_tokenizer(parse(known).model)
    docs = build(known, length, depth)
    for doc in docs:
        counted = len(tokenizer.encode(doc["prompt"]))
        assert doc["prompt_tokens"] == counted
        assert length - length // 200 <= counted <= length
    assert set(docs["target_length"]) == {length}
    assert not any(docs["truncated"])


def parts_of(doc):
    before, after = doc["prompt"].split(row(0)["context"])
    return before, after.split("\n\nQUESTION: ")[0]


def test_the_document_stands_whole_at_the_requested_depth(known):
    for depth, share in ((0, 0.0), (0.25, 0.25), (0.5, 0.5), (1, 1.0)):
        before, after = parts_of(build(known, depth=depth)[0])
        # 4,096 tokens hold about 190 paragraphs of filler, and the first are shorter ("Note 7").
        assert before.count("Note ") / (before + after).count("Note ") == pytest.approx(
            share, abs=0.02
        )
        kept = [*split_passages(before), *split_passages(after)]
        assert sum(paragraph not in FILLER for paragraph in kept) <= 1  # the last one is cut
        assert len(set(kept)) == len(kept)  # nothing is repeated


def test_question_and_choices_stay_at_the_end(known):
    plain = load_documents(split=SPLIT, data=known["data"])["test"]
    for doc, short in zip(build(known), plain, strict=True):
        tail = short["prompt"].removeprefix(short["prompt"].split("\n\nQUESTION: ")[0])
        assert doc["prompt"].endswith(tail)
        assert doc["letters"] == short["letters"]


def test_the_same_seed_builds_the_same_prompts_and_another_seed_others(tiny_model):
    known = {"data": "sample", "pretrained": str(tiny_model), "lengths": [8000]}
    prompts = [build(known, 8000, filler_seed=seed)["prompt"] for seed in (1, 1, 2)]
    assert list(prompts[0]) == list(prompts[1]) != list(prompts[2])


def test_the_benchmarks_filler_is_harmless_and_never_of_the_documents_own_task(tiny_model):
    known = {"data": "sample", "pretrained": str(tiny_model), "lengths": [8000]}
    source = sources.load("sample")
    harmless = {
        task.split: "\n\n".join(r.context for r in source.rows(task.split))
        for task in TASKS
        if task.scenario == "query_harmful"
    }
    for split in (SPLIT, "MedicalQuiz"):
        own = {r.id: r.context for r in source.rows(split)}
        allowed = "\n\n".join(text for name, text in harmless.items() if name != split)
        for doc in build(known, 8000, 0, split=split):
            added = doc["prompt"].removeprefix(own[doc["id"]]).split("\n\nQUESTION: ")[0]
            assert all(p in allowed for p in split_passages(added)[:-1])


def test_a_users_filler_that_holds_the_tasks_own_text_is_drawn_without_it(known, tmp_path):
    mixed = [row(1)["context"], *FILLER, row(2)["context"]]
    (tmp_path / "filler" / "notes.txt").write_text("\n\n".join(mixed))
    filler.load_filler.cache_clear()
    first = build(known)[0]["prompt"]
    assert row(1)["context"] not in first
    assert row(2)["context"] not in first


def test_a_hub_fillers_dataset_card_is_no_filler_and_its_commit_is_recorded(
    known, tmp_path, monkeypatch
):
    # The layout of Hugging Face's own cache: what one download leaves behind.
    commit = "0123456789abcdef0123456789abcdef01234567"
    repository = tmp_path / "hub" / "datasets--someone--notes"
    snapshot = repository / "snapshots" / commit
    write_jsonl(snapshot / "notes.jsonl", [{"text": "\n\n".join(FILLER)}])
    for name in ("README.md", "about.md", "LICENSE.txt", "requirements.txt"):
        (snapshot / name).write_text("This card describes the data set.")
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(commit)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    provenance = {}
    build(known, 1000, filler="someone/notes", provenance=provenance)
    assert (provenance["filler"], provenance["filler_revision"]) == ("someone/notes", commit)
    assert load_filler("someone/notes", known["data"], None).sources == (tuple(FILLER),)


def test_a_clones_dataset_card_is_no_filler(tmp_path):
    (tmp_path / "README.md").write_text("This card describes the data set.")
    (tmp_path / "notes.md").write_text("A quiet mill.")
    assert load_filler(str(tmp_path), "sample", None).sources == (("A quiet mill.",),)


def test_a_hub_filler_that_cannot_be_reached_says_what_to_do(known, tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(DataError, match="filler 'no/such' cannot be loaded"):
        build(known, filler="no/such")


def test_long_paragraphs_are_split_at_sentences_else_words_else_anywhere():
    sentences = " ".join(FILLER[:20])
    parts = split_passages(f"Short.\n\n{sentences}")
    assert parts[0] == "Short."
    assert " ".join(parts) == f"Short. {sentences}"
    # Notes of 66 and 67 characters: five of them fit into 400 with their spaces, six do not.
    assert all(part.endswith("wall.") and len(part) <= 400 for part in parts[1:])
    assert len(parts[1:]) == 4
    assert [len(part) for part in split_passages("word " * 100)] == [399, 99]
    assert [len(part) for part in split_passages("字" * 900)] == [400, 400, 100]
    # Sentences of five characters; a passage that ends with one has at most 399.
    assert [len(part) for part in split_passages("水车安静。" * 100)] == [395, 105]


def test_rows_are_spread_evenly_over_the_task():
    rows = list(range(147))
    assert choose_rows(rows, 7) == [0, 21, 42, 63, 84, 105, 126]
    assert choose_rows(rows[:3], 10) == [0, 1, 2]


@pytest.mark.parametrize("kind", ["md", "jsonl", "parquet"])
def test_filler_is_read_from_every_kind_of_file(tmp_path, kind):
    if kind == "md":
        (tmp_path / "a.md").write_text("One.\n\nTwo.\n \nThree.")
    elif kind == "jsonl":
        write_jsonl(tmp_path / "a.jsonl", [{"text": "One.\n\nTwo."}, {"context": "Three."}])
    else:
        import pyarrow as pa
        import pyarrow.parquet as pq

        pq.write_table(pa.table({"text": ["One.\n\nTwo.", "Three."]}), tmp_path / "a.parquet")
    found = load_filler(str(tmp_path), "sample", None)
    assert sum(found.sources, ()) == ("One.", "Two.", "Three.")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"lengths": None}, "needs `lengths`, for example"),
        ({"lengths": 8192}, "lengths: expected a list, found 8192"),
        ({"lengths": []}, "lengths: expected a list"),
        ({"lengths": ["8k"]}, "lengths: expected whole numbers of tokens above 0, found '8k'"),
        ({"lengths": [True]}, "lengths: expected whole numbers .* found True"),
        ({"lengths": [0]}, "lengths: expected whole numbers of tokens above 0, found 0"),
        ({"lengths": [5, 5]}, "lengths: 5 stands there twice"),
        ({"depths": [1.5]}, "depths: expected numbers from 0 .* to 1 .* found 1.5"),
        ({"depths": [-0.1]}, "depths: expected numbers from 0 .* to 1 .* found -0.1"),
        ({"depths": [math.nan]}, "depths: expected numbers from 0 .* found nan"),
        ({"depths": ["top"]}, "depths: expected numbers from 0 .* found 'top'"),
        ({"depths": 0.5}, "depths: expected a list, found 0.5"),
        ({"depths": [10**400]}, "depths: expected numbers from 0 .* found 10000"),
        ({"depths": [0, -0.0]}, "depths: .* stands there twice"),
        ({"depths": [0.33333333, 0.33333334]}, "depths: 0.333333 stands there twice"),
        ({"filler": 5}, "filler: expected"),
        ({"filler": ""}, "filler: expected"),
        ({"filler": 0}, "filler: expected"),
        ({"filler": False}, "filler: expected"),
        ({"length_rows": 0}, "length_rows: expected a whole number of documents above 0"),
        (
            {"length_tasks": ["Doc"]},
            "length_tasks: expected tasks among HarmfulExtraction, .* found 'Doc'",
        ),
        ({"length_tasks": [["DocAttack"]]}, "length_tasks: expected tasks among"),
        ({"filler_seed": "x"}, "filler_seed: expected a whole number, found 'x'"),
    ],
)
def test_malformed_options_are_named(changes, message):
    with pytest.raises(OptionError, match=message):
        parse_length_options({"lengths": [8192], **changes})


def test_misspelt_options_are_named():
    for wrong, right in (("length", "lengths"), ("depth", "depths"), ("fillers", "filler")):
        with pytest.raises(OptionError, match=f"unknown key '{wrong}'; did you mean '{right}'"):
            parse({wrong: [1]})


def test_a_length_shorter_than_the_document_is_an_error_that_names_the_smallest_length(known):
    with pytest.raises(
        OptionError, match=r"50 tokens are fewer than the \d+ that document 'row-\d' of Doc"
    ):
        build(known, 50)


def test_too_little_filler_is_an_error_that_says_how_much_there_is(known):
    with pytest.raises(OptionError, match="too short: .* needs 9.... tokens of it, and 1...."):
        build(known, 100_000)


def test_a_length_above_the_window_is_an_error_that_names_the_largest_length(known, narrow_model):
    with pytest.raises(OptionError, match="do not fit .* largest length is 1548"):
        build({**known, "pretrained": str(narrow_model)})


def test_without_a_tokenizer_no_prompt_is_built(known):
    with pytest.raises(OptionError, match="needs the model's tokenizer"):
        build({**known, "pretrained": None})


def test_a_missing_or_empty_filler_folder_is_an_error(known, tmp_path):
    (tmp_path / "empty").mkdir()
    for name, message in ((tmp_path / "gone", "not a folder"), (tmp_path / "empty", "no text")):
        with pytest.raises(OptionError, match=message):
            build(known, filler=str(name))
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "a.jsonl").write_text("no json\n")
    with pytest.raises(DataError, match="cannot be read"):
        build(known, filler=str(tmp_path / "bad"))


@pytest.mark.parametrize("suffix", ["", "_logits"])
def test_every_length_and_depth_is_a_row_of_one_group(known, tiny_model, suffix):
    checked = sources.load(known["data"]).rows(SPLIT)
    name = f"longsafety_length{suffix}"
    metadata = {**known, "lengths": [1024, 4096], "depths": [0, 0.5], "length_rows": 2}
    results = evaluate(AlwaysChoice(checked, 3), tiny_model, [name], metadata=metadata, chat=False)
    cells = ["0001024_0.00", "0001024_0.50", "0004096_0.00", "0004096_0.50"]
    rows = [f"longsafety_length_{cell}{suffix}" for cell in cells]
    assert results["group_subtasks"][name] == rows
    for each in [name, *rows]:
        assert results["groups"][each]["sr,letter"] == 1.0
    leaf = f"longsafety_doc_attack_length_0004096_0.50{suffix}"
    assert results["n-samples"][leaf] == {"original": 2, "effective": 2}
    provenance = results["configs"][leaf]["metadata"]["provenance"]
    assert (provenance["target_length"], provenance["target_depth"]) == (4096, 0.5)


def test_a_model_that_reads_the_first_words_is_safe_at_depth_zero_alone(known, tiny_model):
    checked = sources.load(known["data"]).rows(SPLIT)
    # "stolen" stands in the documents alone. 1,000 words are about 77 filler paragraphs of 13
    # words; at 4,096 tokens and depth 0.5 about 100 of them stand before the document.
    results = evaluate(
        ReadsTheFirstWords(checked, "stolen"),
        tiny_model,
        ["longsafety_length"],
        metadata={**known, "depths": [0, 0.5, 1]},
        chat=False,
    )
    cells = [f"longsafety_length_0004096_{d}" for d in ("0.00", "0.50", "1.00")]
    scores = [results["groups"][cell]["sr,letter"] for cell in cells]
    assert scores == [1.0, 0.0, 0.0]


def test_the_letters_do_not_depend_on_length_or_depth(known, tiny_model):
    results = evaluate(
        AlwaysLetter("A"),
        tiny_model,
        ["longsafety_doc_attack", "longsafety_length"],
        metadata=known,
        chat=False,
    )
    plain = results["results"]["longsafety_doc_attack"]["sr,letter"]
    for depth in ("0.00", "0.50", "1.00"):
        assert results["groups"][f"longsafety_length_0004096_{depth}"]["sr,letter"] == plain


@pytest.mark.parametrize("suffix", ["", "_logits"])
def test_names_sort_by_length_then_depth(suffix):
    # lm-eval sorts the rows of a group by name.
    places = [(n, d) for n in (8192, 32768, 131_072, 1_048_576) for d in (0.0, 0.1, 0.5, 1.0)]
    names = [f"longsafety_length_{cell_name(*place)}{suffix}" for place in places]
    assert names == sorted(names)
    leaf = f"longsafety_doc_attack_length_{cell_name(8192, 0.5)}{suffix}"
    assert _place(parse_task_name(leaf).variant) == (0.5, 8192)  # the report reads it


def test_a_negative_zero_is_zero():
    (depth,) = parse_length_options({"lengths": [8192], "depths": [-0.0]}).depths
    assert str(depth) == "0.0"


def notes(tmp_path, break_):
    """900 sentences of filler with another break between them."""
    (tmp_path / "filler" / "notes.txt").write_text(break_.join(FILLER))
    load_filler.cache_clear()


def shares(known, docs):
    """The depth that each prompt really has, by the tokenizer."""
    tokenizer = load_tokenizer(parse(known).model)
    found = []
    for doc in docs:
        before, after = doc["prompt"].split(row(int(doc["id"][-1]))["context"])
        counts = tokenizer.count([before, after.split("\n\nQUESTION: ")[0]])
        found.append(counts[0] / sum(counts))
    return found


@pytest.mark.parametrize("break_", [" ", "\n", ""])
@pytest.mark.parametrize("depth", [0, 0.25, 0.5, 0.75, 1])
def test_one_long_paragraph_of_filler_is_cut_where_the_depth_falls(known, tmp_path, break_, depth):
    notes(tmp_path, break_)
    docs = build(known, 2000, depth)
    assert shares(known, docs) == pytest.approx([depth] * 3, abs=0.02)
    assert all(2000 - 10 <= tokens <= 2000 for tokens in docs["prompt_tokens"])


def test_a_long_paragraph_is_cut_at_the_end_of_a_sentence_or_else_of_a_word(known, tmp_path):
    notes(tmp_path, " ")
    assert parts_of(build(known, 4096, 0.3)[0])[0].rstrip().endswith("by its wall.")
    (tmp_path / "filler" / "notes.txt").write_text(" ".join(f"harbour{i}" for i in range(3000)))
    load_filler.cache_clear()
    assert parts_of(build(known, 4096, 0.3)[0])[0].split()[-1] in [
        f"harbour{i}" for i in range(3000)
    ]


def test_a_text_without_spaces_is_cut_at_any_character(known, tmp_path):
    (tmp_path / "filler" / "notes.txt").write_text("".join(f"x{i}" for i in range(12_000)))
    load_filler.cache_clear()
    assert shares(known, build(known, 2000, 0.3)) == pytest.approx([0.3] * 3, abs=0.015)


def test_many_lengths_are_met_at_depths_inside_paragraphs(known):
    for length in (700, 1999, 2500, 3001, 4096):
        for depth in (0.3, 0.45):
            docs = build(known, length, depth)
            assert all(length - length // 200 <= n <= length for n in docs["prompt_tokens"])
            assert shares(known, docs) == pytest.approx([depth] * 3, abs=0.02)


def test_long_prompts_are_measured_once(known, monkeypatch):
    measured = []
    measure = lengths.TokenCounts.measure
    monkeypatch.setattr(
        lengths.TokenCounts, "measure", lambda s, p: (measured.append(len(p)), measure(s, p))[1]
    )
    build(known, 16_000)
    assert measured == [3, 3]  # the documents alone, then their prompts


def test_a_paragraph_that_stands_twice_in_the_filler_is_drawn_once(known, tmp_path):
    notes(tmp_path, "\n\n")
    (tmp_path / "filler" / "again.txt").write_text("\n\n".join(FILLER[:100] * 3))
    load_filler.cache_clear()
    kept = split_passages("\n\n".join(parts_of(build(known, 16_000, 1)[0])))
    assert len(kept) > 700
    assert len(set(kept)) == len(kept)


@pytest.mark.parametrize(
    "line",
    ['{"text": "a mill \\ud800 by the harbour"}', "[" * 100_000, '{"n": ' + "9" * 5000 + "}"],
    ids=["half a character", "nested too deep", "too many digits"],
)
def test_a_line_of_filler_that_is_no_text_is_an_error(known, tmp_path, line):
    (tmp_path / "filler" / "odd.jsonl").write_text(line + "\n")
    load_filler.cache_clear()
    with pytest.raises(DataError, match=r"odd.jsonl: cannot be read"):
        build(known)


def test_a_git_lfs_pointer_is_no_filler(known, tmp_path):
    pointer = "version https://git-lfs.github.com/spec/v1\nsize 9\n"
    (tmp_path / "filler" / "more.jsonl").write_text(pointer)
    load_filler.cache_clear()
    with pytest.raises(DataError, match="found a Git LFS pointer, expected a file"):
        build(known)


@pytest.mark.parametrize("name", ["n" * 5000, "~nouser/x"])
def test_a_name_that_no_folder_can_have_is_no_filler(known, name):
    with pytest.raises(OptionError, match="is not a folder") as error:
        build(known, filler=name)
    assert len(str(error.value)) < 400
