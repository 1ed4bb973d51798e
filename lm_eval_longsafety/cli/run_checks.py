"""What `longsafety run` checks before lm-eval loads a model's weights.

Data flow: lm-eval's own reading of the command line (`EvaluatorConfig`) -> errors of one line, and
`reply_tokens` where only `--gen_kwargs` says how long replies may be. Options and data are checked
for tasks of ours alone; they are checked again, with all prompts, when lm-eval builds the tasks.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from lm_eval_longsafety.benchmark import TASKS
from lm_eval_longsafety.cli import model_arguments
from lm_eval_longsafety.errors import OptionError
from lm_eval_longsafety.settings import REPLY_TOKENS, longest_reply, parse

_LOADED_HERE = ("hf", "hf-auto", "huggingface", "vllm", "longsafety-hf", "longsafety-vllm")
"""Backends that load the model that `pretrained` names."""
_CONTROL = re.compile(r"(_no_context|_rotations)?(_logits)?$")
_LENGTH = re.compile(r"longsafety_length(_logits)?")


def before_tasks(config: Any) -> None:  # noqa: ANN401 (lm-eval is untyped)
    """Check the command line and complete its options.

    Args:
        config: lm-eval's `EvaluatorConfig`; its metadata is model arguments and `--metadata`, and
            may get `reply_tokens`.

    Raises:
        OptionError: a command line that lm-eval would answer with a traceback or, worse, with cut
            prompts.
    """
    from lm_eval_longsafety.cli.preflight import check_model

    check_model(config.model)
    arguments, metadata = config.model_args or {}, config.metadata
    if config.model in _LOADED_HERE and not arguments.get("pretrained"):
        raise OptionError(
            f"--model {config.model} needs --model_args pretrained=<hub id or folder>"
        )
    given = {name: getattr(config, name) for name in ("batch_size", "max_batch_size", "device")}
    model_arguments.check(config.model, arguments, given)
    names = [name for name in _split(config.tasks) if name.startswith("longsafety")]
    if names:
        _refuse_internal(metadata, arguments)
        _refuse_cached_requests(config)
    if any(not name.endswith("_logits") for name in names):
        _reserve_reply(metadata, config.gen_kwargs or {})
    if names and config.model in _LOADED_HERE:
        _try_template(config)


def after_tasks(names: Sequence[object], metadata: Mapping[str, Any]) -> None:
    """Check options, window, tokenizer and data of our tasks among `names`.

    Args:
        names: tasks, groups and tags as lm-eval has found them; its other kinds are left alone.
        metadata: model arguments and `--metadata`.

    Raises:
        OptionError: options that cannot be used.
        DataError: data that cannot be used.
    """
    ours = [name for name in names if isinstance(name, str)]
    splits = dict.fromkeys(split for name in ours for split in splits_of(name))
    by_length = any(_LENGTH.fullmatch(name) for name in ours)
    if not splits and not by_length:
        return
    from lm_eval_longsafety import data, window
    from lm_eval_longsafety.tokenizer import load_tokenizer

    chosen = parse(metadata)
    window.prompt_limit(window.model_window(chosen), chosen.reply_tokens)
    load_tokenizer(chosen.model)
    source = data.load(chosen.data, chosen.data_revision)
    for split in splits:
        source.rows(split)
    if by_length:
        _try_lengths(metadata)


def splits_of(name: str) -> list[str]:
    """The splits that a task, group or tag of ours reads; none for others and for lengths."""
    base = _CONTROL.sub("", name)
    return [
        task.split
        for task in TASKS
        if base
        in (
            "longsafety",
            task.name,
            f"longsafety_{task.scenario}",
            f"longsafety_{task.harm}",
            f"longsafety_{'in' if task.in_domain else 'out_of'}_domain",
        )
    ]


def _try_lengths(metadata: Mapping[str, Any]) -> None:
    """One prompt of each task, the shortest and the longest: they tell most of what can fail."""
    from lm_eval_longsafety.cli.preflight import quiet
    from lm_eval_longsafety.length_documents import load_length_documents
    from lm_eval_longsafety.length_options import parse_length_options

    wanted = parse_length_options(metadata)
    # lm-eval's building of the same tasks will print their lines.
    with quiet("lm_eval.longsafety"):
        for length in sorted({min(wanted.lengths), max(wanted.lengths)}):
            for split in wanted.splits:
                load_length_documents(
                    split=split,
                    target_length=length,
                    target_depth=wanted.depths[0],
                    **{**metadata, "length_rows": 1},
                )


def _split(tasks: object) -> list[str]:
    """`--tasks` as lm-eval splits it; a YAML config may hold a list."""
    listed = [tasks] if isinstance(tasks, str) else tasks if isinstance(tasks, list) else []
    return [name for each in listed for name in str(each).split(",")]


def _refuse_internal(metadata: Mapping[str, Any], arguments: Mapping[str, Any]) -> None:
    from lm_eval_longsafety.task_file import RESERVED, refuse_reserved

    # A model may have such an argument of its own: `variant` is one of transformers'.
    users = {k: v for k, v in metadata.items() if k not in arguments or arguments[k] != v}
    refuse_reserved(users, names=(*RESERVED, "variant", "version"))


def _refuse_cached_requests(config: Any) -> None:  # noqa: ANN401
    if (config.cache_requests or {}).get("cache_requests"):
        raise OptionError(
            "--cache_requests: lm-eval's cache of prompts knows neither options nor data, so that "
            "it could answer with the prompts of another run; leave it out"
        )


def _try_template(config: Any) -> None:  # noqa: ANN401
    """Look at the chat template by a prompt of a few words, as the run will look at all prompts."""
    from lm_eval_longsafety import sent
    from lm_eval_longsafety.tokenizer import load_tokenizer

    found = load_tokenizer(parse(config.metadata).model)
    if found is None:
        return
    sent.warn_of_unused_template(found.loaded, applied=bool(config.apply_chat_template))
    if config.apply_chat_template:
        sent.try_template(found.loaded, config.model_args or {})


def _reserve_reply(metadata: dict[str, Any], gen_kwargs: Mapping[str, Any]) -> None:
    """Let the prompts leave room for the reply, or lm-eval cuts their heads for it."""
    longest = longest_reply(gen_kwargs)
    if metadata.get("reply_tokens") is None and longest > REPLY_TOKENS:
        metadata["reply_tokens"] = longest
    reserved = parse(metadata).reply_tokens
    if longest > reserved:
        raise OptionError(
            f"--gen_kwargs lets replies have {longest} tokens, but reply_tokens is {reserved}: "
            "lm-eval would cut the prompts' heads for the rest; give --metadata "
            f"'{{\"reply_tokens\": {longest}}}' or leave reply_tokens out"
        )
