"""Section: how each run was made, and where runs differ in what must not differ."""

from collections.abc import Callable, Container, Iterable, Mapping, Sequence

from lm_eval_longsafety.report import truncation
from lm_eval_longsafety.report.content import Cell, Column, Section, Table, clean, count, text
from lm_eval_longsafety.report.scores import Subject, run_labels
from lm_eval_longsafety.results import Provenance, Run

_Fact = Callable[[Run], object]
_OVER_LENGTH = {"middle": "cut in the middle", "skip": "left out", "error": "refused"}
_RUN_FACTS: dict[str, _Fact] = {
    "Results file": lambda run: file_name(run),
    "Model revision": lambda run: run.model_sha or run.revision,
    "Backend": lambda run: run.backend,
    "dtype": lambda run: run.dtype,
    "lm-eval": lambda run: run.lm_eval_version or (run.git_hash and f"commit {run.git_hash}"),
    "Window, tokens": lambda run: run.max_length and f"{run.max_length:,}",
    "Chat template sha256": lambda run: _template(run)[:16],
    "Seeds": lambda run: ", ".join(f"{k.removesuffix('_seed')} {v}" for k, v in run.seeds.items()),
    "Limit": lambda run: _limit(run),
    "Started": lambda run: run.date and f"{run.date:%Y-%m-%d %H:%M} UTC",
    "Duration": lambda run: run.duration_s and duration(run.duration_s),
}
_DATA_FACTS: dict[str, Callable[[Provenance], object]] = {
    "Data": lambda p: p.data,
    "Data revision": lambda p: p.revision,
    "Option order": lambda p: p.option_order,
    "Option seed": lambda p: p.option_seed,
    "Over-long prompts": lambda p: _OVER_LENGTH.get(p.over_length or "", p.over_length),
    "Prompt budget, tokens": lambda p: p.prompt_limit and f"{p.prompt_limit:,}",
}


def section(subjects: Sequence[Subject], runs: Sequence[Run]) -> Section:
    """Facts per subject, or per run where nothing of ours was scored."""
    columns: list[tuple[str, Run, Subject | None]]
    columns = [(subject.label, subject.run, subject) for subject in subjects]
    scored = [subject.run for subject in subjects]
    for label, run in zip(run_labels(runs), runs, strict=True):
        if not any(run is other for other in scored):
            columns.append((label, run, None))
    rows: list[tuple[Cell, ...]] = []
    for title, fact in _RUN_FACTS.items():
        rows.append((text(title), *(text(fact(run)) for _, run, _ in columns)))
    if subjects:
        rows.append((text("Protocol"), *(text(s.protocol if s else None) for *_, s in columns)))
        for title, of in _DATA_FACTS.items():
            rows.append((text(title), *(_values(s, of) for *_, s in columns)))
        rows.append((text("Data fingerprint"), *(text(_fingerprint(s)) for *_, s in columns)))
        cut = [truncation.number(s) if s else None for *_, s in columns]
        rows.append((text("Truncated prompts"), *map(count, cut)))
    return Section(
        id="setup",
        title="How it was run",
        paragraphs=("What lm-eval wrote down about each run; n/a where it wrote nothing.",),
        tables=(
            Table(
                id="setup-table",
                caption="Model, software, data and settings",
                columns=(
                    Column(title="Fact", numeric=False),
                    *(Column(title=label, numeric=False) for label, *_ in columns),
                ),
                rows=tuple(rows),
            ),
        ),
        notes=tuple(differences([s for s in subjects if s.variant == ""])),
    )


def banners(subjects: Sequence[Subject], labelled: Iterable[tuple[str, Run]]) -> list[str]:
    """What a reader must know before any number.

    Args:
        subjects: those whose scores are shown.
        labelled: their runs and any others shown, each with its name on the page.
    """
    pairs = list(labelled)
    found = [
        f"{label}: a limited run, not all documents were scored. Its scores do not compare with "
        "those of whole runs."
        for label, run in pairs
        if run.limited
    ]
    for label, run in pairs:
        if count_ := sum(run.prompts_missing.values()):
            found.append(
                f"{label}: {count_:,} of its requests do not hold their document's prompt. A chat "
                "template that drops the text does that, and requests cached from another run. Its "
                "scores do not count."
            )
    sample = [subject.label for subject in subjects if on_sample_data(subject)]
    if sample:
        found.append(
            f"{', '.join(sample)}: run on the embedded sample data. These are not LongSafetyBench "
            "scores."
        )
    found += differences(subjects)
    return found


