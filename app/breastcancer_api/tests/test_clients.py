from unittest import mock

from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory, SimpleTestCase, override_settings

from breastcancer_api.clients import receive_rest


@override_settings(PROXIES=1)
class ReceiveRestTests(SimpleTestCase):
    """Of 3,000,000 bytes that a view does not read."""

    def answered(self, **given) -> HttpRequest:
        request = RequestFactory().post("/upload/", bytes(3_000_000), "application/zip", **given)
        self.assertEqual(receive_rest(lambda _: HttpResponse(status=401))(request).status_code, 401)
        return request

    def left(self, **given) -> int:
        return len(self.answered(**given).read())

    def test_nothing_is_left_of_what_nginx_sends(self):
        self.assertEqual(self.left(headers={"X-Forwarded-For": "10.0.0.7"}), 0)

    def test_nobody_else_is_waited_for(self):
        self.assertEqual(self.left(), 3_000_000)
        with override_settings(PROXIES=0):
            self.assertEqual(self.left(headers={"X-Forwarded-For": "10.0.0.7"}), 3_000_000)

    @override_settings(MAX_UPLOAD_BYTES=2_000_000)
    def test_no_more_is_read_than_nginx_lets_pass(self):
        self.assertEqual(self.left(headers={"X-Forwarded-For": "10.0.0.7"}), 3_000_000 - 2 * 1_048_576)

    def test_body_that_breaks_off_is_answered(self):
        broken = mock.Mock(**{"read.side_effect": ConnectionResetError})
        self.answered(headers={"X-Forwarded-For": "10.0.0.7"}, **{"wsgi.input": broken})
        broken.read.assert_called_once()
