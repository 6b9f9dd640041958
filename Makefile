# Everything a person needs: make run, make test. The rest is for those who change the code.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
HOME_FOLDER := $(if $(SIGHTLINE_HOME),--home $(SIGHTLINE_HOME),)
DATA ?=

.PHONY: run setup test test-weights check format eval bench docs train-embedded train-permissive clean

# The server migrates the database itself, before it answers the first page.
run: setup
	@$(BIN)/sightline models pull $(HOME_FOLDER)
	@exec $(BIN)/sightline serve $(HOME_FOLDER)

setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys, venv, ensurepip; assert sys.version_info[:2] in ((3, 11), (3, 12))' \
		|| { echo "Python 3.11 or 3.12 with venv is needed (Debian: apt install python3-venv)."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --disable-pip-version-check -c constraints.txt -e '.[dev,eval,faces]'
	@touch $(STAMP)

# Two processes, for tests that use one core; then the browser's, which wait for pages, alone.
test: setup
	$(BIN)/python -m pytest -n 2 --dist worksteal -m 'not slow and not browser'
	$(BIN)/python -m pytest -m browser

test-weights: setup
	$(BIN)/python -m pytest -m slow

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python scripts/generate_docs.py --check
	$(BIN)/python scripts/check_schema.py

format: setup
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: setup
	$(BIN)/python scripts/generate_docs.py

eval: setup
	$(BIN)/sightline eval baseline $(if $(DATA),--data $(DATA),)

bench: setup
	$(BIN)/python -m benchmarks.run

train-embedded: setup
	@test -n "$(DATA)" || { echo "Say where the data is: make train-embedded DATA=folder"; exit 1; }
	$(BIN)/sightline tune prepare $(HOME_FOLDER) --what clip --run clip $(DATA)/flickr8k
	$(BIN)/sightline tune train $(HOME_FOLDER) --run clip
	$(BIN)/sightline tune evaluate $(HOME_FOLDER) --run clip --limit 1000
	$(BIN)/sightline tune prepare $(HOME_FOLDER) $(DATA)/flickr8k $(DATA)/visual7w $(DATA)/daquar
	$(BIN)/sightline tune train $(HOME_FOLDER)
	$(BIN)/sightline tune evaluate $(HOME_FOLDER)

train-permissive: setup
	@test -n "$(DATA)" || { echo "Say where the data is: make train-permissive DATA=folder"; exit 1; }
	$(BIN)/sightline tune prepare $(HOME_FOLDER) --what clip --run clip-permissive $(DATA)/visual7w
	$(BIN)/sightline tune train $(HOME_FOLDER) --run clip-permissive
	$(BIN)/sightline tune evaluate $(HOME_FOLDER) --run clip-permissive --limit 1000
	$(BIN)/sightline tune prepare $(HOME_FOLDER) --run permissive $(DATA)/visual7w
	$(BIN)/sightline tune train $(HOME_FOLDER) --run permissive
	$(BIN)/sightline tune evaluate $(HOME_FOLDER) --run permissive

clean:
	rm -rf $(VENV) .cache build *.egg-info
