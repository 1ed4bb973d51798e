"""How runs were made, and differences that make their scores hard to compare.

Data flow: subjects -> sentences for banners and notes.
"""

import hashlib
from collections.abc import Callable, Container, Iterable, Iterator, Sequence

from lm_eval_longsafety.analysis.scores import Subject
from lm_eval_longsafety.public import clean
from lm_eval_longsafety.results import Provenance, Run
from lm_eval_longsafety.results.window_room import cut_from_the_left


def banners(subjects: Sequence[Subject], labelled: Iterable[tuple[str, Run]]) -> list[str]:
    """What a reader must know before reading any score.

    Args:
        subjects: the subjects whose scores are shown.
        labelled: all runs that are shown, each with its label.
    """
    pairs = list(labelled)
    found: dict[str, list[str]] = {}
    for label, run in pairs:
        for fault in _faults(run):
            found.setdefault(fault, []).append(label)
    labels_of = {id(run): label for label, run in pairs}
    for subject in filter(on_sample_data, subjects):
        found.setdefault(_SAMPLE, []).append(labels_of.get(id(subject.run), subject.label))
    every = {label for label, _ in pairs}
    named = {
        text: "All models"
        if len(every) > 1 and every <= set(labels)
        else ", ".join(dict.fromkeys(labels))
        for text, labels in found.items()
    }
    return [f"{labels}: {text}" for text, labels in named.items()]


_SAMPLE = "run on the embedded sample data. These are not LongSafetyBench scores."


def _faults(run: Run) -> Iterator[str]:
    """What is wrong with a run, each as the end of a sentence."""
    if run.limited:
        yield (
            "a limited run, not all documents were scored. Its scores cannot be compared with "
            "those of complete runs."
        )
    if count := sum(run.prompts_missing.values()):
        yield (
            f"{count:,} of its requests do not hold their document's prompt. The chat template "
            "left it out, or the requests come from the cache of another run. Its scores mean "
            "nothing."
        )
    if names := run.other_templates:
        yield (
            f"asked with other templates than the benchmark's ({clean(', '.join(names), 100)}). "
            "These are not LongSafetyBench scores."
        )
    if run.template_unused:
        yield (
            "the model's tokenizer has a chat template, but the run did not apply it "
            "(--apply_chat_template). A chat model then gets prompts in a form that it was not "
            "trained on."
        )
    if long := cut_from_the_left(run):
        yield f"{long}. Run it again with a larger window."


def differences(subjects: Sequence[Subject], *, of_one_model: bool = False) -> list[str]:
    """Differences in protocol, data, window, prompts or template, each as a sentence.

    Args:
        subjects: scores that stand beside each other.
        of_one_model: they are one model's scores under its protocols, which therefore differ.
    """
    shared = _shared_splits(subjects)
    checks: dict[str, Callable[[Subject], str]] = {
        "protocol": lambda s: s.protocol,
        "data": lambda s: fingerprint(s, shared) or "",
        "letter order or seed": lambda s: recorded(
            s, lambda p: p.option_order and f"{p.option_order} {p.option_seed}"
        ),
        "window": lambda s: str(s.run.max_length or ""),
        "prompt budget": lambda s: recorded(s, lambda p: p.prompt_limit),
        "set of templates": templates_of,
        "chat template": template_use,
        "version of the tasks": task_version,
        "gen_kwargs": gen_kwargs,
    }
    if of_one_model:
        del checks["protocol"]
    found = []
    for title, key in checks.items():
        values: dict[str, list[str]] = {}
        for subject in subjects:
            values.setdefault(key(subject)[:16] or "unknown", []).append(subject.label)
        if len(set(values) - {"unknown"}) > 1:
            shown = "; ".join(f"{value}: {', '.join(labels)}" for value, labels in values.items())
            found.append(
                f"The runs were not made in the same way: {title} differs ({shown}). Be careful "
                "when comparing their scores."
            )
    return found + _different_prompts(subjects)


def template_use(subject: Subject) -> str:
    """Whether a chat template was applied; each model has its own, so they need not be the same."""
    used = template(subject.run)
    return used if used in ("", "none") else "applied"


def templates_of(subject: Subject) -> str:
    """The files, by hash and name, whose texts its tasks were asked with; `""` if unknown."""
    return recorded(
        subject,
        lambda p: (
            f"{(p.templates_sha256 or '')[:8]} {p.templates}" if p.templates else "the benchmark's"
        ),
    )


def task_version(subject: Subject) -> str:
    """The versions of its tasks, which rise whenever a score can move; `""` if unknown."""
    versions = (task.result.version for task in subject.tasks if task.result)
    return " / ".join(dict.fromkeys(version for version in versions if version))


def gen_kwargs(subject: Subject) -> str:
    """What `--gen_kwargs` set; `""` if unknown or if nothing was generated."""
    if subject.protocol != "generate" or "config" not in subject.run.summary:
        return ""
    return clean(subject.run.gen_kwargs or "none", 200)


def _different_prompts(subjects: Sequence[Subject]) -> list[str]:
    """Runs of one model under one protocol and variant whose prompts differ."""
    found = []
    for index, first in enumerate(subjects):
        for second in subjects[index + 1 :]:
            kinds = {(s.run.model, s.protocol, s.variant) for s in (first, second)}
            if len(kinds) > 1:
                continue
            own = {(s.split, s.id): s.prompt_hash for s in first.samples}
            pairs = [(s, own.get((s.split, s.id))) for s in second.samples]
            changed = sum(1 for s, other in pairs if other and other != s.prompt_hash)
            if changed:
                found.append(
                    f"{first.label} and {second.label} are runs of one model, but {changed:,} of "
                    "their prompts differ."
                )
    return found


def on_sample_data(subject: Subject) -> bool:
    """Whether any task ran on the embedded sample instead of the benchmark."""
    return any(_provenance_of(subject, lambda p: p.data == "sample"))


def template(run: Run) -> str:
    """The hash of the chat template; "none" if lm-eval applied none, `""` if unknown."""
    return run.chat_template_sha or ("none" if "chat_template_sha" in run.summary else "")


def _provenance_of(subject: Subject, of: Callable[[Provenance], object]) -> list[object]:
    return [of(task.provenance) for task in subject.tasks if task.provenance is not None]


def recorded(subject: Subject, of: Callable[[Provenance], object]) -> str:
    """A value that all tasks recorded; all different values, joined, if the tasks differ."""
    values = dict.fromkeys(str(value) for value in _provenance_of(subject, of) if value is not None)
    return clean(" / ".join(values))


def _data_hashes(subject: Subject) -> dict[str, str]:
    """The hash of the data by split, for tasks that recorded it."""
    found = {
        task.benchmark.split: task.provenance and task.provenance.data_sha256
        for task in subject.tasks
    }
    return {split: value for split, value in found.items() if value}


def _shared_splits(subjects: Sequence[Subject]) -> set[str]:
    """Splits that every subject with recorded hashes has: other tasks are not other data."""
    splits = [set(hashes) for subject in subjects if (hashes := _data_hashes(subject))]
    return set.intersection(*splits) if splits else set()


def fingerprint(subject: Subject, splits: Container[str] | None = None) -> str | None:
    """A short hash of the data hashes of all tasks, or of the tasks of some splits."""
    found = _data_hashes(subject).items()
    hashes = [value for split, value in found if splits is None or split in splits]
    if not hashes:
        return None
    return hashlib.sha256("".join(hashes).encode()).hexdigest()[:16]
