"""`longsafety submit`: a finished run as files that leaderboards take, and as a pull request."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lm_eval_longsafety.cli.shared import SUBMIT, read_with_bar, show_notes
from lm_eval_longsafety.errors import OptionError, need

if TYPE_CHECKING:
    from lm_eval_longsafety.submit.submission import Submission


Paths = Annotated[
    list[Path],
    typer.Argument(help="Folders or files of one model's results, all ten tasks among them."),
]
Model = Annotated[str, typer.Option("--model", help="The model's hub id, ORG/NAME.")]
Out = Annotated[Path, typer.Option("--out", help="Folder for the files.")]
Protocol = Annotated[
    str | None,
    typer.Option("--protocol", help="generate or logits alone; default: each that was run."),
]
RanAs = Annotated[
    str | None,
    typer.Option(
        "--ran-as", help="The model's name in the results, if these are the same weights."
    ),
]
AllowUnanswered = Annotated[
    bool, typer.Option("--allow-unanswered", help="Take few readable replies; the files say so.")
]
AllowNoChatTemplate = Annotated[
    bool,
    typer.Option(
        "--allow-no-chat-template",
        help="Take a run without the chat template that its tokenizer has; the files say so.",
    ),
]
SourceUrl = Annotated[
    str | None, typer.Option("--source-url", help="Page where the run's results can be seen.")
]
Organization = Annotated[
    str,
    typer.Option("--organization", help="Who ran the evaluation, for the Every Eval Ever record."),
]
Relationship = Annotated[
    str,
    typer.Option(
        "--relationship",
        help="Of that organization to the model: first_party, third_party, collaborative, other.",
    ),
]
WithSamples = Annotated[
    bool,
    typer.Option(
        "--with-samples",
        help="Add questions and replies to the Every Eval Ever record; they may be harmful.",
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Replace files with other content.")]
Push = Annotated[
    bool, typer.Option("--push", help="Open a pull request in the model's repository.")
]


def submit(
    paths: Paths,
    model: Model,
    out: Out = Path("submission"),
    protocol: Protocol = None,
    ran_as: RanAs = None,
    allow_unanswered: AllowUnanswered = False,
    allow_no_chat_template: AllowNoChatTemplate = False,
    source_url: SourceUrl = None,
    organization: Organization = "unknown",
    relationship: Relationship = "other",
    with_samples: WithSamples = False,
    force: Force = False,
    push: Push = False,
) -> None:
    """Write a finished run as files for leaderboards: hub YAML, model card, Every Eval Ever.

    Without --push nothing leaves this machine.
    A run that must not be submitted is refused with every reason.
    """
    need("submit", SUBMIT)
    _check_hub_library()
    from lm_eval_longsafety import files
    from lm_eval_longsafety.submit import every_eval_ever, hub_files
    from lm_eval_longsafety.submit.checks import check
    from lm_eval_longsafety.submit.push import open_pull_request

    _check_options(protocol, source_url, relationship)
    found = read_with_bar(paths, keep_text=with_samples)
    show_notes(found, found.runs)
    submissions = check(
        found.runs,
        model=model,
        protocol=protocol,
        ran_as=ran_as,
        allow_unanswered=allow_unanswered,
        allow_no_chat_template=allow_no_chat_template,
    )
    proposed: dict[str, str] = {}
    texts: dict[str, str] = {}
    for one in submissions:
        if one.judge is None:
            proposed |= hub_files.eval_results(one, source_url=source_url)
        texts |= hub_files.model_index(one)
        texts |= every_eval_ever.files(
            one,
            organization=organization,
            relationship=relationship,
            with_samples=with_samples and one.judge is None,
        )
    placed = {out / path: text for path, text in (texts | proposed).items()}
    written = files.write_texts(placed, force=force)
    typer.echo(_summary(submissions))
    for path in placed:
        typer.echo(f"{path}{'' if path in written else ' (unchanged)'}")
    if push:
        url = open_pull_request(model, proposed, replace=force)
        typer.echo(f"pull request: {url}")
    else:
        typer.echo("Nothing was sent. --push opens a pull request with the .eval_results file.")


def _check_hub_library() -> None:
    """Refuse a huggingface_hub that does not know `.eval_results` files yet."""
    from importlib.metadata import version

    found = version("huggingface_hub")
    if tuple(map(int, found.split(".")[:2])) < (1, 4):
        raise OptionError(
            f"this command needs huggingface_hub 1.4 or newer, found {found}; "
            "pip install -U 'lm-eval-longsafety[submit]'"
        )


def _check_options(protocol: str | None, source_url: str | None, relationship: str) -> None:
    from urllib.parse import urlsplit

    from lm_eval_longsafety.submit.every_eval_ever import RELATIONSHIPS

    if protocol not in (None, "generate", "logits"):
        raise OptionError(f"--protocol {protocol!r}: choose generate or logits")
    if relationship not in RELATIONSHIPS:
        raise OptionError(f"--relationship {relationship!r}: choose {', '.join(RELATIONSHIPS)}")
    if source_url is not None:
        parts = urlsplit(source_url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
            raise OptionError("--source-url: give an http or https address without a password")


def _summary(submissions: "Sequence[Submission]") -> str:
    from lm_eval_longsafety.submit.submission import METRICS, settings_notes

    lines = []
    for one in submissions:
        protocol = "" if one.judge else f", protocol {one.protocol}"
        lines.append(f"{one.model}, {one.title}{protocol}, percent:")
        lines.append(f"  {'task':22}{'SR':>8}{'HA':>8}{'documents':>11}")
        for task in one.tasks:
            sr, ha = (task.score(metric).percent for metric in METRICS)
            lines.append(f"  {task.split:22}{sr:8.2f}{ha:8.2f}{task.result.n_effective:11,}")
        sr, ha = (one.overall(metric).percent for metric in METRICS)
        lines.append(f"  {'mean of the ten':22}{sr:8.2f}{ha:8.2f}{one.documents:11,}")
        lines += [f"  note: {note}" for note in settings_notes(one)]
    return "\n".join(lines)
