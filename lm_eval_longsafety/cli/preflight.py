"""`longsafety preflight`: what a run will send and cost, before a GPU is rented. No weights."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from lm_eval_longsafety.prefill_cost import GpuHours, Shape, TaskLoad

Model = Annotated[str, typer.Option("--model", help="lm-eval's backend, as for the run.")]
ModelArgs = Annotated[
    str,
    typer.Option("--model_args", help="As for the run: key=value pairs, or JSON; with pretrained."),
]
Tasks = Annotated[str, typer.Option("--tasks", help="As for the run; ours are counted.")]
Metadata = Annotated[
    str, typer.Option("--metadata", help="As for the run: JSON, or key=value pairs.")
]
Utilisation = Annotated[
    float, typer.Option("--utilisation", help="Part of a GPU's peak that a prefill reaches.")
]
Json = Annotated[Path | None, typer.Option("--json", help="Write the same as JSON.")]


def preflight(
    model: Model = "longsafety-vllm",
    model_args: ModelArgs = "",
    tasks: Tasks = "longsafety",
    metadata: Metadata = "{}",
    utilisation: Utilisation = 0.4,
    json_file: Json = None,
) -> None:
    """Count the prompts' tokens and estimate the GPU hours of a run."""
    from lm_eval_longsafety import files
    from lm_eval_longsafety.harness import model_arguments
    from lm_eval_longsafety.prefill_cost import estimate, shape
    from lm_eval_longsafety.prompts.tokenizer import load_config
    from lm_eval_longsafety.settings import parse

    model_arguments.check_model(model)
    if json_file:
        files.check_place(json_file)
    known = _metadata(model_args, metadata)
    names, others = _ours([name for each in tasks.split(",") if (name := each.strip())])
    loads = list(_loads(model, names, known))
    named = parse(known).model
    found = shape(load_config(named), named.trust_remote_code)
    prefills = [tokens for each in loads for tokens in each.prefills]
    estimates = estimate(found, prefills, utilisation)
    typer.echo(_text(loads, found, estimates, utilisation))
    if others:
        typer.echo(f"not counted, since they are not LongSafetyBench's: {', '.join(others)}")
    if json_file:
        files.write_text(json_file, _as_json(loads, found, estimates, utilisation))


def _metadata(model_args: str, metadata: str) -> dict[str, Any]:
    """Both as lm-eval hands them to a task."""
    from lm_eval.utils import simple_parse_args_string

    from lm_eval_longsafety.errors import OptionError

    arguments = (
        _json_object("--model_args", model_args)
        if model_args.lstrip().startswith("{")
        else simple_parse_args_string(model_args)
    )
    known = {**arguments, **_given(metadata)}
    if not known.get("pretrained"):
        raise OptionError(
            "--model_args needs pretrained=<hub id or folder>: preflight reads its config and "
            "tokenizer; for an API model name the model that it serves"
        )
    return known


def _given(metadata: str) -> dict[str, Any]:
    """JSON or key=value pairs, as lm-eval's `--metadata` takes them."""
    from lm_eval.utils import simple_parse_args_string

    pairs = [pair for pair in metadata.split(",") if pair.strip()]
    # Lists and dictionaries hold commas: they are given as JSON.
    if not any(bracket in metadata for bracket in "[{") and all("=" in pair for pair in pairs):
        return {name.strip(): v for name, v in simple_parse_args_string(metadata).items()}
    return _json_object("--metadata", metadata)


def _json_object(option: str, text: str) -> dict[str, Any]:
    from lm_eval_longsafety.errors import OptionError, first_line
    from lm_eval_longsafety.public import public

    example = {"--metadata": '"data": "sample"'}.get(option, '"pretrained": "some-lab/some-model"')
    try:
        given = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise OptionError(
            f"{option}: neither key=value pairs nor JSON ({first_line(error)}); give "
            f"{example.replace(': ', '=').replace(chr(34), '')} or '{{{example}}}', lists as JSON"
        ) from None
    if not isinstance(given, dict):
        raise OptionError(f"{option}: expected a JSON object, found {public(text)}")
    return given


