# `make help` lists what can be done. Everything runs in .venv, made from hash-locked requirements.
PYTHON ?= python3
BIN := .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)

.DEFAULT_GOAL := help

.venv/runtime: requirements/runtime.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Cardwright needs Python 3.11 or later: make PYTHON=python3.12 ...")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/runtime.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
	touch $@

.venv/dev: requirements/dev.txt .venv/runtime
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	touch $@

# pyscard is built against headers that not every machine has.
READERS := $(if $(wildcard /usr/include/PCSC/winscard.h),.venv/readers)
.venv/readers: requirements/readers.txt .venv/dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-build-isolation -r requirements/readers.txt
	touch $@

.venv/pkcs11: requirements/pkcs11.txt .venv/runtime
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/pkcs11.txt
	touch $@

.PHONY: demo test test-env test-tools lint bench fuzz up down protos lock clean help

demo: .venv/runtime ## Run two issuers' requests through a whole line on this machine
	@$(BIN)/cardwright demo

test: test-env ## Run all checks and tests, on every stack this machine has
	@$(BIN)/python tests/run.py

test-env: .venv/dev $(READERS)

test-tools: ## Install what tests of card readers and security modules need (Debian, as root)
	deploy/test-tools

lint: .venv/dev ## Formatting, lint, types, import contracts, protos
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy libs services tests protos
	$(BIN)/lint-imports
	$(BIN)/python protos/generate.py --check
	$(BIN)/python protos/generate.py --image .venv/protos.binpb
	$(BIN)/python protos/lint.py .venv/protos.binpb

bench: test-env ## Measure the line on both stacks; prints ratios, asserts nothing
	@$(BIN)/python -m tests.bench

fuzz: .venv/dev ## A million octet strings to every parser and the software card (FUZZ=options)
	@nice $(BIN)/python -m tests.fuzz $(FUZZ)

up: .venv/runtime ## Start a line in the background
	@$(BIN)/cardwright up

down: ## Stop it
	@$(BIN)/cardwright down

protos: .venv/dev ## Generate libs/cardwright/proto from protos/
	$(BIN)/python protos/generate.py

lock: .venv/dev ## Lock requirements/*.in with hashes
	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q requirements/dev.in -o requirements/dev.txt
	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q requirements/runtime.in -c requirements/dev.txt -o requirements/runtime.txt
	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q requirements/readers.in -c requirements/dev.txt -o requirements/readers.txt
	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q requirements/pkcs11.in -c requirements/dev.txt -o requirements/pkcs11.txt

clean: ## Remove the virtual environment and all local state
	rm -rf .venv .cardwright

help: ## Show this
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12
