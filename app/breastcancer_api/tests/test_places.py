import socket
from concurrent.futures import ThreadPoolExecutor
from threading import BoundedSemaphore
from unittest import mock

from django.contrib.auth.models import User
from django.test import Client, SimpleTestCase
from django.test.client import MULTIPART_CONTENT

from breastcancer_api import places
from breastcancer_api.clients import ClientGone, still_waits
from breastcancer_api.places import Full, Line, place, turn
from breastcancer_api.tests.test_upload import UploadTestCase
from imaging.tests.slices import exam_files, zip_bytes
from nets.runtime import unchecked


def room(reading: int, inside: int):
    return mock.patch.multiple(places, _reading=Line(reading), _inside=BoundedSemaphore(inside))


class PlacesTests(UploadTestCase):
    def test_place_is_free_again_after_use_and_after_a_failure(self):
        with room(1, 1):
            with place():
                pass
            with self.assertRaises(KeyError), place():
                raise KeyError
            with place():
                pass

    def test_no_place_is_given_beyond_the_queue(self):
        with room(2, 2), place(), place(), self.assertRaises(Full), place():
            pass

    def test_upload_without_a_place_is_503_and_told_when_to_come_again(self):
        with room(1, 1), place():
            response = self.upload(self.exam())
        self.refused(response, 503, "busy")
        self.assertEqual(response["Retry-After"], "30")

    def test_who_comes_again_with_a_key_needs_no_place_among_the_others(self):
        exam = zip_bytes(exam_files(2))

        def send():
            return self.client.post("/studies/", {"file": self.file(exam)}, headers={"Idempotency-Key": "k"})

        first = send()
        with room(1, 1), place():
            self.assertEqual(send().json()["id"], first.json()["id"])
            with mock.patch.object(places, "_again", BoundedSemaphore(1)), place(again=True):
                self.assertEqual(send().json()["code"], "busy")

    def test_body_of_an_upload_without_a_place_is_not_read(self):
        body = mock.Mock()
        with room(1, 1), place():
            response = self.client.generic(
                "POST", "/upload/", content_type=MULTIPART_CONTENT, CONTENT_LENGTH="1000", **{"wsgi.input": body}
            )
        self.refused(response, 503, "busy")
        self.assertEqual(body.mock_calls, [])

    def test_body_of_who_is_signed_in_is_not_read_for_a_token_that_a_header_brings(self):
        body, client = mock.Mock(), Client(enforce_csrf_checks=True)
        client.force_login(User.objects.create(username="reader"))
        client.get("/session/login/")
        told = {"content_type": MULTIPART_CONTENT, "CONTENT_LENGTH": "1000", "wsgi.input": body}
        for token, status, code in (
            (client.cookies["csrftoken"].value, 503, "busy"),
            ("x" * 32, 403, "permission_denied"),
        ):
            with room(1, 1), place():
                for address in ("/upload/", "/studies/"):
                    answer = client.generic("POST", address, headers={"X-CSRFToken": token}, **told)
                    self.refused(answer, status, code)
        self.assertEqual(body.mock_calls, [])

    def test_every_exam_waits_for_its_turn(self):
        for address in ("/upload/", "/studies/", "/validate/"):
            with self.subTest(address), mock.patch.object(places, "_reading", line := mock.Mock()):
                self.client.post(address, {"file": self.file(exam_files(2))})
                self.assertEqual([each[0] for each in line.mock_calls], ["enter", "leave"])

    def test_refused_upload_gives_its_place_back(self):
        with room(1, 1):
            self.refused(self.upload(b"no zip"), 400, "not_a_zip")
            self.assertEqual(self.upload(self.exam()).status_code, 201)


class LineTests(SimpleTestCase):
    def test_turns_come_in_the_order_in_which_they_were_asked_for(self):
        line, served = Line(1), []
        line.enter(unchecked)

        def wait(number: int) -> None:
            line.enter(unchecked)
            served.append(number)
            line.leave()

        with ThreadPoolExecutor(9) as pool:
            for number in range(9):
                pool.submit(wait, number)
                while len(line.waiting) <= number:
                    pass
            line.leave()
        self.assertEqual(served, list(range(9)))

    def test_who_goes_gives_way_to_the_next(self):
        line = Line(1)
        line.enter(unchecked)
        with mock.patch.object(places, "LOOK_SECONDS", 0.01), self.assertRaises(ClientGone):
            line.enter(mock.Mock(side_effect=ClientGone))
        self.assertEqual(len(line.waiting), 0)
        line.leave()
        line.enter(unchecked)

    def test_turn_that_comes_while_one_goes_is_not_lost(self):
        line = Line(1)
        line.enter(unchecked)

        def served_and_gone():
            line.leave()
            raise ClientGone

        with mock.patch.object(places, "LOOK_SECONDS", 0.01), self.assertRaises(ClientGone):
            line.enter(served_and_gone)
        self.assertEqual(line.free, 1)


class WaitingTests(SimpleTestCase):
    def test_exam_whose_sender_has_gone_does_not_wait_for_its_turn(self):
        sender, ours = socket.socketpair()
        check = still_waits(mock.Mock(META={"gunicorn.socket": ours}))
        self.addCleanup(ours.close)
        check()
        sender.close()
        quickly = mock.patch.object(places, "LOOK_SECONDS", 0.01)
        with room(1, 2), quickly, turn(unchecked), self.assertRaises(ClientGone), turn(check):
            pass

    def test_sender_who_sends_more_still_waits(self):
        sender, ours = socket.socketpair()
        self.addCleanup(ours.close)
        self.addCleanup(sender.close)
        sender.send(b"more")
        check = still_waits(mock.Mock(META={"gunicorn.socket": ours}))
        self.assertIsNone(check())
