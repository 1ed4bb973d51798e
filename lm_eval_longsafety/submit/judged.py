"""Judged open replies of the submitted model: scores of their own, with the judge named.

Data flow: the judge's rows -> the run that wrote the replies -> one `Submission`, whose model is
the one that answered, never the judge.
"""

from collections.abc import Iterator, Mapping, Sequence
from math import isclose

from lm_eval_longsafety.benchmark import TASKS, TaskName, parse_task_name
from lm_eval_longsafety.public import clean, public
from lm_eval_longsafety.results import Provenance, Run, TaskResult
from lm_eval_longsafety.results.verdicts import Verdict, find_verdicts
from lm_eval_longsafety.submit.submission import METRICS, Judge, ScoredTask, Submission

OTHERWISE = "or give the files of the benchmark's run alone"


def gather_judged(runs: Sequence[Run], *, model: str) -> tuple[list[Submission], list[str]]:
    """One submission of all verdicts, or none, and what speaks against making one.

    Args:
        runs: all that were found, judges' runs among them.
        model: hub id to submit for.
    """
    tasks: list[ScoredTask] = []
    judges: dict[tuple[int, str], Judge] = {}
    reasons: list[str] = []
    for run in runs:
        for parsed, row in _verdicts(run):
            judges[id(run), parsed.protocol] = _judge(run, parsed, row)
            found = [
                ScoredTask(benchmark=parsed.benchmark, result=result, run=one, verdicts=row)
                for one in runs
                if (result := _answered(one, parsed, row))
            ]
            tasks += found
            if len(found) != 1:
                reasons.append(_unknown_replies(run, row))
    if len(judges) > 1:
        named = "; ".join(map(str, judges.values()))
        reasons.append(f"verdicts of several judges or runs ({named}); give those of one run")
    reasons += [
        f"the verdicts do not name their judge; judge again, {OTHERWISE}"
        for judge in judges.values()
        if judge.run.model.startswith("unknown")
    ]
    if reasons or not tasks:
        return [], list(dict.fromkeys(reasons))
    tasks.sort(key=lambda task: TASKS.index(task.benchmark))
    (judge,) = judges.values()
    return [Submission(model=model, protocol="generate", tasks=tuple(tasks), judge=judge)], []


def contradictions(judge: Judge) -> Iterator[str]:
    """How the verdicts beside the judge's results differ from them.

    Raises:
        ResultsError: the verdicts are damaged.
    """
    for found in find_verdicts([judge.run.source.parent]):
        if found.source != judge.run.source:
            continue
        if missing := found.missing():
            yield f"{missing}; give the files of one whole run"
        means = {name: _means(verdicts) for name, verdicts in found.tasks.items()}
        for name, own in means.items():
            row = judge.run.tasks.get(name)
            if row and any(not _same(row.value(metric), own[metric]) for metric in METRICS):
                yield f"{name}: its verdicts have other means than the results; an edited file"


def _verdicts(run: Run) -> Iterator[tuple[TaskName, TaskResult]]:
    """The run's rows of a judge's tasks."""
    for name, row in run.tasks.items():
        parsed = parse_task_name(name)
        if parsed and parsed.variant == "judge":
            yield parsed, row


def _judge(run: Run, parsed: TaskName, row: TaskResult) -> Judge:
    record = row.provenance or Provenance()
    return Judge(
        model=clean(public(run.model), 80),
        protocol=parsed.protocol,
        orders=record.judge_orders,
        context=record.judge_context,
        run=run,
    )


def _answered(run: Run, parsed: TaskName, row: TaskResult) -> TaskResult | None:
    """The run's row of the open replies that were judged; None if it did not write them."""
    record = row.provenance or Provenance()
    same = run.source.name == record.judged and public(run.model) == record.judged_model
    return run.tasks.get(f"{parsed.benchmark.name}_open") if same else None


def _unknown_replies(run: Run, row: TaskResult) -> str:
    record = row.provenance or Provenance()
    named = f" ({record.judged} of {record.judged_model})" if record.judged_model else ""
    return clean(
        f"the open replies{named} that were judged in {run.source.name} are not among these "
        f"results; give their run too, {OTHERWISE}"
    )


def _means(verdicts: Sequence[Verdict]) -> Mapping[str, float | None]:
    judged = [each for each in verdicts if each.chosen is not None]
    n = len(judged)
    return {name: sum(getattr(v, name) for v in judged) / n if n else None for name in METRICS}


def _same(first: float | None, second: float | None) -> bool:
    if first is None or second is None:
        return first is second
    return isclose(first, second, abs_tol=1e-9)
