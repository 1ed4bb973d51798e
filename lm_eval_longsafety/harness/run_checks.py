"""Check a command line of `longsafety run` before lm-eval loads a model's weights.

Data flow: lm-eval's own reading of the command line (`EvaluatorConfig`) -> errors of one line, the
cheap checks first and all of them before lm-eval reads its thousands of task files. Options and
data are checked only for our tasks; they are checked again, with all prompts, when lm-eval builds
the tasks.
"""

import difflib
import os
import re
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from lm_eval_longsafety.benchmark import TASKS, splits_of, tags
from lm_eval_longsafety.errors import OptionError, meant
from lm_eval_longsafety.harness import check_arguments
from lm_eval_longsafety.harness.judge_documents import replies_to_judge
from lm_eval_longsafety.harness.quiet import quiet
from lm_eval_longsafety.harness.task_file import REPLY, with_reply_room
from lm_eval_longsafety.settings import REPLY_TOKENS, Settings, longest_reply, parse, shorten

_LOADED_HERE = ("hf", "hf-auto", "huggingface", "vllm", "longsafety-hf", "longsafety-vllm")
"""Backends that load the model that `pretrained` names."""
_ELSEWHERE = re.compile(r"[*?\[]|\.yaml$")
"""Patterns and file names, which only lm-eval can resolve."""
_SIMILAR = 0.8
"""difflib ratio from which a name counts as a misspelling; no task of lm-eval reaches it."""
_TRIAL_BYTES = 1 << 16
"""Bytes written as a test; results without samples take about as much."""
_LENGTH = re.compile(r"longsafety_length(_logits)?")


def before_tasks(config: Any) -> None:  # noqa: ANN401 (lm-eval is untyped)
    """Check the command line, and those of our tasks that it names.

    Args:
        config: lm-eval's `EvaluatorConfig`; its metadata is model arguments and `--metadata`, and
            gets the length of replies (`task_file.REPLY`) that `--gen_kwargs` allows.

    Raises:
        LongSafetyError: with this command line lm-eval would end in a traceback, perhaps after
            minutes, or cut prompts.
    """
    check_arguments.check_model(config.model)
    arguments, metadata = config.model_args or {}, config.metadata
    if config.model in _LOADED_HERE and not arguments.get("pretrained"):
        raise OptionError(
            f"--model {config.model} needs --model_args pretrained=<hub id or folder>"
        )
    names = split_names(config.tasks)
    if not config.include_path:
        _refuse_misspelt(names)
    ours = any(name.startswith("longsafety") for name in names)
    if ours:
        _refuse_internal(metadata, arguments)
        _refuse_cached_requests(config)
    _check_places(config.output_path, config.use_cache)
    if (longest := _longest_reply(config.gen_kwargs or {})) > REPLY_TOKENS:
        metadata[REPLY] = longest
    check_named(names, metadata)
    given = {name: getattr(config, name) for name in ("batch_size", "max_batch_size", "device")}
    check_arguments.check(config.model, arguments, given)
    if config.apply_chat_template and config.model in _LOADED_HERE:
        _check_template(config.model, config.apply_chat_template, arguments)
    if ours and config.model in _LOADED_HERE:
        _try_template(config)


def check_named(names: Iterable[object], metadata: Mapping[str, Any]) -> None:
    """Check options, window, tokenizer and data of our tasks among `names`.

    Args:
        names: tasks, groups and tags; those that are not ours are not checked.
        metadata: model arguments and `--metadata`.

    Raises:
        OptionError: options that cannot be used.
        DataError: data that cannot be used.
    """
    ours = [name for name in names if isinstance(name, str) and name in known_names()]
    if not ours:
        return
    if not all(name.endswith("_logits") for name in ours):
        metadata = with_reply_room(metadata, metadata.get(REPLY, 0))
    chosen = parse(metadata)
    _check_data(chosen, ours)
    _check_model(chosen)
    if any(_LENGTH.fullmatch(name) for name in ours):
        _try_lengths(metadata)
    if any("_judge" in name for name in ours):
        replies_to_judge(chosen)


def _check_data(chosen: Settings, ours: Iterable[str]) -> None:
    from lm_eval_longsafety.data import sources

    splits = dict.fromkeys(split for name in ours for split in splits_of(name))
    for split in splits:
        sources.load(chosen.data, chosen.data_revision).rows(split)


def _check_model(chosen: Settings) -> None:
    from lm_eval_longsafety.prompts import window
    from lm_eval_longsafety.prompts.tokenizer import load_tokenizer

    window.prompt_limit(window.model_window(chosen), chosen.reply_tokens)
    load_tokenizer(chosen.model)


def known_names() -> set[str]:
    """The names of all our tasks, groups and tags."""
    from lm_eval_longsafety.harness.discovery import tasks_path

    return {path.stem for path in tasks_path().rglob("*.yaml")} | {
        name for task in TASKS for name in tags(task)
    }


