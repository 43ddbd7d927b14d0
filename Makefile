# The book's commands. Needs Python 3.11 to 3.14 and make; everything else goes into .venv.
PYTHON ?= python3
# Which of PyTorch's builds: cpu, one by its name, as cu126, or (uv alone) auto; without a word, that of the package index.
TORCH ?=
# What installs: uv where it is on the path, else pip; INSTALLER=pip insists.
INSTALLER ?= $(if $(shell command -v uv 2>/dev/null),uv,pip)
VENV := .venv
BIN := $(VENV)/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
READER := $(VENV)/.installed
INSTALLED := $(VENV)/.installed-dev
BOOK := $(BIN)/bookkit
# A kernel talks to its client over loopback, which a new network namespace has switched off (0x8914: set flags; 1: up).
export LOOPBACK_UP := import fcntl, socket, struct; fcntl.ioctl(socket.socket(), 0x8914, struct.pack("16sh", b"lo", 1))
export PYTHONUTF8 := 1

.DEFAULT_GOAL := help
.PHONY: help book dist test lab run full clean lint unit nbval smoke site-check test-portable test-offline test-elsewhere doctor install install-dev lock resolve \
	links newest nightly data bench test-slow test-mutations test-places

help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /make \1\t/' | expand -t 22

# PyTorch's own builds, one folder each.
TORCH_BUILDS := https://download.pytorch.org/whl
# One way to install, for a reader's packages and for a maintainer's. A torch that is there already and fits is kept.
install_pip = $(if $(TORCH),PIP_EXTRA_INDEX_URL="$$PIP_EXTRA_INDEX_URL $(TORCH_BUILDS)/$(TORCH)") $(BIN)/python -m pip install --quiet --disable-pip-version-check
install_uv = $(if $(TORCH),UV_TORCH_BACKEND=$(TORCH)) uv pip install --quiet --python $(BIN)/python
venv_pip = $(PYTHON) -m venv $(VENV)
venv_uv = uv venv --quiet --seed --python $(PYTHON) $(VENV)
LOCK = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-annotate --no-emit-package torchbook \
	--custom-compile-command "make lock (each build of PyTorch pins its own CUDA packages)" $(if $(UPGRADE),--upgrade)
define install
	@$(PYTHON) src/bookkit/before.py $(INSTALLER) $(TORCH)
	@test -x $(BIN)/python || $(venv_$(INSTALLER))
	$(install_$(INSTALLER)) -r $(1) -c requirements.lock
endef

$(READER): requirements.txt requirements.lock pyproject.toml
	$(call install,requirements.txt)
	@touch $@

$(INSTALLED): requirements-dev.txt requirements.txt requirements.lock pyproject.toml
	$(call install,requirements-dev.txt)
	@touch $(READER) $@

install: $(READER) ## what a reader needs, into .venv
install-dev: $(INSTALLED) ## what a maintainer needs, into .venv

book: $(READER) ## build the website from the stored outputs; prints the path of index.html
	$(BOOK) site

dist: $(INSTALLED) ## files to hand on, in _build/dist: the site with EPUB and PDF, the students' copies, the package, all parts (SBOM)
	rm -rf _build/dist && mkdir -p _build/dist
	$(BOOK) site --strict
	$(BOOK) editions
	$(BIN)/python -c "import shutil; shutil.make_archive('_build/dist/site', 'zip', '_build/html')"
	$(BOOK) student --to _build/dist/student
	$(BIN)/python -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir _build/dist .
	$(BIN)/cyclonedx-py environment $(BIN)/python --pyproject pyproject.toml --output-file _build/dist/sbom.json

test: $(INSTALLED) lint unit nbval smoke site-check ## everything that CI runs

lint: $(INSTALLED) ## ruff (notebooks too), types, the rules for chapters, the workflows, CITATION.cff
	$(BIN)/ruff check .
	$(BIN)/ruff format --check src tests benchmarks
	$(BIN)/mypy
	$(BOOK) lint
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.citation-file-format CITATION.cff
	$(BIN)/zizmor --offline --quiet .github

unit: $(INSTALLED) ## unit tests
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest tests -n 2 --ignore=tests/site

nbval: $(INSTALLED) ## run every notebook and compare with the stored outputs
	$(BOOK) verify

smoke: $(INSTALLED) ## run every notebook with the smoke profile, and those that take own data on such data
	$(BOOK) run --profile smoke
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest tests/notebooks/test_own_data.py -m own_data -n 2

