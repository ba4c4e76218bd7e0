"""A zip is a synthetic exam, and an id often that of a study that is there."""

import os
from pathlib import Path

import schemathesis
from hypothesis import strategies

EXAM = Path(os.environ["EXAM"]).read_bytes()
STUDIES = os.environ["STUDIES"].split()

schemathesis.openapi.media_type("application/zip", strategies.just(EXAM))
schemathesis.openapi.format("uuid", strategies.sampled_from(STUDIES) | strategies.uuids().map(str))
