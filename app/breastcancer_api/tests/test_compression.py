import gzip

from django.test import SimpleTestCase

from breastcancer_api.compression import accepts_gzip, packed


class CompressionTests(SimpleTestCase):
    def test_client_that_accepts_gzip_gets_it(self):
        content, headers = packed(b"abc" * 1000, "deflate, gzip;q=0.5")
        self.assertEqual((gzip.decompress(content), len(content) < 100), (b"abc" * 1000, True))
        self.assertEqual(headers, {"Vary": "Accept-Encoding", "Content-Encoding": "gzip"})

    def test_another_gets_what_it_is(self):
        self.assertEqual(packed(memoryview(b"abc"), "br"), (b"abc", {"Vary": "Accept-Encoding"}))

    def test_equal_content_is_packed_alike(self):
        self.assertEqual(packed(b"abc", "gzip"), packed(b"abc", "gzip"))

    def test_what_is_accepted_is_told_as_the_standard_has_it(self):
        for accepted in ("gzip", "GZIP", "br, gzip", "gzip ; q=1", "gzip;q=0.001"):
            self.assertTrue(accepts_gzip(accepted), accepted)
        for accepted in ("", "br", "gzip;q=0", "gzip; q = 0.000, br", "xgzip", "identity"):
            self.assertFalse(accepts_gzip(accepted), accepted)
