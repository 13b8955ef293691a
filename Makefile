# Targets are listed by plain `make`, from the comment behind each.
.DEFAULT_GOAL := help
.PHONY: help setup demo demo-down test test-quick test-lab test-long lint benchmark benchmark-failover docs build clean

MAKEFLAGS += --no-print-directory
venv := .build/venv/bin
stages := $(venv)/python tools/stages.py
with_venv := PATH="$(CURDIR)/$(venv):$$PATH"

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 20

setup: ## install what all targets need; afterwards `. .build/activate` puts ansible-playbook on the PATH
	@tools/bootstrap dev lab

demo: ## boot a lab of whole routers, build a DMVPN on it from one inventory, prove that it works
	@tools/bootstrap dev lab
	@$(with_venv) tools/demo

demo-down: ## remove everything that the demo started
	@$(with_venv) tools/demo --down

test: ## everything that CI runs, cheap checks first
	@tools/bootstrap dev lab
	@$(stages) checks lab benchmark

test-quick: ## unit and golden tests; no root, no lab
	@tools/bootstrap dev
	@$(stages) unit golden

test-lab: ## tests on booted routers, Molecule scenarios included
	@tools/bootstrap dev lab
	@$(stages) lab

test-long: ## a live fleet broken in many ways, over and over for an hour
	@tools/bootstrap dev lab
	@$(stages) long

lint: ## ruff, mypy, shellcheck, yamllint, ansible-lint, ansible-test sanity
	@tools/bootstrap dev
	@$(stages) lint

benchmark: ## render 1,000 and 5,000 sites and compare the time with other ways
	@tools/bootstrap dev
	@$(with_venv) python tests/benchmark/run.py --sites 1000 5000

benchmark-failover: ## lose a hub with our timers and with stock ones, on a lab: how long packets are lost
	@tools/bootstrap dev lab
	@$(with_venv) PYTHONPATH=.build/collections ANSIBLE_COLLECTIONS_PATH=.build/collections \
		python -m ansible_collections.mgre.dmvpn.tests.benchmark.failover

docs: ## reference of inventory and checks, and runbooks, in docs; of modules and roles, in .build/docs
	@tools/bootstrap dev
	@$(venv)/python tools/reference.py
	@$(venv)/python tools/checks_reference.py
	@$(venv)/python tools/runbooks.py
	@mkdir -p .build/docs
	@$(with_venv) ANSIBLE_COLLECTIONS_PATH=.build/collections antsibull-docs collection --use-current \
		--output-format simplified-rst --squash-hierarchy --dest-dir .build/docs mgre.dmvpn

build: ## the collection as a tarball, in .build
	@tools/bootstrap dev
	@$(with_venv) ansible-galaxy collection build --force --output-path .build

clean: ## remove what the targets made in this tree; the caches outside of it stay
	rm -rf .build .ansible collections tests/output
