"""A study from its upload to its end, over the API."""

import csv
import io
import threading
from datetime import timedelta
from itertools import chain
from unittest import mock

from django.contrib.auth.models import User
from django.db import DatabaseError
from django.db.models.functions import Now
from django.test import TransactionTestCase

from breastcancer_api import inline, remembered, studies
from breastcancer_api.models import AuditEvent, Slice, Study
from breastcancer_api.studies import interrupt
from breastcancer_api.tests.test_studies import StudiesTestCase, phantom_files
from breastcancer_api.tests.test_upload import UploadFiles
from imaging.exam import FOLDERS
from imaging.tests.slices import exam_files, zip_bytes
from nets.runtime import Network


class DoneTests(StudiesTestCase):
    def test_study_tells_when_it_was_read_and_how_far_it_is(self):
        study = self.send("/studies/", phantom_files()).json()
        self.assertEqual((study["state"], study["progress"], study["slices_done"]), ("done", 1.0, 6))
        self.assertLess(study["created_at"], study["started_at"])
        self.assertLess(study["started_at"], study["finished_at"])
        self.assertEqual(study["links"]["slices"], f"http://testserver/studies/{study['id']}/slices/")
        self.assertIsNone(study["problem"])

    def test_progress_moves_while_the_networks_compute(self):
        seen = []
        write = studies.write

        def written(study, **values):
            seen.append((values.get("state", "analysing"), values.get("slices_done", 0), values.get("progress", 0.0)))
            write(study, **values)

        with mock.patch.object(studies, "write", written), mock.patch.object(studies, "WRITE_SECONDS", 0):
            self.send("/studies/", phantom_files())
        self.assertEqual([state for state, _, _ in seen], ["analysing", "analysing", "done"])
        self.assertEqual(seen[1][1:], (6, 1.0))

    def test_upload_makes_a_study_too(self):
        answer = self.send("/upload/", exam_files(count=2), "series.zip")
        study = self.client.get(answer["Location"]).json()
        self.assertEqual((study["state"], study["slice_count"]), ("done", 2))


class ListTests(StudiesTestCase):
    def test_list_holds_no_results_and_leaves_no_trace(self):
        self.send("/studies/", phantom_files())
        row = self.client.get("/studies/").json()["results"][0]
        self.assertEqual(
            list(row),
            [
                *("id", "state", "created_at", "started_at", "finished_at", "progress", "slice_count", "slices_done"),
                *("networks", "links"),
            ],
        )
        self.assertFalse(AuditEvent.objects.filter(action="read").exists())

    def test_list_does_not_ask_what_refusals_said(self):
        Study.objects.create(state="refused", problem={"status": 400, "code": "no_signal", "title": "t"})
        with mock.patch.object(remembered.cache, "get", side_effect=AssertionError), self.assertNoLogs(level="ERROR"):
            self.assertEqual(self.client.get("/studies/").json()["count"], 1)

    def ids(self, query: str) -> list[str]:
        return [each["id"] for each in self.client.get(f"/studies/?{query}").json()["results"]]

    def test_rows_that_tie_come_on_one_page_each(self):
        made = {str(Study.objects.create().pk) for _ in range(5)}
        for ordering in ("state", "-state", "finished_at"):
            pages = (self.ids(f"ordering={ordering}&page_size=2&page={page}") for page in (1, 2, 3))
            self.assertEqual(list(chain.from_iterable(pages)), sorted(made))

    def test_order_is_by_several_fields(self):
        first, second = Study.objects.create(state="done"), Study.objects.create(state="done")
        last = Study.objects.create(state="queued")
        self.assertEqual(self.ids("ordering=state,-created_at"), [str(each.pk) for each in (second, first, last)])

    def test_beginning_of_an_id_finds_its_study(self):
        one, other = "0123abcd-ef00-4000-8000-000000000001", "0123abcd-ef01-4000-8000-000000000001"
        for key in (one, other, "ffffffff-ffff-4fff-bfff-ffffffffffff"):
            Study.objects.create(pk=key)
        for begin in ("0", "0123abcd", "0123ABCD-", "0123abcd-ef0", "0123abcdef0"):
            self.assertEqual(set(self.ids(f"search={begin}")), {one, other}, begin)
        for begin in ("0123abcdef00", one, one.replace("-", "")):
            self.assertEqual(self.ids(f"search={begin}"), [one], begin)
        self.assertEqual((len(self.ids("search=f")), self.ids("search=1")), (1, []))
        self.assertEqual(self.ids("search=0&state=done"), [])

    def test_parameter_that_cannot_be_read_is_refused_and_named(self):
        order = "ordering: Enter some of created_at, finished_at, state, with - downwards."
        begin = "search: Enter the beginning of an id, such as 1f0c or 1f0c2a9b-77."
        time = "created_{}: Enter a time of the years 1 to 9999 in UTC."
        for query, told in (
            ("stat=done", "stat: There is no such parameter."),
            ("b=1&a=1", "a: There is no such parameter. b: There is no such parameter."),
            ("ordering=nope", order),
            ("ordering=--state", order),
            ("ordering=state,", order),
            ("search=xyz", begin),
            ("search=-", begin),
            ("search=0%0A", begin),
            (f"search={'0' * 33}", begin),
            ("created_after=0001-01-01T00:00:00%2B14:00", time.format("after")),
            ("created_before=9999-12-31T23:59:59-14:00", time.format("before")),
        ):
            answer = self.client.get(f"/studies/?{query}")
            self.assertEqual((answer.status_code, answer.json()["code"]), (400, "bad_query"))
            self.assertEqual(answer.json()["detail"], told)

    def test_parameters_of_a_form_that_is_left_empty_narrow_nothing_down(self):
        Study.objects.create()
        self.assertEqual(len(self.ids("search=&state=&created_after=&created_before=&ordering=")), 1)


