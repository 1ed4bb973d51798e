"""Chat templates as public documentation describes them, on tokenizers without weights."""

from pathlib import Path

from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import AutoTokenizer, PreTrainedTokenizerFast

LLAMA_3 = (
    "{{ bos_token }}{% for message in messages %}<|start_header_id|>{{ message['role'] }}"
    "<|end_header_id|>\n\n{{ message['content'] | trim }}<|eot_id|>{% endfor %}"
    "{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>\n\n{% endif %}"
)
QWEN_2_5 = (
    "{% if messages[0]['role'] != 'system' %}<|im_start|>system\nYou are Qwen, created by Alibaba "
    "Cloud. You are a helpful assistant.<|im_end|>\n{% endif %}"
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}"
    "<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
GEMMA = (
    "{{ bos_token }}{% for message in messages %}"
    "{% if message['role'] == 'system' %}{{ raise_exception('System role not supported') }}"
    "{% endif %}<start_of_turn>{{ 'model' if message['role'] == 'assistant' else 'user' }}\n"
    "{{ message['content'] | trim }}<end_of_turn>\n{% endfor %}"
    "{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}"
)
TEMPLATES = {
    "Llama-3": (
        LLAMA_3,
        ["<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"],
        "<|eot_id|>",
    ),
    "Qwen2.5": (QWEN_2_5, ["<|endoftext|>", "<|im_start|>", "<|im_end|>"], "<|im_end|>\n"),
    "Gemma": (GEMMA, ["<bos>", "<start_of_turn>", "<end_of_turn>"], "<end_of_turn>\n"),
}
"""Name -> template, special tokens (the first begins a text), what ends the assistant's turn."""


def with_template(name: str, model: Path, folder: Path) -> Path:
    """The tokenizer of `model` with the special tokens and the chat template of another."""
    template, special, _ = TEMPLATES[name]
    tokenizer = AutoTokenizer.from_pretrained(model)
    tokenizer.add_special_tokens({"additional_special_tokens": special[1:]})
    tokenizer.add_special_tokens({"bos_token": special[0]})
    tokenizer.chat_template = template
    tokenizer.save_pretrained(folder)
    return folder


def words(folder: Path) -> Path:
    """A tokenizer that makes one token of each word; a message has two more.

    Counts can so be worked out by hand.
    """
    names = ["<unk>", "user", "assistant", "system", "end"]
    backend = Tokenizer(models.WordLevel({name: i for i, name in enumerate(names)}, "<unk>"))
    backend.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=backend,
        unk_token="<unk>",
        eos_token="end",
        chat_template="{% for m in messages %}{{ m.role }} {{ m.content }} end {% endfor %}",
    )
    tokenizer.save_pretrained(folder)
    return folder
