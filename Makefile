# `make demo` and `make test` set up everything that they need; nothing has to be activated.
.PHONY: help env demo test prove lag test-engines test-pythons lint bench bench-peers growth docs site requirements chart helm3 dist clean
# A target's prerequisites are made in the order in which they are listed: what the machine lacks is said before anything is built.
.NOTPARALLEL:
PYTHON ?= python3
PY := .venv/bin/python
PIP = $(PY) -m pip install --quiet --disable-pip-version-check
BUILD := build/network-policies.yaml
export PATH := $(CURDIR)/.tools/bin:$(PATH)

help:
	@echo 'make demo   render the reference cluster through kustomize and say what came out'
	@echo 'make env    print the line that puts bulkhead and kustomize on PATH: eval "$$(make env)"'
	@echo 'make test   run the tests (N=2 in parallel)'
	@echo 'make prove  the reference cluster and N=100 random ones in the real enforcer (as root)'
	@echo 'make lag    how late the enforcer knows a new pod (as root)'
	@echo 'make test-engines   the same overlays through Argo CD, Flux and an API server, which it builds first (10 minutes, once)'
	@echo 'make test-pythons   the core and the KRM function on Python 3.10 and 3.14 (needs Node.js 18 or newer)'
	@echo 'make lint   format, types, architecture, generated files'
	@echo 'make bench  measure, as ratios against the bare interpreter and kustomize alone'
	@echo 'make bench-peers   measure against other programs, which it builds, and check that the answers agree'
	@echo 'make growth   measure how costs grow with size, and draw it (10 minutes)'
	@echo 'make docs   write the generated files again'
	@echo 'make site   build the docs as a site, with the report of the reference cluster, into build/site/'
	@echo 'make requirements   write .ci/requirements again; ARGS=--upgrade takes newer versions'
	@echo 'make chart  package the Helm chart into dist/'
	@echo 'make dist   build everything that a release has from the commit into dist/; publishes nothing'
	@echo 'make helm3  test the chart with Helm 3 too'
	@echo 'make clean  remove everything that make has set up and built here'

# Everything in .venv has its hash in .ci/requirements; the project itself is linked, not copied.
.venv/.ready: setup.cfg pyproject.toml .ci/requirements/run.txt .ci/requirements/build.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { echo 'bulkhead needs Python 3.10 or newer: make PYTHON=/path/to/python3'; exit 1; }
	@echo 'setting up .venv (once)'
	@$(PYTHON) -m venv --clear .venv || { echo 'python3 -m venv failed: on Debian, apt-get install python3-venv'; exit 1; }
	@. .ci/caches.sh; $(PIP) --require-hashes -r .ci/requirements/run.txt -r .ci/requirements/build.txt
	@$(PIP) --no-deps --no-build-isolation --check-build-dependencies -e .
	@touch $@

# What the tests and the checks need, which `make demo` does not.
.venv/.dev: .venv/.ready .ci/requirements/dev.txt
	@echo 'setting up .venv for tests (once)'
	@. .ci/caches.sh; $(PIP) --require-hashes -r .ci/requirements/dev.txt
	@touch $@

# Byte code, so that the plugin starts fast also where Python is configured not to write it on the way.
.PHONY: compiled
compiled: .venv/.ready
	@$(PY) -m compileall -q plugin/bulkhead

# What TARGET needs and this machine does not have.
machine-for-%:
	@PYTHON='$(PYTHON)' .ci/check-machine $*

# The tools that one target needs: .tools/.demo, .all, .prove, .helm3, .release.
KPT := $(addprefix tests/system/kpt/,main.go go.mod go.sum)
.tools/.all: $(KPT)
.tools/.%: .ci/install-tools .ci/versions.sh .venv/.ready
	@.ci/install-tools $(PY) $* && touch $@

# Run it as `make -s -C FOLDER env` from elsewhere: without -s, make itself prints a line about the folder.
env:
	@.ci/env
	@case '$(firstword -$(MAKEFLAGS))' in *w*) echo 'make env: with -C, add -s: eval "$$(make -s -C FOLDER env)"' >&2 ;; esac

