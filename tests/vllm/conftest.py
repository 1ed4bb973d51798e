"""The real vLLM on CPUs: one engine for the session, under lm-eval's backend and under ours."""

import os
from importlib.util import find_spec

import pytest

# Without vLLM (the project's main environment) there is nothing to collect here.
collect_ignore_glob = [] if find_spec("vllm") else ["test_*.py"]

os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", "2")
os.environ.setdefault("VLLM_LOGGING_LEVEL", "WARNING")
# The engine in this process: nothing is left behind when a test kills its process.
os.environ["VLLM_ENABLE_V1_MULTIPROCESSING"] = "0"


@pytest.fixture(scope="session")
def ours(tiny_model):
    from tests.backends.killed_run import load

    return load("longsafety-vllm", str(tiny_model))


@pytest.fixture(scope="session")
def stock(ours):
    """lm-eval's own backend over the same engine."""
    from lm_eval.models.vllm_causallms import VLLM

    backend = object.__new__(VLLM)
    backend.__dict__.update(ours.__dict__)
    return backend


@pytest.fixture(scope="session")
def hf(tiny_model):
    from lm_eval.models.huggingface import HFLM

    return HFLM(str(tiny_model), device="cpu", dtype="float32", batch_size=1)
