# `make demo` and `make test` need Python 3.11 or later with venv, and nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# jsii and the CDK CLI find node, and cdk.json its python3, in the virtual environment.
export PATH := $(CURDIR)/$(BIN):$(PATH)

.DEFAULT_GOAL := help
.PHONY: help install install-debian demo test test-all mutants bench format check soak \
	test-parts test-whole slow-parts slow-whole

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

# Two at a time, one on each core: types first, then deploys and browsers beside the rest.
test: install install-debian
	@$(MAKE) --no-print-directory -j2 check test-parts test-whole

test-all: install install-debian
	@$(MAKE) --no-print-directory -j2 slow-parts slow-whole

# Coverage takes half as long again, so CI alone measures it.
test-parts:
	$(BIN)/python -m pytest -m "not slow" --ignore=tests/e2e $(if $(CI),--cov --cov-report=term)

slow-parts:
	$(BIN)/python -m pytest -m slow --ignore=tests/e2e
	EDGE_FUZZ_EXAMPLES=600 $(BIN)/python -m pytest tests/edge/test_edge_fuzz.py

soak: install
	EDGE_FUZZ_EXAMPLES=6000 $(BIN)/python -m pytest tests/edge/test_edge_fuzz.py --timeout 1200

test-whole slow-whole: MARK = $(if $(filter slow%,$@),slow,not slow)
test-whole slow-whole:
	@mkdir -p .local
	@$(BIN)/python -m pytest tests/e2e -m "$(MARK)" > .local/$@.log 2>&1; code=$$?; cat .local/$@.log; exit $$code

mutants: install
	$(BIN)/python tests/mutants/run.py

bench: install
	$(BIN)/python -m benchmarks

format: install
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
