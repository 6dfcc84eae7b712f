# `make demo` and `make test` do all their own set-up. Everything else is for people working here.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
DEV_STAMP := $(VENV)/.installed-dev
PYTEST_WORKERS ?= 2
PYTEST_ARGS ?=

.PHONY: demo test check format bench fuzz soak image clean

demo: $(STAMP)
	@$(BIN)/imagebot demo

test: $(DEV_STAMP)
	@PATH="$(CURDIR)/$(BIN):$$PATH" tests/support/install.sh
	$(BIN)/pytest -n $(PYTEST_WORKERS) --dist worksteal $(PYTEST_ARGS)

check: $(DEV_STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest -q tests/test_architecture.py

format: $(DEV_STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(DEV_STAMP)
	for script in $(filter-out benchmarks/turns.py, $(wildcard benchmarks/*.py)); do $(BIN)/python $$script || exit 1; done

fuzz: $(DEV_STAMP)
	$(BIN)/pytest -q tests/fuzz --fuzz-seconds 60

soak: $(DEV_STAMP)
	@PATH="$(CURDIR)/$(BIN):$$PATH" tests/support/install.sh
	$(BIN)/pytest -q -n $(PYTEST_WORKERS) tests/soak --soak $(PYTEST_ARGS)

image: $(DEV_STAMP)
	@tools/image.sh

clean:
	rm -rf $(VENV) .cache build dist

$(VENV)/pyvenv.cfg:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "imagebot needs Python 3.11 or newer: set PYTHON=…"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
	  { echo "cannot make a virtual environment: install python3-venv"; exit 1; }

$(STAMP): $(VENV)/pyvenv.cfg pyproject.toml constraints.txt
	@$(BIN)/pip install -q --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(DEV_STAMP): $(VENV)/pyvenv.cfg pyproject.toml constraints.txt
	@$(BIN)/pip install -q --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@ $(STAMP)
