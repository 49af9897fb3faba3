# Two commands do everything on a bare machine with Python 3.11 or newer:
#   make demo   the whole way on made-up chests, ends with a report
#   make test   lint, types, import rule, all tests

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --constraint constraints.txt --editable
# One thread a worker: the workers use the cores.
TEST_ENV := OMP_NUM_THREADS=1
ROOMS := src/leanlung/foundations/*,src/leanlung/studies/*,src/leanlung/statistics/*,src/leanlung/pruning/*,$\
src/leanlung/attention/*,src/leanlung/ensembles/*,src/leanlung/features/*,src/leanlung/lungs/*,src/leanlung/slices/*

.PHONY: demo test lint docs benchmarks clean

demo: $(VENV)/for-use
	$(BIN)/leanlung demo

test: lint
	$(TEST_ENV) $(BIN)/python -m pytest -n auto --cov --cov-report=
	$(BIN)/coverage report --skip-covered --fail-under=95 --include='$(ROOMS)'

lint: $(VENV)/for-work
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(VENV)/for-work
	$(BIN)/sphinx-build -W --keep-going docs docs/_build

benchmarks: $(VENV)/for-work
	$(BIN)/python -m pytest benchmarks -q -s

$(VENV)/for-use: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed; try: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(INSTALL) ".[dicom]"
	touch $@

$(VENV)/for-work: $(VENV)/for-use
	$(INSTALL) ".[dev]"
	touch $@

clean:
	rm -rf $(VENV) build dist .coverage .mypy_cache .pytest_cache .ruff_cache docs/_build demo
