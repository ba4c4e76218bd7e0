# make demo, make test, make run and make lint need Python 3.11 and a network to a package index the first time, no more.
PYTHON ?= python3.11
VENV := .venv
BIN := $(CURDIR)/$(VENV)/bin
INSTALLED := $(VENV)/.installed

# The tests in two halves, side by side, each on a core: two that compute on both get in each other's way.
HALVES := breastcancer_api "breastwise detection imaging nets phantom reports training"

.PHONY: demo test test-servers fuzz run lint format

demo: $(INSTALLED)
	cd app && $(BIN)/python manage.py demo

test: $(INSTALLED)
	cd app && printf '%s\n' $(HALVES) | OMP_NUM_THREADS=1 xargs --max-procs 2 --max-lines=1 $(BIN)/python manage.py test --exclude-tag servers

# with a gunicorn of their own, Chromium, a bucket, an archive of images
test-servers: $(INSTALLED)
	cd app && $(BIN)/python manage.py test --tag servers breastcancer_api reports

# archives and DICOM files changed at random, 2,000 of each, and an exam written in 2,000 ways, sent to the API;
# 3,000 exams whose headers were changed at random
fuzz: $(INSTALLED)
	cd app && HEADER_EXAMPLES=3000 $(BIN)/python manage.py test imaging.tests.test_corrupted_headers
	cd app && FUZZ_EXAMPLES=2000 $(BIN)/python manage.py test breastcancer_api.tests.test_fuzz
	cd app && ROUND_TRIPS=2000 $(BIN)/python manage.py test breastcancer_api.tests.test_round_trips

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
