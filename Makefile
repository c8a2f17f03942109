# Everything a person or CI does here. `make help` lists it.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
FILE ?= manifests/strandhaus-ruegen.yaml
PORT ?=
ARGS ?=
VERSION = $(shell sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)
REVISION = $(shell git rev-parse HEAD 2>/dev/null || echo unknown)

##@ Use
up: $(VENV)/.runtime ## Run a whole hotel: make up [FILE=manifests/….yaml] [PORT=8080] [ARGS="--data DIR"]
	$(BIN)/concierge up -f $(FILE) $(if $(PORT),--port $(PORT)) $(ARGS)

doctor: $(VENV)/.runtime ## Say what is missing on this machine, and what to do about it
	$(BIN)/concierge doctor $(ARGS)

##@ Develop
setup: $(VENV)/.dev ## Install everything, pinned and hash-checked, into .venv

test: chromium $(VENV)/.dev ## All tests that need no root: unit, integration, Kubernetes' API server, browser
	$(BIN)/python -m pytest $(ARGS) tests/unit tests/integration
	@$(MAKE) --no-print-directory test-api
	@$(MAKE) --no-print-directory browser  # its own process: the browser's loop runs for as long as it lives

test-api: $(VENV)/.dev ## The operator on a real API server, etcd and controllers, built here the first time (minutes)
	$(BIN)/python tests/support/kubernetes_binaries.py >/dev/null  # before they begin, not within a test's time
	$(BIN)/python -m pytest -n 2 --dist loadfile $(ARGS) tests/cluster --ignore=tests/cluster/node  # one plane each

browser: chromium $(VENV)/.dev ## The tests in real Chromium
	CHROMIUM_PATH="$$(scripts/find-chromium)" $(BIN)/python -m pytest $(ARGS) tests/browser

unit: $(VENV)/.dev ## The tests that need no process and no socket
	$(BIN)/python -m pytest $(ARGS) tests/unit

check: $(VENV)/.dev ## Format, lint, types, import contracts, the house rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q tests/unit/test_layout.py tests/unit/test_house.py

fmt: $(VENV)/.dev ## Format and mend what can be mended by itself
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/.dev ## Measure, in one run against the named rivals; raw numbers go to tests/bench/results/
	$(BIN)/python tests/bench/run.py $(ARGS)

bench-operator: $(VENV)/.dev ## Measure the operator on a real Kubernetes API: ARGS="watches cold_create fleet"
	$(BIN)/python tests/bench/operator/measure_operator.py $(ARGS)

lock: $(VENV)/.uv ## Pin all dependencies again, with hashes, for every platform
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --all-extras \
		--no-emit-index-url --no-emit-find-links --no-emit-package concierge pyproject.toml -o requirements.lock

image: ## Build the one container image, concierge:dev
	docker build -t concierge:dev --build-arg VERSION=$(VERSION) --build-arg REVISION=$(REVISION) $(ARGS) .

test-cluster: chromium $(VENV)/.dev ## A whole cluster with two hotels: as root a real node of our own, or one that you have
	@if [ -n "$${CONCIERGE_TEST_KUBECONFIG:-}" ]; then \
		$(MAKE) --no-print-directory test-node NODE_TESTS=tests/cluster/node/test_two_hotels.py; \
	elif scripts/node-packages; then \
		PYTHONPATH=tests/support $(BIN)/python -m node.prepare; \
		$(MAKE) --no-print-directory test-node; \
	fi

NODE_TESTS = tests/cluster/node
test-node:
	CHROMIUM_PATH="$$(scripts/find-chromium)" $(BIN)/python -m pytest $(ARGS) $(NODE_TESTS)

test-image: $(VENV)/.dev ## Test that image, where docker is: make image test-image
	$(BIN)/python -m pytest tests/image

clean: ## Remove what is made here (the data of `make up` stays in .concierge)
	rm -rf $(VENV) build dist test-results .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

help: ## This list
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# --- how the environment is made -------------------------------------------------------------------------------------

$(VENV)/.uv: scripts/bootstrap
	@PYTHON="$(PYTHON)" scripts/bootstrap "$(VENV)"
	@touch $@

$(VENV)/.runtime: $(VENV)/.uv scripts/install pyproject.toml requirements.lock
	scripts/install "$(VENV)" all
	@touch $@

$(VENV)/.dev: $(VENV)/.uv scripts/install pyproject.toml requirements.lock
	scripts/install "$(VENV)" all,dev
	@touch $@ $(VENV)/.runtime

chromium:
	@PYTHON="$(PYTHON)" scripts/find-chromium >/dev/null

.PHONY: up doctor setup test test-api browser unit check fmt bench bench-operator lock image test-cluster test-node test-image \
	clean help chromium
