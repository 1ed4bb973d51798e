"""Check a command line of `longsafety run` before lm-eval loads a model's weights.

Data flow: lm-eval's own reading of the command line (`EvaluatorConfig`) -> errors of one line, the
cheap checks first and all of them before lm-eval reads its thousands of task files. Options and
data are checked only for our tasks; they are checked again, with all prompts, when lm-eval builds
the tasks.
"""

import difflib
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from lm_eval_longsafety import files
from lm_eval_longsafety.backends.response_cache import check_file
from lm_eval_longsafety.benchmark import ASK, TASKS, splits_of, tags
from lm_eval_longsafety.data import sources
from lm_eval_longsafety.data.progress import progress
from lm_eval_longsafety.errors import OptionError, meant
from lm_eval_longsafety.harness import check_arguments, sent_prompts
from lm_eval_longsafety.harness.ask_documents import gaps_to_ask
from lm_eval_longsafety.harness.discovery import tasks_path
from lm_eval_longsafety.harness.documents import load_documents
from lm_eval_longsafety.harness.judge_documents import replies_to_judge
from lm_eval_longsafety.harness.quiet import quiet
from lm_eval_longsafety.harness.task_file import REPLY, RESERVED, refuse_reserved, with_reply_room
from lm_eval_longsafety.prompts import window
from lm_eval_longsafety.prompts.templates import load_templates
from lm_eval_longsafety.prompts.tokenizer import load_config, load_tokenizer
from lm_eval_longsafety.settings import REPLY_TOKENS, longest_reply, parse, shorten
from lm_eval_longsafety.variants.length_options import parse_length_options

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
        # A model may have such an argument of its own: `variant` is one of transformers'.
        users = {k: v for k, v in metadata.items() if k not in arguments or arguments[k] != v}
        refuse_reserved(users, names=(*RESERVED, "variant", "version"))
        if (config.cache_requests or {}).get("cache_requests"):
            raise OptionError(
                "--cache_requests: lm-eval's cache of prompts knows neither options nor data, so "
                "that it could answer with the prompts of another run; leave it out"
            )
    _check_places(config.output_path, config.use_cache)
    generation = config.gen_kwargs or {}
    if not isinstance(generation, Mapping):
        raise OptionError(f"gen_kwargs: expected key=value pairs, found {shorten(generation)}")
    if (longest := longest_reply(generation)) > REPLY_TOKENS:
        metadata[REPLY] = longest
    check_named(names, metadata)
    given = {name: getattr(config, name) for name in ("batch_size", "max_batch_size", "device")}
    check_arguments.check(config.model, arguments, given)
    if config.model in _LOADED_HERE and (ours or config.apply_chat_template):
        _check_template(config, ours=ours)


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
    splits = dict.fromkeys(split for name in ours for split in splits_of(name))
    _check_templates(ours, chosen.templates)
    for split in progress("checking data", splits, unit=" splits"):
        sources.load(chosen.data, chosen.data_revision).rows(split)
    window.prompt_limit(window.model_window(chosen), chosen.reply_tokens)
    load_tokenizer(chosen.model)
    if any(_LENGTH.fullmatch(name) for name in ours):
        _try_lengths(metadata)
    if any("_judge" in name for name in ours):
        replies_to_judge(chosen)
    if ASK in ours:
        gaps_to_ask(chosen)


def _check_templates(names: Iterable[str], file: str | None) -> None:
    """Check that the templates have a text for each task."""
    templates = load_templates(file)
    for name in names:
        for split in splits_of(name):
            templates.of(split, open_reply=name.endswith("_open"))


def known_names() -> set[str]:
    """The names of all our tasks, groups and tags."""
    return {path.stem for path in tasks_path().rglob("*.yaml")} | {
        name for task in TASKS for name in tags(task)
    }


def _try_lengths(metadata: Mapping[str, Any]) -> None:
    """Build one prompt per task at the shortest and longest length: this finds most errors."""
    wanted = parse_length_options(metadata)
    # The same lines are logged when lm-eval builds the tasks.
    with quiet("lm_eval.longsafety"):
        for length in sorted({min(wanted.lengths), max(wanted.lengths)}):
            for split in wanted.length_tasks:
                load_documents(
                    split=split,
                    variant="length",
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
        # lm-eval's name for the file of this process.
        file = Path(f"{use_cache}_rank{os.environ.get('LOCAL_RANK', '0')}.db")
        _check_writable("--use_cache", file.parent)
        check_file(file)


def _check_writable(option: str, folder: Path) -> None:
    """Check that the folder, or the one in which it will be created, can be written to."""
    # Not `Path.exists`, which fails below a folder that may not be entered.
    there = next(path for path in (folder, *folder.absolute().parents) if os.path.exists(path))
    try:
        files.check_place(there / "results.json", _TRIAL_BYTES)
    except OptionError as error:
        raise OptionError(f"{option}: {error}") from None


def _check_template(config: Any, *, ours: bool) -> None:  # noqa: ANN401
    """Check that there is a chat template; for our tasks try it, as the run checks all prompts.

    Without one, transformers would fail at the first document.
    """
    asked, arguments = config.apply_chat_template, config.model_args
    named = parse(arguments).model
    tokenizer = load_tokenizer(named)
    if tokenizer is None:
        return
    own = (arguments.get("chat_template_args") or {}).get("chat_template")
    # vLLM also knows the templates of image processors, and some of its own.
    others = "vllm" in config.model and hasattr(load_config(named), "vision_config")
    if asked and not own and not others:
        tokenizer.check_chat_template(asked if isinstance(asked, str) else None)
    if ours:
        sent_prompts.warn_of_unused_template(tokenizer.loaded, applied=bool(asked))
        if asked:
            sent_prompts.try_template(tokenizer.loaded, arguments)
