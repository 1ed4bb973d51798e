"""What speaks against a submission: every reason at once, each with what to do.

A run is judged by what lm-eval and our tasks wrote into its results file; samples beside it must
not contradict it.
"""

import re
from collections.abc import Callable, Iterator, Sequence

from lm_eval_longsafety.benchmark import HUB_ID, TASKS
from lm_eval_longsafety.data import hub
from lm_eval_longsafety.errors import SubmissionError
from lm_eval_longsafety.public import clean, public
from lm_eval_longsafety.results import Run
from lm_eval_longsafety.results.verdicts import MOST_UNREAD
from lm_eval_longsafety.results.window_room import cut_from_the_left
from lm_eval_longsafety.submit.judged import OTHERWISE, contradictions, gather_judged
from lm_eval_longsafety.submit.submission import (
    ANSWERED_FLOOR,
    METRICS,
    ScoredTask,
    Submission,
    gather,
)

_COMMIT = re.compile(r"[0-9a-f]{40}")
_SAME_IN_ALL_TASKS: dict[str, Callable[[ScoredTask], object]] = {
    "data revision": lambda task: task.provenance.revision,
    "option_order": lambda task: task.provenance.option_order,
    "option_seed": lambda task: task.provenance.option_seed,
    "over_length": lambda task: task.provenance.over_length,
    "prompt budget": lambda task: task.provenance.prompt_limit,
    "task version": lambda task: task.result.version,
    "window": lambda task: task.run.max_length,
    "chat template": lambda task: task.run.chat_template_sha,
    "system instruction": lambda task: task.run.summary.get("system_instruction_sha"),
    "generation settings": lambda task: task.run.gen_kwargs,
    "model revision": lambda task: task.run.model_sha or task.run.revision,
    "dtype": lambda task: task.run.dtype,
}


def check(
    runs: Sequence[Run],
    *,
    model: str,
    protocol: str | None = None,
    ran_as: str | None = None,
    allow_unanswered: bool = False,
    allow_no_chat_template: bool = False,
) -> list[Submission]:
    """The submissions that runs hold, one per protocol.

    Args:
        runs: what was found in the user's folders.
        model: hub id to submit for.
        protocol: `generate` or `logits` alone; None for each that was run.
        ran_as: the model's name in the run, where it differs from `model` and the user says that
            the weights are the same.
        allow_unanswered: take tasks with few readable replies; the files say so.
        allow_no_chat_template: take a run that did not apply the chat template that its tokenizer
            has; the files say so.

    Raises:
        SubmissionError: with every reason why these must not be submitted.
    """
    submissions = gather(runs, model=model, protocol=protocol)
    of_letters = [run for run in runs if run.longsafety()]
    judged, unclear = gather_judged(runs, model=model) if submissions else ([], [])
    answered = [run for submission in judged for run in submission.runs]
    reasons = [*_model([*of_letters, *answered], model, ran_as), *unclear]
    if not submissions:
        reasons.append(_nothing(runs, protocol))
    checks = [_incomplete, _limited, _scores, _data, _settings, _verdicts]
    checks += [_unanswered] * (not allow_unanswered) + [_template] * (not allow_no_chat_template)
    for submission in (*submissions, *judged):
        prefix = f"{submission.protocol}: " if len(submissions) > 1 else ""
        prefix = "open replies: " if submission.judge else prefix
        reasons += [prefix + reason for check in checks for reason in check(submission)]
    if reasons and len(submissions) > 1:
        reasons.append("both protocols are checked; --protocol takes one of them alone")
    if reasons:
        listed = "".join(f"\n  - {reason}" for reason in dict.fromkeys(reasons))
        raise SubmissionError(f"this must not be submitted:{listed}")
    return [*submissions, *judged]


def _nothing(runs: Sequence[Run], protocol: str | None) -> str:
    if any(run.open_replies for run in runs):
        return (
            "no scores of LongSafetyBench found: open replies and verdicts on them are not its "
            "scores; give the results of a run of its ten tasks (--tasks longsafety) as well"
        )
    return f"no scores of LongSafetyBench{f' ({protocol})' if protocol else ''} found"


def _model(runs: Sequence[Run], model: str, ran_as: str | None) -> Iterator[str]:
    if not hub.is_id(model) or model.endswith(".git"):
        yield (
            f"--model {clean(model, 80)!r} is no hub id; give ORG/NAME as on the hub, "
            "such as some-lab/some-model"
        )
    names = {run.model: clean(public(run.model), 80) for run in runs}
    if len(names) > 1:
        listed = ", ".join(sorted(names.values()))
        yield f"several models in these results ({listed}); give the folder of one"
    for name, shown in names.items():
        # A local path does not say what the model is called on the hub; a hub id does.
        vague = name == "unknown" or not hub.is_id(name)
        if ran_as is not None and ran_as not in (name, shown):
            yield f"--ran-as {clean(ran_as, 80)!r}: the results name the model {shown!r}"
        elif ran_as is None and not vague and name.lower() != model.lower():
            yield (
                f"the results are of {shown!r}, not of {clean(model, 80)!r}; if these are the same "
                f"weights say so with --ran-as {shown!r}"
            )


def _incomplete(submission: Submission) -> Iterator[str]:
    names = [task.split for task in submission.tasks]
    missing = [task.split for task in TASKS if task.split not in names]
    if missing:
        advice = (
            f"run the whole group under the protocol {submission.protocol}, protocols do not mix"
        )
        if submission.judge:
            advice = f"judge the replies to all ten, {OTHERWISE}"
        yield f"{len(missing)} of ten tasks missing: {', '.join(missing)}; {advice}"
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if twice:
        files = ", ".join(clean(run.source.name, 80) for run in submission.runs)
        yield f"more than one result for {', '.join(twice)} (in {files}); give those of one run"


