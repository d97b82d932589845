# Each target works from a clean clone, with only Python >= 3.10 and make on the machine.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test check docs bench compat suites pin clean

demo: .venv/ready  ## the whole life of an identity, on this machine, from nothing
	@cd libs && ../$(BIN)/python -m tests.support.demo

test: .venv/ready .venv-posthog6/ready .node-clients/ready  ## the test suite, with branch coverage of child processes too
	@$(BIN)/python -m pytest -n 2 $(ARGS)

check: .venv/ready  ## style, types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

docs: .venv/ready  ## the pages that are made from the code
	@$(BIN)/python -m usagekit.schema > docs/privacy.md

bench: .venv-bench/ready .venv-peer/ready  ## what tracking costs, beside no tracking and a peer
	@.venv-bench/bin/python bench/run.py $(ARGS)

# A fresh environment whenever what it is made of has changed.
.venv/ready: requirements/dev.txt pyproject.toml libs/usagekit/pyproject.toml libs/usagekit-collector/pyproject.toml libs/tests/support/a0_coverage.pth
	@echo "Preparing .venv (once, about half a minute) ..."
	@rm -rf .venv
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e libs/usagekit -e libs/usagekit-collector -e .
	@cp libs/tests/support/a0_coverage.pth "$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')"
	@touch $@

# Ours as users have it: installed from wheels, not editable.
.venv-bench/ready: requirements/dev.txt $(shell find libs/usagekit libs/usagekit-collector libs/arcade-cli -name '*.py' -o -name '*.sql')
	@echo "Preparing .venv-bench (once, about half a minute) ..."
	@rm -rf .venv-bench
	@$(PYTHON) -m venv .venv-bench
	@.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation ./libs/usagekit ./libs/usagekit-collector .
	@touch $@

# The published predecessor, to measure against, in an environment of its own.
.venv-peer/ready: requirements/peer.txt
	@echo "Preparing .venv-peer (once) ..."
	@rm -rf .venv-peer
	@$(PYTHON) -m venv .venv-peer
	@.venv-peer/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/peer.txt
	@touch $@

# The oldest PostHog SDK that the collector is tried with, in an environment of its own.
.venv-posthog6/ready: requirements/client-posthog-6.txt
	@echo "Preparing .venv-posthog6 (once) ..."
	@rm -rf .venv-posthog6
	@$(PYTHON) -m venv .venv-posthog6
	@.venv-posthog6/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/client-posthog-6.txt
	@touch $@

# The PostHog SDK for Node; without npm on the machine its tests are passed over.
.node-clients/ready: libs/tests/collector/clients/package.json libs/tests/collector/clients/package-lock.json
	@if command -v npm > /dev/null; then \
	  echo "Preparing .node-clients (once) ..." && rm -rf .node-clients && mkdir .node-clients && \
	  cp $^ .node-clients && \
	  npm ci --prefix .node-clients --silent --ignore-scripts --no-audit --no-fund && touch $@; \
	fi

compat: .venv/ready  ## every ending, at both ends of each promised range of versions
	@$(BIN)/nox --session compat $(ARGS)

suites: .venv/ready  ## Typer's and Click's own tests, with every command tracked
	@$(BIN)/nox --session suites $(ARGS)

pin:  ## write the pinned requirements anew; needs uv
	uv pip compile pyproject.toml --group dev --universal --python-version 3.10 --generate-hashes \
	  --no-emit-package usagekit --no-emit-package usagekit-collector --no-strip-extras --no-header --upgrade --output-file requirements/dev.txt
	echo "arcade-mcp==1.16.3" | uv pip compile - --universal --python-version 3.10 --generate-hashes \
	  --no-strip-extras --no-header --upgrade --output-file requirements/peer.txt
	echo "posthog==6.7.6" | uv pip compile - --universal --python-version 3.10 --generate-hashes \
	  --no-strip-extras --no-header --upgrade --output-file requirements/client-posthog-6.txt
	npm install --prefix libs/tests/collector/clients --package-lock-only --omit-lockfile-registry-resolved \
	  --ignore-scripts --no-audit --no-fund

clean:
	rm -rf .venv .venv-bench .venv-peer .venv-posthog6 .node-clients .nox .coverage* .hypothesis .mypy_cache .pytest_cache .ruff_cache
