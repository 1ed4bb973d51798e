"""Store each answer at once, so that a run with `--use_cache` can continue after a crash.

lm-eval opens `<path>_rank<N>.db` (a SQLite table of pickled responses), looks each request up by a
hash of its arguments and asks the model for the rest. `Answers` stores every answer under the same
key; `claim` refuses a file in which SQLite's own check finds damage or that holds another model's
answers, before anything is written to it. lm-eval's key does not hold the model, so the model's
identity is stored in one more row. A changed byte inside a stored answer that leaves the file
well-formed is not detected.
"""

import inspect
import io
import json
import pickle
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Generic, TypeVar
from urllib.parse import urlsplit

from lm_eval_longsafety.errors import CacheError
from lm_eval_longsafety.public import is_secret

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

    def __init__(self, hook: Any, method: str, requests: Sequence[Any]) -> None:  # noqa: ANN401 (lm-eval's, untyped)
        """Start without answers.

        Args:
            hook: lm-eval's `CacheHook`, which stores nothing without `--use_cache`.
            method: `loglikelihood` or `generate_until`, as lm-eval's key has it.
            requests: lm-eval's `Instance`s.
        """
        self._hook = hook
        self._method = method
        self._requests = requests
        self._values: dict[int, T] = {}

    def add(self, index: int, value: T) -> None:
        """Keep the answer to request `index` and store it."""
        self._values[index] = value
        self._hook.add_partial(self._method, self._requests[index].args, value)

    def flush(self) -> None:
        """Wait until everything added is on disk."""
        if self._hook.dbdict is not None:
            self._hook.dbdict.commit()

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
        name: value
        for name, value in _answering(given).items()
        if name not in parameters or value != parameters[name].default
    }


def _answering(arguments: Mapping[str, object]) -> dict[str, object]:
    """The arguments that are neither harmless nor secret: a cache must never hold a secret."""
    return {
        name: value
        for name, value in arguments.items()
        if name not in _HARMLESS and not is_secret(name)
    }


def stock_identity(model: str, arguments: Mapping[str, object]) -> dict[str, object]:
    """The identity of one of lm-eval's own backends: its name and the arguments as given.

    Args:
        model: what `--model` names.
        arguments: `--model_args`.
    """
    counting = _answering(arguments)
    if isinstance(url := counting.get("base_url"), str):
        # Without user name and query, which may hold a key.
        parts = urlsplit(url)
        netloc = parts.netloc.rpartition("@")[2]
        counting["base_url"] = parts._replace(netloc=netloc, query="", fragment="").geturl()
    return counting | {"backend": f"lm-eval's {model}"}


def claim(path: Path, identity: Mapping[str, object]) -> None:
    """Check a cache file and record whose answers it holds; of two claims at once one succeeds.

    Args:
        path: a file of answers, an empty file, or one that does not exist yet.
        identity: everything that an answer depends on apart from the request.

    Raises:
        CacheError: the file is damaged, or has answers of another model or backend.
    """
    rows = check_file(path)
    mine = json.dumps(dict(identity), sort_keys=True, default=str)
    found = rows.get(OWNER_KEY) if rows else _first_owner(path, mine)
    if found != mine:
        raise CacheError(f"{path}: {_whose(found, mine)}; {_ADVICE}")


def _first_owner(path: Path, mine: str) -> object:
    """Write the owner of an empty file and return its owner: another process may be faster."""
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
                (OWNER_KEY, pickle.dumps(mine)),
            )
            connection.execute("COMMIT")
    except (OSError, sqlite3.Error) as error:
        raise CacheError(f"{path}: cannot be written ({error}); {_ADVICE}") from None
    return check_file(path).get(OWNER_KEY)


def check_file(path: Path) -> dict[str, Any]:
    """Read a response cache without changing it.

    Returns:
        Key -> answer; empty where the file does not exist or has no answers yet.

    Raises:
        CacheError: the file is not a response cache, or is damaged.
    """
    if not path.exists() or path.stat().st_size == 0:
        return {}
    try:
        with closing(
            sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True)
        ) as connection:
            state = connection.execute("PRAGMA quick_check").fetchone()[0]
            if state != "ok":
                raise CacheError(f"{path}: damaged response cache ({_first(state)}); {_ADVICE}")
            tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
            rows = connection.execute("SELECT key, value FROM unnamed").fetchall() if tables else []
    except sqlite3.Error as error:
        raise CacheError(
            f"{path}: not a response cache of lm-eval, or damaged ({error}); {_ADVICE}"
        ) from None
    return {key: _answer(path, value) for key, value in rows}


def _first(report: str) -> str:
    """The first finding of SQLite's check, without the heading above it."""
    return next((line for line in report.splitlines() if not line.startswith("***")), "damaged")


class _PlainUnpickler(pickle.Unpickler):
    """Unpickles only texts, numbers and tuples of them: responses are nothing else."""

    def find_class(self, module: str, name: str) -> Any:  # noqa: ANN401 (pickle's signature)
        raise pickle.UnpicklingError(f"{module}.{name}")


def _answer(path: Path, value: bytes) -> Any:  # noqa: ANN401 (any response)
    try:
        return _PlainUnpickler(io.BytesIO(value)).load()
    except (pickle.UnpicklingError, EOFError, ValueError, IndexError, KeyError, TypeError) as error:
        raise CacheError(
            f"{path}: damaged response cache (a row that is not a response: {error}); {_ADVICE}"
        ) from None


def _whose(found: object, mine: str) -> str:
    if not isinstance(found, str):
        return "holds the answers of another backend, and does not say of which model"
    theirs, ours = json.loads(found), json.loads(mine)
    differing = sorted(key for key in theirs | ours if theirs.get(key) != ours.get(key))
    shown = ", ".join(f"{key} {theirs.get(key)!r}, now {ours.get(key)!r}" for key in differing)
    return f"holds the answers of another model ({shown})"