class SlicesTests(StudiesTestCase):
    def setUp(self):
        super().setUp()
        self.study = self.send("/studies/", phantom_files()).json()
        self.address = f"/studies/{self.study['id']}/"

    def slices(self, query: str = "") -> dict:
        return self.client.get(f"/studies/{self.study['id']}/slices/{query}").json()

    def test_row_says_where_a_slice_comes_from_and_why_it_is_what_it_is(self):
        row = self.slices()["results"][1]
        self.assertEqual((row["number"], row["file"]), (2, "002.dcm"))
        self.assertEqual(sorted(row["sop_instance_uids"]), ["1st_pass", "2nd_pass", "3rd_pass", "pre"])
        self.assertRegex(row["reason"], r"^single 0\.\d\d \w+ive, scantype 0\.\d\d \w+ive.*: (nega|posi)tive$")

    def test_rows_can_be_filtered(self):
        Slice.objects.filter(number__in=(2, 5)).update(fused=1, single_probability=0.9)
        Slice.objects.exclude(number__in=(2, 5)).update(fused=0, single_probability=0.1)
        for query in ("?fused=1", "?single_at_least=0.5", "?fused=1&first=2&last=5"):
            self.assertEqual([row["number"] for row in self.slices(query)["results"]], [2, 5])

    def test_rows_can_be_ordered(self):
        numbers = [row["number"] for row in self.slices("?ordering=-number")["results"]]
        self.assertEqual(numbers, [6, 5, 4, 3, 2, 1])

    def test_rows_come_in_pages(self):
        page = self.slices("?page_size=4")
        self.assertEqual((page["count"], len(page["results"])), (6, 4))
        self.assertEqual([row["number"] for row in self.client.get(page["next"]).json()["results"]], [5, 6])

    def test_filter_that_cannot_be_read_is_refused(self):
        for query, told in (
            ("fused=2", "fused: Select a valid choice. 2 is not one of the available choices."),
            ("first=0", "first: Ensure this value is greater than or equal to 1."),
            ("page_size=many", "page_size: Enter a number from 1 to 1000."),
            ("fusde=1", "fusde: There is no such parameter."),
            (
                "ordering=number,-file",
                "ordering: Enter some of number, position, single_probability, scantype_probability, with - downwards.",
            ),
        ):
            response = self.client.get(f"/studies/{self.study['id']}/slices/?{query}")
            self.assertEqual((response.status_code, response.json()["code"]), (400, "bad_query"))
            self.assertEqual(response.json()["detail"], told)
        self.assertFalse(AuditEvent.objects.filter(action="read").exists())

    def test_result_as_json_holds_study_and_rows(self):
        result = self.client.get(f"/studies/{self.study['id']}/results.json").json()
        self.assertEqual(result["slices"], self.slices()["results"])
        self.assertEqual(result["positive_slices"], self.study["positive_slices"])

    def test_result_as_csv_holds_the_same_rows(self):
        response = self.client.get(f"/studies/{self.study['id']}/results.csv")
        self.assertEqual(response["Content-Type"], "text/csv; charset=utf-8")
        lines = b"".join(response.streaming_content).decode().splitlines()
        self.assertEqual(
            lines[0],
            "number,file,position,sop_instance_uid_pre,sop_instance_uid_1st_pass,sop_instance_uid_2nd_pass,"
            "sop_instance_uid_3rd_pass,single_probability,single_decision,scantype_probability,scantype_decision,"
            "fused,reason,study,networks",
        )
        self.assertEqual(len(lines), 7)
        self.assertTrue(lines[2].startswith("2,002.dcm,"))

    def test_no_cell_of_the_csv_is_a_formula_whatever_the_files_are_called(self):
        names = ("=1+1.dcm", "@s(1)+2.dcm", "+3.dcm", "-4.dcm", "\t5.dcm", "DOE\n=6.dcm")
        files = phantom_files()
        renamed = {f"{name[:-7]}{names[int(name[-7:-4]) - 1]}": content for name, content in files.items()}
        study = self.send("/studies/", renamed).json()["id"]
        response = self.client.get(f"/studies/{study}/results.csv")
        rows = list(csv.DictReader(io.StringIO(b"".join(response.streaming_content).decode(), newline="")))
        self.assertEqual([row["file"] for row in rows], [f"*{number}.dcm" for number in range(1, 7)])
        cells = [cell for row in rows for name, cell in row.items() if name != "position"]
        self.assertEqual([cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))], [])

    def test_every_answer_that_holds_the_result_says_which_networks_it_is_from(self):
        answers = [self.client.get(self.address + name) for name in ("", "slices/", "results.json", "results.csv")]
        told = {each["X-BreastWise-Networks"] for each in answers}
        self.assertEqual(len(told), 1)
        self.assertRegex(*told, r"^single \S+ sha256:\w{12}, scantype \S+ sha256:\w{12}; research use only$")

    def test_line_of_a_csv_that_is_passed_on_says_where_it_comes_from(self):
        answer = self.client.get(f"{self.address}results.csv")
        lines = list(csv.DictReader(b"".join(answer.streaming_content).decode().splitlines()))
        self.assertEqual({each["study"] for each in lines}, {self.study["id"]})
        self.assertEqual({each["networks"] for each in lines}, {answer["X-BreastWise-Networks"]})


