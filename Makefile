# make demo, make test, make run and make lint need Python 3.11 and a network to a package index the first time, no more.
PYTHON ?= python3.11
VENV := .venv
BIN := $(CURDIR)/$(VENV)/bin
INSTALLED := $(VENV)/.installed

# The tests in two halves, side by side, each on a core: two that compute on both get in each other's way.
HALVES := breastcancer_api "breastwise detection imaging nets phantom reports training"

# Tools that look at what is installed; apart, so that theirs is no part of it.
AUDIT := $(CURDIR)/.venv-audit
AUDITED := $(AUDIT)/.installed
LOCKS := requirements.lock requirements-torch.lock

.PHONY: demo test test-servers docker-test docs fuzz soak run lint types format security secrets lock audit sbom release-check

demo: $(INSTALLED)
	cd app && $(BIN)/python manage.py demo

test: $(INSTALLED)
	cd app && printf '%s\n' $(HALVES) | OMP_NUM_THREADS=1 xargs --max-procs 2 --max-lines=1 $(BIN)/python manage.py test --exclude-tag servers

# with a gunicorn or nginx of their own, Chromium, a bucket, an archive of images
test-servers: $(INSTALLED)
	cd app && $(BIN)/python manage.py test --tag servers breastcancer_api breastwise reports

# what tests hold of the pages: schema, settings, errors, commands, links, versions
docs: $(INSTALLED)
	cd app && $(BIN)/python manage.py test breastwise.tests.test_docs breastwise.tests.test_security_page \
	  breastwise.tests.test_version breastcancer_api.tests.test_schema

# the compose stack, built and run; TORCH=cuda: with the image for GPUs
docker-test: $(INSTALLED)
	$(BIN)/python .ci/docker_stack.py --out docs/docker-figures.md

# archives and DICOM files changed at random, 2,000 of each, and an exam written in 2,000 ways, sent to the API;
# 3,000 exams whose headers were changed at random
fuzz: $(INSTALLED)
	cd app && HEADER_EXAMPLES=3000 $(BIN)/python manage.py test imaging.tests.test_corrupted_headers
	cd app && FUZZ_EXAMPLES=2000 $(BIN)/python manage.py test breastcancer_api.tests.test_fuzz
	cd app && ROUND_TRIPS=2000 $(BIN)/python manage.py test breastcancer_api.tests.test_round_trips

# clients of every kind for MINUTES, while the database stops, the disk is full and the database's clock is set (docs/soak.md);
# wants Debian's postgresql; libfaketime for the clock, and root for a disk of its own
MINUTES ?= 30
soak: $(INSTALLED)
	cd app && $(BIN)/python manage.py soak --minutes $(MINUTES)

run: $(INSTALLED)
	cd app && $(BIN)/python manage.py migrate --verbosity=0
	cd app && $(BIN)/python manage.py collectstatic --noinput --verbosity=0
	cd app && exec $(BIN)/gunicorn

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(INSTALLED)
	$(BIN)/mypy --strict clients/python/breastwise.py

format: $(INSTALLED)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# requirements.txt and all that it needs, each file by its hash, for Python 3.11; torch's pair, and what only that needs,
# apart (Dockerfile.prod). `make lock UPGRADE=--upgrade` takes later versions of what requirements.txt is silent about.
lock: $(AUDITED)
	cat $(LOCKS) > .lock
	$(AUDIT)/bin/uv pip compile requirements.txt --output-file .lock --universal --python-version 3.11 $(UPGRADE) \
	  --generate-hashes --no-header --no-annotate --no-config --no-emit-index-url --no-emit-find-links --quiet
	awk '/^[a-z]/ {file = /^(torch|torchvision|triton|nvidia-[a-z0-9-]+|cuda-[a-z]+)(\[|=)/ ? "requirements-torch.lock" : "requirements.lock"} \
	  {print > file}' .lock
	rm .lock

# holes in the code (ruff's rules in `make lint` look for more), and what Django has to say of a server on a network
security: $(INSTALLED) $(AUDITED)
	$(AUDIT)/bin/bandit --quiet --recursive --configfile pyproject.toml app clients
	cd app && PUBLISHED=0.0.0.0:8000 ANONYMOUS=0 TLS=1 $(BIN)/python manage.py check --deploy --fail-level WARNING

# keys and tokens of known forms; what only looks random or is called a password is in every test
secrets: $(AUDITED)
	git ls-files -z | xargs -0 $(AUDIT)/bin/detect-secrets-hook --disable-plugin Base64HighEntropyString \
	  --disable-plugin HexHighEntropyString --disable-plugin KeywordDetector

# known holes in what is locked
audit: $(AUDITED)
	$(AUDIT)/bin/pip-audit --strict --disable-pip --require-hashes $(LOCKS:%=--requirement %) $(AUDIT_OPTIONS)

# what the image is made of, as CycloneDX
sbom: $(AUDITED)
	cat $(LOCKS) | $(AUDIT)/bin/cyclonedx-py requirements --output-reproducible --output-file sbom.json -

# all that a release needs. STEPS="lint docs": these alone. WITHOUT="audit docker-test": what may be not done, as here
# where Docker or the service of advisories does not answer
release-check: $(INSTALLED) $(AUDITED)
	$(BIN)/python .ci/release_check.py $(STEPS) $(if $(WITHOUT),--without $(WITHOUT))

$(AUDITED): requirements-audit.txt
	$(PYTHON) -m venv $(AUDIT)
	$(AUDIT)/bin/pip install --quiet --requirement requirements-audit.txt
	touch $@

$(INSTALLED): requirements.txt requirements-dev.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --requirement requirements-dev.txt
	touch $@
