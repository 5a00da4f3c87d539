# `make` alone lists what there is. Every target that needs the virtual environment makes it first.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules --no-print-directory
# What is compiled once is kept: every process that a test starts would else compile all of it again.
unexport PYTHONDONTWRITEBYTECODE

PYTHON ?= python3
UV ?= uv
BIN := .venv/bin
STAMP := .venv/.made
PYTEST := $(BIN)/python -m pytest
# In two processes, a file in one of them, the longest first (tests/scheduling.py).
BESIDE := -n 2 --dist loadfile --no-loadscope-reorder
KILLS ?= 200
MINUTES ?= 10
RATE ?= 300
BACKLOG ?= 120000
DAYS ?= 365
TIMES ?= 1
SEED ?= 1
KILLS_EACH ?= 20
FAST := $(wildcard tests/unit tests/contracts tests/properties tests/guards)

# ---------------------------------------------------------------------------------------------------------- start
.PHONY: help
help: ## list the targets
	@awk 'BEGIN {FS = ":.*## "} /^# --/ {sub(/^# -+ /, ""); printf "\n%s\n", $$0} /^[a-z-]+:.*## / {printf "  make %-20s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: venv
venv: $(STAMP) ## make .venv from the lock (again only when the lock or pyproject.toml changed)
	@:

$(STAMP): requirements.lock pyproject.toml infra/venv
	@infra/venv $(PYTHON)
	@touch $@

.PHONY: demo
demo: $(STAMP) ## run a worked week in one area, end to end, with no network
	@$(BIN)/sightline demo

.PHONY: demo-distributed
demo-distributed: $(STAMP) ## the same week through workers, Kafka, OPA and PostgreSQL, which it starts and stops
	@infra/demo

.PHONY: serve
serve: $(STAMP) ## run the hub over HTTP, embedded, on one folder
	@$(BIN)/sightline serve

.PHONY: walk
walk: $(STAMP) ## send one sample report through the hub; print stage, file, in and out
	@$(BIN)/sightline demo --walk

# ---------------------------------------------------------------------------------------------------------- check
.PHONY: check
check: $(STAMP) ## format, lint, types, arrows, Rego and the fast tests: under a minute
	@$(MAKE) --jobs=2 --keep-going --output-sync=target check-style check-arrows check-rego check-types check-fast

.PHONY: check-style
check-style: $(STAMP) ## formatting and lint (ruff)
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check --quiet .

.PHONY: check-types
check-types: $(STAMP) ## types (mypy, strict)
	@$(BIN)/mypy

.PHONY: check-arrows
check-arrows: $(STAMP) ## nothing imports upwards or sideways (import-linter)
	@$(BIN)/lint-imports --config pyproject.toml > .venv/arrows.txt || { cat .venv/arrows.txt; exit 1; }

.PHONY: check-rego
check-rego: ## format, strict check and tests of the Rego, with 100 % coverage (opa; says so when it is missing)
	@infra/opa/check

.PHONY: check-infra
check-infra: $(STAMP) ## the files for containers and clusters, against their published schemas
	@infra/lint

.PHONY: check-fast
check-fast: $(STAMP) ## the fast tests: units, contracts, properties (a few examples of each), guards
	@SIGHTLINE_EXAMPLES=$${SIGHTLINE_EXAMPLES:-few} $(PYTEST) -q $(BESIDE) -m "not slow and not faults" $(FAST)

.PHONY: format
format: $(STAMP) ## format the Python and the Rego
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix-only --quiet .
	@opa=$$(infra/opa/find) && $$opa fmt --write policies || true

# ----------------------------------------------------------------------------------------------------------- test
.PHONY: test
test: $(STAMP) ## everything but the fault runs and the benchmark; one line for each thing that had to be skipped
	@$(MAKE) --jobs=2 --keep-going --output-sync=target check-style check-arrows check-types check-rego check-infra
	@$(PYTEST) $(BESIDE) -m "not faults"

.PHONY: journeys
journeys: $(STAMP) ## the journeys and the promises
	@$(PYTEST) -q $(BESIDE) tests/journeys tests/promises

.PHONY: journeys-distributed
journeys-distributed: $(STAMP) ## every journey in both modes, compared, and every rule of the clocks (CI: some of these)
	@SIGHTLINE_EXAMPLES=thorough $(PYTEST) -q tests/distributed/test_scenarios_both.py

.PHONY: faults
faults: $(STAMP) ## kill the hub at 200 instants under load (KILLS=n for another number)
	@SIGHTLINE_KILLS=$(KILLS) $(PYTEST) -m faults -s tests/faults

