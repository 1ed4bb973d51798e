"""vLLM's OpenAI server on loopback, under lm-eval's two API backends."""

import socket
import subprocess
import sys

import pytest

from tests.backends.harness import evaluate, letters

TASK = "longsafety"
WINDOW = 16384


@pytest.fixture(scope="module")
def server(tiny_model):
    """Base URL of a running server."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--host", "127.0.0.1"]
    command += ["--port", str(port), "--model", str(tiny_model), "--served-model-name", "tiny"]
    command += ["--dtype", "float32", "--enforce-eager", "--max-model-len", str(WINDOW)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    for line in process.stderr:
        if "Application startup complete" in line:
            break
    else:
        pytest.fail(f"the server ended with {process.wait()} before it was ready")
    yield f"http://127.0.0.1:{port}/v1"
    process.terminate()
    process.communicate()


@pytest.mark.parametrize(
    ("kind", "path"),
    [("local-completions", "completions"), ("local-chat-completions", "chat/completions")],
)
def test_an_api_run_gives_the_letters_of_the_offline_engine(server, ours, tiny_model, kind, path):
    from lm_eval.api.registry import get_model

    known = {
        "model": "tiny",
        "base_url": f"{server}/{path}",
        "tokenizer": str(tiny_model),
        "max_length": WINDOW,
    }
    chat = {"tokenizer_backend": None} if "chat" in kind else {}
    lm = get_model(kind).create_from_arg_obj(known | chat | {"num_concurrent": 4})
    found = evaluate(lm, tiny_model, [TASK], limit=2, metadata={"pretrained": "", **known})
    offline = evaluate(ours, tiny_model, [TASK], limit=2)
    assert letters(found) == letters(offline)
    assert found["results"][TASK]["sr,letter"] == offline["results"][TASK]["sr,letter"]
