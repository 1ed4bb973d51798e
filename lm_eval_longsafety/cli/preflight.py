"""`longsafety preflight`: what a run will send and cost, computed without the model's weights."""

import json
import math
import operator
import statistics
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lm_eval_longsafety.errors import OptionError, first_line

if TYPE_CHECKING:
    from lm_eval_longsafety.harness.planned_run import Planned
    from lm_eval_longsafety.prefill_cost import Shape


Model = Annotated[str, typer.Option("--model", help="lm-eval's backend, as for the run.")]
ModelArgs = Annotated[
    str,
    typer.Option(
        "--model_args", help="As for the run, `pretrained` included: key=value pairs or JSON."
    ),
]
Tasks = Annotated[
    str, typer.Option("--tasks", help="As for the run; tasks of other projects are not counted.")
]
Metadata = Annotated[
    str, typer.Option("--metadata", help="As for the run: key=value pairs or JSON.")
]
Utilisation = Annotated[
    float, typer.Option("--utilisation", help="Part of a GPU's peak that a prefill reaches.")
]
PriceIn = Annotated[
    float | None, typer.Option("--price-in", help="What an API asks for a million prompt tokens.")
]
PriceOut = Annotated[
    float | None, typer.Option("--price-out", help="What it asks for a million reply tokens.")
]
Json = Annotated[Path | None, typer.Option("--json", help="Write the same numbers as JSON.")]

EXPECTED = (
    "The judge's run, estimated for replies of {} tokens and judge_orders {}, as if this model "
    "were the judge; for replies that are written give --tasks longsafety_judge --metadata "
    '\'{{"judged": "<their folder>"}}\''
)


def preflight(
    model: Model = "longsafety-vllm",
    model_args: ModelArgs = "",
    tasks: Tasks = "longsafety",
    metadata: Metadata = "{}",
    utilisation: Utilisation = 0.4,
    price_in: PriceIn = None,
    price_out: PriceOut = None,
    json_file: Json = None,
) -> None:
    """Count the prompts' tokens and estimate the GPU hours of a run, or what an API will cost."""
    from lm_eval_longsafety import files
    from lm_eval_longsafety.cli.shared import our_names
    from lm_eval_longsafety.harness import check_arguments
    from lm_eval_longsafety.harness.planned_run import open_reply_tokens, planned
    from lm_eval_longsafety.prefill_cost import shape
    from lm_eval_longsafety.prompts.tokenizer import load_config
    from lm_eval_longsafety.settings import parse

    check_arguments.check_model(model)
    if json_file:
        files.check_place(json_file)
    known = _arguments("--model_args", model_args, "pretrained=some-lab/some-model")
    known |= _arguments("--metadata", metadata, "data=sample")
    prices = _prices(price_in, price_out)
    if not known.get("pretrained") and not (prices and known.get("tokenizer")):
        raise OptionError(
            "--model_args needs pretrained=<hub id or folder>: preflight reads the config and "
            "tokenizer there; for an API model name the model that it serves, or give its "
            "tokenizer=<hub id or folder> with --price-in and --price-out"
        )
    names = [name for each in tasks.split(",") if (name := each.strip())]
    # Where no name is ours, one may be a misspelt name of ours: all are looked up.
    ours = our_names([name for name in names if name.startswith("longsafety")] or names)
    chosen = parse(known)
    own, judges = planned(ours, known)
    found = None
    if known.get("pretrained"):
        found = shape(load_config(chosen.model), chosen.model.trust_remote_code)
    records = {}
    if own:
        records["run"] = _record(model, own, found, utilisation, prices)
    if judges:
        expected = {"expected": EXPECTED.format(open_reply_tokens(known), chosen.judge_orders)}
        records["judge"] = expected | _record(model, judges, found, utilisation, prices)
    typer.echo("\n\n".join(map(_text, records.values())))
    if others := [name for name in names if name not in ours]:
        typer.echo(f"not counted, since they are not LongSafetyBench's: {', '.join(others)}")
    if json_file:
        written = records.pop("run", {}) | records
        files.write_text(json_file, json.dumps(written, indent=2) + "\n")


def _prices(price_in: float | None, price_out: float | None) -> tuple[float, float] | None:
    """Both prices; None without any."""
    if price_in is None and price_out is None:
        return None
    if price_in is None or price_out is None:
        raise OptionError("give both --price-in and --price-out; 0 for what costs nothing")
    for option, price in (("--price-in", price_in), ("--price-out", price_out)):
        if not 0 <= price < math.inf:
            raise OptionError(f"{option}: expected a price of at least 0, found {price}")
    return price_in, price_out


def _arguments(option: str, text: str, example: str) -> dict[str, Any]:
    """JSON or key=value pairs, as the installed lm-eval reads them."""
    from lm_eval._cli.utils import key_val_to_dict

    from lm_eval_longsafety.public import public

    try:
        given = json.loads(text) if text.lstrip()[:1] in ("{", "[") else key_val_to_dict(text)
    except (ValueError, RecursionError) as error:
        raise OptionError(
            f"{option}: neither key=value pairs nor JSON ({first_line(error)}); give {example}, "
            f"or '{json.dumps(dict([example.split('=')]))}'"
        ) from None
    if not isinstance(given, dict):
        raise OptionError(f"{option}: expected a JSON object, found {public(text)}")
    return {name.strip(): value for name, value in given.items()}


