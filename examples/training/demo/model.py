"""Write the demo's model: about a million random weights, and a tokenizer of the training texts.

    python model.py TRAINING_SET FOLDER

Each layer sees the last 320 tokens, which are the question and its choices with little before them,
so that short training rows prepare the model for documents of any length.
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import torch
from transformers import Qwen2Config, Qwen2ForCausalLM

from lm_eval_longsafety import tiny_model

WINDOW = 320
VOCABULARY = 1024
"""So small that words of the training rows are as often in pieces as words that are new."""


def main() -> None:
    """Train the tokenizer, draw the weights, save both."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rows", type=Path, help="of `longsafety build --format training`")
    parser.add_argument("folder", type=Path)
    asked = parser.parse_args()
    vocabulary = tiny_model.save_tokenizer(asked.folder, prompts(asked.rows), VOCABULARY)
    torch.manual_seed(0)
    model = Qwen2ForCausalLM(config(vocabulary))
    model.save_pretrained(asked.folder)
    print(f"{model.num_parameters() / 1e6:.2f} million weights in {asked.folder}")


def prompts(folder: Path) -> Iterator[str]:
    """Every fourth prompt of the training rows: enough for the tokenizer."""
    for path in sorted(folder.glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines()[::4]:
            yield json.loads(line)["content"][0]["prompt"]


def config(vocabulary: dict[str, int]) -> Qwen2Config:
    """Qwen2's architecture, small, with a sliding window in every layer."""
    return Qwen2Config(
        vocab_size=len(vocabulary),
        hidden_size=128,
        intermediate_size=256,
        num_hidden_layers=3,
        num_attention_heads=4,
        num_key_value_heads=4,
        use_sliding_window=True,
        sliding_window=WINDOW,
        max_window_layers=0,
        max_position_embeddings=tiny_model.POSITIONS,
        tie_word_embeddings=True,
        initializer_range=0.06,  # The default suits models a thousand times as large.
        bos_token_id=None,
        eos_token_id=vocabulary[tiny_model.END],
        pad_token_id=vocabulary[tiny_model.PAD],
    )


if __name__ == "__main__":
    main()
