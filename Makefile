# The two commands of the README are `make demo` and `make test`; each does its own set-up.
# Everything is installed in $(VENV); PYTHON may name another interpreter (3.11 or newer).

PYTHON ?= python3
VENV ?= .venv
PYTEST_ARGS ?=
# How the wheel is built, such as `-C cmake.define.FLUXION_SANITIZE=ON`.
BUILD_ARGS ?=
# What `make side-by-side` runs: all, or `--small`, or names of scenarios.
SCENARIOS ?=
BENCHED := benches/results/latest.json
# The installed wheel is tested: nothing may be imported from the checkout (PYTHONSAFEPATH).
RUN = FLUXION_WHEEL=1 PYTHONSAFEPATH=1 $(VENV)/bin/pytest

SOURCES := pyproject.toml CMakeLists.txt README.md LICENSE \
  $(shell find fluxion_py extender/fluxion_extender jobspec resources -type f \
      -not -path '*/__pycache__/*')
COMPILED := pyproject.toml CMakeLists.txt \
  $(shell find fluxion_py/_core jobspec resources -type f -name '*.p[yx]*' -o \
      \( -path 'jobspec/*' -o -path 'resources/*' \) -type f)
CORE := $(patsubst fluxion_py/_core/%.pyi,fluxion_py._core.%,$(wildcard fluxion_py/_core/*.pyi))

.PHONY: help demo test checked kube test-kube bench-kube lint stubs fix bench bench-smoke side-by-side \
  develop setup clean

help:
	@echo 'make demo         install, then run the main job on a real machine description'
	@echo 'make test         install, then run all tests (PYTEST_ARGS="-n 2 -k idset" to choose)'
	@echo 'make checked      the same on a core that checks every index, in a venv of its own'
	@echo 'make kube         build a Kubernetes control plane for tests (Go; 10 minutes, once)'
	@echo 'make test-kube    install, then test the service with that control plane'
	@echo 'make bench-kube   pods a second, with the service and without (a quiet machine, 10 minutes)'
	@echo 'make lint         formatting, types, stubs, Cython, direction of imports'
	@echo 'make fix          let ruff repair and format what it can'
	@echo 'make bench        time everything against its budget (minutes); bench-smoke: small, untimed'
	@echo 'make side-by-side the same commands to fluxion-match and to resource-query, if installed'
	@echo 'make develop      editable install: edits of .py files are live, for the .pyx run it again'
	@echo 'make clean        remove the build, the caches and $(VENV)'

demo: $(VENV)/.wheel
	@PATH="$(abspath $(VENV))/bin:$$PATH" bash docs/demo.sh

test: $(VENV)/.wheel $(VENV)/.group-test
	$(RUN) $(PYTEST_ARGS)

checked:
	$(MAKE) --no-print-directory test VENV=$(VENV)-checked \
	  BUILD_ARGS='-C build-dir=build/checked -C cmake.define.FLUXION_CHECKED=ON'

kube:
	@tests/kube/binaries/build.sh

test-kube: $(VENV)/.wheel $(VENV)/.group-test $(VENV)/.group-kube
	FLUXION_KUBE_REQUIRED=1 $(RUN) tests/kube $(PYTEST_ARGS)

bench-kube: $(VENV)/.wheel $(VENV)/.group-test $(VENV)/.group-kube
	$(VENV)/bin/python -m benches.kube

lint: $(VENV)/.wheel $(VENV)/.group-test $(VENV)/.group-lint stubs
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	PATH="$(abspath $(VENV))/bin:$$PATH" cython-lint fluxion_py/_core
	$(VENV)/bin/lint-imports

stubs: $(VENV)/.wheel $(VENV)/.group-lint
	$(VENV)/bin/stubtest --mypy-config-file pyproject.toml \
	  --allowlist .ci/stubtest-allowlist.txt --ignore-unused-allowlist $(CORE)

fix: $(VENV)/.group-lint
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

bench: $(VENV)/.wheel $(VENV)/.group-test
	@mkdir -p benches/results
	$(RUN) benches --benchmark-quiet --benchmark-json=$(BENCHED) $(PYTEST_ARGS)
	@$(VENV)/bin/python -m benches.report $(BENCHED)

bench-smoke: $(VENV)/.wheel $(VENV)/.group-test
	$(RUN) benches --benchmark-disable -m 'not slow' $(PYTEST_ARGS)

side-by-side: $(VENV)/.wheel
	@$(VENV)/bin/python benches/side_by_side/run.py $(SCENARIOS)

develop: $(VENV)/.editable $(VENV)/.group-test $(VENV)/.group-lint

setup: $(VENV)/.wheel

clean:
	rm -rf $(VENV) $(VENV)-checked build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis \
	  .import_linter_cache .benchmarks

# ---- set-up: each stamp says that a step was done after its inputs changed ----

$(VENV)/.pip:
	@$(PYTHON) .ci/check_machine.py
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --upgrade 'pip>=25.1'
	@touch $@

$(VENV)/.group-%: pyproject.toml | $(VENV)/.pip
	$(VENV)/bin/pip install --quiet --group $*
	@touch $@

$(VENV)/.wheel: $(SOURCES) | $(VENV)/.pip $(VENV)/.group-build
	$(VENV)/bin/pip install --quiet --no-build-isolation $(BUILD_ARGS) .
	@rm -f $(VENV)/.editable
	@touch $@

$(VENV)/.editable: $(COMPILED) | $(VENV)/.pip $(VENV)/.group-build
	$(VENV)/bin/pip install --quiet --no-build-isolation --editable .
	@rm -f $(VENV)/.wheel
	@touch $@