def differences(subjects: Sequence[Subject]) -> list[str]:
    """Where subjects differ in protocol, data, window or template, each as a sentence."""
    shared = _shared_splits(subjects)
    checks: dict[str, Callable[[Subject], str]] = {
        "protocol": lambda s: s.protocol,
        "data": lambda s: _fingerprint(s, shared) or "",
        "option order or seed": lambda s: _joined(
            s, lambda p: p.option_order and f"{p.option_order} {p.option_seed}"
        ),
        "window": lambda s: str(s.run.max_length or ""),
        "prompt budget": lambda s: _joined(s, lambda p: p.prompt_limit),
        "chat template": lambda s: _template(s.run),
    }
    found = []
    for title, key in checks.items():
        values = {subject.label: key(subject) for subject in subjects}
        if len(set(values.values()) - {""}) > 1:
            found.append(
                f"The models were not run alike: {title} differs ("
                + "; ".join(
                    f"{label}: {value[:16] or 'unknown'}" for label, value in values.items()
                )
                + "). Read differences between them with care."
            )
    return found + _different_prompts(subjects)


def _different_prompts(subjects: Sequence[Subject]) -> list[str]:
    """Runs of one model under one protocol whose prompts differ."""
    found = []
    for index, first in enumerate(subjects):
        for second in subjects[index + 1 :]:
            if first.run.model != second.run.model or first.protocol != second.protocol:
                continue
            own = {(s.split, s.id): s.prompt_hash for s in first.samples}
            pairs = [(s, own.get((s.split, s.id))) for s in second.samples]
            changed = sum(1 for s, other in pairs if other and other != s.prompt_hash)
            if changed:
                found.append(
                    f"{first.label} and {second.label} are runs of one model, yet {changed:,} of "
                    "their prompts differ."
                )
    return found


def file_name(run: Run) -> str:
    """The results file that a run was read from, below the folder that was given."""
    return clean(run.file or run.source.name)


def on_sample_data(subject: Subject) -> bool:
    """Whether any task ran on the embedded sample instead of the benchmark."""
    return any(_provenance_of(subject, lambda p: p.data == "sample"))


def _template(run: Run) -> str:
    """The template's hash, "none" where lm-eval says that there was none, `""` if unknown."""
    told = "chat_template_sha" in run.summary
    return run.chat_template_sha or ("none" if told else "")


def _limit(run: Run) -> str | None:
    if run.limit is not None:
        return f"{run.limit:g}"
    config = run.summary.get("config")
    return "none" if isinstance(config, Mapping) and "limit" in config else None


def duration(seconds: float) -> str:
    """Seconds for people: "1 h 02 min", "3 min 05 s", "12 s"."""
    minutes, rest = divmod(round(seconds), 60)
    if minutes >= 60:
        return f"{minutes // 60:,} h {minutes % 60:02} min"
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"


def _provenance_of(subject: Subject | None, of: Callable[[Provenance], object]) -> list[object]:
    tasks = subject.tasks if subject else ()
    return [of(task.provenance) for task in tasks if task.provenance is not None]


def _joined(subject: Subject | None, of: Callable[[Provenance], object]) -> str:
    """A fact of all tasks: one value, or all of them where tasks differ."""
    values = dict.fromkeys(str(value) for value in _provenance_of(subject, of) if value is not None)
    return clean(" / ".join(values))


def _values(subject: Subject | None, of: Callable[[Provenance], object]) -> Cell:
    return text(_joined(subject, of) or None)


def _data_hashes(subject: Subject | None) -> dict[str, str]:
    """The data's hash by split, where a task wrote it down."""
    tasks = subject.tasks if subject else ()
    found = {
        task.benchmark.split: task.provenance and task.provenance.data_sha256 for task in tasks
    }
    return {split: value for split, value in found.items() if value}


def _shared_splits(subjects: Sequence[Subject]) -> set[str]:
    """Splits whose data every subject tells: other tasks are no other data."""
    told = [set(hashes) for subject in subjects if (hashes := _data_hashes(subject))]
    return set.intersection(*told) if told else set()


def _fingerprint(subject: Subject | None, splits: Container[str] | None = None) -> str | None:
    """One short hash over the data hashes of all tasks, or of those of some splits."""
    import hashlib

    found = _data_hashes(subject).items()
    hashes = [value for split, value in found if splits is None or split in splits]
    if not hashes:
        return None
    return hashlib.sha256("".join(hashes).encode()).hexdigest()[:16]
