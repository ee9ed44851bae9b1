# Everything a newcomer or CI types. Needs git, make and a Python >= 3.11; brings the rest itself.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

PYTHON ?= python3
UV_VERSION := 0.13.9
UV := .tools/bin/uv
BIN := .venv/bin
EMULATOR_LOCK := cli/cutover_cli/local/requirements.txt
ENGINE_LOCK := tests/engines/dynamodb-local.json
WORKERS ?= auto

export UV_PYTHON_DOWNLOADS := never
export UV_NO_PROGRESS := 1
export UV_LINK_MODE ?= copy
unexport VIRTUAL_ENV PYTHONPATH PYTHONHOME
# Many processes of one run load the same modules: images that forbid byte code let each of them compile all anew.
unexport PYTHONDONTWRITEBYTECODE

# uv reads its own settings, not pip's. A mirror that only pip was told of is handed on; with one, packages
# come from there and are held to the hashes of the lock.
define sync
	index="$${UV_DEFAULT_INDEX:-$${UV_INDEX_URL:-$${PIP_INDEX_URL:-$$(.tools/bin/python -m pip config get global.index-url 2>/dev/null || true)}}}"
endef

##@ For a first look

.PHONY: help
help: ## Show this help
	@awk 'BEGIN { FS = ":.*## "; printf "\nCutover: one approved bundle, one queue, one window.\n\nUsage: make \033[1m<target>\033[0m\n" } \
	  /^##@/ { printf "\n\033[1m%s\033[0m\n", substr($$0, 5) } \
	  /^[a-z.-]+:.*## / { printf "  \033[36m%-9s\033[0m %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo

.PHONY: setup
setup: .venv/.stamp .emulator/.stamp ## Create .venv/ and .emulator/ (every other target does so by itself)

.PHONY: demo
demo: setup ## Release this project through the local stack; AUTO=1 plays the approvers (SCENARIO=held: stop, and mend)
	@$(BIN)/cutover demo $(if $(filter 1,$(AUTO)),--auto) $(if $(SCENARIO),--scenario $(SCENARIO))

.PHONY: drill
drill: setup ## Play what goes wrong on a local stack, and compare the endings (DRILLS="expired-key late-waiver")
	@$(BIN)/python -m tests.drills $(DRILLS)

##@ For working on it

.PHONY: test
test: setup .dynamodb/.stamp ## Run all tests, in parallel (WORKERS=n, ARGS="...")
	@$(BIN)/pytest -n $(WORKERS) $(ARGS)

.PHONY: check
check: setup .dynamodb/.stamp ## Format, lint, types, all tests, infra rules: what CI asks
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/pytest -n $(WORKERS) $(ARGS)

.PHONY: fmt
fmt: .venv/.stamp ## Format, and mend what the linter can mend
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

.PHONY: synth
synth: .venv/.stamp ## Synthesize the CDK app into cdk.out/ (no account, no network)
	@$(BIN)/python -m infra.app

.PHONY: bench
bench: setup ## Measure, print ratios, write build/bench.json
	@$(BIN)/python -m bench

.PHONY: mutants
mutants: .venv/.stamp ## Change the code, one thing at a time: does a test fail? (TARGETS="quorum hand_off")
	@$(BIN)/python -m tests.mutation $(TARGETS)

.PHONY: soak
soak: setup ## Simulate 100,000 seeds, and 10,000 pairs of faults; hours (SEEDS=n, PAIRS=n)
	@$(BIN)/python -m tests.simulation --seeds 0..$$(( $(or $(SEEDS),100000) - 1 )) --jobs 0
	@$(BIN)/python -m tests.faults.pairs --count $(or $(PAIRS),10000)

.PHONY: soak-local
soak-local: setup ## Fifty cutovers on a local stack whose workers are killed at random (SEED=n); takes its time
	@CUTOVER_KILLED_CUTOVERS=50 CUTOVER_KILLED_SEED=$(or $(SEED),20261121) $(BIN)/pytest -q -s tests/local/test_killed_workers.py

.PHONY: reliability
reliability: setup .dynamodb/.stamp ## Run all that docs/reliability.md tells of, and write it anew (PARTS="model engines", SEEDS=n)
	@$(BIN)/python -m tests.reliability $(PARTS) --seeds $(or $(SEEDS),2000)

.PHONY: clean
clean: ## Stop the local stack; delete environments and everything that was made
	@if [ -x $(BIN)/cutover ]; then $(BIN)/cutover local down; fi
	@rm -rf .venv .tools .emulator .dynamodb .cutover .demo build dist cdk.out bench/out .ci/out \
	  .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The environments. A stamp makes a repeat instant; whoever changes a lock gets a new environment.

.tools/.stamp-$(UV_VERSION):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Cutover needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V). Try: make PYTHON=python3.12" >&2; exit 2; }
	@echo "Installing uv $(UV_VERSION) into .tools/ ..."
	@$(PYTHON) -m venv --clear .tools \
	  || { echo "$(PYTHON) cannot make environments; on Debian: apt-get install python3-venv" >&2; exit 2; }
	@.tools/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@touch $@

.venv/.stamp: pyproject.toml uv.lock .tools/.stamp-$(UV_VERSION)
	@echo "Installing what uv.lock names into .venv/ ..."
	@$(sync); \
	if [[ -z "$$index" ]]; then \
	  $(UV) sync --quiet --frozen --all-groups --all-extras --python .tools/bin/python; \
	else \
	  $(UV) venv --quiet --allow-existing --python .tools/bin/python .venv; \
	  $(UV) export --quiet --frozen --all-groups --all-extras --no-emit-project -o .tools/requirements.txt; \
	  export UV_DEFAULT_INDEX="$$index"; \
	  $(UV) pip sync --quiet --require-hashes --python $(BIN)/python .tools/requirements.txt; \
	  $(UV) pip install --quiet --no-deps --python $(BIN)/python --editable .; \
	fi
	@touch $@

.emulator/.stamp: $(EMULATOR_LOCK) .tools/.stamp-$(UV_VERSION)
	@echo "Installing the AWS emulator into .emulator/ ..."
	@$(sync); if [[ -n "$$index" ]]; then export UV_DEFAULT_INDEX="$$index"; fi; \
	$(UV) venv --quiet --clear --python .tools/bin/python .emulator; \
	$(UV) pip sync --quiet --require-hashes --compile-bytecode --python .emulator/bin/python $(EMULATOR_LOCK)
	@touch $@

# Amazon's own DynamoDB engine, for the races. Nobody needs it to work on the rest: without Java, or where the
# registry is out of reach (4), its tests are skipped and say why. Other bytes than the pinned ones end everything.
.dynamodb/.stamp: $(ENGINE_LOCK) tests/engines/fetch_dynamodb_local.py .tools/.stamp-$(UV_VERSION)
	@if ! command -v java >/dev/null; then \
	  echo "No Java, so no tests on DynamoDB Local; on Debian: apt-get install openjdk-17-jre-headless" >&2; \
	else \
	  echo "Installing DynamoDB Local into .dynamodb/ ..."; \
	  rm -f $@; \
	  .tools/bin/python tests/engines/fetch_dynamodb_local.py .dynamodb && touch $@ || [[ $$? == 4 ]]; \
	fi
