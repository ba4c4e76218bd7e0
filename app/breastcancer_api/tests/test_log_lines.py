import json
import logging
import uuid

from django.test import RequestFactory, SimpleTestCase
from gunicorn.glogging import SafeAtoms

from breastcancer_api import tracing
from breastcancer_api.log_lines import JsonLine, KnownAddresses, TextLine, telling
from breastcancer_api.problems import incident

PATIENT = "Doe^Jane born 19700101"  # by name: frames quote lines of the code


def record(message: str, *args: object, name: str = "a.b", error: BaseException | None = None, **extra):
    told = (type(error), error, error.__traceback__) if error else None
    made = logging.LogRecord(name, logging.WARNING, __file__, 1, message, args, told)
    made.__dict__.update(extra)
    made.created = 1_800_000_000.25
    return made


def raised() -> Exception:
    """An error that quotes a patient and was led to by another that does."""
    try:
        try:
            raise KeyError(PATIENT)
        except KeyError as error:
            raise ValueError(PATIENT) from error
    except ValueError as error:
        return error


class JsonLineTests(SimpleTestCase):
    def line(self, *args, **kwargs) -> dict:
        text = JsonLine().format(record(*args, **kwargs))
        self.assertNotIn("\n", text)
        return json.loads(text)

    def test_line_is_one_object(self):
        self.assertEqual(
            self.line("%d exams\nwait", 3),
            {
                "time": "2027-01-15T08:00:00.250+00:00",
                "level": "WARNING",
                "logger": "a.b",
                "message": "3 exams\nwait",
            },
        )

    def test_exception_is_told_without_its_text(self):
        line = self.line("failed", error=raised())
        self.assertNotIn("Doe", json.dumps(line))
        self.assertEqual(line["exception"], "ValueError")
        self.assertIn("in raised", line["frames"][0])
        self.assertIn("KeyError, and then\n", line["frames"])

    def test_what_a_message_brings_along_stays_out_but_for_what_is_known(self):
        line = self.line("a", request="Doe^Jane", status_code=500, incident="1f")
        self.assertEqual(sorted(line), ["incident", "level", "logger", "message", "time"])

    def test_study_in_hand_is_told(self):
        key = uuid.uuid4()
        with tracing.about(key):
            self.assertEqual(self.line("a")["study"], str(key))

    def test_access_of_gunicorn_is_told_in_fields(self):
        atoms = {"m": "GET", "U": "/livez", "s": "200", "B": 18, "L": "0.002000", "{x-request-id}o": "abc"}
        line = self.line("%(m)s %(U)s", atoms, name="gunicorn.access")
        told = {name: line[name] for name in ("message", "method", "path", "status", "bytes", "seconds", "request")}
        expected = {"message": "GET /livez", "method": "GET", "path": "/livez", "status": 200, "bytes": 18}
        self.assertEqual(told, expected | {"seconds": 0.002, "request": "abc"})

    def test_incident_is_told_with_its_id_and_its_place(self):
        with self.assertLogs("breastcancer_api.problems") as told:
            body = incident(raised(), "a test")
        line = json.loads(JsonLine().format(told.records[0]))
        self.assertIn(line["incident"], body["detail"])
        self.assertEqual((line["exception"], line["level"]), ("ValueError", "ERROR"))
        self.assertIn("in raised", line["frames"][-1])
        self.assertNotIn("Doe", str(line))


class TextLineTests(SimpleTestCase):
    def test_exception_is_told_without_its_text(self):
        text = TextLine("{levelname} {name}: {message}", style="{").format(record("failed", error=raised()))
        self.assertTrue(text.startswith("WARNING a.b: failed\n"))
        self.assertTrue(text.endswith("ValueError"))
        self.assertIn("in raised", text)
        self.assertNotIn("Doe", text)

    def test_frames_of_an_incident_follow_the_line(self):
        with self.assertLogs("breastcancer_api.problems") as told:
            incident(raised(), "a test")
        text = TextLine("{message}", style="{").format(told.records[0])
        self.assertRegex(text, r"^incident [0-9a-f]{32} in a test: ValueError\n")
        self.assertIn("in raised", text)


class KnownAddressesTests(SimpleTestCase):
    def told(self, *args, **kwargs) -> str:
        made = record(*args, **kwargs)
        self.assertTrue(KnownAddresses().filter(made))
        return made.getMessage()

    def test_what_a_client_typed_is_in_no_line_of_django(self):
        request = RequestFactory().get("/Doé^Jane")
        typed = "/Do\\xe9^Jane"
        self.assertEqual(self.told("%s: %s", "Not Found", typed, request=request), "Not Found: other")

    def test_address_of_ours_stays(self):
        request = RequestFactory().put("/networks/")
        line = self.told("Method Not Allowed (%s): %s", "PUT", "/networks/", request=request)
        self.assertEqual(line, "Method Not Allowed (PUT): /networks/")

    def test_what_a_client_typed_is_in_no_access(self):
        atoms = SafeAtoms({"m": "GET", "U": "/Doe^Jane", "s": "404", "B": 18, "L": "0.002000"})
        made = record("%(m)s %(U)s", atoms, name="gunicorn.access")
        KnownAddresses().filter(made)
        line = json.loads(JsonLine().format(made))
        self.assertEqual((line["message"], line["path"]), ("GET other", "other"))

    def test_what_gunicorn_could_not_answer_is_told_without_its_query(self):
        for asked, told in (("/livez?Doe^Jane", "/livez"), ("/Doe^Jane", "other")):
            line = self.told("Error handling request %s %s", "GET", asked)
            self.assertEqual(line, f"Error handling request GET {told}")
        self.assertEqual(self.told("Error handling request (no URI read)"), "Error handling request (no URI read)")

    def test_what_gunicorn_did_not_understand_is_not_told(self):
        line = self.told("Invalid request from ip=::1: Invalid HTTP Version: 'Doe^Jane'")
        self.assertEqual(line, "Invalid request from ip=::1")


class TellingTests(SimpleTestCase):
    def test_why_a_start_fails_is_told_in_full(self):
        with (
            self.assertLogs("breastcancer_api.log_lines", logging.CRITICAL) as told,
            self.assertRaises(ValueError),
            telling("no start"),
        ):
            raise ValueError("card.json: no such file")
        self.assertIn("no start: ValueError: card.json: no such file", told.output[0])
