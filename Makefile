# Two commands do all the set-up: `make demo` and `make test`. Both work in one environment, .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: demo test lint bench docs-images clean

# With the sample recording, a cell selected and its trace in the dock; on a machine without a
# display it does the same on a virtual one and writes demo.png.
demo: $(STAMP) screen
	@scripts/with-screen.sh $(BIN)/python scripts/demo.py

test: $(STAMP) screen
	@scripts/with-screen.sh $(BIN)/python -m pytest --numprocesses=2 --dist=worksteal $(ARGS)

lint: $(STAMP)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/npe2 validate napari-isx

bench: $(STAMP) screen
	@scripts/with-screen.sh $(BIN)/python -m benchmarks $(ARGS)

docs-images: $(STAMP) screen
	@VIRTUAL_SCREEN=1 scripts/with-screen.sh $(BIN)/python scripts/make_screenshots.py

.PHONY: screen
screen:
	@scripts/install-screen.sh

$(STAMP): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable ".[all,dev]"
	@touch $@

clean:
	rm -rf $(VENV) dist build demo.png .mypy_cache .ruff_cache .pytest_cache .hypothesis
