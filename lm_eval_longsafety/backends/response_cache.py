"""Store each answer at once, so that a run with `--use_cache` can continue after a crash.

lm-eval opens `<path>_rank<N>.db` (a SQLite table of pickled responses), looks each request up by a
hash of its arguments and asks the model for the rest. `Answers` stores every answer under the same
key; `claim` refuses a file in which SQLite's own check finds damage or that holds another model's
answers, before anything is written to it. lm-eval's key does not hold the model, so the model's
identity is stored in one more row. A changed byte inside a stored answer that leaves the file
well-formed is not detected.
"""

import inspect
import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Generic, TypeVar

from lm_eval_longsafety.errors import CacheError
from lm_eval_longsafety.public import is_secret, without_secrets

OWNER_KEY = "longsafety:model"
"""Key of the row with the identity; lm-eval's own keys are SHA-256 hex digests."""
_ADVICE = "give --use_cache another path, or move this file away"
_HARMLESS = frozenset(
    {
        # Where the model runs and how its work is divided.
        *("device", "parallelize", "device_map", "max_memory_per_gpu", "max_cpu_memory"),
        *("tp_plan", "tensor_parallel_size", "pipeline_parallel_size", "data_parallel_size"),
        *("distributed_executor_backend", "offload_folder", "cpu_offload_gb", "swap_space"),
        *("gpu_memory_utilization", "enforce_eager"),
        # How many prompts or tokens are computed at once, and what is kept in memory.
        *("batch_size", "max_batch_size", "batch_tokens", "chunk_tokens", "logits_cache"),
        *("max_num_seqs", "max_num_batched_tokens", "enable_prefix_caching"),
        # Where files are downloaded to.
        *("download_dir", "cache_dir"),
        # How requests are sent to a server.
        *("num_concurrent", "max_retries", "timeout", "verify_certificate", "ca_cert_path"),
        # Part of the identity as `max_length`.
        "max_model_len",
    }
)
"""Model arguments that change no answer, except the last digits of a sum in another order."""

T = TypeVar("T")


class Answers(Generic[T]):
    """The answers of one call to the backend: collected in request order, stored as they come."""

    def __init__(self, hook: Any, method: str, requests: Sequence[Any], bar: Any) -> None:  # noqa: ANN401 (untyped)
        """Start without answers to lm-eval's requests.

        Args:
            hook: lm-eval's `CacheHook`, which stores nothing without `--use_cache`.
            method: `loglikelihood` or `generate_until`, as lm-eval's key has it.
            requests: lm-eval's `Instance`s.
            bar: tqdm's, which shows how many requests are answered.
        """
        self._hook, self._method, self._requests, self._bar = hook, method, requests, bar
        self._values: dict[int, T] = {}

    def add(self, indices: Sequence[int], values: Sequence[T]) -> None:
        """Keep the answers to the requests at `indices`, and wait until they are on disk."""
        for index, value in zip(indices, values, strict=True):
            self._values[index] = value
            self._hook.add_partial(self._method, self._requests[index].args, value)
        if self._hook.dbdict is not None:
            self._hook.dbdict.commit()
        self._bar.update(len(indices))

    def in_order(self) -> list[T]:
        """All answers, one per request."""
        return [self._values[index] for index in range(len(self._requests))]


def answering_arguments(
    constructor: Callable[..., object], given: Mapping[str, object]
) -> dict[str, object]:
    """The model arguments that answers may depend on, without secrets.

    Args:
        constructor: of the backend; an argument that has its default counts as not given.
        given: name -> value.
    """
    parameters = inspect.signature(constructor).parameters
    return {
        name: without_secrets(value)
        for name, value in given.items()
        if name not in _HARMLESS and not is_secret(name)
        if name not in parameters or value != parameters[name].default
    }


def stock_identity(model: str, arguments: Mapping[str, object]) -> dict[str, object]:
    """The identity of lm-eval's own backend `model`: its name and the arguments as given."""
    return answering_arguments(lambda: None, arguments) | {"backend": f"lm-eval's {model}"}


def claim(path: Path, identity: Mapping[str, object]) -> None:
    """Check a cache file and record whose answers it holds; of two claims at once one succeeds.

    Args:
        path: a file of answers, an empty file, or one that does not exist yet.
        identity: everything that an answer depends on apart from the request.

    Raises:
        CacheError: the file is damaged, or has answers of another model or backend.
    """
    mine = json.dumps(dict(identity), sort_keys=True, default=str)
    rows = check_file(path) or _first_owner(path, mine)
    found = rows.get(OWNER_KEY)
    if found != mine:
        raise CacheError(f"{path}: {_whose(found, mine)}; {_ADVICE}")


def _first_owner(path: Path, mine: str) -> dict[str, object]:
    """Write the owner of an empty file and read it again: another process may be faster."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(path, timeout=60, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            # The table that sqlitedict creates, through which lm-eval reads and writes.
            connection.execute(
                "CREATE TABLE IF NOT EXISTS unnamed (key TEXT PRIMARY KEY, value BLOB)"
            )
            connection.execute(
                "INSERT INTO unnamed SELECT ?, ? WHERE NOT EXISTS (SELECT 1 FROM unnamed)",
                (OWNER_KEY, mine),
            )
            connection.execute("COMMIT")
    except (OSError, sqlite3.Error) as error:
        raise CacheError(f"{path}: cannot be written ({error}); {_ADVICE}") from None
    return check_file(path)


def check_file(path: Path) -> dict[str, object]:
    """Read a response cache without changing it.

    Returns:
        Key -> answer as stored; empty where the file does not exist or has no answers yet.

    Raises:
        CacheError: the file is not a response cache, or SQLite's own check finds damage.
    """
    if not path.exists() or path.stat().st_size == 0:
        return {}
    try:
        with closing(
            sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True)
        ) as connection:
            state = connection.execute("PRAGMA quick_check").fetchone()[0]
            whole = (
                state == "ok" and connection.execute("SELECT name FROM sqlite_master").fetchall()
            )
            rows = connection.execute("SELECT key, value FROM unnamed").fetchall() if whole else []
    except sqlite3.Error as error:
        raise CacheError(
            f"{path}: not a response cache of lm-eval, or damaged ({error}); {_ADVICE}"
        ) from None
    if state != "ok":  # The first finding, after a heading.
        found = next((line for line in state.splitlines() if not line.startswith("***")), "damaged")
        raise CacheError(f"{path}: damaged response cache ({found}); {_ADVICE}")
    return dict(rows)


def _whose(found: object, mine: str) -> str:
    if not isinstance(found, str):
        return "holds the answers of another backend, and does not say of which model"
    theirs, ours = json.loads(found), json.loads(mine)
    differing = sorted(key for key in theirs | ours if theirs.get(key) != ours.get(key))
    shown = ", ".join(f"{key} {theirs.get(key)!r}, now {ours.get(key)!r}" for key in differing)
    return f"holds the answers of another model ({shown})"
