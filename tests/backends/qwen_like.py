"""A tiny random Qwen2 whose tokenizer splits text as Qwen's does, so that ".A" can be one token."""

import random
from pathlib import Path

QWEN_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
WORDS = "the quiet harbour keeps every lantern lit while small boats drift home before rain".split()
THINK_END = "</think>"


def text(words, seed=0):
    """`words` words of nothing in particular."""
    chooser = random.Random(seed)
    return " ".join(chooser.choice(WORDS) for _ in range(words))


def build_tokenizer(think_special=False):
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(QWEN_SPLIT), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=512,
        special_tokens=["<|endoftext|>", "<|im_start|>", "<|im_end|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    # "x.A" teaches the merge that real Qwen tokenizers know from file names and initials.
    tokenizer.train_from_iterator([text(2000), "x.A .B .A .B " * 200, " A B C D" * 200], trainer)
    tokenizer.add_tokens([AddedToken(THINK_END, special=think_special)])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="<|im_end|>", pad_token="<|endoftext|>"
    )


def build_model(folder: Path, *, positions=65536, sliding_window=None, seed=0):
    """Save model and tokenizer to `folder`."""
    import torch
    from transformers import Qwen2Config, Qwen2ForCausalLM

    tokenizer = build_tokenizer()
    tokenizer.save_pretrained(folder)
    torch.manual_seed(seed)
    config = Qwen2Config(
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        max_position_embeddings=positions,
        use_sliding_window=sliding_window is not None,
        sliding_window=sliding_window,
        max_window_layers=1,
        tie_word_embeddings=False,
        initializer_range=0.2,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    Qwen2ForCausalLM(config).float().save_pretrained(folder)
    return folder


def score(context, *continuations):
    """lm-eval's requests for the continuations of one context."""
    from lm_eval.api.instance import Instance

    return [
        Instance("loglikelihood", {}, (context, each), index, metadata=("task", 0, 1))
        for index, each in enumerate(continuations)
    ]


def reply(context, tokens=12, **more):
    """lm-eval's request for a greedy reply."""
    from lm_eval.api.instance import Instance

    arguments = {"until": [], "do_sample": False, "max_gen_toks": tokens, **more}
    return Instance("generate_until", {}, (context, arguments), 0, metadata=("task", 0, 1))


def orders(document, number):
    """Prompts of one document under several letter orders."""
    return [f"{document}\nOrder {n}: {text(12, seed=n)}\nAnswer:" for n in range(number)]
