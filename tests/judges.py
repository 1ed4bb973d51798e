"""Scripted judges, and what a run logs, for tests of verdicts on open replies."""

import json
import re
import unicodedata

from lm_eval_longsafety.benchmark import bare_name
from lm_eval_longsafety.variants.verdicts import NONE_OF_THESE
from tests.results_files import STAMP
from tests.scripted_models import Scripted

_OPTION = re.compile(r"^([A-Z])\. (.*)$", re.MULTILINE)
CONTROL = (
    *("<|begin_of_text|>", "<|eot_id|>", "<|start_header_id|>", "<|end_header_id|>"),  # Llama 3
    *("<|im_start|>", "<|im_end|>", "<|endoftext|>", "</think>"),  # Qwen
    *("<start_of_turn>", "<end_of_turn>", "<eos>", "<bos>"),  # Gemma
    *("[INST]", "[/INST]", "</s>", "<s>", "<<SYS>>", "[SYSTEM_PROMPT]"),  # Mistral, Llama 2
    *("<|start|>", "<|channel|>", "<|end|>", "<|return|>", "<|user|>"),  # gpt-oss, Phi
    *("<｜User｜>", "<｜Assistant｜>", "<｜end▁of▁sentence｜>"),  # DeepSeek
    *("◁think▷", "[gMASK]"),  # Kimi, GLM
)
"""Control tokens of real chat templates."""


def behaviours(prompt):
    """{letter: text} of the listed behaviours."""
    listed = prompt.rpartition("may come closest to:\n")[2]
    return dict(_OPTION.findall(listed.partition("\nRespond with only")[0]))


class HonestJudge(Scripted):
    """Says which behaviour the quoted reply shows, unless the reply gets out of its quotation.

    It is as easy to fool as can be: a control token anywhere, also in another Unicode form, or a
    line of the reply that is not quoted, makes it say the letter that the text names last.
    """

    def __init__(self, shows):
        """`shows`: what a reply holds -> text of the behaviour."""
        super().__init__()
        self.shows = shows
        self.fooled = 0

    def letter(self, prompt):
        reply = re.search(r"^REPLY:\n(.*?)^END OF THE REPLY", prompt, re.M | re.S)[1]
        lines = [line for line in reply.splitlines() if line.strip()]
        seen = "".join(c for c in prompt if unicodedata.category(c) != "Cf")
        seen = unicodedata.normalize("NFKC", seen)
        plain = [unicodedata.normalize("NFKC", token) for token in CONTROL]
        unquoted = [line for line in lines if not line.startswith("| ")]
        before = prompt.partition("END OF THE REPLY. The behaviours")[0]
        if unquoted or any(token in seen for token in plain):
            self.fooled += 1
            return re.findall(r"\b[A-E]\b", before)[-1]
        said = "\n".join(line.removeprefix("| ") for line in lines)
        wanted = next((text for mark, text in self.shows.items() if mark in said), None)
        found = [x for x, text in behaviours(prompt).items() if text == wanted]
        return (
            found[0]
            if found
            else next(x for x, text in behaviours(prompt).items() if text == NONE_OF_THESE)
        )


def write_results(results, folder):
    """Write what `simple_evaluate` returned as lm-eval's own files; returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    samples = results["samples"]
    document = {key: value for key, value in results.items() if key != "samples"}
    (folder / f"results_{STAMP}.json").write_text(json.dumps(document, default=str))
    for task, lines in samples.items():
        text = "".join(json.dumps(line, default=str) + "\n" for line in lines)
        (folder / f"samples_{bare_name(task)}_{STAMP}.jsonl").write_text(text)
    return folder
