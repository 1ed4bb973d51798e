"""Models: what a report shows once, though several runs, protocols and variants belong to it.

Data flow: runs -> runs of one model -> its subjects, one for each variant and protocol.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from lm_eval_longsafety.analysis.scores import Subject, run_labels, task_scores
from lm_eval_longsafety.analysis.stats import Estimate
from lm_eval_longsafety.results import Run, Sample

_PROTOCOLS = ("generate", "logits")


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One model of a report: it has one label and one colour."""

    label: str
    index: int
    """Place among the models, from 0; it gives the model's colour."""
    runs: tuple[Run, ...]
    subjects: tuple[Subject, ...]
    """One for each variant and protocol; empty if only other tasks were run."""
    protocol: str
    """The protocol whose scores stand for the model."""

    def find(self, variant: str, protocol: str | None = None) -> Subject | None:
        """The subject of a variant, under the model's own protocol unless another one is named."""
        own = {s.protocol: s for s in self.subjects if s.variant == variant}
        if protocol is not None:
            return own.get(protocol)
        return own.get(self.protocol) or next(iter(own.values()), None)

    @property
    def main(self) -> Subject | None:
        """The scores of the benchmark itself; None if only variants or other tasks were run."""
        return self.find("")

    @property
    def samples(self) -> tuple[Sample, ...]:
        """All samples of `main`."""
        return self.main.samples if self.main else ()

    def mean(self, metric: str) -> Estimate | None:
        """The mean over tasks of `main`; None without it."""
        return self.main.mean(metric) if self.main else None

    @property
    def other(self) -> Subject | None:
        """The scores of the benchmark under the second protocol; None if it was not run."""
        found = (self.find("", protocol) for protocol in _PROTOCOLS)
        return next((s for s in found if s and self.main and s is not self.main), None)


def models(runs: Sequence[Run]) -> list[Model]:
    """The models in the order of their first runs; judges of open replies are none.

    Runs belong together if model, revision and adapter are the same and no variant was run twice
    under one protocol. Where a model has several such sets, a further run joins that of its folder.
    The protocol is the first that every model has (generate before logits), else each one's first.
    """
    groups = _groups([run for run in runs if not run.only_judges])
    labels = run_labels([group[0] for group in groups])
    found = [
        (label, group, _subjects(label, group)) for label, group in zip(labels, groups, strict=True)
    ]
    shared = _shared_protocol([subjects for *_, subjects in found])
    return [
        Model(label=label, index=index, runs=tuple(group), subjects=subjects, protocol=shared)
        for index, (label, group, subjects) in enumerate(found)
    ]


def subjects(runs: Sequence[Run]) -> list[Subject]:
    """One subject for each protocol and variant of each model, in the order of the models."""
    return [subject for model in models(runs) for subject in model.subjects]


def _groups(runs: Sequence[Run]) -> list[list[Run]]:
    """Runs of one model; a run of other tasks only belongs to every group of its model."""
    groups: list[list[Run]] = []
    for run in sorted(runs, key=lambda run: not run.longsafety()):
        same = [group for group in groups if _identity(group[0]) == _identity(run)]
        free = [group for group in same if not any(_keys(run) & _keys(other) for other in group)]
        if run.longsafety() and len(free) > 1:
            # The run of a variant belongs to the run beside it; else it is unclear to which.
            free = [g for g in free if any(r.source.parent == run.source.parent for r in g)][:1]
        for group in free:
            group.append(run)
        if not free:
            groups.append([run])
    order = list(map(id, runs))
    return sorted(groups, key=lambda group: order.index(id(group[0])))


def _identity(run: Run) -> tuple[object, ...]:
    if run.model in ("", "unknown"):
        return (id(run),)
    return (run.model, run.revision, run.model_sha, run.adapter)


def _keys(run: Run) -> set[tuple[str, str]]:
    """Variants with their protocols, or the names of the tasks of a run without any of ours."""
    own = {(name.variant, name.protocol) for name in run.longsafety().values()}
    return own or {("", name) for name in run.tasks}


def _subjects(label: str, group: Sequence[Run]) -> tuple[Subject, ...]:
    names: dict[tuple[str, str], tuple[Run, list[str]]] = {}
    for run in group:
        for name, parsed in run.longsafety().items():
            names.setdefault((parsed.variant, parsed.protocol), (run, []))[1].append(name)
    found = []
    for (variant, protocol), (run, own) in names.items():
        several = sum(key[0] == variant for key in names) > 1
        parts = [variant.replace("_", " ")] * bool(variant) + [protocol] * several
        found.append(
            Subject(
                label=f"{label} ({', '.join(parts)})" if parts else label,
                run=run,
                protocol=protocol,
                variant=variant,
                tasks=task_scores(run, own),
            )
        )
    return tuple(found)


def _shared_protocol(subjects: Sequence[Sequence[Subject]]) -> str:
    plain = [{s.protocol for s in own if s.variant == ""} for own in subjects]
    plain = [protocols for protocols in plain if protocols]
    return next((p for p in _PROTOCOLS if all(p in own for own in plain)), _PROTOCOLS[0])
