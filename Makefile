# `make` alone lists the targets. Needs Python 3.11 or newer and nothing else; `make run` makes the rest.

SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.made-from-lock
CONSOLE := usher/console
DIST := $(CONSOLE)/dist/index.html
CONSOLE_SOURCES := $(wildcard $(CONSOLE)/source/*) $(CONSOLE)/index.html $(CONSOLE)/vite.config.js $(CONSOLE)/package-lock.json
PORT ?= 8080

# In the example a visitor without a ticket has the role public.
export HASURA_GRAPHQL_UNAUTHORIZED_ROLE ?= public

.PHONY: help setup run check test fix golden soak bench console console-once generate lock

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(STAMP) ## build the virtual environment from the lock file

run: $(STAMP) console-once ## start everything: Postgres, the API, sign-in, the console (PORT=8080)
	@exec $(BIN)/usher up --port $(PORT)

check: $(STAMP) ## formatting, lint, types, layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/usher check

test: $(STAMP) ## the whole test suite, on real Postgres
	$(BIN)/pytest -n 2 --dist worksteal

fix: $(STAMP) ## format, and repair what lint can repair
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/usher fmt

golden: $(STAMP) ## rewrite the golden files; read the diff before committing it
	$(BIN)/pytest tests/golden --update-golden

soak: $(STAMP) ## the long runs at full length
	SOAK=1 $(BIN)/pytest tests -m soak

bench: $(STAMP) ## req/s and latencies beside pgbench
	$(BIN)/python -m bench

console: $(STAMP) ## build GraphiQL with the role switch into usher/console/dist
	@$(CONSOLE)/build.sh

generate: $(STAMP) ## write the GraphQL schema of every role into generated/
	$(BIN)/usher generate

lock: $(STAMP) ## resolve the dependencies anew
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile pyproject.toml --extra dev --universal --generate-hashes --no-emit-index-url --no-annotate --no-header --upgrade -o requirements.lock

# The plain query page stands in for a console that could not be built, so a failure here is no reason not to run.
console-once: $(STAMP)
	@$(MAKE) -s --no-print-directory $(DIST) || echo "The console could not be built: the plain query page is served instead."

$(DIST): $(CONSOLE_SOURCES)
	@$(CONSOLE)/build.sh

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "usher needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1)"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) cannot make virtual environments: install python3-venv (apt-get install python3-venv)"; exit 1; }
	@echo "Building the virtual environment …"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -c 'import pathlib, site; pathlib.Path(site.getsitepackages()[0], "usher.pth").write_text(str(pathlib.Path.cwd()) + "\n")'
	@printf '#!/bin/sh\nexec "%s/python" -m usher "$$@"\n' "$(CURDIR)/$(BIN)" > $(BIN)/usher && chmod +x $(BIN)/usher
	@printf '#!/bin/sh\nexec "%s/python" -m usher.auth_cli "$$@"\n' "$(CURDIR)/$(BIN)" > $(BIN)/auth-engine && chmod +x $(BIN)/auth-engine
	@touch $@
