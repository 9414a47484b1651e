# Every command that a user or a maintainer needs; `make help` lists them.

BACKBONE ?= lama
DATA ?= zebrafish-synth
PROTOCOL ?=
RUNNER ?= auto
INIT ?=
SPLIT ?=
SEEDS ?=
DEVICE ?= auto
JOBS ?=
EXECUTOR ?= local
TORCH ?= auto
PYTHON ?= python3
REMOTE ?= origin
BRANCH ?= leaderboard
PUSH ?=
YES ?=
ARGS ?=
UPGRADE ?= --upgrade

VENV := .venv
BIN := $(VENV)/bin
SETTINGS = --data '$(DATA)' $(if $(PROTOCOL),--protocol '$(PROTOCOL)') --runner '$(RUNNER)' $(foreach split,$(SPLIT),--split '$(split)') $(if $(SEEDS),--seeds '$(SEEDS)') --device '$(DEVICE)' $(if $(INIT),--init '$(INIT)') $(if $(JOBS),--jobs '$(JOBS)') --executor '$(EXECUTOR)'
# names the builds of PyTorch that are installed; images get the same
STAMP := $(VENV)/installed
TEST_STAMP := $(VENV)/installed-tests
CLI := TORCH="$$(cat $(STAMP))" $(BIN)/patternbench
COMPILE := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"
# one thread a worker: threads that share the cores wait for each other; tests of one xdist_group share a worker: UMAP
# compiles for seconds in every process that uses it, and containers are watched by one test at a time
TESTS := OMP_NUM_THREADS=1 OMP_WAIT_POLICY=PASSIVE $(BIN)/python -m pytest -n 2 --dist loadgroup
.DEFAULT_GOAL := help
.PHONY: help setup other-torch bench bench-all test test-all coverage perf check format lock schema leaderboard publish doctor clean

help: ## list the commands and their settings
	@echo "make bench BACKBONE=lama runs one backbone; all commands:"
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | while IFS="$$(printf '\t')" read -r name text; do printf '  %-12s %s\n' "$$name" "$$text"; done
	@echo "Settings (and their values now):"
	@echo "  BACKBONE=$(BACKBONE)  DATA=$(DATA) (a name or a path)  PROTOCOL=$(PROTOCOL) (field for your own photos, quick, longer, paper, a .toml file; empty = field or quick)"
	@echo "  RUNNER=$(RUNNER) (auto, docker, process)  INIT=$(INIT) (random, published; empty = the protocol's)  SPLIT=$(SPLIT) (random, block, sequence, time, open, disjoint; several: \"random block\")  SEEDS=$(SEEDS)"
	@echo "  DEVICE=$(DEVICE) (auto, cpu, cuda)  JOBS=$(JOBS) (stages at a time)  EXECUTOR=$(EXECUTOR) (local, ray)  TORCH=$(TORCH) (auto, default, cpu)  PYTHON=$(PYTHON)"

setup: $(STAMP) ## install everything into .venv

$(STAMP): requirements.lock pyproject.toml install.sh backbones/kit/install-lock
	@./install.sh $(PYTHON) $(VENV) $(TORCH)

# another TORCH than the installed one is installed instead
ifeq ($(filter auto $(shell cat $(STAMP) 2>/dev/null),$(TORCH)),)
$(STAMP): other-torch
endif

$(TEST_STAMP): requirements-dev.lock $(STAMP)
	@./install.sh $(PYTHON) $(VENV) tests
	@touch $@

bench: $(STAMP) ## run every stage of BACKBONE on DATA and regenerate the leaderboards
	@$(CLI) run '$(BACKBONE)' $(SETTINGS)

bench-all: $(STAMP) ## run every contestant, one after the other, and regenerate the leaderboards
	@$(CLI) run --all $(SETTINGS)

test: $(TEST_STAMP) ## run the tests that need no Docker engine; ARGS="tests/benchmark -k split" selects some
	@$(TESTS) -m 'not docker' $(ARGS)

test-all: $(TEST_STAMP) ## run all tests; those that need a Docker engine are skipped if none answers
	@$(TESTS) $(ARGS)

coverage: $(TEST_STAMP) ## run the tests that need no Docker engine, and print the branch coverage
	@$(TESTS) -m 'not docker' --cov --cov-report=term $(ARGS)

perf: $(TEST_STAMP) ## measure what has to be fast, and write docs/performance.md; ARGS=encode selects some
	@PYTHONPATH=tests $(BIN)/python -m perf.measure $(ARGS)

check: $(TEST_STAMP) ## check style, formatting, types, and that the tables match their records
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(CLI) leaderboard check

format: $(TEST_STAMP) ## format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

leaderboard: $(STAMP) ## render every table again from the records
	@$(CLI) leaderboard render

publish: $(STAMP) ## show what would be pushed to BRANCH of REMOTE; PUSH=1 pushes it
	@$(CLI) leaderboard publish --remote '$(REMOTE)' --branch '$(BRANCH)' $(if $(PUSH),--push)

doctor: $(STAMP) ## report what this machine has, and what more it could use
	@$(CLI) doctor

schema: $(STAMP) ## write the contract's JSON Schemas from harness/contract.py
	$(BIN)/python -m harness.contract

lock: ## resolve the dependencies again (needs uv); UPGRADE= keeps the pins that still fit
	$(COMPILE) $(UPGRADE) --output-file backbones/kit/requirements.lock backbones/kit/requirements.in
	@for folder in $(patsubst backbones/%/requirements.in,%,$(filter-out backbones/kit/%,$(wildcard backbones/*/requirements.in))); do \
	    echo "backbones/$$folder/requirements.lock: what it needs beyond the kit"; \
	    $(COMPILE) $(UPGRADE) --constraint backbones/kit/requirements.lock \
	        $$(sed -n -E 's/^([a-zA-Z0-9._-]+)==.*/--no-emit-package \1/p' backbones/kit/requirements.lock) \
	        --output-file backbones/$$folder/requirements.lock backbones/$$folder/requirements.in || exit 1; \
	done
	$(COMPILE) $(UPGRADE) --constraint backbones/kit/requirements.lock --extra faiss --extra heic --extra kaggle --output-file requirements.lock pyproject.toml
	$(COMPILE) $(UPGRADE) --constraint requirements.lock --extra dev --extra ray $$(sed -n -E 's/^([a-zA-Z0-9._-]+)==.*/--no-emit-package \1/p' requirements.lock) --output-file requirements-dev.lock pyproject.toml

clean: ## show what runs made and can make again; YES=1 removes it. Imported data, weights and region masks stay
	@test ! -x $(CLI) || $(CLI) clean $(if $(YES),--yes)
