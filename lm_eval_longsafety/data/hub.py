"""Data sets on the Hugging Face hub: the form of their ids, and the download of their files."""

import re
from collections.abc import Sequence
from pathlib import Path

from lm_eval_longsafety.errors import DataError, first_line

_ID = re.compile(r"\w[\w.-]*/\w[\w.-]*")


def is_id(name: str) -> bool:
    """Whether a name has the form owner/name, of a model or a data set."""
    return _ID.fullmatch(name) is not None


def download(what: str, hub_id: str, patterns: Sequence[str], revision: str | None = None) -> Path:
    """Download files of a data set's repository, or take them from the cache.

    Args:
        what: the name of the data set's kind in an error, such as `filler`.
        hub_id: owner/name.
        patterns: of the files wanted, such as `*.jsonl`.
        revision: branch, tag or commit; None is the main branch.

    Returns:
        The snapshot's folder; its name is the commit.

    Raises:
        DataError: the hub cannot be reached, or does not have it.
    """
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        return Path(
            snapshot_download(
                hub_id, repo_type="dataset", revision=revision, allow_patterns=list(patterns)
            )
        )
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError) as error:
        at = f" at revision {revision!r}" if revision else ""
        raise DataError(
            f"{what} {hub_id!r}{at} cannot be loaded ({first_line(error)}). Check the id, the "
            "revision, the network and HF_TOKEN, or give a folder with the files"
        ) from error
