# Thin doors to the real commands.
PYTHON ?= python3
PORT ?= 8000
BIN := .venv/bin

.PHONY: help setup setup-test run demo test lint bench judge lock

help:
	@echo "make run    set up, migrate, fill in the demo on the first start, serve on 127.0.0.1:$(PORT)"
	@echo "make test   everything that must hold: format, lint, types, import contracts, tests"
	@echo "make setup · demo · lint · bench · judge · lock"

setup:
	@$(PYTHON) run.py setup

setup-test:
	@$(PYTHON) run.py setup --test

run:
	@$(PYTHON) run.py run --port $(PORT)

demo: setup
	@$(BIN)/jinke demo

lint: setup-test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: lint
	$(BIN)/pytest -n auto --dist loadfile $(ARGS)

# Figures as a table and as JSON.
bench: setup-test
	$(BIN)/python -m tests.benchmarks $(ARGS)

# Long proofs on real lectures; the samples are looked for in $$JINKE_SHARED.
judge: setup-test
	$(BIN)/pytest -m judge $(ARGS)

# Resolve anew within the ranges of pyproject.toml and package.json.
lock: setup
	@$(PYTHON) run.py lock
