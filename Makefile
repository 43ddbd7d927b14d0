# The book's commands. Needs Python >= 3.10 and make; everything else goes into .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
INSTALLED := $(VENV)/.installed
BOOK := $(BIN)/bookkit
# A kernel talks to its client over loopback, which a new network namespace has switched off (0x8914: set flags; 1: up).
export LOOPBACK_UP := import fcntl, socket, struct; fcntl.ioctl(socket.socket(), 0x8914, struct.pack("16sh", b"lo", 1))
export PYTHONUTF8 := 1

.DEFAULT_GOAL := help
.PHONY: help book test lab run full clean lint unit nbval smoke site-check test-portable test-offline doctor bench

help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /make \1\t/' | expand -t 22

$(INSTALLED): requirements.txt pyproject.toml
	$(PYTHON) -c "import sys; sys.exit(None if sys.version_info >= (3, 10) else 'Python 3.10 or newer is needed, this is ' + sys.version.split()[0])"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

book: $(INSTALLED) ## build the website from the stored outputs; prints the path of index.html
	$(BOOK) site

test: $(INSTALLED) lint unit nbval smoke site-check ## everything that CI runs

lint: $(INSTALLED) ## ruff (notebooks too), the rules for chapters, the workflow files
	$(BIN)/ruff check .
	$(BIN)/ruff format --check src tests benchmarks
	$(BOOK) lint
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml

unit: $(INSTALLED) ## unit tests
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest tests -n 2 --ignore=tests/site

nbval: $(INSTALLED) ## run every notebook and compare with the stored outputs
	$(BOOK) verify

smoke: $(INSTALLED) ## run every notebook with the smoke profile
	$(BOOK) run --profile smoke

site-check: $(INSTALLED) ## build the site without a warning and check its pages
	$(BOOK) site --strict
	$(BIN)/python -m pytest tests/site

test-portable: $(INSTALLED) ## the stored outputs on other processors, emulated
	ATEN_CPU_CAPABILITY=avx2 ONEDNN_MAX_CPU_ISA=AVX2 $(BOOK) verify
	ATEN_CPU_CAPABILITY=default ONEDNN_MAX_CPU_ISA=SSE41 $(BOOK) verify

test-offline: $(INSTALLED) ## the notebooks without any network (Linux)
	unshare -rn sh -c '$(BIN)/python -c "$$LOOPBACK_UP" && $(BOOK) verify'

lab: $(INSTALLED) ## JupyterLab in notebooks/
	$(BIN)/jupyter lab --notebook-dir notebooks

run: $(INSTALLED) ## re-execute every notebook (quick) and store its outputs
	$(BOOK) run --save

full: $(INSTALLED) ## the full profile: real data where present, all cores or the GPU
	$(BOOK) run --profile full

bench: $(INSTALLED) ## the short benchmarks (the loop, imports, the site); nothing is changed, see their --record
	$(BIN)/python benchmarks/loop_cost.py
	$(BIN)/python benchmarks/book_cost.py --part import --part site

doctor: $(INSTALLED) ## what works on this machine, and what to do about the rest
	$(BOOK) doctor

clean: ## remove what was built (not .venv)
	rm -rf _build .pytest_cache .ruff_cache
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
