"""Check `--model` and `--model_args` of `longsafety run` before a model's weights are loaded.

`check` uses only the command line. An argument that neither the backend nor its model accepts is
found when the model is loaded; `loading` reports it in one line.
"""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from lm_eval_longsafety.backends import BACKENDS
from lm_eval_longsafety.errors import OptionError, meant, need
from lm_eval_longsafety.harness.replaced import replaced

_HF = ("hf", "hf-auto", "huggingface", "longsafety-hf")
_VLLM = ("vllm", "longsafety-vllm")
_NEEDS = {
    **dict.fromkeys(_HF, ("hf", ("accelerate", "torch", "transformers"))),
    **dict.fromkeys(_VLLM, ("vllm", ("vllm",))),
    **dict.fromkeys(
        ("local-completions", "local-chat-completions", "openai-completions"),
        ("api", ("aiohttp", "requests", "tenacity")),
    ),
}
"""Backend -> the extra that installs its packages, and the packages."""
_VLLM_DTYPES = ("auto", "bfloat16", "float", "float16", "float32", "half")
_UNKNOWN = re.compile(r"__init__\(\) got an unexpected keyword argument '(\w+)'")


def check_model(model: str) -> None:
    """Refuse a backend that lm-eval does not have; the message names similar ones."""
    import lm_eval.models  # noqa: F401  (registers lm-eval's backends)
    from lm_eval.api.registry import MODEL_REGISTRY

    known = sorted({*MODEL_REGISTRY.keys(), *BACKENDS})
    if model not in known:
        raise OptionError(
            f"--model: {model} is no backend of lm-eval{meant(model, known)}; "
            f"there are {', '.join(known)}"
        )


def check(model: str, arguments: Mapping[str, Any], options: Mapping[str, Any]) -> None:
    """Check a model's arguments.

    Args:
        model: what `--model` names.
        arguments: `--model_args`.
        options: other arguments that lm-eval passes to the backend (`batch_size`,
            `max_batch_size`, `device`); None is not given.

    Raises:
        OptionError: packages are not installed, an argument is given twice, a dtype does not exist,
            or there is no CUDA device.
    """
    if model in _NEEDS:
        need(*_NEEDS[model])
    for name, value in options.items():
        if value is not None and name in arguments:
            raise OptionError(
                f"--model_args {name}={arguments[name]}: lm-eval passes {name} by itself; "
                f"give --{name} {arguments[name]} and leave it out of --model_args"
            )
    if model in _VLLM:
        _check_dtypes(arguments, dtype=_VLLM_DTYPES)
    if model in _HF:
        import torch

        own = [name for name, value in vars(torch).items() if isinstance(value, torch.dtype)]
        _check_dtypes(arguments, dtype=["auto", *own], softmax_dtype=own, mixed_precision_dtype=own)
        device = str(arguments.get("device") or options.get("device") or "cuda")
        # With several processes, accelerate chooses the devices.
        alone = int(os.environ.get("WORLD_SIZE", "1")) == 1
        # lm-eval uses the CPU instead of a numbered device that does not exist (default: cuda:0).
        if alone and device == "cuda" and not torch.cuda.is_available():
            raise OptionError(
                "--device cuda: PyTorch finds no CUDA device here; give --device cpu, or install a "
                "PyTorch for your GPU and driver"
            )


def _check_dtypes(arguments: Mapping[str, Any], **known: Sequence[str]) -> None:
    for name, dtypes in known.items():
        value = arguments.get(name)
        if isinstance(value, str) and value not in dtypes:
            usual = [each for each in ("auto", "bfloat16", "float16", "float32") if each in dtypes]
            raise OptionError(f"--model_args {name}={value}: no such dtype; use {', '.join(usual)}")


@contextmanager
def loading() -> Iterator[None]:
    """Within this block, a model argument that nothing accepts raises an `OptionError`."""
    from lm_eval.api.model import LM

    original = LM.__dict__["create_from_arg_obj"]

    def create(cls: type, arguments: Any, *more: Any) -> Any:  # noqa: ANN401 (lm-eval is untyped)
        try:
            return original.__func__(cls, arguments, *more)
        except TypeError as error:
            found = _UNKNOWN.search(str(error))
            if not found or found[1] not in arguments:
                raise
            raise OptionError(
                f"--model_args {found[1]}={arguments[found[1]]}: neither lm-eval's backend nor the "
                "model it loads has such an argument"
            ) from None

    with replaced(LM, "create_from_arg_obj", classmethod(create)):
        yield
