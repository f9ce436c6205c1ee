# Everything a person does with this repository. `make` alone shows the list.
# Needs Python 3.13 and make; every other tool is installed into .venv and .venvs, pinned by hash.

PYTHON ?= python3.13
ENV ?= sandbox
ENVIRONMENTS = dev build emulator
DEPLOYED := sandbox production
# Refused while this file is read, before anything is installed or built.
ifneq ($(filter deploy,$(MAKECMDGOALS)),)
  $(if $(filter $(DEPLOYED),$(ENV)),,$(error ENV is sandbox or production, not "$(ENV)"))
endif
STACK = hakika-$(or $(filter $(DEPLOYED),$(ENV)),$(error ENV is sandbox or production, not "$(ENV)"))
PY := .venv/bin/python
BIN := .venv/bin
SAM := .venvs/build/bin/sam
export SAM_CLI_TELEMETRY := 0
# sam looks for the Python of the runtime on PATH.
export PATH := $(CURDIR)/.venv/bin:$(PATH)

# Where a deployment is, samconfig.toml says; a shell's region would send its commands elsewhere.
unexport AWS_REGION

# A shell that forbids bytecode would have every process compile every module again.
unexport PYTHONDONTWRITEBYTECODE

# Make's own variables (make run DARAJA=sandbox CALLBACK_URL_BASE=https://...) reach what is started.
export DARAJA
export CALLBACK_URL_BASE
export WEBHOOK_URL
export VERBOSE

PYTEST := $(PY) -m pytest
PARALLEL ?= 2

.DEFAULT_GOAL := help
.PHONY: help python run demo curl desk desk-pictures check test prove mutants second-opinion bench invoke unit local-tests browser web-tests build simulator requirements \
        upgrade deploy secrets environments clean

help:
	@echo "Hakika: M-Pesa payments you can trust."
	@sed -n -e 's/^##@ /@/p' -e 's/^\([a-z-]*\):.*## /\1|/p' $(MAKEFILE_LIST) | \
	  awk -F'|' '/^@/ {printf "\n%s\n", substr($$0, 2); next} {printf "  make %-14s %s\n", $$1, $$2}'

python:
	@command -v $(PYTHON) >/dev/null 2>&1 && $(PYTHON) -c '' 2>/dev/null || { \
	  echo "Python 3.13 is missing: '$(PYTHON)' does not run. Install it (pyenv, uv or your"; \
	  echo "system's packages), or name it: make PYTHON=/path/to/python3.13"; exit 1; }

##@ Start here

run: python ## the whole product on this machine, until Ctrl-C (DARAJA=sandbox for Safaricom's)
	@$(PYTHON) -m local.preflight
	@$(MAKE) --no-print-directory environments
	@exec $(PY) -m local.stack

demo: environments ## play payments, lost messages, money by hand and refunds, one line a step (VERBOSE=1 for bodies)
	@exec $(PY) -m local.demo

curl: environments ## the stack by hand: addresses, tokens, and a payment with curl
	@exec $(PY) -m local.curl

desk: environments ## fresh links to the desk of the running stack, for a clerk and an approver
	@exec $(PY) -m local.desk

desk-pictures: environments ## take the pictures of docs/desk.md; ARGUMENTS=--look for every width, by day and night
	@exec $(PY) -m local.desk_pictures $(ARGUMENTS)

test: python ## every check and every test, with all their set-up; PARALLEL=2 (or more at a time), ORDER=7 shuffles the files
	@$(PYTHON) -m local.prepare_tests
	@$(PY) -m local.test_run --parallel $(PARALLEL) $(if $(ORDER),--order $(ORDER))

##@ Every day

check: environments ## static checks: format, lint, types, imports, template, requirements
	@$(PY) -m local.checks

unit: environments ## the tests that need no running stack
	$(PYTEST) tests -n $(PARALLEL) --dist worksteal --ignore=tests/local --ignore=tests/browser

local-tests: environments ## the tests against the deployed template
	$(PYTEST) tests/local

browser: python ## the tests in a real browser
	@$(PYTHON) -m local.prepare_tests
	$(PYTEST) tests/browser

web-tests: environments ## the JavaScript client's own tests
	@$(PYTHON) -m local.environments node
	@$(PY) -m local.web_tests

simulator: environments ## the Daraja simulator alone
	@exec $(PY) -m simulator

prove: environments ## the histories, sweeps, model and mutants by name; writes docs/proof.json (hours)
	@PYTHONPATH=shared:. $(PY) -m tests.simulation prove --jobs $(PARALLEL)

second-opinion: environments ## the handlers in killed processes on AWS's DynamoDB Local (needs Java and npm's package)
	@PYTHONPATH=shared:. $(PY) -m tests.second_opinion

mutants: environments ## hunt the generated mutants that have no verdict yet; writes docs/proof.json
	@PYTHONPATH=shared:. $(PY) -m tests.mutation run $(ARGUMENTS)

bench: environments ## measure cost and speed against two peers (needs valgrind; about twelve minutes)
	@PYTHONPATH=shared:. $(PY) -m bench

invoke: environments ## one function under Lambda's emulator: FUNCTION=status EVENT=events/status.json
	@PYTHONPATH=shared:. $(PY) -m bench.invoke "$(FUNCTION)" "$(EVENT)"

build: environments ## sam build, then slim the layer
	$(SAM) build --parallel
	$(PY) -m tools.slim_layer .aws-sam/build

requirements: environments ## compile every requirements file, keeping the pins that fit
	@$(PY) -m local.requirements compile

upgrade: environments ## compile every requirements file with the newest versions
	@$(PY) -m local.requirements upgrade

environments: python ## the Python environments; others call this themselves
	@$(PYTHON) -m local.environments $(ENVIRONMENTS)

clean: ## forget what was built; the environments stay
	rm -rf .aws-sam .local .build .pytest_cache .mypy_cache .ruff_cache

##@ Deploy

# A deployment needs no emulator.
deploy secrets: ENVIRONMENTS = dev build
deploy: DEPLOY = PYTHONPATH=shared:. $(PY) -m tools.deploy
deploy: environments ## deploy to AWS: ENV=sandbox or ENV=production (SNAPSTART=true for snapshots)
	@AWS_REGION=$(AWS_REGION) $(DEPLOY) check --env $(ENV)
	@$(DEPLOY) build --env $(ENV)
	@[ "$(SNAPSTART)" != true ] || $(PY) -m tools.snapstart
	$(SAM) validate --lint
	@$(DEPLOY) run --env $(ENV)
	@PYTHONPATH=shared:. $(PY) -m tools.protect_stack --stack $(STACK)
	$(SAM) list stack-outputs --config-env $(ENV)
	@PYTHONPATH=shared:. $(PY) -m tools.store_secrets --stack $(STACK) --if-missing
	bin/hakika --stack $(STACK) doctor

secrets: DEPLOYED += local
secrets: environments ## store a deployment's secrets, asked for without echo: ENV=sandbox or ENV=production
	PYTHONPATH=shared:. $(PY) -m tools.store_secrets --stack $(STACK)
