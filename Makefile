# make demo, make test, make run and make lint need Python 3.11 and a network to a package index the first time, no more.
PYTHON ?= python3.11
VENV := .venv
BIN := $(CURDIR)/$(VENV)/bin
INSTALLED := $(VENV)/.installed

.PHONY: demo test run lint format

demo: $(INSTALLED)
	cd app && $(BIN)/python manage.py demo

test: $(INSTALLED)
	cd app && $(BIN)/python manage.py test

run: $(INSTALLED)
	cd app && $(BIN)/python manage.py migrate --verbosity=0
	cd app && $(BIN)/python manage.py collectstatic --noinput --verbosity=0
	cd app && exec $(BIN)/gunicorn

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(INSTALLED)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

$(INSTALLED): requirements.txt requirements-dev.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --requirement requirements-dev.txt
	touch $@
