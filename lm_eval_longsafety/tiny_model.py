"""A tiny local model, and the demo that runs all ten tasks on it.

The model has Qwen2's architecture, random weights, 131,072 positions, a byte-level BPE tokenizer
trained on the embedded sample and a chat template. Two changes of its weights make it reply as an
instruct model does: the output rows of A to D are scaled up, and the end of the turn follows a
letter. Which letter it gives remains random, so it scores at chance.
"""

import shlex
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lm_eval_longsafety.benchmark import TASKS
from lm_eval_longsafety.data import sources
from lm_eval_longsafety.files import make_folder

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from transformers import Qwen2ForCausalLM

VOCABULARY = 4096
POSITIONS = 131_072
END = "<|im_end|>"
PAD = "<|endoftext|>"
_SPECIAL_TOKENS = (PAD, "<|im_start|>", END)
_CHAT_TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] "
    "}}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
_QWEN2_WORDS = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
"""How Qwen2's tokenizer splits text: transformers 5 does so for every Qwen2 model, whatever its
tokenizer file says. With this rule older releases count the same tokens."""
_ROOM = 32_000_000
"""Bytes that the demo's model and results take, rounded up."""
_SPREAD = 0.2
"""Standard deviation of the weights; wide enough for attention to differ from document to
document."""
_LETTER_SCALE = 40.0
"""How much larger the output rows of A to D are: one of them wins in more than nine documents of
ten."""


def build_model(folder: Path, *, seed: int = 0, positions: int = POSITIONS) -> Path:
    """Write the tiny model with its tokenizer to `folder`, in a few seconds.

    Args:
        folder: created if it does not exist.
        seed: of the random weights.
        positions: the window in its config, in tokens.

    Returns:
        `folder`, to be given as `pretrained=`.
    """
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    folder.mkdir(parents=True, exist_ok=True)
    vocabulary = save_tokenizer(folder, _sample_texts(), positions=positions)
    model = _random_model(vocabulary, seed, positions)
    model.save_pretrained(folder)
    return folder


def save_tokenizer(
    folder: Path, texts: Iterable[str], size: int = VOCABULARY, positions: int = POSITIONS
) -> dict[str, int]:
    """Train a tokenizer of at most `size` tokens; write it to `folder`, with a chat template.

    Returns:
        Token -> id.
    """
    from transformers import PreTrainedTokenizerFast

    backend = _train_tokenizer(texts, size)
    tokenizer = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=backend,
        eos_token=END,
        pad_token=PAD,
        chat_template=_CHAT_TEMPLATE,
        model_max_length=positions,
    )
    tokenizer.save_pretrained(folder)
    return backend.get_vocab()


def _train_tokenizer(texts: Iterable[str], size: int) -> "Tokenizer":
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_QWEN2_WORDS), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=list(_SPECIAL_TOKENS),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def _sample_texts() -> Iterator[str]:
    source = sources.load("sample")
    for task in TASKS:
        for row in source.rows(task.split):
            yield row.context
            yield row.question
            yield from row.choices


def _random_model(vocabulary: dict[str, int], seed: int, positions: int) -> "Qwen2ForCausalLM":
    import torch
    from transformers import Qwen2Config, Qwen2ForCausalLM

    end = vocabulary[END]
    config = Qwen2Config(
        vocab_size=VOCABULARY,
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        max_position_embeddings=positions,
        tie_word_embeddings=False,
        bos_token_id=None,
        eos_token_id=end,
        pad_token_id=vocabulary[PAD],
    )
    generator = torch.Generator().manual_seed(seed)
    model = Qwen2ForCausalLM(config)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if weight.dim() == 2:
                weight.normal_(0.0, _SPREAD, generator=generator)
            elif name.endswith("bias"):
                weight.zero_()
        _make_it_answer(model, letters=[vocabulary[letter] for letter in "ABCD"], end=end)
    model.generation_config.eos_token_id = end
    return model


def _make_it_answer(model: Any, *, letters: list[int], end: int) -> None:  # noqa: ANN401 - Qwen2's modules are untyped
    """Scale the letters' output rows, and let the end of the turn follow a letter.

    One direction of the residual stream is cleared everywhere, set by the letters' embeddings
    alone, and read by the output row of the end token alone.
    """
    inner, head = model.model, model.lm_head.weight
    head[letters] *= _LETTER_SCALE
    for layer in inner.layers:
        layer.self_attn.o_proj.weight[0] = 0.0
        layer.mlp.down_proj.weight[0] = 0.0
    inner.embed_tokens.weight[:, 0] = 0.0
    inner.embed_tokens.weight[letters, 0] = 1000.0
    head[:, 0] = 0.0
    head[end] = 0.0
    head[end, 0] = 1000.0


def run(folder: Path) -> int:
    """Build the model in `folder`, run lm-eval's own command line over the embedded sample.

    Returns:
        lm-eval's exit code.

    Raises:
        OptionError: `folder` is a file or cannot be written to, or the disk is full.
        LinkError: this lm-eval is too old.
    """
    include = _include_path()
    make_folder(folder, room=_ROOM)
    model = build_model(folder / "model")
    command = [
        *(sys.executable, "-m", "lm_eval", "run", "--model", "hf", "--device", "cpu"),
        *("--model_args", f"pretrained={model},dtype=float32"),
        *("--tasks", "longsafety", *include, "--apply_chat_template"),
        *("--metadata", '{"data": "sample"}'),
        *("--output_path", str(folder / "results"), "--log_samples"),
    ]
    print(f"$ {shlex.join(command[2:])}", flush=True)
    code = subprocess.run(command, check=False).returncode
    if code == 0:
        print(
            "\nThis model has random weights, so it scores at chance: with four choices, SR is "
            "near 0.25 and HA\nnear 0.50 among the documents that it answers. The numbers show "
            "that the run works; they say nothing\nabout any real model.\n\n"
            "To see the results as a page, run:\n"
            + shlex.join([*_program(), "report", str(folder / "results"), "-o", "report.html"])
        )
    return code


def _include_path() -> list[str]:
    """Empty where lm-eval finds the tasks by itself: it would warn about tasks found twice."""
    from lm_eval_longsafety.harness.discovery import status, tasks_path

    return [] if status().found else ["--include_path", str(tasks_path())]


def _program() -> list[str]:
    """The words that start `longsafety` in any shell, whether or not the environment is active."""
    found = shutil.which("longsafety", path=sysconfig.get_path("scripts"))
    if found is None:
        return [sys.executable, "-m", "lm_eval_longsafety"]
    path, here = Path(found), Path.cwd()
    return [str(path.relative_to(here) if path.is_relative_to(here) else path)]
