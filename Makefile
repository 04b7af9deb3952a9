# Everything works on a fresh machine with Python 3.11+ and make. Tabs matter here.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# One worker more than cores: some of what tests do is waiting.
PARALLEL = -n $(shell $(BIN)/python -c 'import os; print(min(16, 1 + (os.cpu_count() or 1)))') --dist worksteal
# What two commands say at once is said one after the other, where make is new enough.
SORTED = $(if $(filter output-sync,$(.FEATURES)),-O)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Each of the processes that run the tests would compile them all anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run setup test check check-core check-still bench soak test-slow lock format clean coverage

help: ## this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

run: $(VENV)/.run ## the app: your Slack with credentials in the environment or .env, the demo without
	@$(BIN)/python app.py run

setup: $(VENV)/.run ## for your Slack: ask for what is missing, try it, and write .env
	@$(BIN)/python app.py setup

test: $(VENV)/.dev ## every test but the slow ones
	$(BIN)/pytest $(PARALLEL)

test-slow: $(VENV)/.dev ## chaos, drills and soak, most of the demo's page, every order of steps, properties over many new examples
	$(BIN)/pytest -m slow
	$(BIN)/pytest $(PARALLEL) -m hypothesis --hypothesis-profile=thorough

check: $(VENV)/.dev ## formatter, linter, types, import rules, dependencies, dead code, tests, the core's coverage, drift: what CI runs
	$(MAKE) --no-print-directory -j 2 $(SORTED) check-core check-still
	$(BIN)/pytest $(PARALLEL) -m 'not slow and not core'

# One core is enough for each of these two.
check-core: $(VENV)/.dev
	$(BIN)/pytest tests/domain -q -m 'core and not slow' --cov=services.domain --cov-fail-under=100

check-still: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry .
	$(BIN)/vulture
	$(BIN)/python app.py migrate --check

coverage: $(VENV)/.dev ## what all tests together reach of the program, line by line: takes three times as long
	$(BIN)/pytest $(PARALLEL) --cov=app --cov=handlers --cov=services --cov=emulators --cov=demo --cov-fail-under=90

bench: $(VENV)/.dev ## the benchmarks, one table
	$(BIN)/python -m bench

soak: $(VENV)/.dev ## a simulated week of a thousand people and all that goes wrong in one, in at most 25 minutes
	$(BIN)/python -m bench.soak $(SOAK)

lock: $(VENV)/.dev ## compile the lock files anew from pyproject.toml
	$(BIN)/python -m pip install --quiet uv==0.13.9
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate --custom-compile-command "make lock" pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate --custom-compile-command "make lock" --extra dev pyproject.toml -o requirements-dev.lock

format: $(VENV)/.dev ## let the formatter and the linter mend what they can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean: ## remove what make made (not var/, which holds your data)
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage .import_linter_cache

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit("Status Quo needs Python 3.11 or newer; set PYTHON=python3.x") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)

# The lock files hold every package there is to install: pip is to resolve nothing by itself (it then takes the newest
# release of an extra, and refuses it for want of a hash).
$(VENV)/.run: requirements.lock | $(VENV)/bin/python
	@echo 'Fetching the libraries into $(VENV): a minute or two, once.'
	@$(BIN)/python -m pip install --quiet --no-deps --require-hashes -r requirements.lock
	@touch $@

$(VENV)/.dev: requirements-dev.lock | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --no-deps --require-hashes -r requirements-dev.lock
	touch $@ $(VENV)/.run
