"""Open a pull request in a model's repository on the hub, where it is new and a leaderboard exists.

Data flow: token -> the data set's `eval.yaml` -> the repository's files and open pull requests ->
one commit. Every request goes through `huggingface_hub`; no message contains the token.
"""

import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from lm_eval_longsafety.benchmark import HUB_ID
from lm_eval_longsafety.errors import SubmissionError, first_line
from lm_eval_longsafety.public import clean
from lm_eval_longsafety.submit.hub_files import TASK_IDS

if TYPE_CHECKING:
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError

TITLE = "Add LongSafetyBench evaluation results"
_DESCRIPTION = (
    "SafeResponse (SR) and HarmAwareness (HA) of LongSafetyBench (arXiv 2411.06899), mean over its "
    "ten tasks, in percent. Measured with lm-evaluation-harness and lm-eval-longsafety."
)
_CHANGED = "something changed there in the meantime; look at it, then try again"
_ADVICE = {
    401: "the token was not accepted; log in again with `hf auth login` or renew HF_TOKEN",
    403: "the token may not do this; it needs the permission to open pull requests there",
    404: "not found; check the id, and that the token can see it",
    409: _CHANGED,
    412: _CHANGED,
    429: "too many requests; try again in {wait}",
}


def open_pull_request(
    model: str,
    files: Mapping[str, str],
    *,
    replace: bool = False,
    api: "HfApi | None" = None,
) -> str:
    """Propose files to a model's repository.

    Args:
        model: the repository's id.
        files: text by path in the repository.
        replace: propose although there is other content under the same path.
        api: how to reach the hub; default: HF_ENDPOINT with HF_TOKEN or the saved token.

    Returns:
        The pull request's address.

    Raises:
        SubmissionError: no token, no leaderboard for these results, they are proposed already, or
            the hub refused or could not be reached.
    """
    from huggingface_hub import CommitOperationAdd, HfApi, get_token

    api = api or HfApi()
    token = api.token or get_token()
    if not isinstance(token, str) or not token:
        raise SubmissionError(
            "no hub token; make one with the permission to open pull requests, then "
            "`hf auth login` or HF_TOKEN=..."
        )
    with _explained(f"reading {HUB_ID}", token):
        declared = _remote_text(api, HUB_ID, "eval.yaml", "dataset")
    if missing := set(TASK_IDS.values()) - {*re.findall(r"\w+", declared or "")}:
        raise SubmissionError(
            f"{HUB_ID} has no leaderboard that takes these results: its eval.yaml does not name "
            f"{', '.join(sorted(missing))}. Its owner would have to add a file such as "
            "examples/eval.yaml, and the hub to allow-list it. Nothing was sent"
        )
    with _explained(f"reading {model}", token):
        _refuse_repetition(api, model, files, replace=replace)
    with _explained(
        f"sending to {model} (look there for a pull request before trying again)", token
    ):
        commit = api.create_commit(
            model,
            [CommitOperationAdd(path, text.encode()) for path, text in files.items()],
            commit_message=TITLE,
            commit_description=_DESCRIPTION,
            create_pr=True,
        )
    if not commit.pr_url:
        raise SubmissionError(f"the hub named no pull request; look at {commit.commit_url}")
    return clean(commit.pr_url)


def _refuse_repetition(
    api: "HfApi", model: str, files: Mapping[str, str], *, replace: bool
) -> None:
    there = {path: _remote_text(api, model, path) for path in files}
    if there == dict(files):
        raise SubmissionError(f"{model} holds exactly these results already; nothing was sent")
    other = [path for path, text in there.items() if text not in (None, files[path])]
    if other and not replace:
        raise SubmissionError(
            f"{model} holds other results in {', '.join(other)}; --force proposes to replace them"
        )
    new = [path for path in files if there[path] is None]
    for request in api.get_repo_discussions(
        model, discussion_type="pull_request", discussion_status="open"
    ):
        reference = f"refs/pr/{request.num}"
        if TITLE in request.title or any(
            api.file_exists(model, path, revision=reference) for path in new
        ):
            raise SubmissionError(
                "an open pull request proposes LongSafetyBench results already: "
                f"{request.url} ({clean(request.title, 80)}); comment there or close it"
            )


def _remote_text(api: "HfApi", repo_id: str, path: str, repo_type: str = "model") -> str | None:
    """A file's text on the hub's main branch; None where there is no such file."""
    from huggingface_hub.errors import RemoteEntryNotFoundError

    # Into a new folder: the hub's cache could answer with an older version of the file.
    with tempfile.TemporaryDirectory() as folder:
        try:
            file = api.hf_hub_download(repo_id, path, repo_type=repo_type, local_dir=folder)
        except RemoteEntryNotFoundError:
            return None
        return Path(file).read_text(encoding="utf-8", errors="replace")


@contextmanager
def _explained(doing: str, token: str) -> Iterator[None]:
    """Raise a SubmissionError of one line for any error of the hub or of the network."""
    from huggingface_hub.errors import HfHubHTTPError

    # The HTTP library's own base error; which library that is depends on huggingface_hub's release.
    http_error: type[Exception] = HfHubHTTPError.__bases__[0]
    try:
        yield
    except (OSError, http_error) as error:
        cause = error.__cause__ if isinstance(error.__cause__, HfHubHTTPError) else error
        if isinstance(cause, HfHubHTTPError):
            reason = _refusal(cause)
        else:
            reason = (
                f"no answer from the hub ({clean(first_line(cause), 200)}); check the network, "
                "HF_ENDPOINT and HF_HUB_OFFLINE"
            )
        raise SubmissionError(f"{doing}: {reason}".replace(token, "***")) from None


def _refusal(error: "HfHubHTTPError") -> str:
    status = error.response.status_code
    advice = _ADVICE.get(status, "try again later" if status >= 500 else "see the hub's answer")
    wait = error.response.headers.get("retry-after", "")
    advice = advice.format(wait=f"{wait} s" if wait.isdigit() else "some minutes")
    message = f" (it says: {clean(error.server_message, 200)})" if error.server_message else ""
    return f"the hub answered {status}{message}: {advice}"
