# The main targets are `make run`, `make test` and, after a change to the sandbox, `make test-sandbox`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
NODE := sandbox/node

.PHONY: run test test-sandbox check contracts bench crash slack-smoke install dev clean

run: install
	$(BIN)/mayday run

# The setup for running and testing: the package with its sandbox, and the sandbox's node modules.
install: $(VENV)/.installed $(NODE)/node_modules/.package-lock.json

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "mayday needs Python 3.11 or newer: make run PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: $(VENV)/bin/python pyproject.toml constraints.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[sandbox]'
	touch $@

$(VENV)/.dev: $(VENV)/.installed
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[sandbox,dev]'
	touch $@

$(NODE)/node_modules/.package-lock.json: $(VENV)/.installed $(NODE)/package-lock.json
	PATH="$(abspath $(BIN)):$$PATH" npm ci --prefix $(NODE) --no-audit --no-fund --loglevel=error
	touch $@

dev: install $(VENV)/.dev

check: dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# More workers than cores, since many tests wait for processes; tests/support/rerun.py says what runs again.
PYTEST := $(BIN)/python -m pytest -p tests.support.rerun --dist worksteal

# All checks of the product: every test except the sandbox's own.
test: check
	$(PYTEST) --ignore=tests/sandbox -n $${WORKERS:-4}

# The sandbox's own tests. They import nothing of the product.
test-sandbox: dev
	$(PYTEST) tests/sandbox -n $${WORKERS:-3}

# What mayday relies on in outside systems, tested against each double and every available implementation.
contracts: dev
	$(PYTEST) tests/contracts -q -n $${WORKERS:-2}

# Measures mayday beside ceilings of the same machine, and fails if a goal does not hold. On a slow or busy
# machine: make bench BENCH=--report-only. One measure alone: make bench BENCH=idle.
bench: dev
	$(BIN)/python -m tests.bench $(BENCH)

# Kills mayday at every commit and call of a whole story, which takes hours; CRASH="--sample 50" takes minutes.
crash: dev
	$(BIN)/python -m tests.crash $(CRASH)

# Tries everything that mayday uses of Slack in a real workspace; the README says what to set before.
# Without a person: make slack-smoke SMOKE=--automatic
slack-smoke: $(VENV)/.installed
	$(BIN)/python -m tests.smoke $(SMOKE)

clean:
	rm -rf $(VENV) $(NODE)/node_modules .mypy_cache .ruff_cache .pytest_cache