class RefusedStudyTests(StudiesTestCase):
    def test_refused_exam_is_a_study_that_says_so(self):
        self.send("/studies/", {"pre/Doe Jane.dcm": b"text"})
        listed = self.client.get("/studies/").json()["results"][0]
        study = self.client.get(listed["links"]["self"]).json()
        self.assertEqual((listed["state"], study["problem"]["code"]), ("refused", "missing_passes"))

    def test_what_the_sender_wrote_is_told_for_an_hour_and_never_stored(self):
        self.send("/upload/", {f"{name}/Doe Jane.dcm": b"text" for name in FOLDERS}, "series.zip")
        study = Study.objects.get()
        self.assertIn("Doe Jane", studies.problem_of(study)["detail"])
        remembered.cache.clear()
        self.assertEqual(studies.problem_of(study)["code"], "not_a_dicom_image")
        self.assertNotIn("Doe", str(studies.problem_of(study)) + str(Study.objects.values()))

    def test_result_of_a_study_without_one_is_409(self):
        self.send("/studies/", {"a.txt": b"text"})
        self.assertNotIn("X-BreastWise-Networks", self.client.get(f"/studies/{Study.objects.get().pk}/"))
        AuditEvent.objects.all().delete()
        for state in ("refused", "failed", "queued", "reading", "analysing"):
            Study.objects.update(state=state)
            for name in ("slices/", "results.json", "results.csv"):
                response = self.client.get(f"/studies/{Study.objects.get().pk}/{name}")
                self.assertEqual((response.status_code, response.json()["code"]), (409, "not_done"))
        self.assertFalse(AuditEvent.objects.filter(action="read").exists())

    def test_unknown_failure_ends_the_study_as_failed_with_the_id_in_the_log(self):
        with mock.patch.object(studies, "scan", side_effect=RuntimeError), self.assertLogs("breastcancer_api.problems"):
            answer = self.send("/studies/", phantom_files())
        study = Study.objects.get()
        self.assertEqual((answer.status_code, study.state), (500, "failed"))
        self.assertEqual(study.problem["detail"], answer.json()["detail"])

    def test_study_that_cannot_be_claimed_ends_as_failed(self):
        with mock.patch.object(studies, "claim", side_effect=DatabaseError), self.assertLogs("breastcancer_api"):
            answer = self.send("/studies/", phantom_files())
        self.assertEqual((answer.status_code, Study.objects.get().state), (500, "failed"))

    def test_sender_who_hangs_up_ends_the_study_as_failed(self):
        with mock.patch("breastcancer_api.clients._closed", return_value=True):
            self.client.post("/upload/", {"file": self.file(exam_files(2))}, **{"gunicorn.socket": mock.Mock()})
        self.assertEqual((Study.objects.get().state, Study.objects.get().problem["code"]), ("failed", "client_gone"))


