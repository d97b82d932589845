# Each target works from a clean clone, with only Python >= 3.10 and make on the machine.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test torture check docs bench compat programs suites pictures pin clean

demo: .venv/ready  ## the whole life of an identity, on this machine, from nothing; KEEP=1: pages to look at
	@cd libs && KEEP='$(KEEP)' ../$(BIN)/python -m tests.support.demo

# Four at once on two cores: some of them wait.
test: .venv/ready .venv-posthog3/ready .venv-posthog5/ready .venv-posthog6/ready .node-clients/ready  ## the test suite; ARGS=--cov measures branch coverage, of child processes too
	@$(BIN)/python -m pytest -n 4 --dist worksteal $(ARGS)

# What it leaves out, and ten times as many examples of each property.
torture: .venv/ready .venv-posthog5/ready .node-clients/ready  ## what is long by nature: kills, storms, fuzzing, a million events
	@HYPOTHESIS_PROFILE=thorough $(BIN)/python -m pytest -n 3 --dist worksteal -m "torture or hypothesis" $(ARGS)

check: .venv/ready  ## style, types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

docs: .venv/ready  ## the pages that are made from the code
	@cd libs && ../$(BIN)/python -m tests.support.redaction > ../docs/privacy.md

bench: .venv-bench/ready .venv-peer/ready  ## what tracking costs, beside no tracking and a peer
	@.venv-bench/bin/python bench/run.py $(ARGS)

# $(call step,what it is,commands): says what it does; what the commands say shows where they fail.
step = @echo "$(strip $(1)) ..." && said=$$(mktemp) && { { $(2); } > $$said 2>&1 && rm $$said || { cat $$said >&2; rm $$said; exit 1; }; }
# A new environment in the target's folder, with what a file of requirements pins.
new_venv = $(call step,Preparing $(@D): a virtual environment,rm -rf $(@D) && $(PYTHON) -m venv $(@D))
PIP = $(@D)/bin/python -m pip install --disable-pip-version-check
pinned = $(call step,Preparing $(@D): the packages of $(1),$(PIP) --require-hashes -r $(1))
OURS := libs/usagekit libs/usagekit-collector

# A fresh environment whenever what it is made of has changed.
.venv/ready: requirements/dev.txt pyproject.toml $(OURS:=/pyproject.toml) libs/tests/support/a0_coverage.pth
	$(new_venv)
	$(call pinned,requirements/dev.txt)
	$(call step,Preparing $(@D): our own packages,$(PIP) --no-deps --no-build-isolation $(addprefix -e ,$(OURS)) -e .)
	@cp libs/tests/support/a0_coverage.pth "$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')"
	@touch $@

# Ours as users have it: installed from wheels, not editable.
.venv-bench/ready: requirements/dev.txt $(shell find libs/usagekit libs/usagekit-collector libs/arcade-cli -name '*.py' -o -name '*.sql')
	$(new_venv)
	$(call pinned,requirements/dev.txt)
	$(call step,Preparing $(@D): our own packages,$(PIP) --no-deps --no-build-isolation $(addprefix ./,$(OURS)) .)
	@touch $@

# The published predecessor, to measure against, in an environment of its own.
.venv-peer/ready: requirements/peer.txt
	$(new_venv)
	$(call pinned,requirements/peer.txt)
	@touch $@

# PostHog SDKs of other years that the collector is tried with, each in an environment of its own.
.venv-posthog%/ready: requirements/client-posthog-%.txt
	$(new_venv)
	$(call pinned,requirements/client-posthog-$*.txt)
	@touch $@

# The PostHog SDK for Node; without npm on the machine its tests are passed over.
.node-clients/ready: libs/tests/collector/clients/package.json libs/tests/collector/clients/package-lock.json
ifneq ($(shell command -v npm),)
	@rm -rf $(@D) && mkdir $(@D) && cp $^ $(@D)
	$(call step,Preparing $(@D): the packages of $<,npm ci --prefix $(@D) --ignore-scripts --no-audit --no-fund)
	@touch $@
endif

compat: .venv/ready  ## every ending, at both ends of each promised range of versions
	@$(BIN)/nox --session compat $(ARGS)

programs: .venv/ready  ## programs of the registry, as they are and wrapped by three lines: the same output, and right events
	@rm -f .nox/.cache/programs.jsonl
	@$(BIN)/nox --session programs $(ARGS); status=$$?; \
	  $(BIN)/python libs/tests/adoption/matrix.py --table .nox/.cache/programs.jsonl; exit $$status

suites: .venv/ready  ## the own tests of Typer, Click and others, with every command tracked
	@$(BIN)/nox --session suites $(ARGS)

pictures: .venv/ready .node-clients/ready  ## take the README's pictures of the pages anew; needs Chromium
	@cd libs && ../$(BIN)/python -m tests.support.pictures

pin:  ## write the pinned requirements anew; needs uv
	uv pip compile pyproject.toml --group dev --universal --python-version 3.10 --generate-hashes \
	  --no-emit-package usagekit --no-emit-package usagekit-collector --no-strip-extras --no-header --upgrade --output-file requirements/dev.txt
	echo "arcade-mcp==1.16.3" | uv pip compile - --universal --python-version 3.10 --generate-hashes \
	  --no-strip-extras --no-header --upgrade --output-file requirements/peer.txt
	for version in 3.25.0 5.4.0 6.7.6; do echo "posthog==$$version" | uv pip compile - --universal --python-version 3.10 \
	  --generate-hashes --no-strip-extras --no-header --upgrade --output-file requirements/client-posthog-$${version%%.*}.txt; done
	npm install --prefix libs/tests/collector/clients --package-lock-only --omit-lockfile-registry-resolved \
	  --ignore-scripts --no-audit --no-fund

clean:
	rm -rf .venv .venv-bench .venv-peer .venv-posthog3 .venv-posthog5 .venv-posthog6 .node-clients .nox .coverage* .hypothesis .mypy_cache .pytest_cache .ruff_cache
