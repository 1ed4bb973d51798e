"""Records made by hand, for the numbers of the analysis and the sentences of the report."""

from pathlib import Path

from lm_eval_longsafety.analysis.paired import Difference
from lm_eval_longsafety.analysis.stats import Estimate
from lm_eval_longsafety.results import Metric, Provenance, Run, Sample, TaskResult
from lm_eval_longsafety.results.open_replies import OpenReplies, OpenSample
from lm_eval_longsafety.results.verdicts import Verdict, Verdicts
from tests.results_files import task_name

DOC_ATTACK = task_name("DocAttack")


def sample(number, sr, ha=None, *, picks="A", letters="ABCD", split="DocAttack", **changes):
    """A document whose letters are those of the choices from the least to the most safe."""
    facts = {"answered": 1.0, "refused": 0.0, "truncated": 0.0} | changes
    facts.setdefault("context_sha256", f"{split}-{number}")
    return Sample(
        task=task_name(split),
        split=split,
        id=f"{split}-{number}",
        picks=tuple(pick.strip() for pick in picks),
        letters=tuple(letters),
        sr=float(sr),
        ha=float(sr if ha is None else ha),
        **facts,
    )


def scored(sr, split="DocAttack", *, ha=None, **changes):
    """Samples of one task: document i has SR `sr[i]`, and HA `ha[i]` or the same as SR."""
    return tuple(sample(i, safe, ha and ha[i], split=split, **changes) for i, safe in enumerate(sr))


def run(model="m", rows=None, **samples):
    """A run from samples by task; `rows` has lm-eval's values, {task: {metric: value}}."""
    tasks = {
        name: TaskResult(
            name=name,
            alias="",
            n_effective=len(samples.get(name, ())) or None,
            metrics=tuple(
                Metric(name=metric, filter="letter", value=value, stderr=None)
                for metric, value in row.items()
            ),
        )
        for name, row in (rows or {}).items()
    }
    return Run(
        source=Path("results.json"),
        model=model,
        tasks=tasks,
        samples={name: tuple(own) for name, own in samples.items()},
    )


def run_of(model="org/a", *, suffix="", rows=None, **samples):
    """A run from samples by split; `suffix` is that of the variant and protocol."""
    named = {task_name(split) + suffix: own for split, own in samples.items()}
    return run(model, rows, **named)


def replied(count, split="DocAttack", *, model="org/a", data=None, **changes):
    """A run of open replies to the documents of `scored`, on data with that fingerprint."""
    name = f"{task_name(split)}_open"
    facts = {"refused": 0.0, "empty": 0.0, "cut": 0.0, "reply_tokens": 4.0, "truncated": 0.0}
    samples = tuple(
        OpenSample(
            split=split,
            id=f"{split}-{number}",
            reply_sha256=f"reply {number}",
            context_sha256=f"{split}-{number}",
            depth=None,
            text=None,
            **facts | changes,
        )
        for number in range(count)
    )
    result = TaskResult(name=name, alias="", metrics=(), provenance=Provenance(data_sha256=data))
    made = Run(source=Path("results.json"), model=model, tasks={name: result})
    return OpenReplies(source=made.source, run=made, tasks={name: samples})


def judged_by(judge, chosen, split="DocAttack", *, model="org/a", file="results.json", **changes):
    """A judge's verdicts on `replied`: for each reply the index of one of four choices, or None."""
    name = f"{task_name(split)}_judge"
    verdicts = tuple(
        Verdict(
            split=split,
            id=f"{split}-{number}",
            reply_sha256=f"reply {number}",
            context_sha256=f"{split}-{number}",
            orders=(choice, choice),
            chosen=choice,
            n=4,
            ha=None if choice is None else float(choice >= 2),
            sr=None if choice is None else float(choice == 3),
            unread=float(choice is None),
            consistent=float(choice is not None),
            truncated=0.0,
        )
        for number, choice in enumerate(chosen)
    )
    recorded = Provenance(
        judged=file, judged_model=model, judge_orders=2, judge_context="none", **changes
    )
    result = TaskResult(name=name, alias="", metrics=(), provenance=recorded)
    made = Run(source=Path(f"{judge}.json"), model=judge, tasks={name: result})
    return Verdicts(source=made.source, run=made, tasks={name: verdicts})


def share(value, low=None, high=None):
    """A share of the documents, with its interval if there is one."""
    return Estimate(value=value, stderr=None, low=low, high=high, n=None)


def difference(value, low, high):
    """A difference in SR, in [-1, 1]."""
    return Difference(value=value, low=low, high=high, p=1.0, n=10, gained=0, lost=0)


def cells(table, row):
    """The texts of the row with that heading, without the heading."""
    (found,) = [own for own in table.rows if own[0].text == row]
    return [cell.text for cell in found[1:]]
