from django.test import SimpleTestCase

from nets.card_history import saw_phantoms_only


class CardHistoryTests(SimpleTestCase):
    def test_network_saw_phantoms_only_when_all_it_started_from_did(self):
        phantoms, zips = ({"data": {"source": {"kind": kind}}} for kind in ("phantoms", "zips"))
        self.assertTrue(saw_phantoms_only(phantoms | {"started_from": "random weights"}))
        self.assertTrue(saw_phantoms_only(phantoms | {"started_from": phantoms}))
        self.assertFalse(saw_phantoms_only(zips | {"started_from": phantoms}))
        self.assertFalse(saw_phantoms_only(phantoms | {"started_from": zips}))
        self.assertFalse(saw_phantoms_only(phantoms | {"started_from": {"command": "train"}}))
