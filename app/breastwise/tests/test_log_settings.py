import json
import logging
import os
import subprocess
import sys

from django.test import SimpleTestCase

from breastcancer_api.local_server import APP
from breastwise.log_settings import log_settings

# logs as each of the three does, in a process of its own: loggers are everybody's
LOGGERS = ["django.security", "gunicorn.error", "celery.worker", "multiprocessing"]
SCRIPT = f"""
import logging.config, sys
from breastwise.log_settings import log_settings
logging.config.dictConfig(log_settings("INFO", sys.argv[1]))
for name in {LOGGERS}:
    logging.getLogger(name).warning("told")
    logging.getLogger(name).debug("not told")
logging.getLogger("pydicom").warning("Doe^Jane")
"""


class LogSettingsTests(SimpleTestCase):
    def logged(self, written: str) -> tuple[str, str]:
        """What goes to stdout and to stderr."""
        command = [sys.executable, "-c", SCRIPT, written]
        found = subprocess.run(command, cwd=APP, env=os.environ, capture_output=True, text=True, check=True)
        return found.stdout, found.stderr

    def test_json_goes_to_stdout_an_object_a_line(self):
        out, errors = self.logged("json")
        names = [json.loads(line)["logger"] for line in out.splitlines()]
        self.assertEqual((names, errors), (LOGGERS, ""))

    def test_text_goes_to_stderr(self):
        out, errors = self.logged("line")
        self.assertEqual(len(errors.splitlines()), len(LOGGERS))
        self.assertRegex(errors, r"^\d{4}-\d\d-\d\d .* WARNING django.security: told\n")
        self.assertEqual(out, "")

    def test_whatever_is_printed_passes_the_filter_of_addresses(self):
        found = log_settings("INFO", "line")
        self.assertEqual(found["handlers"]["console"]["filters"], ["known_addresses"])
        self.assertEqual(found["filters"]["known_addresses"], {"()": "breastcancer_api.log_lines.KnownAddresses"})

    def test_answer_that_is_foreseen_is_no_error(self):
        seen = log_settings("INFO", "line")["filters"]["unforeseen"]["callback"]
        told = [logging.makeLogRecord({"status_code": status}) for status in (503, 500)]
        self.assertEqual([seen(each) for each in told], [False, True])
