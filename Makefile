# `make demo` and `make test` need only Python >= 3.10 and git; both set up everything themselves.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Pinned so that a CPU build at hand is taken instead of the newest one with its CUDA packages.
TORCH := torch==2.13.0
EXTRAS := hf,api,report,submit,dev

.PHONY: setup demo test test-vllm check format clean
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

test: setup
	$(BIN)/longsafety link
	$(BIN)/python -m pytest -n 2 --dist loadfile --ignore tests/vllm

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf $(VENV) .venv-vllm build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
