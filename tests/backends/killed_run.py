"""Run a task with a response cache and die, by `kill -9`, in front of a given prompt.

python -m tests.backends.killed_run BACKEND MODEL TASK CACHE PROMPTS, in a process of its own.
"""

import os
import signal
import sys

from tests.backends.harness import evaluate

LIMIT = 2
"""Documents of each task."""


def count_prompts(lm, on_prompts):
    """Call `on_prompts(n)` before `n` prompts go to the engine of `lm`."""
    _before(lm.model, "generate", on_prompts)
    if hasattr(lm, "_forward"):
        _before(lm, "_forward", on_prompts)


def _before(target, method, on_prompts):
    original = getattr(target, method)

    def counting(*arguments, **keywords):
        first = arguments[0] if arguments else keywords["input_ids"]
        on_prompts(len(first))
        return original(*arguments, **keywords)

    setattr(target, method, counting)


def load(backend, model):
    """The backend with chunks of a few documents."""
    if backend == "longsafety-hf":
        from lm_eval_longsafety.backends.hf import LongSafetyHF

        return LongSafetyHF(model, device="cpu", dtype="float32")
    from lm_eval_longsafety.backends.vllm import LongSafetyVLLM

    return LongSafetyVLLM(model, **VLLM_ARGUMENTS)


VLLM_ARGUMENTS = {
    "dtype": "float32",
    "enforce_eager": True,
    "max_model_len": 16384,
    "chunk_tokens": 8000,
}


def main():
    backend, model, task, cache, prompts = sys.argv[1:]
    lm = load(backend, model)
    left = int(prompts)

    def die_when_due(number):
        nonlocal left
        if left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)
        left -= number

    count_prompts(lm, die_when_due)
    evaluate(lm, model, [task], limit=LIMIT, use_cache=cache)


if __name__ == "__main__":
    main()