demo: machine-for-demo compiled .tools/.demo
	@mkdir -p build
	@kustomize build --enable-alpha-plugins --enable-exec . > $(BUILD).new && mv $(BUILD).new $(BUILD)
	@$(PY) -m bulkhead render . -o $(BUILD) --check > /dev/null || { echo 'bulkhead render does not print what the plugin printed'; exit 1; }
	@echo
	@echo "The reference cluster: $$($(PY) -m bulkhead validate .)."
	@echo "Rendered by kustomize $$(kustomize version) through plugin/expand."
	@echo "Written to $(BUILD): the old kubernetes/core/network-policies.yaml, $$(wc -l < $(BUILD)) lines from $$(cat base/*.yaml base/hardened/*.yaml overlays/*/*.yaml | wc -l)."
	@echo
	@echo '$$ bulkhead explain cardboard trade-bot:5432'
	@$(PY) -m bulkhead explain cardboard trade-bot:5432
	@echo
	@echo 'So the standard pattern leaves protected namespaces open to each other: docs/how-to/harden.md closes that.'
	@echo
	@echo 'To type `bulkhead` and `kustomize` in this shell, put those of this checkout on PATH:'
	@echo '     eval "$$(make env)"'
	@echo 'Try: bulkhead reach; bulkhead lint; bulkhead test'
	@echo '     kustomize build --enable-alpha-plugins --enable-exec overlays/media'

# What builds or drives other people's programs has a target of its own.
test: machine-for-test compiled .venv/.dev .tools/.all
	@. .ci/caches.sh; $(PY) -m pytest -n $(or $(N),2) --dist loadscope --no-loadscope-reorder --ignore tests/engines --ignore tests/enforcement $(ARGS)

# The reference cluster and N random ones, in the cluster's real enforcer. As root; a lab disturbs no other.
prove: machine-for-prove compiled .venv/.dev .tools/.prove .tools/bin/enforce
	@N=$(or $(N),100) $(PY) -m pytest -n 2 --dist loadfile tests/enforcement $(ARGS)

lag: machine-for-lag compiled .venv/.dev .tools/bin/enforce
	@cd tests && ../$(PY) -m enforcement.lag $(ARGS)

