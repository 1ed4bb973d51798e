"""lm-eval's hf and vllm backends, made fast for letters and for prompts that share a document.

This package only names them, so that importing it imports neither torch nor vllm.
"""

import gc
import sys

BACKENDS = {
    "longsafety-hf": "lm_eval_longsafety.backends.hf:LongSafetyHF",
    "longsafety-vllm": "lm_eval_longsafety.backends.vllm:LongSafetyVLLM",
}
"""Name for `--model` -> where the class is; the `lm_eval.models` entry points say the same."""


def register() -> None:
    """Register the backends with the lm-eval of this process, which imports them when used."""
    import lm_eval.models  # noqa: F401  (registers lm-eval's own first)
    from lm_eval.api.registry import model_registry

    for name, target in BACKENDS.items():
        if name not in model_registry:
            model_registry.register(name, target=target)


def leave_process_group() -> None:
    """Close the process group of `accelerate launch`; if it stays open, the exit may abort.

    A group of one process is not accelerate's: an engine within this process has opened it and
    closes it when it ends, with a traceback if the group is closed by then.

    Gloo's threads end with the last reference to the group, and the wrapped model holds one: the
    caller must delete the model first (github.com/pytorch/pytorch/pull/179291 describes the abort).
    """
    if "torch" in sys.modules:
        from torch import distributed

        open_here = distributed.is_available() and distributed.is_initialized()
        if open_here and distributed.get_world_size() > 1:
            gc.collect()
            distributed.barrier()
            distributed.destroy_process_group()
