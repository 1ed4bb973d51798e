"""`longsafety judge run`: judge the logged open replies of a run with another model."""

import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lm_eval_longsafety.errors import OptionError, ResultsError

if TYPE_CHECKING:
    from lm_eval_longsafety.results import Run
    from lm_eval_longsafety.results.open_replies import OpenReplies

app = typer.Typer(help="Judge open replies.", no_args_is_help=True)

Results = Annotated[Path, typer.Argument(help="Folder or sample file with the open replies.")]
Metadata = Annotated[str, typer.Option("--metadata", help="More options of the tasks, as JSON.")]
Output = Annotated[
    Path | None,
    typer.Option("--output_path", "-o", help="Where to write; beside the replies by default."),
]
Logits = Annotated[bool, typer.Option("--logits", help="Take the most probable letter.")]


@app.callback()
def judge() -> None:
    """Judge open replies."""


@app.command("run", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def run(
    context: typer.Context,
    results: Results,
    metadata: Metadata = "{}",
    output_path: Output = None,
    logits: Logits = False,
) -> None:
    """Judge the open replies in RESULTS: `longsafety judge run RESULTS --model ...`.

    Other options are those of `lm_eval run` for the judge: --model, --model_args and so on.
    """
    from lm_eval_longsafety.harness.launch import run_lm_eval

    given = _given(metadata, context.args, results)
    found = _whole_run(results, logits=logits)
    place = output_path or found.source.parent / "judged"
    before = _results_in(place)
    run_lm_eval(
        [
            *("--tasks", ",".join(_tasks(found, logits=logits))),
            *("--metadata", json.dumps({**given, "judged": str(results)})),
            *("--output_path", str(place), "--log_samples"),
            *context.args,
        ]
    )
    # With several processes, only the first one writes.
    for path in sorted(_results_in(place) - before):
        typer.echo(_summary(path, found))


def _given(metadata: str, others: list[str], results: Path) -> dict[str, Any]:
    """The user's `--metadata`.

    Raises:
        OptionError: it is not a JSON object, or an option is given that this command sets.
    """
    if str(results).startswith("-"):
        raise OptionError("give RESULTS first: longsafety judge run RESULTS --model ...")
    for option in others:
        if option.split("=")[0] in ("--tasks", "-t"):
            raise OptionError(f"{option}: the tasks are those of the replies; leave it out")
    try:
        given = json.loads(metadata)
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict) or "judged" in given:
        raise OptionError(
            "--metadata: expected a JSON object without `judged`, such as '{\"judge_orders\": 3}'"
        )
    return given


def _whole_run(results: Path, *, logits: bool) -> "OpenReplies":
    """The replies, if they are those of one whole run.

    Raises:
        OptionError: they are of several runs.
        ResultsError: there are none, or they are a part of a run.
    """
    from lm_eval_longsafety.harness.judge_documents import replies_to_judge
    from lm_eval_longsafety.settings import Settings

    found = replies_to_judge(Settings(judged=str(results)))
    data = {
        (row.provenance.data, row.provenance.revision)
        for name, row in (found.run.tasks if found.run else {}).items()
        if name in found.tasks and row.provenance
    }
    if partial := found.partial():
        tasks = ",".join(_tasks(found, logits=logits))
        judged = json.dumps({"judged": str(results)})
        part = shlex.join(["longsafety", "run", "--tasks", tasks, "--metadata", judged])
        raise ResultsError(
            f"{partial}: a part of a run is not judged here; run all, or judge the part with "
            f"`{part}` and the options of the judge"
        )
    if len(data) > 1:
        raise ResultsError("the replies answer data of several revisions; run them on one")
    return found


def _tasks(found: "OpenReplies", *, logits: bool) -> list[str]:
    """The tasks that judge these replies; the group where all ten tasks were run."""
    from lm_eval_longsafety.benchmark import TASKS

    names = [name.removesuffix("_open") for name in found.tasks]
    whole = {task.name for task in TASKS} == set(names)
    return [f"{name}_judge" + "_logits" * logits for name in (["longsafety"] if whole else names)]


def _results_in(place: Path) -> set[Path]:
    # lm-eval takes a path that ends in .json for the name of a file in a folder.
    folder = place.parent if place.suffix == ".json" else place
    return set(folder.rglob("*.json"))


def _summary(path: Path, found: "OpenReplies") -> str:
    """One line on all verdicts, and another one if too many could not be read."""
    from lm_eval_longsafety.public import clean, public
    from lm_eval_longsafety.report.content import unread_note
    from lm_eval_longsafety.results.logged import run_of
    from lm_eval_longsafety.results.verdicts import MOST_UNREAD

    judged = run_of(path)
    rows = [row for row in judged.tasks.values() if not row.is_group]
    means = {name: _mean(judged, name) for name in ("sr", "ha", "unjudged", "judge_consistent")}
    if all(row.provenance and row.provenance.judge_orders == 1 for row in rows):
        means["judge_consistent"] = None  # One verdict cannot differ from itself.
    percent = {
        name: "n/a" if value is None else f"{100 * value:.1f} %" for name, value in means.items()
    }
    replies = sum(row.n_effective or 0 for row in rows)
    subject = public(found.run.model) if found.run else "an unknown model"
    tasks = f"{len(rows)} task{'s' * (len(rows) != 1)}"
    lines = [
        f"{public(judged.model)} judged {replies:,} open "
        f"repl{'y' if replies == 1 else 'ies'} of {subject}; means over "
        f"{tasks}: SR {percent['sr']}, HA {percent['ha']}, unjudged {percent['unjudged']}, "
        f"consistent {percent['judge_consistent']}"
    ]
    shares = {row.name: row.value("unread") or 0.0 for row in rows}
    if unread := {name: share for name, share in shares.items() if share > MOST_UNREAD}:
        lines.append(
            f"{unread_note(unread)}; take another judge, or give it room (--gen_kwargs "
            "max_gen_toks)"
        )
    lines.append(f"written to {path}")
    return "\n".join(clean(line, 600) for line in lines)


def _mean(run: "Run", name: str) -> float | None:
    """The plain mean over tasks; None where a task has no value."""
    rows = [row.metric(name) for row in run.tasks.values() if not row.is_group]
    values = [row.value for row in rows if row and row.value is not None]
    return sum(values) / len(values) if values and len(values) == len(rows) else None
