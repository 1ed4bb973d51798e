"""Fine-tune a model on rows of `longsafety training-data` with TRL, or say why not.

    python sft.py cpu.yaml --rows rows.parquet --output tuned
    torchrun --nproc-per-node 8 sft.py full_8xa100.yaml --rows rows.parquet --output tuned --resume

Nothing is cut and nothing is dropped: training does not start if a row is longer than `max_tokens`
or has no token to learn, as TRL itself has tokenised and labelled it. For rows that another
tokenizer or chat template counted, no weights are loaded.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import torch
import yaml
from datasets import Dataset
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer
from trl import SFTConfig, SFTTrainer

from lm_eval_longsafety.errors import LongSafetyError, OptionError, first_line
from lm_eval_longsafety.training.rows_file import read_metadata
from lm_eval_longsafety.training.trainer_checks import check_counts, check_prepared

NEEDED, OPTIONAL = (
    {"model", "max_tokens", "train"},
    {"attention", "dtype", "lora", "random_weights"},
)
FIXED = {
    "max_length": None,  # The default, 1,024, keeps only a row's start: no question, no answer.
    "packing": False,  # The default strategy cuts what does not fit into a pack.
    "eval_packing": False,
    "padding_free": False,
    "completion_only_loss": True,  # The prompt, 32k tokens, is not to be learnt.
    "assistant_only_loss": False,  # Needs generation marks in the template; would add other turns.
    "shuffle_dataset": False,  # The trainer itself shuffles in each epoch.
    "dataset_kwargs": None,  # The rows are always prepared, so that they always have labels.
    "dataloader_drop_last": False,
    "ignore_data_skip": False,  # A resumed run goes on with the rows that it has not seen.
}
"""What would cut or drop rows, or learn other tokens than the answer's: no config changes it."""
ORIGIN = "training_rows.json"
"""File in the output: what the model was trained on, and from which model."""


def main() -> None:
    """Check, train, save."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("config", type=Path)
    parser.add_argument("--rows", type=Path, required=True, help="of `longsafety training-data`")
    parser.add_argument("--output", type=Path, required=True, help="folder for the model")
    parser.add_argument("--model", help="hub id or folder, in place of the config's")
    parser.add_argument("--resume", action="store_true", help="go on from the last checkpoint")
    asked = parser.parse_args()
    try:
        config = read_config(asked.config, asked.model)
        origin = {**read_metadata(asked.rows), "base_model": config["model"]}
        origin.pop("left_out", None)  # May be long; it stands in the rows' own file.
        start = checkpoint(asked.output, origin, resume=asked.resume)
        train(config, asked, origin, start)
    except LongSafetyError as error:
        print(f"sft.py: {error}", file=sys.stderr)
        raise SystemExit(2) from None


def read_config(path: Path, model: str | None) -> dict[str, Any]:
    """The settings of a YAML file: all that are needed, none that is unknown."""
    try:
        config = dict(yaml.safe_load(path.read_text(encoding="utf-8")))
        config |= {"model": model} if model else {}
        unknown = (set(config) - NEEDED - OPTIONAL) | (set(config.get("train", {})) & set(FIXED))
    except (OSError, TypeError, ValueError, yaml.YAMLError) as error:
        raise OptionError(f"{path}: not settings in YAML ({first_line(error)})") from error
    if unknown or NEEDED - set(config):
        raise OptionError(
            f"{path}: needs {', '.join(sorted(NEEDED))}; unknown or set by sft.py itself: "
            f"{', '.join(sorted(unknown)) or 'none'}"
        )
    return config


def checkpoint(output: Path, origin: dict[str, Any], *, resume: bool) -> str | None:
    """The checkpoint to go on from, of a run on the same rows; None for a new run."""
    # The state is written last: a checkpoint without it was being saved when the run was stopped.
    states = output.glob("checkpoint-*/trainer_state.json")
    last = max(states, key=lambda state: int(state.parent.name.split("-")[1]), default=None)
    if resume != bool(last):
        found = "holds a checkpoint; add --resume or name another folder" if last else "holds none"
        raise OptionError(f"{output}: {found}")
    file = output / ORIGIN
    before = json.loads(file.read_text()) if file.is_file() else {}
    for key, what in (("sha256", "on other rows"), ("base_model", "from another model")):
        if last and before.get(key) != origin[key]:
            raise OptionError(f"{last.parent}: was trained {what}; resume with the same")
    return str(last.parent) if last else None


def train(
    config: dict[str, Any], asked: argparse.Namespace, origin: dict[str, Any], start: str | None
) -> None:
    """Let TRL prepare the rows, check what it made of them, train and save."""
    load = Dataset.from_json if asked.rows.suffix == ".jsonl" else Dataset.from_parquet
    rows = load(str(asked.rows))
    check_counts(max(rows["tokens"]), origin, config["model"], config["max_tokens"])
    try:
        arguments = SFTConfig(output_dir=str(asked.output), **config["train"], **FIXED)
        adapter = lora(config)
    except (TypeError, ValueError) as error:
        raise OptionError(f"{asked.config}: {first_line(error)}") from error
    tokenizer = AutoTokenizer.from_pretrained(config["model"])
    trainer = SFTTrainer(
        model=load_model(config),
        args=arguments,
        train_dataset=rows,
        processing_class=tokenizer,
        peft_config=adapter,
    )
    check_prepared(trainer.train_dataset, rows, tokenizer)
    if trainer.is_world_process_zero():
        asked.output.mkdir(parents=True, exist_ok=True)
        (asked.output / ORIGIN).write_text(json.dumps(origin))
    trainer.train(resume_from_checkpoint=start)
    trainer.save_model()


def load_model(config: dict[str, Any]) -> torch.nn.Module:
    """The model to train: with its weights, or with random ones where the config says so."""
    kind = {
        "dtype": getattr(torch, config.get("dtype", "float32")),
        "attn_implementation": config.get("attention", "sdpa"),
    }
    if not config.get("random_weights"):
        return AutoModelForCausalLM.from_pretrained(config["model"], **kind)
    torch.manual_seed(config["train"].get("seed", 42))
    return AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(config["model"]), **kind)


def lora(config: dict[str, Any]) -> object | None:
    """The adapter to train in place of the model; None trains the model itself."""
    if "lora" not in config:
        return None
    from peft import LoraConfig

    return LoraConfig(task_type="CAUSAL_LM", **config["lora"])


if __name__ == "__main__":
    main()