def _record(
    model: str,
    tasks: "Mapping[str, Planned]",
    found: "Shape | None",
    utilisation: float,
    prices: tuple[float, float] | None,
) -> dict[str, Any]:
    """The numbers of one run: of each task, and what all cost together."""
    from dataclasses import asdict

    from lm_eval_longsafety.prefill_cost import estimate

    rows, prefills = _count(model, tasks)
    record: dict[str, Any] = {"tasks": rows, "prefilled_tokens": sum(prefills)}
    if found:
        record |= {
            "utilisation": utilisation,
            "weights": found.stored,
            "kv_bytes_per_token": found.kv_bytes,
            "gpus": [asdict(each) for each in estimate(found, prefills, utilisation)],
        }
    if prices:
        record["api"] = _api(rows, *prices)
    return record


def _count(model: str, tasks: "Mapping[str, Planned]") -> tuple[list[dict[str, Any]], list[int]]:
    """The numbers of each task, and the tokens of every prefill that the backend will do."""
    from lm_eval_longsafety.backends.prompt_order import MIN_SHARED_CHARS
    from lm_eval_longsafety.prefill_cost import passes_per_document

    rows, prefills = [], []
    for name, (letters, documents, reply_tokens) in tasks.items():
        tokens = [each["prompt_tokens"] for each in documents]
        own: list[int] = []
        requests: list[int] = []
        for each in documents:
            choices = len(each["choices"])
            orders = len(each.get("orders") or [None])
            short = len(each["prompt"]) < MIN_SHARED_CHARS
            passes = passes_per_document(
                model, letters=letters, orders=orders, choices=choices, short=short
            )
            own += [each["prompt_tokens"]] * passes
            requests.append(orders * (choices if letters else 1))
        rows.append(
            {
                "task": name,
                "documents": len(documents),
                "shortest": min(tokens),
                "median": statistics.median(tokens),
                "longest": max(tokens),
                "cut": sum(each["truncated"] for each in documents),
                "prefills": sum(own),
                "api_prompt_tokens": sum(map(operator.mul, tokens, requests)),
                "api_reply_tokens": sum(requests) * (1 if letters else reply_tokens),
            }
        )
        prefills += own
    return rows, prefills


def _api(rows: list[dict[str, Any]], price_in: float, price_out: float) -> dict[str, float]:
    """What an API counts and asks for: every request whole, every reply of full length."""
    sent, written = (sum(row[f"api_{kind}_tokens"] for row in rows) for kind in ("prompt", "reply"))
    prompts, replies = sent * price_in / 1e6, written * price_out / 1e6
    return {
        "prompt_tokens": sent,
        "reply_tokens": written,
        "prompts": prompts,
        "replies": replies,
        "total": prompts + replies,
    }


def _text(record: dict[str, Any]) -> str:
    tasks = record["tasks"]
    width = max(len(each["task"]) for each in tasks)
    line = (
        f"{{task:{width}}}  {{documents:9,}}  {{spread:25}}  {{cut:5,}}  {{prefills:16,}}"
        "  {api_reply_tokens:21,}"
    ).format
    spread = "{shortest:,} / {median:,.0f} / {longest:,}".format
    summed = ("documents", "cut", "prefills", "api_reply_tokens")
    total = {key: sum(each[key] for each in tasks) for key in summed}
    longest = max(each["longest"] for each in tasks)
    lines = [
        *([record["expected"]] if "expected" in record else []),
        f"{'task':{width}}  documents  tokens min / median / max     cut  prefilled tokens"
        "  reply tokens, at most",
        *(line(**each, spread=spread(**each)) for each in tasks),
        line(task="all", spread="", **total),
    ]
    if "gpus" in record:
        gpu = "  {gpu:10} {hours:9.2f} GPU hours, at least {gpus_needed} GPU".format_map
        lines += [
            f"\nweights {record['weights'] * 2 / 1e9:.1f} GB, KV cache of the longest prompt "
            f"{record['kv_bytes_per_token'] * longest / 1e9:.1f} GB (bfloat16)",
            f"prefill at {record['utilisation']:.0%} of peak, without replies and chat template:",
            *map(gpu, record["gpus"]),
        ]
    if "api" in record:
        api = "  {kind:8} {tokens:15,} tokens {price:12,.2f}".format
        cost = record["api"]
        lines += [
            "\nAPI, every prompt in full, replies of full length, without chat template:",
            api(kind="prompts", tokens=cost["prompt_tokens"], price=cost["prompts"]),
            api(kind="replies", tokens=cost["reply_tokens"], price=cost["replies"]),
            f"  {'total':31} {cost['total']:12,.2f}",
        ]
    return "\n".join(lines)
