"""Remember what was read from files on this machine for as long as they do not change."""

import functools
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import ParamSpec, Protocol, TypeVar

P = ParamSpec("P")
T_co = TypeVar("T_co", covariant=True)


class Cached(Protocol[P, T_co]):
    """A function whose results are remembered."""

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> T_co:
        """The result, remembered or new."""
        ...

    def cache_clear(self) -> None:
        """Forget all results."""
        ...


def cached(
    maxsize: int, places: Callable[P, Iterable[str | None]]
) -> Callable[[Callable[P, T_co]], Cached[P, T_co]]:
    """`functools.lru_cache` that reads again when files have changed.

    Args:
        maxsize: results to keep.
        places: the folders that a call with these arguments reads; a name that is not a folder
            on this machine (a hub id) counts as unchanged.
    """

    def decorate(read: Callable[P, T_co]) -> Cached[P, T_co]:
        @functools.lru_cache(maxsize)
        def remembered(_: object, args: tuple[object, ...], kwargs: object) -> T_co:
            return read(*args, **dict(kwargs))  # type: ignore[arg-type, call-overload]

        @functools.wraps(read)
        def current(*args: P.args, **kwargs: P.kwargs) -> T_co:
            found = tuple(_state(place) for place in places(*args, **kwargs))
            return remembered(found, args, tuple(sorted(kwargs.items())))

        current.cache_clear = remembered.cache_clear  # type: ignore[attr-defined]
        return current  # type: ignore[return-value]

    return decorate


def _state(place: str | None) -> tuple[tuple[str, int, int], ...]:
    """Name, size and time of the last change of each file below a folder."""
    try:
        paths = sorted(Path(place).expanduser().rglob("*")) if place else []
        stats = [(str(path), path.stat()) for path in paths if path.is_file()]
    except (OSError, RuntimeError, ValueError):
        return ()  # Not a folder, or not readable: the function that reads it reports that.
    return tuple((path, stat.st_size, stat.st_mtime_ns) for path, stat in stats)
