"""What is read from results: runs, their metrics, their scored documents.

This module is independent of lm-eval's file formats. A missing number is None, never 0 or NaN.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from lm_eval_longsafety.benchmark import TaskName, parse_task_name

SCORES = ("ha", "sr", "answered", "refused", "truncated")
"""Metrics of every document of this plugin, each in [0, 1]."""
_TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One metric of one task under one filter."""

    name: str
    filter: str
    """Name of the filter pipeline; `""` for lm-eval 0.3, which had none."""
    value: float | None
    """None where lm-eval wrote NaN, an infinity or no number."""
    stderr: float | None
    """Same unit as `value`; None where lm-eval wrote "N/A", NaN or nothing."""
    higher_is_better: bool | None = None
    """None where lm-eval does not report it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """What a task of this plugin recorded about its data and protocol; None means unknown."""

    data: str | None = None
    revision: str | None = None
    data_sha256: str | None = None
    rows: int | None = None
    scored: int | None = None
    option_order: str | None = None
    option_seed: int | None = None
    over_length: str | None = None
    prompt_limit: int | None = None
    truncated: int | None = None
    protocol: str | None = None
    templates: str | None = None
    """Name of the file with the texts of the user message; None for the benchmark's own."""
    templates_sha256: str | None = None
    template_unused: bool | None = None
    """Whether the tokenizer has a chat template that the run did not apply."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskResult:
    """One row of lm-eval's table: a task, or a group that aggregates tasks."""

    name: str
    alias: str
    metrics: tuple[Metric, ...]
    n_original: int | None = None
    """Documents of the whole task; None where lm-eval did not count them (before 0.4.3)."""
    n_effective: int | None = None
    """Documents that were run."""
    n_shot: int | None = None
    version: str | None = None
    is_group: bool = False
    subtasks: tuple[str, ...] = ()
    """Direct children of a group."""
    provenance: Provenance | None = None
    """None for tasks that are not this plugin's."""
    reply_tokens: int | None = None
    """Most tokens of a reply; None where unknown or where replies are not generated."""

    def metric(self, name: str) -> Metric | None:
        """The metric of that name: of the filter `letter`, else of the first filter."""
        named = (metric for metric in self.metrics if metric.name == name)
        return min(named, key=lambda metric: metric.filter != "letter", default=None)

    def value(self, name: str) -> float | None:
        """The mean of that metric; None where lm-eval wrote no finite one."""
        metric = self.metric(name)
        return None if metric is None else metric.value

    def contradiction(self, samples: Sequence["Sample"]) -> str | None:
        """How samples differ from this row, in number or in mean scores; None where they agree.

        A damaged or edited sample file must not change the score that lm-eval reported.
        """
        if self.n_effective is not None and len(samples) != self.n_effective:
            return f"{len(samples)} of {self.n_effective} documents"
        for name in SCORES:
            value = self.value(name)
            mean = sum(getattr(sample, name) for sample in samples) / max(len(samples), 1)
            if value is not None and abs(value - mean) > _TOLERANCE:
                return f"mean {name} {mean:.4g}, in the results file {value:.4g}"
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleText:
    """The texts of a sample; they are read only on request, since they may be harmful."""

    question: str
    choices: tuple[str, ...]
    replies: tuple[str, ...]
    """What the model wrote, for each order of the choices; empty for `logits`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One scored document of this plugin's tasks."""

    task: str
    """lm-eval task name."""
    split: str
    id: str
    picks: tuple[str, ...]
    """Letter read, for each order of the choices; `""` where none could be read."""
    letters: tuple[str, ...]
    """Letter of each choice, in the order of the data set: from least to most safe."""
    ha: float
    sr: float
    answered: float
    refused: float
    truncated: float
    prompt_tokens: int | None = None
    depth: float | None = None
    length: float | None = None
    filler: str | None = None
    """Name of the material around the passage. Untrusted."""
    context_sha256: str = ""
    prompt_hash: str = ""
    extra: Mapping[str, float] = field(default_factory=dict)
    """Other numeric metrics, such as `consistent` of `rotations`."""
    prompt_missing: bool = False
    """Whether the logged request lacks the document's prompt; False where no request was logged."""
    text: SampleText | None = None

    @property
    def choice(self) -> int | None:
        """Index of the picked choice, least safe first; None unless one letter was read."""
        if len(self.picks) == 1 and self.picks[0] in self.letters:
            return self.letters.index(self.picks[0])
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One evaluation of one model: what one call of `lm_eval run` wrote."""

    source: Path
    file: str = ""
    """As many last parts of `source` as all runs need to differ; may be shown, unlike all of it."""
    model: str
    """As lm-eval names it: a hub id, a path, or `unknown`. Untrusted; use `public` to show it."""
    backend: str | None = None
    model_args: Mapping[str, Any] = field(default_factory=dict)
    """Without secrets; local paths are shortened."""
    revision: str | None = None
    model_sha: str | None = None
    dtype: str | None = None
    lm_eval_version: str | None = None
    git_hash: str | None = None
    date: datetime | None = None
    duration_s: float | None = None
    limit: float | None = None
    """As given: a count of documents, a fraction below 1, or None."""
    max_length: int | None = None
    chat_template_sha: str | None = None
    seeds: Mapping[str, int] = field(default_factory=dict)
    gen_kwargs: str | None = None
    tasks: Mapping[str, TaskResult] = field(default_factory=dict)
    """In lm-eval's order; groups included."""
    samples: Mapping[str, tuple[Sample, ...]] = field(default_factory=dict)
    """By lm-eval task name, for tasks of this plugin whose samples were given."""
    summary: Mapping[str, Any] = field(default_factory=dict)
    """lm-eval's results document without texts, templates, environment and secrets."""
    notes: tuple[str, ...] = ()
    """What a reader of the scores should know, such as missing or damaged parts."""

    @property
    def limited(self) -> bool:
        """Whether any task ran on fewer documents than it has."""
        counts = [(task.n_effective, task.n_original) for task in self.tasks.values()]
        known = [(ran, all_) for ran, all_ in counts if ran is not None and all_ is not None]
        if known:
            return any(ran < all_ for ran, all_ in known)
        return self.limit is not None

    @property
    def prompts_missing(self) -> dict[str, int]:
        """Number of documents whose logged request lacks their prompt, for tasks that have any."""
        counts = {
            task: sum(sample.prompt_missing for sample in own) for task, own in self.samples.items()
        }
        return {task: count for task, count in counts.items() if count}

    @property
    def template_unused(self) -> bool:
        """Whether a task of this plugin recorded that the chat template was not applied."""
        records = [task.provenance for task in self.tasks.values()]
        return any(record is not None and record.template_unused for record in records)

    @property
    def other_templates(self) -> list[str]:
        """Names of the files whose texts some tasks were asked with instead of the benchmark's."""
        records = [task.provenance for task in self.tasks.values()]
        return sorted({each.templates for each in records if each and each.templates})

    def longsafety(self) -> dict[str, TaskName]:
        """This plugin's tasks, without groups, of which the run has results or samples; by name.

        Open replies and verdicts on them are not among them: they are not the benchmark's scores.
        """
        names = [name for name, task in self.tasks.items() if not task.is_group]
        names += [name for name in self.samples if name not in self.tasks]
        parsed = ((name, parse_task_name(name)) for name in names)
        return {
            name: task for name, task in parsed if task and task.variant not in ("open", "judge")
        }
