# `make evals` and `make test` set up all they need: only Python 3.11+ and the package index.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/ready
CANDIDATE ?=
SDK ?=
REPORT ?= gonogo-report/evals.md

# Compiled modules are kept: without them each of the many pytest runs compiles the package anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help evals test sdk-range check format accuracy calibration forecast anomalies story bench fuzz wheel clean

help: ## Say what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

evals: $(READY) ## Run the suites: replay, score, compare, decide (CANDIDATE=worse-prompt)
	@$(BIN)/pytest evals -q --no-header --tb=no -r N -p no:cacheprovider \
		--gonogo-report $(REPORT) --gonogo-report $(REPORT:.md=.html) \
		$(if $(CANDIDATE),--gonogo-candidate $(CANDIDATE))

test: $(READY) ## Run the project's own tests
	@$(BIN)/pytest -q -n auto --maxprocesses 4

sdk-range: $(READY) ## Test against the oldest and the newest SDK allowed (SDK=short: see .ci/sdk_range)
	@.ci/sdk_range $(SDK)

check: $(READY) ## Format, lint, types, layers of the imports
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/mypy
	@$(BIN)/mypy tests/typing tests/standin tests/standin_tests

format: $(READY) ## Format the code and sort its imports
	@$(BIN)/ruff check --fix --select I .
	@$(BIN)/ruff format .

accuracy: $(READY) ## Measure the checkers on public labelled data (see docs/accuracy.md)
	@$(BIN)/python benchmarks/accuracy

calibration: $(READY) ## Simulate the statistics of comparisons (see docs/calibration.md; half an hour)
	@$(BIN)/python -m benchmarks.calibration

forecast: $(READY) ## Measure forecasts on public traces (see docs/forecast.md)
	@$(BIN)/python -m benchmarks.forecast

anomalies: $(READY) ## Measure usage anomalies on public data (see docs/anomalies.md; some minutes)
	@$(BIN)/python -m benchmarks.anomalies

story: $(READY) ## Tell a scripted month and its incidents anew (see docs/spend-story.md; a minute)
	@$(BIN)/python benchmarks/spend_story.py

bench: $(READY) ## Measure what the plugin costs other test runs, the wire, and the ledger
	@$(BIN)/python benchmarks/plugin_overhead.py
	@$(BIN)/python benchmarks/wire.py
	@$(BIN)/python benchmarks/ledger.py

fuzz: $(READY) ## Record and replay 2,000 random plans of calls (some ten minutes)
	@$(BIN)/pytest -q tests/gonogo/test_claude_record_replay.py --hypothesis-profile=long

wheel: $(READY) ## Build the distribution
	@$(BIN)/python -m build --quiet

clean: ## Remove what was made here
	rm -rf .venv dist build results gonogo-report

$(READY): pyproject.toml constraints.txt
	@echo "setting up .venv (once; a minute or two)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "gonogo needs Python 3.11 or newer: make PYTHON=python3.12 ..."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade -c constraints.txt pip
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt \
		--group dev -e '.[languages,redis,postgres]'
	@touch $(READY)
