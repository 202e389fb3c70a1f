# Yizhan (驿站). `make demo` shows a station; `make test` proves it. Everything else: `make help`.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
# The environment's own Node, where the system has none, is found in its bin as well.
export PATH := $(CURDIR)/.venv/bin:$(PATH)
PYTHON := .venv/bin/python

ARGS ?=
ROUNDS ?= 20
WORKERS ?= 2
SEED ?= 1
YEARS ?= 0.1
MUTANTS ?= 0
SWAPS ?=

.PHONY: help ready demo test check chaos sim sim-mutants coverage mutation swaps bench pages documents lock clean

help: ## This list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

ready: ## Set up the environment, packages and web pages (all others do it by themselves)
	@tools/bootstrap.sh

demo: ready ## One station, end to end, with pages to play in; ARGS="--seconds 45 --json" for a scripted run
	@$(PYTHON) -m yizhan demo $(ARGS)

test: ready ## All tests, with 20 rounds of chaos, by WORKERS=n at once; ARGS is passed to pytest
	$(PYTHON) -m pytest -n $(WORKERS) --dist loadfile $(ARGS)
	npm --prefix web test --silent

check: ready ## Style, types, import rules, sizes, generated documents, docs
	ruff check .
	ruff format --check .
	mypy
	lint-imports
	$(PYTHON) -m tools.sizes
	$(PYTHON) -m tools.documents --check
	$(PYTHON) docs/diagrams/generate.py --check
	npm --prefix web run --silent check
	$(PYTHON) -m pytest -q tests/house/test_docs.py tests/house/test_imports.py tests/house/test_tree.py

chaos: ready ## kill -9 at random moments, ROUNDS=n SEED=s; ends with one line of JSON
	@$(PYTHON) -m yizhan chaos --rounds $(ROUNDS) --seed $(SEED) $(ARGS)

sim: ready ## Simulated years with every invariant checked, YEARS=n SEED=s, or SWAPS=n battery swaps; ends with one line of JSON
	@$(PYTHON) -m proof years --years $(YEARS) --seed $(SEED) $(if $(SWAPS),--swaps $(SWAPS)) $(ARGS)

sim-mutants: ready ## Bugs put into the core one at a time: does the simulation find them? Ends with one line of JSON
	@$(PYTHON) -m proof mutants --seed $(SEED) $(ARGS)

coverage: ready ## Branch coverage of what decides by its own tests; fails below 100 %
	@mkdir -p .run
	coverage run --data-file=.run/coverage --branch --source=edge/core,contract/policy \
		-m pytest -q tests/core tests/policy
	coverage report --data-file=.run/coverage --show-missing --skip-covered --fail-under=100

mutation: ready ## Small bugs put into what decides: do its tests notice? All, or MUTANTS=n SEED=s; ends with one line of JSON
	@$(PYTHON) -m tools.mutation --mutants $(MUTANTS) --seed $(SEED) $(ARGS)

swaps: ready ## Swaps by careless riders through the real driver on a bad wire, SWAPS=n; ends with one line of JSON
	@YIZHAN_SWAPS=$(or $(SWAPS),500) $(PYTHON) -m pytest -q tests/station/test_many_swaps.py -k hundreds $(ARGS)

bench: ready ## Measurements beside their floors; ends with one line of JSON
	@$(PYTHON) -m bench $(ARGS)

pages: ready ## Build the web pages anew
	npm --prefix web run build

documents: ready ## Write the generated documents anew (AsyncAPI, OpenAPI)
	$(PYTHON) -m tools.documents

lock: ## Renew the lock files from pyproject.toml
	tools/lock.sh

clean: ## Remove everything that make has made (the demo's data in .run too)
	rm -rf .venv .run web/node_modules web/dist web/src/generated build dist *.egg-info
	rm -rf .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
