"""Replace a part of lm-eval for some time."""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def replaced(owner: object, name: str, value: object) -> Iterator[None]:
    """Within this block, the module's or class's own attribute has another value."""
    before = vars(owner)[name]  # A class method as such, unlike what `getattr` returns.
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, before)
