"""Section: each run's settings, and the settings that differ though they must be the same."""

from collections.abc import Callable, Mapping, Sequence

from lm_eval_longsafety.analysis import truncation
from lm_eval_longsafety.analysis.facts import differences, fingerprint, joined, template
from lm_eval_longsafety.analysis.scores import Subject, run_labels
from lm_eval_longsafety.public import clean
from lm_eval_longsafety.report.content import Cell, Section, Table, count, text, words
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
    "Chat template sha256": lambda run: template(run)[:16],
    "Seeds": lambda run: ", ".join(f"{k.removesuffix('_seed')} {v}" for k, v in run.seeds.items()),
    "Limit": lambda run: _limit(run),
    "Started": lambda run: run.date and f"{run.date:%Y-%m-%d %H:%M} UTC",
    "Duration": lambda run: run.duration_s and duration(run.duration_s),
}
_DATA_FACTS: dict[str, Callable[[Provenance], object]] = {
    "Data": lambda p: p.data,
    "Data revision": lambda p: p.revision,
    "Letter order": lambda p: p.option_order,
    "Letter order seed": lambda p: p.option_seed,
    "Over-long prompts": lambda p: _OVER_LENGTH.get(p.over_length or "", p.over_length),
    "Prompt budget, tokens": lambda p: p.prompt_limit and f"{p.prompt_limit:,}",
}


def section(subjects: Sequence[Subject], runs: Sequence[Run]) -> Section:
    """Settings per subject, or per run that has no LongSafetyBench task."""
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
        rows.append((text("Data fingerprint"), *(text(fingerprint(s)) for *_, s in columns)))
        cut = [truncation.number(s) if s else None for *_, s in columns]
        rows.append((text("Truncated prompts"), *map(count, cut)))
    return Section(
        id="setup",
        title="Run settings",
        paragraphs=("What lm-eval recorded about each run; n/a where it recorded nothing.",),
        tables=(
            Table(
                id="setup-table",
                caption="Model, software, data and settings",
                columns=(
                    words("Setting"),
                    *(words(label) for label, *_ in columns),
                ),
                rows=tuple(rows),
            ),
        ),
        notes=tuple(differences([s for s in subjects if s.variant == ""])),
    )


def file_name(run: Run) -> str:
    """The results file that a run was read from, relative to the folder that was given."""
    return clean(run.file or run.source.name)


def _limit(run: Run) -> str | None:
    if run.limit is not None:
        return f"{run.limit:g}"
    config = run.summary.get("config")
    return "none" if isinstance(config, Mapping) and "limit" in config else None


def duration(seconds: float) -> str:
    """Seconds as text: "1 h 02 min", "3 min 05 s", "12 s"."""
    minutes, rest = divmod(round(seconds), 60)
    if minutes >= 60:
        return f"{minutes // 60:,} h {minutes % 60:02} min"
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"


def _values(subject: Subject | None, of: Callable[[Provenance], object]) -> Cell:
    return text(joined(subject, of) or None)
