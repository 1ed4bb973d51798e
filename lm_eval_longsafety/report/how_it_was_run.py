"""Section: what all runs share, and what differs between them."""

import re
from collections.abc import Callable, Mapping, Sequence

from lm_eval_longsafety.analysis import truncation
from lm_eval_longsafety.analysis.facts import (
    differences,
    fingerprint,
    gen_kwargs,
    recorded,
    task_version,
    template,
    templates_of,
)
from lm_eval_longsafety.analysis.models import Model
from lm_eval_longsafety.analysis.scores import Subject
from lm_eval_longsafety.public import clean
from lm_eval_longsafety.report.content import Section, Table, text, words
from lm_eval_longsafety.results import Provenance, Run

_Fact = Callable[[Run], object]
_OVER_LENGTH = {"middle": "cut in the middle", "skip": "left out", "error": "refused"}
_RUN_FACTS: dict[str, _Fact] = {
    "Model revision": lambda run: _revision(run.model_sha or run.revision),
    "Backend": lambda run: run.backend,
    "dtype": lambda run: run.dtype,
    "lm-eval": lambda run: run.lm_eval_version or (run.git_hash and f"commit {run.git_hash}"),
    "Window, tokens": lambda run: run.max_length and f"{run.max_length:,}",
    "Chat template sha256": lambda run: template(run)[:16],
    "Seeds": lambda run: ", ".join(f"{k.removesuffix('_seed')} {v}" for k, v in run.seeds.items()),
    "Limit": lambda run: _limit(run),
    "Started, UTC": lambda run: run.date and f"{run.date:%Y-%m-%d %H:%M}",
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


def section(models: Sequence[Model]) -> Section:
    """Settings that all runs share once, the others by run."""
    rows = _rows(models)
    titles = list(dict.fromkeys(title for facts in rows.values() for title in facts))
    values = {t: [facts.get(t, "") for facts in rows.values()] for t in titles}
    shared = {t: own[0] for t, own in values.items() if len(set(own)) == 1}
    differing = [t for t in titles if t not in shared]
    tables = [
        Table(
            id="setup-shared",
            caption="The same in all runs" if len(rows) > 1 else "Settings",
            columns=(words("Setting"), words("Value")),
            rows=tuple((text(t), text(value)) for t, value in shared.items()),
            folded=len(rows) > 1,
        )
    ]
    if differing:
        differ = Table(
            id="setup-table",
            caption="What differs between the runs",
            columns=(words("Run"), *(words(t) for t in differing)),
            rows=tuple(
                (text(name), *(text(facts.get(t)) for t in differing))
                for name, facts in rows.items()
            ),
        )
        tables.insert(0, differ)
    found = differences([model.main for model in models if model.main])
    return Section(
        id="setup",
        title="How it was run",
        answer=_answer(found, len(rows), differing),
        tables=tuple(tables),
        details=("What lm-eval recorded about each run; n/a where it recorded nothing.",),
    )


def _answer(found: Sequence[str], runs: int, differing: Sequence[str]) -> str:
    if runs < 2:
        return ""
    if found:
        return "The runs were not made in the same way; see the warnings at the top of the page."
    return (
        f"All settings that must be the same are the same; {len(differing)} others differ."
        if differing
        else "All recorded settings are the same."
    )


def _rows(models: Sequence[Model]) -> dict[str, dict[str, str]]:
    """Facts by title, of each run; where a model has several, the later ones name their tasks."""
    rows: dict[str, dict[str, str]] = {}
    for model in models:
        for run in model.runs:
            own = [subject for subject in model.subjects if subject.run is run]
            subject = model.main if model.main in own else next(iter(own), None)
            kind = subject.label if subject else f"{model.label} (other tasks)"
            name = model.label if run is model.runs[0] else kind
            rows[name if name not in rows else file_name(run)] = _facts(run, subject)
    return rows


def _facts(run: Run, subject: Subject | None) -> dict[str, str]:
    found: dict[str, object] = {title: fact(run) for title, fact in _RUN_FACTS.items()}
    if subject:
        found |= {title: recorded(subject, of) for title, of in _DATA_FACTS.items()}
        found["Data fingerprint"] = fingerprint(subject)
        found["Version of the tasks"] = task_version(subject)
        found["Templates"] = templates_of(subject)
        found["gen_kwargs"] = gen_kwargs(subject)
        cut = truncation.number(subject)
        found["Truncated prompts"] = None if cut is None else f"{cut:,}"
    found["Results file"] = file_name(run)
    return {title: "" if value is None else clean(str(value)) for title, value in found.items()}


def file_name(run: Run) -> str:
    """The results file that a run was read from, relative to the folder that was given."""
    return clean(run.file or run.source.name)


def _revision(value: str | None) -> str | None:
    """A commit is shown by its first digits."""
    return value[:12] if value and re.fullmatch(r"[0-9a-f]{40}", value) else value


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