def _ours(names: list[str]) -> tuple[list[str], list[str]]:
    """The names that could be ours, and those beside them; others alone are all kept.

    A task of another project's cannot be told from a misspelling without lm-eval's own index.
    """
    ours = [name for name in names if name.startswith("longsafety")]
    return (ours, [name for name in names if name not in ours]) if ours else (names, [])


def _loads(model: str, names: list[str], known: Mapping[str, Any]) -> "Iterator[TaskLoad]":
    from lm_eval_longsafety.harness.quiet import quiet
    from lm_eval_longsafety.prefill_cost import load, passes_per_document

    for name, task in sorted(_tasks(names, known).items()):
        with quiet("lm_eval.api.task"):  # lm-eval 0.5 builds the documents only now.
            documents = list(task.eval_docs)
        passes = [
            passes_per_document(
                model,
                letters=task.OUTPUT_TYPE == "multiple_choice",
                orders=len(each["choices"]) if "_rotations" in name else 1,
                choices=len(each["choices"]),
            )
            for each in documents
        ]
        tokens = [each["prompt_tokens"] for each in documents]
        yield load(name, tokens, sum(each["truncated"] for each in documents), passes)


def _tasks(names: list[str], known: Mapping[str, Any]) -> dict[str, Any]:
    """lm-eval's task objects by name, groups unfolded."""
    from lm_eval.tasks import TaskManager

    from lm_eval_longsafety.benchmark import bare_name
    from lm_eval_longsafety.errors import OptionError, meant
    from lm_eval_longsafety.harness.discovery import tasks_path
    from lm_eval_longsafety.harness.quiet import quiet

    if not names:
        raise OptionError("--tasks: none named; longsafety is all ten tasks")
    manager = TaskManager(
        include_path=str(tasks_path()), include_defaults=False, metadata=dict(known)
    )
    known_names = manager.all_tasks
    if unknown := [name + meant(name, known_names) for name in names if name not in known_names]:
        raise OptionError(
            f"--tasks: LongSafetyBench has no {', '.join(unknown)}; longsafety is all ten tasks, "
            "the README lists the others"
        )
    # It prints two lines about --metadata for every task, whether it is given or not.
    with quiet("lm_eval.api.task"):
        return {bare_name(name): task for name, task in manager.load(names)["tasks"].items()}


def _text(
    loads: "list[TaskLoad]", model: "Shape", estimates: "list[GpuHours]", utilisation: float
) -> str:
    width = max(len(each.task) for each in loads)
    lines = [f"{'task':{width}}  documents  tokens min / median / max     cut  prefilled tokens"]
    for each in loads:
        spread = f"{each.shortest:,} / {each.median:,.0f} / {each.longest:,}"
        lines.append(
            f"{each.task:{width}}  {each.documents:9,}  {spread:25}  {each.cut:5,}"
            f"  {sum(each.prefills):16,}"
        )
    total = sum(sum(each.prefills) for each in loads)
    documents = sum(each.documents for each in loads)
    cut = sum(each.cut for each in loads)
    lines.append(f"{'all':{width}}  {documents:9,}  {'':25}  {cut:5,}  {total:16,}")
    longest = max((tokens for each in loads for tokens in each.prefills), default=0)
    lines.append(
        f"\nweights {model.stored * 2 / 1e9:.1f} GB, KV cache of the longest prompt "
        f"{model.kv_bytes * longest / 1e9:.1f} GB (bfloat16)"
    )
    lines.append(f"prefill at {utilisation:.0%} of peak, replies and chat template not counted:")
    lines += [
        f"  {each.gpu:10} {each.hours:9.2f} GPU hours, at least {each.gpus_needed} GPU"
        for each in estimates
    ]
    return "\n".join(lines)


def _as_json(
    loads: "list[TaskLoad]", model: "Shape", estimates: "list[GpuHours]", utilisation: float
) -> str:
    from dataclasses import asdict

    tasks = [asdict(each) | {"prefills": sum(each.prefills)} for each in loads]
    record = {
        "tasks": tasks,
        "prefilled_tokens": sum(sum(each.prefills) for each in loads),
        "utilisation": utilisation,
        "weights": model.stored,
        "kv_bytes_per_token": model.kv_bytes,
        "gpus": [asdict(each) for each in estimates],
    }
    return json.dumps(record, indent=2) + "\n"