.PHONY: faults-ci
faults-ci: $(STAMP) ## the fault runs as CI has them, side by side: 30 kills of the hub, 2 of each worker, every other fault once
	@$(MAKE) --jobs=2 --keep-going --output-sync=target KILLS=30 KILLS_EACH=2 faults faults-workers

.PHONY: faults-workers
faults-workers: $(STAMP) ## kill each worker at 20 instants under load, fail every service, fill disks (KILLS_EACH=n)
	@SIGHTLINE_WORKER_KILLS=$(KILLS_EACH) $(PYTEST) -m faults -s -v tests/distributed

.PHONY: faults-distributed
faults-distributed: faults-workers ## the same, and the demo's week through services that it starts and stops
	@$(PYTEST) -v tests/infra/test_demo_distributed.py

.PHONY: bench
bench: $(STAMP) ## measure; prints JSON
	@$(BIN)/sightline bench

.PHONY: bench-load
bench-load: $(STAMP) ## load through the services: 10 minutes at 300/s, then a backlog of 120,000 (MINUTES=, RATE=, BACKLOG=)
	@$(BIN)/sightline bench --load-minutes $(MINUTES) --rate $(RATE) --backlog $(BACKLOG)

.PHONY: bench-year
bench-year: $(STAMP) ## a year of a county through the embedded hub with all its clocks; prints JSON (DAYS=, TIMES=, SEED=)
	@$(BIN)/sightline bench --rows year --days $(DAYS) --times $(TIMES) --seed $(SEED)

# ---------------------------------------------------------------------------------------------------------- build
.PHONY: bank-holidays
bank-holidays: $(STAMP) ## write the bank holidays of England anew from the package that knows them
	@$(BIN)/python -m sightline.protocol.bank_holidays > services/sightline/protocol/bank_holidays.json.new
	@mv services/sightline/protocol/bank_holidays.json.new services/sightline/protocol/bank_holidays.json

.PHONY: policy
policy: ## compile the Rego to policies/build (needs the pinned opa)
	@infra/opa/build policies/build

.PHONY: policy-test
policy-test: ## the Rego's own tests, with what they cover
	@infra/opa/check --tests

.PHONY: policy-verify
policy-verify: ## rebuild the compiled policy and compare it byte for byte with policies/build
	@infra/opa/build --compare policies/build

.PHONY: schemas
schemas: $(STAMP) ## the schemas' and their examples' own tests
	@$(PYTEST) -q -n 2 tests/contracts -k schema

.PHONY: lock
lock: ## make requirements.lock again from pyproject.toml (needs uv; LOCK_FLAGS=--upgrade for the newest)
	@command -v $(UV) > /dev/null || { echo "make lock needs uv: python3 -m pip install uv" >&2; exit 1; }
	@UV_NO_CONFIG=1 $(UV) pip compile pyproject.toml --quiet --extra postgres --group dev --universal \
	    --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header \
	    --output-file requirements.lock $(LOCK_FLAGS)

.PHONY: clean
clean: ## remove the virtual environment and the tools' caches
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# -------------------------------------------------------------------------------------------------------- services
.PHONY: infra-up
infra-up: $(STAMP) ## start Kafka, OPA and PostgreSQL on loopback, with topics, policy and tables; says what is missing
	@infra/up

.PHONY: infra-down
infra-down: ## stop them (what they hold stays)
	@infra/down

.PHONY: infra-status
infra-status: ## say which of them are up
	@infra/status

.PHONY: infra-install
infra-install: ## install what they need outside the clone: opa (needs Go) and Kafka's jars (needs Java 17 and Maven)
	@infra/opa/install
	@infra/kafka/install

.PHONY: infra-opa
infra-opa: ## install the pinned opa outside the clone (needs Go)
	@infra/opa/install

.PHONY: infra-kafka
infra-kafka: ## install the pinned Kafka's jars outside the clone (needs Java 17 and Maven)
	@infra/kafka/install

.PHONY: infra-plan
infra-plan: $(STAMP) ## show how the broker differs from infra/kafka/topics.yaml (exit code 2 if it does)
	@infra/kafka/topics plan

.PHONY: infra-apply
infra-apply: $(STAMP) ## make the broker as infra/kafka/topics.yaml declares; never deletes a topic
	@infra/kafka/topics apply

.PHONY: infra-up-postgres
infra-up-postgres: ## start a PostgreSQL cluster on loopback; prints its address
	@infra/postgres/up

.PHONY: infra-down-postgres
infra-down-postgres: ## stop that cluster (its data stay)
	@infra/postgres/down
