"""Model arguments that are refused before a model's weights are loaded."""

import re
from importlib.util import find_spec

import pytest

from lm_eval_longsafety.errors import OptionError
from lm_eval_longsafety.harness.check_arguments import check

CPU = {"batch_size": 1, "max_batch_size": None, "device": "cpu"}


@pytest.mark.parametrize(
    ("model", "arguments", "said"),
    [
        ("hf", {"batch_size": "auto"}, "give --batch_size auto and leave it out of --model_args"),
        ("hf", {"device": "cpu"}, "--model_args device=cpu: lm-eval passes device by itself"),
        ("hf", {"dtype": "float61"}, "--model_args dtype=float61: no such dtype; use auto, bfloat"),
        ("longsafety-hf", {"dtype": "load"}, "--model_args dtype=load: no such dtype"),
        ("hf", {"softmax_dtype": "auto"}, "softmax_dtype=auto: no such dtype; use bfloat16"),
    ],
)
def test_arguments_that_cannot_be_used_are_reported(model, arguments, said):
    with pytest.raises(OptionError, match=re.escape(said)):
        check(model, arguments, CPU)


def test_good_arguments_pass():
    check("hf", {"dtype": "bfloat16", "softmax_dtype": "float32"}, CPU)
    check("hf", {"dtype": "auto", "device": "cpu"}, {**CPU, "device": None})
    # What lm-eval's other backends take is their own matter.
    check("dummy", {"dtype": "float61"}, CPU)


@pytest.mark.parametrize("device", [None, "cuda"])
def test_cuda_where_there_is_none_is_refused(monkeypatch, device):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(OptionError, match="PyTorch finds no CUDA device here; give --device cpu"):
        check("hf", {}, {**CPU, "device": device})
    # lm-eval's default; it takes the CPU in its place.
    check("hf", {}, {**CPU, "device": "cuda:0"})
    # With several processes accelerate names the devices.
    monkeypatch.setenv("WORLD_SIZE", "2")
    check("hf", {}, {**CPU, "device": device})


@pytest.mark.skipif(find_spec("vllm") is not None, reason="vLLM is installed")
@pytest.mark.parametrize("model", ["vllm", "longsafety-vllm"])
def test_vllm_that_is_not_installed_is_reported_with_the_extra(model):
    said = "vllm, not installed; pip install 'lm-eval-longsafety[vllm]'"
    with pytest.raises(OptionError, match=re.escape(said)):
        check(model, {"dtype": "float32"}, CPU)
