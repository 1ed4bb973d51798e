"""A tiny Qwen2 with a Qwen-like tokenizer, and lm-eval requests about nothing in particular."""

import pytest

from tests.backends import qwen_like


@pytest.fixture(scope="session")
def qwen(tmp_path_factory):
    """Folder of a tiny random Qwen2."""
    return qwen_like.build_model(tmp_path_factory.mktemp("qwen"))


@pytest.fixture(scope="session")
def stock(qwen):
    from lm_eval.models.huggingface import HFLM

    return HFLM(str(qwen), device="cpu", dtype="float32", batch_size=1)


@pytest.fixture(scope="session")
def ours(qwen):
    from lm_eval_longsafety.backends.hf import LongSafetyHF

    return LongSafetyHF(str(qwen), device="cpu", dtype="float32")