def _limited(submission: Submission) -> Iterator[str]:
    limits = [run.limit for run in submission.runs if run.limit is not None]
    if limits:
        yield f"a limited run (--limit {limits[0]:g}); run it without"
    for task in submission.tasks:
        ran, whole, published = task.result.n_effective, task.result.n_original, task.benchmark.rows
        record = task.provenance
        if ran is None or whole is None:
            yield f"{task.split}: lm-eval wrote no document counts; use lm-eval 0.4.12 or newer"
        elif ran != whole:
            yield f"{task.split}: {ran} of {whole} documents were run; run all"
        rows = whole if record.rows is None else record.rows
        if record.data == "sample":
            continue  # `_data` reports that once for all tasks.
        if rows not in (None, published):
            yield f"{task.split}: {rows} rows, the published data has {published}"
        elif record.scored not in (None, published):
            yield (
                f"{task.split}: {published - record.scored} of {published} documents were left out "
                f"by over_length {record.over_length!r}; run with over_length middle"
            )
        elif whole not in (None, published):
            yield (
                f"{task.split}: {whole} documents counted, {published} prepared; "
                "the file was edited"
            )


def _scores(submission: Submission) -> Iterator[str]:
    for task in submission.tasks:
        for metric in METRICS:
            if task.scored.value(metric) is None:
                yield f"{task.split}: {metric.upper()} is missing or no share; run the task again"
        sr, ha = map(task.scored.value, ("sr", "ha"))
        if sr is not None and ha is not None and sr > ha + 1e-9:
            yield f"{task.split}: SR {sr:g} above HA {ha:g}, which no run gives: an edited file"
        samples = task.run.samples.get(task.result.name, ())
        if samples and (differs := task.result.contradiction(samples)):
            yield f"{task.split}: its samples hold {differs}; give the files of one whole run"
        if missing := task.run.prompts_missing.get(task.result.name):
            yield (
                f"{task.split}: {missing} of {len(samples)} logged requests do not hold their "
                "document's prompt; check the chat template, run without --cache_requests"
            )
        if task.result.n_shot:
            yield f"{task.split}: run with {task.result.n_shot} examples; the benchmark has none"


def _verdicts(submission: Submission) -> Iterator[str]:
    if submission.judge is not None:
        yield from contradictions(submission.judge)
    for task in submission.tasks:
        if (row := task.verdicts) is None:
            continue
        if row.n_effective != task.result.n_effective:
            yield (
                f"{task.split}: {row.n_effective} of {task.result.n_effective} replies were judged;"
                f" judge all, {OTHERWISE}"
            )
        unread = row.value("unread")
        if unread is None or row.value("unjudged") is None:
            yield f"{task.split}: the share of readable verdicts is unknown; judge again"
        elif unread > MOST_UNREAD:
            yield (
                f"{task.split}: {unread:.1%} of the replies have a verdict that could not be read "
                f"(at most {MOST_UNREAD:.0%} may); take another judge, {OTHERWISE}"
            )


def _unanswered(submission: Submission) -> Iterator[str]:
    for task in submission.tasks:
        if task.verdicts is not None:
            continue  # Open replies have no letters.
        rate = task.result.value("answered")
        if rate is None:
            yield f"{task.split}: the share of readable replies is unknown"
        elif rate < ANSWERED_FLOOR:
            yield (
                f"{task.split}: a letter could be read in {rate:.1%} of the replies only (at least "
                f"{ANSWERED_FLOOR:.0%} is needed); look at the replies, then --allow-unanswered "
                "submits with a note"
            )


def _data(submission: Submission) -> Iterator[str]:
    records = [task.provenance for task in submission.tasks]
    for data in dict.fromkeys(record.data for record in records):
        if data == "sample":
            yield "run on the embedded sample data; these are not LongSafetyBench scores"
        elif data is None:
            yield "the results do not say which data were read; run with this plugin's tasks"
        elif data != HUB_ID:
            yield f"data {clean(data, 80)!r} instead of {HUB_ID}; its revision cannot be known"
    for revision in dict.fromkeys(record.revision for record in records if record.data == HUB_ID):
        if revision is None or not _COMMIT.fullmatch(revision):
            yield f"the data's revision is unknown ({clean(str(revision), 80)}); run from the hub"
    for name in dict.fromkeys(record.templates for record in records):
        if name is not None:
            yield (
                f"asked with other templates ({clean(name, 80)}); these are not LongSafetyBench "
                "scores; run without the option templates"
            )
    for order in dict.fromkeys(record.option_order for record in records):
        if order not in (None, "shuffled"):
            yield f"option_order {clean(order, 40)!r}; the benchmark shuffles the choices"
    for task in submission.tasks:
        if task.provenance.protocol not in (None, submission.protocol):
            yield f"{task.split}: recorded protocol {task.provenance.protocol!r}"


def _template(submission: Submission) -> Iterator[str]:
    if any(task.provenance.template_unused for task in submission.tasks):
        yield (
            "the tokenizer has a chat template, but the run did not apply it; run again with "
            "--apply_chat_template, or --allow-no-chat-template submits with a note"
        )


def _settings(submission: Submission) -> Iterator[str]:
    for title, of in _SAME_IN_ALL_TASKS.items():
        values = dict.fromkeys(clean(str(of(task)), 40) for task in submission.tasks)
        if len(values) > 1:
            yield f"the tasks were run in different ways: {title} is {' and '.join(values)}"
    if submission.date is None:
        yield "the results have no date, and records are distinguished by it; run again"
    for run in submission.runs:
        if long := cut_from_the_left(run):
            yield f"{long}; run again with a window that holds both"
