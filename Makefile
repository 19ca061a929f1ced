# make run · make test · make setup · make check · make eval
# Needs Python ≥ 3.11 and a package registry; everything else is made here, in .venv.

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
PORT ?= 7860
VENV := .venv
PY := $(VENV)/bin/python
STAMP := $(VENV)/.installed

.PHONY: run test setup check eval lock

run: setup
	PORT=$(PORT) $(PY) -m ui

test: setup
	$(PY) -m pytest

setup: $(STAMP)

check: setup
	$(PY) -m ruff format .
	$(PY) -m ruff check --fix .
	$(PY) -m mypy

eval: setup
	$(PY) -m eval

# The environment is made anew only when the lock has changed.
$(STAMP): requirements.lock
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed; set PYTHON to its path" >&2; exit 1; }
	@test -x $(PY) || $(PYTHON) -m venv $(VENV) || { echo "python -m venv does not work here (on Debian: apt install python3-venv)" >&2; exit 1; }
	$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	@touch $(STAMP)

# For maintainers, with uv: write the lock from pyproject.toml.
lock:
	uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-annotate --no-header --quiet -o requirements.lock
