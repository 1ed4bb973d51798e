"""What a pipeline makes for one row."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from lm_eval_longsafety.build.material import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A context, and what the rest of the row needs from it."""

    context: str
    texts: tuple[Text, ...] = ()
    """Texts of the materials that stand in the context."""
    depth: float | None = None
    """Where the first inserted passage really stands: in [0, 1], of the filler."""
    values: Mapping[str, object] = field(default_factory=dict)
    """For placeholders of question and choices, such as `count` (see `items.COMPUTED`)."""
