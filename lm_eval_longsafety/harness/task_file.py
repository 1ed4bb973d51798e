"""Pass the settings of a task file to the code that builds documents; refuse them as options.

lm-eval calls `custom_dataset(**metadata, **dataset_kwargs)`, and `--metadata` and `--model_args`
have overwritten the task file's own metadata by then. So a task file says its split (and a row of
`longsafety_length` its length and depth) under names that no option has, and its protocol inside
`provenance`. Users' options with the plain names would change what is scored without a warning, so
they are refused here, before any model call.
"""

import functools
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from lm_eval_longsafety.errors import OptionError
from lm_eval_longsafety.settings import REPLY_TOKENS, parse

Load = Callable[..., Any]
"""`documents.load_documents` or a function like it."""

OWN = "longsafety_"
"""Prefix of the keys of `dataset_kwargs`: `longsafety_split` becomes the argument `split`."""
REPLY = f"{OWN}reply_tokens"
"""Metadata key by which `longsafety run` passes on the longest reply that `--gen_kwargs` allows;
only here it is known whether a task generates replies."""
RESERVED = ("split", "protocol", "provenance", "target_length", "target_depth")
VARIANTS = ("no_context", "rotations", "length", "open", "judge", "ask")
"""Values of `variant` that are refused; others belong to the model (`from_pretrained` has one)."""


def refuse_reserved(given: Mapping[str, Any], names: Iterable[str] = RESERVED) -> None:
    """Refuse what a user must not set.

    Raises:
        OptionError: one of the names is given, or `variant` with one of our values.
    """
    if given.get("variant") in VARIANTS:
        raise OptionError(
            "--metadata: 'variant' is set by the task file and is no option; run the task whose "
            f"name ends in _{given['variant']}, such as longsafety_{given['variant']}"
        )
    for name in names:
        if name in given:
            raise OptionError(
                f"--metadata: {name!r} is set by the task file and is no option; leave it out"
            )


def with_reply_room(given: Mapping[str, Any], longest: int) -> dict[str, Any]:
    """The options, with `reply_tokens` large enough for replies of `longest` tokens.

    Otherwise lm-eval would cut the prompts' heads.

    Raises:
        OptionError: `reply_tokens` is given and too small.
    """
    reserved = parse(given).reply_tokens
    if longest <= reserved:
        return dict(given)
    if given.get("reply_tokens") is None:
        return {**given, "reply_tokens": longest}
    raise OptionError(
        f"--gen_kwargs lets replies have {longest} tokens, but reply_tokens is {reserved}: "
        "lm-eval would cut the prompts' heads for the rest; give --metadata "
        f"'{{\"reply_tokens\": {longest}}}' or leave reply_tokens out"
    )


def for_task_file(load: Load, *, reply_tokens: int = REPLY_TOKENS) -> Load:
    """`load` in the form in which task files name it with `!function`.

    Args:
        load: loads the documents.
        reply_tokens: `max_gen_toks` of the task file.
    """

    @functools.wraps(load)
    def custom_dataset(**given: Any) -> Any:  # noqa: ANN401
        own = {key: given.pop(key) for key in list(given) if key.startswith(OWN)}
        provenance = given.pop("provenance", None)
        if not isinstance(provenance, dict) or "protocol" not in provenance:
            refuse_reserved({"provenance": provenance})
        refuse_reserved(given)
        given.pop("variant", None)
        longest = own.pop(REPLY, 0)
        if provenance["protocol"] == "generate":
            given = with_reply_room(given, longest)
            if given.get("reply_tokens") is None:
                given["reply_tokens"] = reply_tokens
        named = {key.removeprefix(OWN): value for key, value in own.items()}
        return load(**named, protocol=provenance["protocol"], provenance=provenance, **given)

    return custom_dataset
