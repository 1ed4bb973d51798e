"""Section: how each run was made, and where runs differ in what must not differ."""

from collections.abc import Callable, Sequence

from lm_eval_longsafety.report.content import Cell, Column, Section, Table, clean, count, text
from lm_eval_longsafety.report.scores import Subject, run_labels
from lm_eval_longsafety.results import Provenance, Run

_Fact = Callable[[Run], object]
_RUN_FACTS: dict[str, _Fact] = {
    "Model revision": lambda run: run.model_sha or run.revision,
    "Backend": lambda run: run.backend,
    "dtype": lambda run: run.dtype,
    "lm-eval": lambda run: run.lm_eval_version or (run.git_hash and f"commit {run.git_hash}"),
    "Window, tokens": lambda run: run.max_length,
    "Chat template sha256": lambda run: (run.chat_template_sha or "none")[:16],
    "Seeds": lambda run: ", ".join(f"{k.removesuffix('_seed')} {v}" for k, v in run.seeds.items()),
    "Limit": lambda run: "none" if run.limit is None else f"{run.limit:g}",
    "Started": lambda run: run.date and f"{run.date:%Y-%m-%d %H:%M} UTC",
    "Duration": lambda run: run.duration_s and duration(run.duration_s),
}
_DATA_FACTS: dict[str, Callable[[Provenance], object]] = {
    "Data": lambda p: p.data,
    "Data revision": lambda p: p.revision,
    "Option order": lambda p: p.option_order,
    "Option seed": lambda p: p.option_seed,
    "Over-long prompts": lambda p: p.over_length,
    "Prompt budget, tokens": lambda p: p.prompt_limit,
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
        rows.append((text("Truncated prompts"), *(count(_truncated(s)) for *_, s in columns)))
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


def banners(subjects: Sequence[Subject], runs: Sequence[Run]) -> list[str]:
    """What a reader must know before any number."""
    found = []
    for label, run in zip(run_labels(runs), runs, strict=True):
        if run.limited:
            found.append(f"{label}: a limited run, not all documents were scored. Not comparable.")
    sample = [s.label for s in subjects if any(_provenance_of(s, lambda p: p.data == "sample"))]
    if sample:
        found.append(
            f"{', '.join(sample)}: run on the embedded sample data. These are not LongSafetyBench "
            "scores."
        )
    found += differences(subjects)
    return found


def differences(subjects: Sequence[Subject]) -> list[str]:
    """Where subjects differ in protocol, data, window or template, each as a sentence."""
    checks: dict[str, Callable[[Subject], str]] = {
        "protocol": lambda s: s.protocol,
        "data": lambda s: _fingerprint(s) or "",
        "option order or seed": lambda s: _joined(
            s, lambda p: p.option_order and f"{p.option_order} {p.option_seed}"
        ),
        "window": lambda s: str(s.run.max_length or ""),
        "prompt budget": lambda s: _joined(s, lambda p: p.prompt_limit),
        "chat template": lambda s: s.run.chat_template_sha or "none",
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


def _fingerprint(subject: Subject | None) -> str | None:
    """One short hash over the data hashes of all tasks."""
    import hashlib

    hashes = [str(value) for value in _provenance_of(subject, lambda p: p.data_sha256) if value]
    if not hashes:
        return None
    return hashlib.sha256("".join(hashes).encode()).hexdigest()[:16]


def _truncated(subject: Subject | None) -> int | None:
    values = [v for v in _provenance_of(subject, lambda p: p.truncated) if isinstance(v, int)]
    return sum(values) if values else None
