# `make demo` and `make test` set up everything that they need; nothing has to be activated.
.PHONY: help demo test test-engines lint bench docs clean
PYTHON ?= python3
PY := .venv/bin/python
BUILD := build/network-policies.yaml
export PATH := $(CURDIR)/.tools/bin:$(PATH)

help:
	@echo 'make demo   render the reference cluster through kustomize and say what came out'
	@echo 'make test   run the tests (N=2 in parallel)'
	@echo 'make test-engines   the same overlays through Argo CD, Flux and an API server, which it builds first (10 minutes, once)'
	@echo 'make lint   format, types, architecture, generated files'
	@echo 'make bench  measure, as ratios against the bare interpreter and kustomize alone'
	@echo 'make docs   write the generated files again'

.venv/.ready: setup.cfg pyproject.toml .ci/constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { echo 'bulkhead needs Python 3.10 or newer: make PYTHON=/path/to/python3'; exit 1; }
	@echo 'setting up .venv (once)'
	@$(PYTHON) -m venv --clear .venv || { echo 'python3 -m venv failed: on Debian, apt-get install python3-venv'; exit 1; }
	@.venv/bin/pip install --quiet --disable-pip-version-check -c .ci/constraints.txt -e '.[dev]'
	@touch $@

# Byte code, so that the plugin starts fast also where Python is told not to write it on the way.
.PHONY: compiled
compiled: .venv/.ready
	@$(PY) -m compileall -q plugin/bulkhead

.tools/.demo: .ci/install-tools .venv/.ready
	@.ci/install-tools $(PY) && touch $@

.tools/.all: .ci/install-tools .venv/.ready
	@.ci/install-tools $(PY) all && touch $@

demo: compiled .tools/.demo
	@mkdir -p build
	@kustomize build --enable-alpha-plugins --enable-exec . > $(BUILD).new && mv $(BUILD).new $(BUILD)
	@$(PY) -m bulkhead render . -o $(BUILD) --check > /dev/null 2>&1 || { echo 'bulkhead render does not print what the plugin printed'; exit 1; }
	@echo
	@echo "The reference cluster: $$($(PY) -m bulkhead validate .)."
	@echo "Rendered by kustomize $$(kustomize version) through plugin/expand."
	@echo "Written to $(BUILD): the old kubernetes/core/network-policies.yaml, $$(wc -l < $(BUILD)) lines from $$(cat base/*.yaml base/hardened/*.yaml overlays/*/*.yaml | wc -l)."
	@echo
	@echo '$$ bulkhead explain cardboard trade-bot:5432'
	@$(PY) -m bulkhead explain cardboard trade-bot:5432
	@echo
	@echo 'So the standard pattern leaves protected namespaces open to each other: docs/how-to/harden.md closes that.'
	@echo 'Try: bulkhead reach; bulkhead lint; bulkhead test'
	@echo '     kustomize build --enable-alpha-plugins --enable-exec overlays/media'

# What builds or drives other people's programs has a target of its own.
test: compiled .tools/.all
	@$(PY) -m pytest -n $(or $(N),2) --ignore tests/engines --ignore tests/enforcement $(ARGS)

.PHONY: engines
engines:
	@nice .ci/build-engines

# One process: the servers are started once, in a network of their own.
test-engines: compiled .tools/.all engines
	@$(PY) -m pytest tests/engines $(ARGS)

lint: compiled
	@.venv/bin/ruff check --config .ci/ruff.toml plugin tests deploy
	@.venv/bin/ruff format --config .ci/ruff.toml --check plugin tests deploy
	@test -z "$$(gofmt -l tests/engines)" || { echo 'gofmt -w tests/engines'; exit 1; }
	@.venv/bin/mypy
	@.venv/bin/lint-imports
	@$(PY) -m bulkhead schema --check docs/reference

bench: compiled .tools/.all
	@$(PY) tests/bench/bench.py $(ARGS)
	@echo
	@$(PY) tests/bench/measure.py

docs: compiled
	@$(PY) -m bulkhead schema -o docs/reference/

clean:
	rm -rf .venv .tools build dist plugin/*.egg-info
