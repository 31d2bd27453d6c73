# Weighbridge: every task of the project. `make help` lists them.
# A bare machine needs python3 (3.11 or newer, with venv) and make; everything else is installed into .venv, locked.

PYTHON ?= python3
VENV ?= .venv
ARGS ?=
WORKERS ?= 4

# Where the environment forbids bytecode, every process would compile every module again: a second and a half each.
unexport PYTHONDONTWRITEBYTECODE

BIN := $(VENV)/bin
RUN_STAMP := $(VENV)/.installed-run
DEV_STAMP := $(VENV)/.installed-dev
LOCK := $(BIN)/uv pip compile --quiet --universal --no-strip-extras --python-version 3.11 --generate-hashes --no-header \
	--no-emit-index-url --no-emit-find-links --extra build

.DEFAULT_GOAL := help
.PHONY: help demo storm week twins test coverage stories kill long bench screenshots lint format lock

help: ## List the tasks
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 16
	@echo '  ARGS="..." passes options on, PYTHON=... chooses the interpreter, VENV=... the environment.'

demo: $(RUN_STAMP) ## Run the product between both twins; ARGS="--help" shows the options
	@$(BIN)/weighbridge demo $(ARGS)

storm: $(RUN_STAMP) ## Play a flash sale under faults, with our stock flow and with a plain copy; takes seven minutes
	@$(BIN)/weighbridge storm $(ARGS)

week: $(RUN_STAMP) ## Play a week of real baskets: ARGS=--clean finds nothing, ARGS=--bad finds each of 40 faults
	@$(BIN)/weighbridge week $(ARGS)

twins: $(RUN_STAMP) ## Serve the twins of BigCommerce and Cin7 Core alone
	@$(BIN)/weighbridge twins serve $(ARGS)

test: $(DEV_STAMP) ## Run the tests; ARGS="tests/domain -k tax" chooses
	@$(BIN)/pytest -n $(WORKERS) -m "not slow" $(ARGS)

coverage: $(DEV_STAMP) ## Run the tests and show what they cover; takes twice as long
	@$(BIN)/pytest -n $(WORKERS) -m "not slow" --cov --cov-report=term $(ARGS)

stories: $(DEV_STAMP) ## Play every kind of exception in a browser, from its cause to its proof; ARGS="-k sku_blank" plays one
	@$(BIN)/pytest -n $(WORKERS) --dist loadgroup tests/exception_stories $(ARGS)

kill: $(DEV_STAMP) ## Kill the product 50 times while it works and compare the ends; prints the table
	@$(BIN)/pytest -m slow -s tests/chaos $(ARGS)

long: $(DEV_STAMP) ## Run the other long suites: each reading by itself, the whole catalogue, benchmarks at a tiny size
	@$(BIN)/pytest -n $(WORKERS) -m slow --ignore tests/chaos --ignore tests/exception_stories $(ARGS)

bench: $(RUN_STAMP) ## Measure the product against the twins; ARGS="orders", "receiver", "stock", "storage", "readings" or "console"
	@$(BIN)/python -m benchmarks $(ARGS)

screenshots: $(DEV_STAMP) ## Take a picture of each page of the console into docs/screenshots; needs Chromium, takes three minutes
	@$(BIN)/python -m tests.browser.screenshots $(or $(ARGS),docs/screenshots)

lint: $(DEV_STAMP) ## Check style, formatting, types, import rules and words
	@failed=0; for check in "ruff check src tests benchmarks tools" "ruff format --check src tests benchmarks tools" mypy lint-imports \
		"python -m tools.words"; do \
		echo "== $$check"; $(BIN)/$$check || failed=1; done; exit $$failed

format: $(DEV_STAMP) ## Format the source and fix what ruff can fix
	@$(BIN)/ruff check --fix src tests benchmarks tools
	@$(BIN)/ruff format src tests benchmarks tools

lock: $(DEV_STAMP) ## Renew the lock files from pyproject.toml
	@$(LOCK) --upgrade pyproject.toml --output-file requirements.lock
	@$(LOCK) --upgrade pyproject.toml --extra dev --constraint requirements.lock --output-file requirements-dev.lock

$(RUN_STAMP): requirements.lock pyproject.toml | $(BIN)/python
	$(call install,requirements.lock)

$(DEV_STAMP): requirements-dev.lock pyproject.toml | $(BIN)/python
	$(call install,requirements-dev.lock)

# The build back end is locked too, so the package itself is installed without asking an index for anything.
define install
	@echo "Installing $(1) into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $(1)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation \
		--editable . --editable src/weighbridge_twins --editable src/weighbridge_simulation
	@touch $@
endef

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { \
		echo "$(PYTHON) is not installed; install Python 3.11 or newer, or name one: make PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "$(PYTHON) is $$($(PYTHON) -V 2>&1); Weighbridge needs Python 3.11 or newer: make PYTHON=python3.11"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "$(PYTHON) has no venv module; on Debian and Ubuntu: apt install python3-venv"; exit 1; }
	@$(PYTHON) -m venv $(VENV)