class InterruptedTests(StudiesTestCase):
    def test_studies_that_a_process_left_behind_end_as_failed_with_their_reason(self):
        for state in Study.State:
            Study.objects.create(state=state)
        self.assertEqual(interrupt(Study.objects.all()), 3)
        failed = Study.objects.filter(problem__code="interrupted")
        self.assertEqual({each.state for each in failed}, {"failed"})
        self.assertFalse(Study.objects.unfinished().exists())

    def silent(self) -> None:
        """No study has shown life for a minute."""
        Study.objects.update(seen_at=Now() - timedelta(minutes=1))

    def test_study_whose_end_could_not_be_written_is_ended_later(self):
        with (
            mock.patch.object(studies, "_end", side_effect=DatabaseError),
            self.assertLogs("breastcancer_api.problems"),
        ):
            self.send("/studies/", {"a.txt": b"text"})
        self.assertEqual((inline.sweep(), Study.objects.get().state), (0, "reading"))
        self.silent()
        with self.assertLogs("breastcancer_api.inline"):
            self.assertEqual(inline.sweep(), 1)
        self.assertEqual(Study.objects.get().problem["code"], "interrupted")

    def test_study_that_is_read_or_waits_is_left_alone_however_long_it_is_silent(self):
        def scanned(*_):
            self.silent()
            self.assertEqual(inline.sweep(), 0)
            raise RuntimeError

        with mock.patch.object(studies, "scan", scanned), self.assertLogs("breastcancer_api.problems"):
            self.send("/studies/", phantom_files())
        self.assertEqual(Study.objects.get().problem["code"], "internal_error")


class IdempotencyTests(StudiesTestCase):
    def post(self, files, key: str = "k-1", address: str = "/studies/"):
        return self.client.post(address, {"file": self.file(files)}, headers={"Idempotency-Key": key})

    def test_second_request_with_a_key_returns_the_first_study(self):
        exam = zip_bytes(phantom_files())
        one, two = self.post(exam), self.post(exam)
        self.assertEqual((one.status_code, two.status_code), (201, 201))
        self.assertEqual(one.json(), two.json())
        self.assertEqual(Study.objects.count(), 1)

    def test_result_that_is_returned_again_leaves_a_trace(self):
        for files in (zip_bytes(phantom_files()), zip_bytes({"a.txt": b"x"})):
            for address in ("/studies/", "/upload/"):
                AuditEvent.objects.all().delete()
                for _ in range(3):
                    self.post(files, f"{len(files)} {address}".replace(" ", "-"), address)
                trail = AuditEvent.objects.order_by("pk").values_list("action", flat=True)
                self.assertEqual(list(trail), ["sent", "read", "read"])

    def test_another_key_makes_another_study(self):
        self.assertNotEqual(
            self.post(phantom_files(), "k-1").json()["id"], self.post(phantom_files(), "k-2").json()["id"]
        )

    def test_same_key_with_another_body_is_409(self):
        self.post(phantom_files())
        answer = self.post(exam_files(2))
        self.assertEqual((answer.status_code, answer.json()["code"]), (409, "key_used"))

    def test_refusal_is_returned_again(self):
        exam = zip_bytes({"a.txt": b"x"})
        one, two = self.post(exam), self.post(exam)
        self.assertEqual((one.status_code, one.json()), (two.status_code, two.json()))
        self.assertEqual(Study.objects.count(), 1)

    def test_exam_that_a_restart_interrupted_is_read_when_it_comes_again(self):
        exam = zip_bytes(phantom_files())
        first = self.post(exam).json()["id"]
        Slice.objects.all().delete()
        Study.objects.update(state="reading")
        interrupt(Study.objects.all())
        again = self.post(exam).json()
        self.assertEqual((again["id"], again["state"], again["problem"]), (first, "done", None))
        self.assertEqual((Study.objects.get().attempts, Slice.objects.count()), (2, 6))

    def test_key_that_is_none_is_refused(self):
        for key in ("", "two words", "k" * 256):
            answer = self.post(phantom_files(), key)
            self.assertEqual((answer.status_code, answer.json()["code"]), (400, "bad_idempotency_key"))

    def test_keys_of_two_users_are_two(self):
        exam = zip_bytes(phantom_files())
        one = self.post(exam).json()["id"]
        self.client.force_login(User.objects.create(username="b"))
        self.assertNotEqual(self.post(exam).json()["id"], one)