# The enforcer's controller and its libraries are a big build: once, and again when its sources change. Without
# optimisation it takes a third less; the program waits for iptables, not for itself.
ENFORCE := $(wildcard tests/enforcement/enforce/*.go) tests/enforcement/enforce/go.mod tests/enforcement/enforce/go.sum
.tools/bin/enforce: $(ENFORCE)
	@command -v go > /dev/null || { echo 'make: error: the lab is built with Go, which was not found on PATH' >&2; exit 1; }
	@echo 'building the lab (once, some minutes)'
	@mkdir -p .tools/bin
	@. .ci/caches.sh; cd tests/enforcement/enforce && run_go build -mod=readonly -trimpath -gcflags=all='-N -l' -ldflags='-s -w' -o ../../../$@ .

.PHONY: engines
engines:
	@nice .ci/build-engines

# One process: the servers are started once, in a network of their own.
test-engines: machine-for-test-engines compiled .venv/.dev .tools/.all engines
	@$(PY) -m pytest tests/engines $(ARGS)

# Both versions need only what .ci/requirements and tests/pythons/package-lock.json list, each with its hash.
test-pythons: machine-for-test-pythons compiled .venv/.dev
	@. .ci/caches.sh; cd tests && ../$(PY) -m pythons.run $(ARGS)

lint: compiled .venv/.dev
	@.venv/bin/ruff check --config .ci/ruff.toml plugin tests deploy .ci
	@.venv/bin/ruff format --config .ci/ruff.toml --check plugin tests deploy .ci
	@test -z "$$(gofmt -l tests/engines tests/enforcement tests/system tests/validation)" || { echo 'gofmt -w tests/engines tests/enforcement tests/system tests/validation'; exit 1; }
	@.venv/bin/mypy
	@.venv/bin/lint-imports
	@$(PY) -m bulkhead schema --check docs/reference
	@$(PY) -m bulkhead schema --chart --check charts/netpol

bench: machine-for-bench compiled .venv/.dev .tools/.all
	@cd tests && ../$(PY) -m bench.bench $(ARGS)
	@echo
	@cd tests && ../$(PY) -m bench.measure
	@echo
	@cd tests && ../$(PY) -m bench.lint_growth $(ARGS)
	@echo
	@cd tests && ../$(PY) -m bench.chart

# Other people's programs, each pinned by the go.sum of a module of its own. Not in CI.
.tools/peers/%: tests/bench/peers/%/go.mod tests/bench/peers/%/go.sum
	@command -v go > /dev/null || { echo 'make: error: the other programs are built with Go, which was not found on PATH' >&2; exit 1; }
	@echo 'building $* (once, some minutes)'
	@mkdir -p .tools/peers
	@. .ci/caches.sh; cd tests/bench/peers/$* && run_go build -mod=readonly -trimpath -o $(CURDIR)/.tools/peers/ tool && touch $(CURDIR)/$@

bench-peers: machine-for-bench compiled .venv/.dev .tools/.all .tools/peers/netpol-analyzer .tools/peers/cyclonus
	@cd tests && ../$(PY) -m bench.peer_tools $(ARGS)

# Numbers go to docs/growth.json, and the drawing that is made of them to docs/growth.svg. ARGS=--draw measures nothing.
growth: machine-for-bench compiled .venv/.dev .tools/.all
	@cd tests && ../$(PY) -m bench.growth $(ARGS)

docs: compiled
	@$(PY) -m bulkhead schema -o docs/reference/
	@$(PY) -m bulkhead schema --chart -o charts/netpol
	@$(PY) -m bulkhead values . -o charts/netpol/ci/home-values.yaml

# The generator of the site has an environment of its own, which nothing else needs.
.tools/site/.ready: .ci/requirements/site.txt .ci/versions.sh .ci/fetch-mermaid
	@echo 'setting up the generator of the site (once)'
	@$(PYTHON) -m venv --clear .tools/site
	@. .ci/caches.sh; .tools/site/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@.ci/fetch-mermaid .tools/site/mermaid
	@touch $@

site: machine-for-site compiled .tools/.demo .tools/site/.ready
	@.tools/site/bin/python .ci/site/stage.py build/site-source
	@$(PY) -m bulkhead report . --title 'The reference cluster' -o build/site-source/extra/report.html
	@rm -rf build/site
	@.tools/site/bin/python -m sphinx -q -W --keep-going -b html -c .ci/site build/site-source/pages build/site
	@cp build/site/README.html build/site/index.html
	@echo 'Written to build/site: open build/site/index.html'

UV := .tools/uv/bin/uv
$(UV): .ci/requirements/lock.txt
	@$(PYTHON) -m venv --clear .tools/uv
	@. .ci/caches.sh; .tools/uv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

requirements: $(UV)
	@.ci/lock-requirements $(UV) $(ARGS)

chart: compiled .tools/.all
	@$(PY) -m bulkhead schema --chart --check charts/netpol
	@helm lint --strict --quiet charts/netpol -f charts/netpol/ci/home-values.yaml
	@helm package charts/netpol -d dist

# The commit as it is checked out, not the working tree. The release workflow runs the same.
dist: .venv/.ready .tools/.prove
	@.ci/release $(PY) $(ARGS)

helm3: machine-for-helm3 compiled .venv/.dev .tools/.all .tools/.helm3
	@HELM="$$PWD/.tools/bin/helm3" $(PY) -m pytest -n $(or $(N),2) --dist loadscope --no-loadscope-reorder tests/chart $(ARGS)

clean:
	rm -rf .venv .tools build dist plugin/*.egg-info
