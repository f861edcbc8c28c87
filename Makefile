# Two commands matter: `make run` executes every lesson, `make test` checks everything.
# The plain commands behind each target are in the README.

PYTHON ?= python3
REQUIREMENTS ?= requirements.txt
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready
SITE_READY := $(VENV)/site-ready
AS_ROOT = $(if $(filter 0,$(shell id -u 2>&1)),--allow-root)

.PHONY: run test lint check lab notebooks notebook site assignments grade bench colab \
	clean

run: $(READY)
	@$(BIN)/python -m tools.notebooks run

test: $(SITE_READY)
	$(BIN)/python -m pytest -n 2 --dist worksteal
	$(BIN)/python -m tools.notebooks test

lint: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

check: lint
	$(BIN)/python -m pytest -n 2 -m "not slow"

lab: $(READY)
	$(if $(AS_ROOT),@echo "JupyterLab refuses root without $(AS_ROOT): passed.")
	$(BIN)/jupyter lab $(AS_ROOT) notebooks/01_interpolation.ipynb

notebooks: $(READY)
	$(BIN)/python -m tools.notebooks build

# One lesson: make notebook LESSON=02_srcnn
notebook: $(READY)
	$(BIN)/python -m tools.notebooks build $(LESSON)
	@$(BIN)/python -m tools.notebooks run $(LESSON)

# The committed notebooks as a web site in build/site; nothing is executed.
site: $(SITE_READY)
	@$(BIN)/python -m tools.site

# The students' notebooks, from notebooks/assignments/src
assignments: $(READY)
	$(BIN)/python -m sr_utils.grading build

# make grade SUBMISSIONS=folder SEED=a-number-of-your-own
SUBMISSIONS ?= notebooks/assignments/examples
grade: $(READY)
	@$(BIN)/python -m sr_utils.grading grade "$(SUBMISSIONS)" \
		$(if $(SEED),--seed $(SEED)) $(if $(ASSIGNMENT),--assignment $(ASSIGNMENT))

bench: $(READY)
	@$(BIN)/python -m benchmarks

# Another 3 GB: the lessons beside Colab's packages, in build/colab.
colab:
	@$(PYTHON) tools/check_python.py
	$(PYTHON) -m tools.colab

clean:
	rm -rf $(VENV) build/colab build/*.html build/*.ipynb build/site build/site-work \
	  build/npm

$(READY): $(REQUIREMENTS) pyproject.toml
	@$(PYTHON) tools/check_python.py
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r $(REQUIREMENTS)
	@touch $@

$(SITE_READY): site/requirements.txt $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@