class BackgroundTests(UploadFiles, TransactionTestCase):
    """Another thread has another connection to the database: these tests commit."""

    def send(self, files, key: str = "", **headers):
        headers |= {"Idempotency-Key": key} if key else {}
        return self.client.post("/studies/", {"file": self.file(files)}, headers=headers)

    def tearDown(self):
        self.settle()
        super().tearDown()

    def settle(self):
        """Waits for all that runs in the background."""
        inline._pool().shutdown()
        inline._pool.cache_clear()

    def ended(self, answer):
        self.settle()
        return Study.objects.get(pk=answer.json()["id"])

    def held_up(self):
        """The networks wait until the event is set that this gives."""
        go, network = threading.Event(), Network.logits

        def logits(*arguments):
            go.wait(60)
            return network(*arguments)

        self.enterContext(mock.patch.object(Network, "logits", logits))
        self.addCleanup(go.set)
        return go

    def test_client_that_would_rather_not_wait_is_answered_at_once(self):
        go = self.held_up()
        answer = self.send(phantom_files(), Prefer="respond-async, wait=5")
        self.assertEqual((answer.status_code, answer["Preference-Applied"]), (202, "respond-async"))
        self.assertIn(self.client.get(answer["Location"]).json()["state"], ("queued", "reading", "analysing"))
        Study.objects.update(seen_at=Now() - timedelta(minutes=1))
        self.assertEqual(inline.sweep(), 0)
        go.set()
        self.assertEqual(self.ended(answer).state, "done")

    def test_row_that_the_request_read_before_the_claim_takes_no_claim_away(self):
        claimed, claim = threading.Event(), studies.claim

        def claiming(study):
            claim(study)
            claimed.set()

        def read_before(study):
            claimed.wait(60)
            study.claim = None

        self.enterContext(mock.patch.object(studies, "claim", claiming))
        with mock.patch.object(Study, "refresh_from_db", read_before):
            answer = self.send(phantom_files(), Prefer="respond-async")
        self.assertEqual(self.ended(answer).state, "done")

    def test_retry_while_the_first_runs_returns_the_first(self):
        go, exam = self.held_up(), zip_bytes(phantom_files())
        one, two = (self.send(exam, "k", Prefer="respond-async") for _ in range(2))
        self.assertEqual(one.json()["id"], two.json()["id"])
        go.set()
        self.assertEqual(self.send(exam, "k").json()["state"], "done")

    def test_refusal_is_told_by_the_study(self):
        study = self.ended(self.send({"a.txt": b"x"}, Prefer="respond-async"))
        self.assertEqual((study.state, study.problem["code"]), ("refused", "missing_passes"))

    def test_study_that_is_erased_while_it_runs_is_gone(self):
        go = self.held_up()
        answer = self.send(phantom_files(), Prefer="respond-async")
        receipt = self.client.delete(answer["Location"]).json()
        go.set()
        self.settle()
        self.assertEqual(receipt["rows"], {"studies": 1, "slices": 0})
        self.assertEqual((Study.objects.count(), Slice.objects.count()), (0, 0))
