"""Between lm-eval and the code that builds documents: what only a task file may set.

lm-eval calls `custom_dataset(**metadata, **dataset_kwargs)`, and `--metadata` and `--model_args`
have overwritten the task file's own metadata by then. So a task file says its split (and a row of
`longsafety_length` its length and depth) under names that no option has, and its protocol inside
`provenance`; the plain names are refused here, before any model call, instead of changing in
silence what is scored.
"""

import functools
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from lm_eval_longsafety.errors import OptionError
from lm_eval_longsafety.settings import parse

Load = Callable[..., Any]
"""`documents.load_documents` or its like."""

OWN = "longsafety_"
"""Begins the keys of `dataset_kwargs`: `longsafety_split` becomes the argument `split`."""
REPLY = f"{OWN}reply_tokens"
"""Key of the metadata by which `longsafety run` passes on how long `--gen_kwargs` lets replies
be: only here it is known whether a task generates any."""
RESERVED = ("split", "protocol", "provenance", "target_length", "target_depth")
VARIANTS = ("no_context", "rotations", "length")
"""Values of `variant` that are refused; others are a model's own (`from_pretrained` has one)."""


def refuse_reserved(given: Mapping[str, Any], names: Iterable[str] = RESERVED) -> None:
    """Refuse what a user must not set.

    Args:
        given: options of the user.
        names: keys that the user cannot rightly have given.

    Raises:
        OptionError: one of the names is there, or `variant` with a value of ours.
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
    """Options under which the prompts leave room for the reply, or lm-eval cuts their heads.

    Args:
        given: options of the user.
        longest: tokens that a reply may have.

    Raises:
        OptionError: `reply_tokens` reserves less.
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


def for_task_file(load: Load) -> Load:
    """`load` as task files call it by `!function`."""

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
        named = {key.removeprefix(OWN): value for key, value in own.items()}
        return load(**named, protocol=provenance["protocol"], provenance=provenance, **given)

    return custom_dataset
