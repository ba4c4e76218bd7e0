"""Whatever is done to an exam, the answer is a study or a problem with a code, in time, and nothing is left.

``FUZZ_EXAMPLES`` says how many archives and how many DICOM files are tried; ``make fuzz`` tries 2,000 of each.
"""

import os
import resource
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from breastcancer_api.networks import networks
from breastcancer_api.tests.test_studies import StudiesTestCase, flat, phantom_files
from imaging.tests.encodings import every_syntax
from imaging.tests.mutations import mutated
from imaging.tests.slices import zip_bytes

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "25"))
LONGEST_ANSWER = timedelta(seconds=30)
MOST_MEMORY = 1_000_000_000  # bytes beyond what the process holds with its networks in memory
FUZZING = settings(
    max_examples=EXAMPLES, deadline=LONGEST_ANSWER, suppress_health_check=list(HealthCheck), print_blob=True
)
FILES = phantom_files()
ARCHIVES = st.sampled_from([zip_bytes(FILES), zip_bytes(flat(FILES))])
SYNTAXES = st.sampled_from(sorted(every_syntax()))
ADDRESSES = st.sampled_from(("/upload/", "/studies/", "/validate/"))


def peak_memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


class FuzzTests(TestCase, StudiesTestCase):
    def setUp(self):
        super().setUp()
        networks()
        before = peak_memory()
        self.addCleanup(lambda: self.assertLess(peak_memory() - before, MOST_MEMORY))

    def answered(self, response) -> None:
        if response.status_code not in (200, 201):
            self.assertIn(response.status_code, (400, 413))
            self.assertEqual(response["Content-Type"], "application/problem+json")
            self.assertTrue(response.json()["code"])
        self.assert_nothing_left()

    @FUZZING
    @given(st.builds(mutated, ARCHIVES, ARCHIVES, st.randoms()), ADDRESSES)
    def test_mutated_archive_is_answered(self, content, address):
        self.answered(self.send(address, content, name="series.zip"))

    @FUZZING
    @given(st.sampled_from(sorted(FILES)), SYNTAXES, st.randoms(), ADDRESSES)
    def test_mutated_dicom_file_is_answered(self, name, syntax, random, address):
        encoded = random.choice((FILES[name], every_syntax()[syntax]))
        self.answered(self.send(address, FILES | {name: mutated(encoded, FILES[name], random)}, name="series.zip"))