site-check: $(INSTALLED) ## build the site without a warning and check its pages
	$(BOOK) site --strict
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest tests/site -n 2 --dist loadgroup

test-portable: $(INSTALLED) ## the stored outputs on other processors, emulated
	ATEN_CPU_CAPABILITY=avx2 ONEDNN_MAX_CPU_ISA=AVX2 $(BOOK) verify
	ATEN_CPU_CAPABILITY=default ONEDNN_MAX_CPU_ISA=SSE41 $(BOOK) verify

test-offline: $(INSTALLED) ## the notebooks without any network (Linux)
	unshare -rn sh -c '$(BIN)/python -c "$$LOOPBACK_UP" && $(BOOK) verify'

test-slow: $(INSTALLED) ## what `make test` leaves out, and thousands of attacks on all that is read; RECORD=1 writes the table of the site
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest tests -n 2 -m "faults or long" --fault-table $(if $(RECORD),book/results,$(VENV))/faults.json

test-mutations: $(INSTALLED) ## plant mistakes in copies of the notebooks, to be refused (an hour); RECORD=1 likewise
	$(BIN)/python tests/notebooks/mutations.py $(if $(RECORD),--record)

test-elsewhere: $(INSTALLED) ## chapters as downloaded from the site, in a new environment without the book (slow)
	$(if $(TORCH),PIP_EXTRA_INDEX_URL=$(TORCH_BUILDS)/$(TORCH)) $(BIN)/python tests/elsewhere/run_downloads.py

test-places: $(INSTALLED) ## chapters offline, read-only, twice at once, in other locales, threads and paths (Linux); CHAPTERS=all or "03 05"
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest tests/elsewhere -m long

lab: $(READER) ## JupyterLab on a notebook that says where to begin; its kernel is this environment's
	JUPYTER_PREFER_ENV_PATH=1 $(BIN)/jupyter lab --ServerApp.root_dir=. --LabApp.default_url=/lab/tree/notebooks/START_HERE.ipynb

run: $(READER) ## re-execute every notebook (quick) and show what changes; ACCEPT=1 stores it
	$(BOOK) run --save $(if $(ACCEPT),--accept)

full: $(READER) ## the full profile: real data where present, all cores or the GPU
	$(BOOK) run --profile full

bench: $(INSTALLED) ## the short benchmarks (the loop, imports, the site); nothing is changed, see their --record
	$(BIN)/python benchmarks/loop_cost.py
	$(BIN)/python benchmarks/book_cost.py --part import --part site

doctor: ## what works on this machine; before an installation, what it would download
	@if test -e $(READER); then $(BOOK) doctor; else $(PYTHON) src/bookkit/before.py $(INSTALLER) $(TORCH); fi

lock: $(INSTALLED) ## write requirements.lock and requirements-hashes.lock anew (UPGRADE=1 takes the newest versions)
	$(LOCK) requirements-dev.txt -o requirements.lock
	grep -vE '^(cuda|nvidia)-' requirements.lock > requirements.lock.new && mv requirements.lock.new requirements.lock
	$(LOCK) --generate-hashes requirements-dev.txt -c requirements.lock -o requirements-hashes.lock

resolve: $(INSTALLED) ## the pins and the lock have wheels for every Python and system named (needs the package index)
	$(BIN)/python -m pytest -m network tests/bookkit/test_bookkit_packages.py

links: $(INSTALLED) ## follow every link of the book (needs the network)
	$(BIN)/jupyter-book build . --config _config.yml --toc book/_toc.yml --builder linkcheck

newest: ## unit tests and notebooks under the newest PyTorch, in .venv-newest
nightly: ## unit tests and notebooks under the nightly PyTorch, in .venv-nightly
newest nightly:
	$(MAKE) VENV=.venv-$@ install-dev
	$(call build_$@) .venv-$@/bin/python -m pip install --quiet --upgrade torch torchvision
	$(MAKE) VENV=.venv-$@ unit smoke
build_newest = $(if $(TORCH),PIP_EXTRA_INDEX_URL=$(TORCH_BUILDS)/$(TORCH))
build_nightly = PIP_PRE=1 PIP_EXTRA_INDEX_URL=$(TORCH_BUILDS)/nightly/$(or $(TORCH),cpu)

data: $(READER) ## fetch every real data set; a mirror that fails is told, and the others go on
	-$(BOOK) data fetch

clean: ## remove what was built (not .venv)
	rm -rf _build .pytest_cache .ruff_cache
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
