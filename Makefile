# Each command does all the set-up that it needs. All work in one environment, .venv.
# ARGS are passed on: make test ARGS="tests/io -k gpio", make bench ARGS="--quick".
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

# The screen is asked for first: without it there is no need for 1.3 GB of packages.
.NOTPARALLEL:
.PHONY: demo test lint bench docs docs-images clean

# With the sample recording, a cell selected and its trace in the dock; on a machine without a
# display it does the same on a virtual one and writes demo.png.
demo: screen $(STAMP)
	@scripts/with-screen.sh $(BIN)/python scripts/demo.py

test: screen $(STAMP)
	@scripts/with-screen.sh $(BIN)/python -m pytest --numprocesses=2 --dist=worksteal $(ARGS)

lint: $(STAMP)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/npe2 validate napari-isx

bench: screen $(STAMP)
	@scripts/with-screen.sh $(BIN)/python -m benchmarks $(ARGS)

# The site, in site/: every link within it and every reference to the API has to lead somewhere.
docs: $(STAMP)
	$(BIN)/mkdocs build --strict --quiet

docs-images: screen $(STAMP)
	@VIRTUAL_SCREEN=1 scripts/with-screen.sh $(BIN)/python scripts/make_screenshots.py

.PHONY: screen
screen:
	@scripts/install-screen.sh

$(STAMP): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable ".[all,dev,docs]"
	@touch $@

clean:
	rm -rf $(VENV) dist build site demo.png .mypy_cache .ruff_cache .pytest_cache .hypothesis