def _try_lengths(metadata: Mapping[str, Any]) -> None:
    """Build one prompt per task at the shortest and longest length: this finds most errors."""
    from lm_eval_longsafety.harness.length_documents import load_length_documents
    from lm_eval_longsafety.variants.length_options import parse_length_options

    wanted = parse_length_options(metadata)
    # The same lines are logged when lm-eval builds the tasks.
    with quiet("lm_eval.longsafety"):
        for length in sorted({min(wanted.lengths), max(wanted.lengths)}):
            for split in wanted.splits:
                load_length_documents(
                    split=split,
                    target_length=length,
                    target_depth=wanted.depths[0],
                    **{**metadata, "length_rows": 1},
                )


def split_names(tasks: object) -> list[str]:
    """`--tasks` as lm-eval splits it; a YAML config may hold a list.

    Raises:
        OptionError: `tasks` is neither a text nor a list.
    """
    if not isinstance(tasks, str | list):
        raise OptionError(f"tasks: expected names of tasks, found {shorten(tasks)}")
    listed = [tasks] if isinstance(tasks, str) else tasks
    return [name.strip() for each in listed for name in str(each).split(",")]


def _refuse_misspelt(names: Iterable[str]) -> None:
    """Refuse names that resemble ours but are not, before lm-eval builds its index of tasks."""
    known = known_names()
    for name in names:
        if _ELSEWHERE.search(name) or os.path.isdir(name) or re.split("@|::", name)[0] in known:
            continue
        if name.startswith("longsafety") or difflib.get_close_matches(name, known, 1, _SIMILAR):
            raise OptionError(
                f"--tasks: LongSafetyBench has no {shorten(name)}{meant(name, known)}; a task of "
                "your own is found with --include_path"
            )


def _check_places(output_path: str | None, use_cache: str | None) -> None:
    """Check that results and answers can be written: lm-eval would fail after the last reply."""
    if output_path:
        place = Path(output_path)
        _check_writable("--output_path", place.parent if place.suffix == ".json" else place)
    if use_cache:
        from lm_eval_longsafety.backends.response_cache import check_file

        # lm-eval's name for the file of this process.
        file = Path(f"{use_cache}_rank{os.environ.get('LOCAL_RANK', '0')}.db")
        _check_writable("--use_cache", file.parent)
        check_file(file)


def _check_writable(option: str, folder: Path) -> None:
    """Check that the folder, or the one in which it will be created, can be written to."""
    # Not `Path.exists`, which fails below a folder that may not be entered.
    there = next(path for path in (folder, *folder.absolute().parents) if os.path.exists(path))
    try:
        with tempfile.TemporaryFile(dir=there) as file:
            file.write(bytes(_TRIAL_BYTES))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise OptionError(
            f"{option}: nothing can be written to {there} ({error.strerror}); name another place"
        ) from None


def _refuse_internal(metadata: Mapping[str, Any], arguments: Mapping[str, Any]) -> None:
    from lm_eval_longsafety.harness.task_file import RESERVED, refuse_reserved

    # A model may have such an argument of its own: `variant` is one of transformers'.
    users = {k: v for k, v in metadata.items() if k not in arguments or arguments[k] != v}
    refuse_reserved(users, names=(*RESERVED, "variant", "version"))


def _refuse_cached_requests(config: Any) -> None:  # noqa: ANN401
    if (config.cache_requests or {}).get("cache_requests"):
        raise OptionError(
            "--cache_requests: lm-eval's cache of prompts knows neither options nor data, so that "
            "it could answer with the prompts of another run; leave it out"
        )


def _longest_reply(gen_kwargs: object) -> int:
    """Tokens that `--gen_kwargs` allows a reply; 0 where it sets no limit."""
    if not isinstance(gen_kwargs, Mapping):
        raise OptionError(f"gen_kwargs: expected key=value pairs, found {shorten(gen_kwargs)}")
    return longest_reply(gen_kwargs)


def _try_template(config: Any) -> None:  # noqa: ANN401
    """Check the chat template with a short prompt, as the run will check all prompts."""
    from lm_eval_longsafety.harness import sent_prompts
    from lm_eval_longsafety.prompts.tokenizer import load_tokenizer

    found = load_tokenizer(parse(config.metadata).model)
    if found is None:
        return
    sent_prompts.warn_of_unused_template(found.loaded, applied=bool(config.apply_chat_template))
    if config.apply_chat_template:
        sent_prompts.try_template(found.loaded, config.model_args or {})


def _check_template(model: str, asked: object, arguments: Mapping[str, Any]) -> None:
    """Check that there is a chat template: transformers would fail at the first document."""
    from lm_eval_longsafety.prompts.tokenizer import load_config, load_tokenizer

    named = parse(arguments).model
    if "vllm" in model and hasattr(load_config(named), "vision_config"):
        return  # vLLM also knows the templates of image processors, and some of its own.
    own = arguments.get("chat_template_args") or {}
    tokenizer = load_tokenizer(named)
    if tokenizer is not None and not own.get("chat_template"):
        tokenizer.check_chat_template(asked if isinstance(asked, str) else None)
