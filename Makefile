# make demo   the whole still on the built-in world, in a few minutes on a CPU
# make test   the tests that take seconds; `make test TESTS=tests/store` for some of them
# make lint   ruff and mypy
# make bench  every benchmark, into benchmarks/results/
# make docs   the command output that the documents show, written anew

PYTHON ?= python3
VENV ?= .venv
TESTS ?= tests
BIN := $(VENV)/bin
ONE_THREAD := OMP_NUM_THREADS=1 MKL_NUM_THREADS=1 TOKENIZERS_PARALLELISM=false

.PHONY: demo test lint bench docs install clean

demo: install
	$(BIN)/potstill demo

test: install
	$(ONE_THREAD) $(BIN)/python -m pytest -m "not slow" -n 2 $(TESTS)

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: install
	for name in head loop demo startup stories harvest filters; do $(BIN)/python "benchmarks/$$name.py" || exit 1; done

docs: install
	$(BIN)/python docs/refresh.py

install: $(VENV)/.installed

# torch is named by itself first: an exact version takes the small CPU build where an index offers one.
$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet "$$(grep '^torch==' constraints.txt)"
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[dev]'
	touch $@

clean:
	rm -rf $(VENV) .hypothesis .mypy_cache .pytest_cache .ruff_cache build dist
