# `make demo` and `make test` need Python 3.11 or later with venv, and nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# jsii and the CDK CLI find node, and cdk.json its python3, in the virtual environment.
export PATH := $(CURDIR)/$(BIN):$(PATH)
# jsii unpacks the CDK there, once for all processes.
export JSII_RUNTIME_PACKAGE_CACHE_ROOT := $(CURDIR)/.local/caches/jsii

.DEFAULT_GOAL := help
.PHONY: help install install-debian demo test test-all mutants bench format check soak slow-fuzz

help:
	@echo "make demo      the whole site with its CDN on this machine, no AWS account"
	@echo "make test      lint, types, tests, a real deploy and a real browser (minutes)"
	@echo "make test-all  make test, and what takes longer"
	@echo "make mutants   breaks the code line by line: the tests must notice each"
	@echo "make bench     measures what the documentation claims"
	@echo "make format    formats and sorts the code"

$(VENV)/.installed: requirements.txt requirements-dev.txt package.json package-lock.json
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed: make PYTHON=python3.12")'
	@test -x $(BIN)/python || { echo "creating $(VENV)"; $(PYTHON) -m venv $(VENV); }
	@echo "installing Python packages (about a minute the first time)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@echo "installing the CDK CLI"
	@$(BIN)/npm ci --loglevel=error --no-audit --no-fund --no-update-notifier
	@touch $@

install: $(VENV)/.installed

install-debian: install
	@$(BIN)/python tests/debian.py chromium nginx libnginx-mod-http-brotli-static apache2 openssl rsync awscli gh

demo: install
	@$(BIN)/python -m local up

check: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# A run of pytest for each room, three at a time on two cores, since tests of servers and
# browsers mostly wait. The longest come first; whoever is free takes the next.
LONGEST := e2e django
ROOMS := $(LONGEST) $(filter-out $(LONGEST),$(sort $(patsubst tests/%/,%,$(dir $(wildcard tests/*/test_*.py))))) top
files = $(if $(filter top,$(1)),$(wildcard tests/test_*.py),tests/$(1))
SLOW = $(foreach room,$(ROOMS),$(if $(shell grep -rl mark.slow $(call files,$(room))),$(room)))
# Coverage takes half as long again, so CI alone measures it, where the code runs in pytest.
COVERAGE = $(if $(CI),$(if $(filter docs e2e local top,$*),,--cov --cov-report= --cov-fail-under=0))
PYTEST = @mkdir -p .local; COVERAGE_FILE=.coverage.$* $(BIN)/python -m pytest -q $(call files,$*) \
	$(1) > .local/$@.log 2>&1; code=$$?; echo $@; cat .local/$@.log; exit $$code

test: install install-debian
	@rm -f .coverage.*
	@$(MAKE) --no-print-directory -k -j3 check $(ROOMS:%=test-%)
	@$(if $(CI),$(BIN)/coverage combine --quiet && $(BIN)/coverage report)

test-all: install install-debian
	@$(MAKE) --no-print-directory -k -j3 $(SLOW:%=slow-%) slow-fuzz

$(ROOMS:%=test-%): test-%:
	$(call PYTEST,-m "not slow" $(COVERAGE))

$(ROOMS:%=slow-%): slow-%:
	$(call PYTEST,-m slow)

slow-fuzz:
	EDGE_FUZZ_EXAMPLES=600 $(BIN)/python -m pytest tests/edge/test_edge_fuzz.py

soak: install
	EDGE_FUZZ_EXAMPLES=6000 $(BIN)/python -m pytest tests/edge/test_edge_fuzz.py --timeout 1200
	CDK_JSON_EXAMPLES=2000 $(BIN)/python -m pytest tests/stacks/test_environment_synthesis.py
	CRASH_RUNS=1000 $(BIN)/python -m pytest tests/django/test_media_crash.py -m slow

mutants: install
	$(BIN)/python tests/mutants/run.py

bench: install
	$(BIN)/python -m benchmarks

format: install
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
