"""What only a task file may set: a user's `--metadata` cannot change it, under any lm-eval."""

import pytest
from lm_eval.tasks import TaskManager

from lm_eval_longsafety.errors import OptionError
from lm_eval_longsafety.harness.discovery import tasks_path
from lm_eval_longsafety.harness.task_file import for_task_file, refuse_reserved


def load(task, **metadata):
    """The task as lm-eval builds it."""
    manager = TaskManager(
        include_path=str(tasks_path()),
        include_defaults=False,
        metadata={"data": "sample", **metadata},
    )
    return manager.load([task])["tasks"][task]


@pytest.mark.parametrize(
    ("task", "given"),
    [
        ("longsafety_doc_attack", {"variant": "no_context"}),
        ("longsafety_doc_attack_no_context", {"variant": "rotations"}),
        ("longsafety_doc_attack", {"protocol": "foo"}),
        ("longsafety_doc_attack_logits", {"split": "MedicalQuiz"}),
        ("longsafety_doc_attack", {"provenance": 5}),
        ("longsafety_doc_attack", {"provenance": {}}),
        ("longsafety_doc_attack_rotations", {"target_length": 4096}),
        ("longsafety_length", {"split": "MedicalQuiz"}),
        ("longsafety_length_logits", {"protocol": "generate"}),
        ("longsafety_length", {"provenance": 5}),
    ],
)
def test_an_internal_name_in_metadata_is_one_error_that_names_it(task, given):
    (name,) = given
    with pytest.raises(OptionError, match=f"--metadata: '{name}' is set by the task file"):
        load(task, lengths=[6000], **given)


def test_a_models_own_variant_is_left_alone():
    # `from_pretrained(variant="fp16")` chooses files of weights.
    task = load("longsafety_doc_attack", variant="fp16")
    assert task.config.metadata["provenance"]["variant"] == ""
    assert len(task.eval_docs) == 8


@pytest.mark.parametrize("suffix", ["", "_no_context", "_rotations"])
@pytest.mark.parametrize("protocol", ["generate", "logits"])
def test_the_provenance_holds_the_task_files_protocol_and_variant(suffix, protocol):
    end = "_logits" if protocol == "logits" else ""
    metadata = load(f"longsafety_doc_attack{suffix}{end}").config.metadata
    assert metadata["provenance"]["protocol"] == protocol
    assert metadata["provenance"]["variant"] == suffix.removeprefix("_")


def test_the_error_about_a_variant_names_the_tasks_that_have_it():
    with pytest.raises(OptionError, match="such as longsafety_rotations"):
        refuse_reserved({"variant": "rotations"})


def test_what_lm_eval_passes_on_reaches_the_documents():
    seen = {}
    provenance = {"protocol": "logits"}
    for_task_file(lambda **given: seen.update(given))(
        longsafety_split="DocAttack", provenance=provenance, data="sample", variant="fp16"
    )
    assert seen["provenance"] is provenance  # It is filled in place.
    assert seen == {
        "split": "DocAttack",
        "protocol": "logits",
        "provenance": {"protocol": "logits"},
        "data": "sample",
    }
