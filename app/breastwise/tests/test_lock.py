"""requirements.lock and requirements-torch.lock: what requirements.txt pins and all that it needs, by hash."""

import re
from pathlib import Path

from django.test import SimpleTestCase

REPOSITORY = Path(__file__).resolve().parents[3]
LOCKS = ("requirements.lock", "requirements-torch.lock")
# name, version, where it is needed, and a hash for each file
BLOCK = r"[a-z0-9._-]+(\[[a-z0-9,_-]+\])?==\S+( ; [^\\\n]+)?( \\\n    --hash=sha256:[0-9a-f]{64})+"
PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]+\])?==([^\s;\\]+)", re.MULTILINE)


def pins(*files: str) -> dict[str, str]:
    """Version by name, as Python's packages are named (PEP 503)."""
    found = [each for file in files for each in PIN.findall((REPOSITORY / file).read_text())]
    return {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in found}


class LockTests(SimpleTestCase):
    def test_lock_has_what_is_pinned(self):
        pinned, locked = pins("requirements.txt"), pins(*LOCKS)
        self.assertEqual({name: locked.get(name) for name in pinned}, pinned)

    def test_every_file_is_known_by_its_hash(self):
        for file in LOCKS:
            blocks = re.split(r"\n(?=\S)", (REPOSITORY / file).read_text().strip())
            self.assertEqual([each for each in blocks if not re.fullmatch(BLOCK, each)], [], file)

    def test_torchs_pair_and_what_only_that_needs_is_apart(self):
        apart = pins("requirements-torch.lock")
        self.assertLess({"torch", "torchvision", "triton"}, apart.keys())
        others = [each for each in pins("requirements.lock") if re.match("torch(vision)?$|triton|nvidia|cuda", each)]
        self.assertEqual(others, [])
        self.assertEqual(apart.keys() & pins("requirements.lock").keys(), set())

    def test_no_lock_says_where_files_come_from(self):
        for file in LOCKS:
            self.assertNotRegex((REPOSITORY / file).read_text(), "https?:|--(extra-)?index|--find-links| @ ")

    def test_image_and_docs_ask_for_hashes(self):
        for file in ("Dockerfile.prod", "docs/install.md"):
            asked = re.findall(r"pip install (.*)-r requirements[\w.-]*lock", (REPOSITORY / file).read_text())
            self.assertTrue(asked)
            self.assertEqual([each for each in asked if "--require-hashes" not in each], [], file)
