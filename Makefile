# Every command of this project. All make .venv themselves: a machine needs Python 3.11 (with pip and venv) and make.
# On one with several Pythons: make PYTHON=python3.11 ...

PYTHON ?= python3
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help demo test check bench chaos lint format types messages

help:  ## Show this list
	@echo "make <command>, where <command> is one of:"
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "%-10s%s\n", $$1, $$2 }'

demo: .venv/site  ## Run the whole site here on demo data: http://127.0.0.1:8000/ (PORT=8001 make demo: another port)
	@exec $(BIN)/python -m tradingsite.demo

test: .venv/development  ## Run all tests on a real Redis, on SQLite and on PostgreSQL
	@exec $(BIN)/python -m tests

check: lint types  ## Check style, types, imports, migrations and the deployment settings
	$(BIN)/lint-imports
	$(BIN)/python manage.py makemigrations --check --dry-run --settings tests.check_settings
	$(BIN)/python manage.py check --deploy --fail-level WARNING --settings tests.check_settings

bench: .venv/development  ## Measure what all of it costs, beside peers and floors, in 20 minutes (ONLY=4,5 make bench: some rows)
	@exec $(BIN)/python -m tests.benchmarks $(if $(ONLY),--only $(ONLY))

chaos: .venv/development  ## Kill, pause and restart everything for ten minutes, and judge what clients saw (SEED=7 make chaos)
	@exec $(BIN)/python -m tests.chaos $(if $(SEED),--seed $(SEED)) --minutes 10 --clients 200

lint: .venv/development  ## Check style and format
	$(BIN)/ruff check
	$(BIN)/ruff format --check

format: .venv/development  ## Format the code and fix what can be fixed
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

types: .venv/development  ## Check types
	$(BIN)/mypy .

messages: .venv/development  ## Collect the words to translate into locale/ and compile the translations (needs gettext)
	@exec $(BIN)/python -m tests.messages

# The stamps are newer than the requirements that are installed: nothing is installed twice.
.venv/site: requirements.txt
	@test -x $(BIN)/python || $(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Python 3.11 or newer is needed, found " + sys.version.split()[0] + ": make PYTHON=python3.11 ...")'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing requirements.txt into .venv ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

.venv/development: .venv/site requirements-dev.txt
	@echo "Installing requirements-dev.txt into .venv ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@
