from threading import BoundedSemaphore
from unittest import mock

from breastcancer_api import places
from breastcancer_api.places import Full, place
from breastcancer_api.tests.test_upload import UploadTestCase


def room(reading: int, inside: int):
    return mock.patch.multiple(places, _reading=BoundedSemaphore(reading), _inside=BoundedSemaphore(inside))


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

    def test_refused_upload_gives_its_place_back(self):
        with room(1, 1):
            self.refused(self.upload(b"no zip"), 400, "not_a_zip")
            self.assertEqual(self.upload(self.exam()).status_code, 201)
