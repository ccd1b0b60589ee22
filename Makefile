# `make` alone lists what there is. Nothing here needs more than make, Python 3.11 and, for the tests, Debian.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHONPATH :=
export PYTHONPATH
ARGS ?=
bin := .venv/bin

.PHONY: help install install-dev up test lint format check soak bench lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: ## put Earwitness and what it needs into .venv
	@scripts/install runtime

install-dev: ## the same, with the tools for developing
	@scripts/install dev

up: install ## install, then run the product (ARGS="--port 8711 --data folder")
	@scripts/debian-packages espeak-ng || true # the spoken reply; without it the pages run, and say that voice is off
	@exec $(bin)/earwitness up $(ARGS)

test: install-dev ## install what the tests need, then lint and test everything (ARGS="-k ledger")
	@scripts/debian-packages
	@$(MAKE) --no-print-directory check
	@$(bin)/python -m pytest --numprocesses auto --dist loadfile --no-loadscope-reorder $(ARGS)

lint: install-dev check ## ruff, mypy and import-linter alone

check:
	@$(bin)/ruff check
	@$(bin)/ruff format --check
	@$(bin)/mypy
	@$(bin)/lint-imports

format: install-dev ## rewrite the sources the way ruff likes them
	@$(bin)/ruff check --fix
	@$(bin)/ruff format

soak: install-dev ## the long runs: hundreds of kills, large stores
	@scripts/debian-packages
	@$(bin)/python -m pytest -m soak --timeout 7200 $(ARGS)

bench: install ## measure the figures of the README on this machine (ARGS="vault --json figures.json")
	@$(bin)/earwitness bench $(ARGS)

lock: install-dev ## resolve pyproject.toml into the lock files anew (UPGRADE=1: to the newest)
	@scripts/lock

clean: ## remove what can be made again; never the data folder
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist
	@find src tests -name __pycache__ -type d -prune -exec rm -rf {} +
