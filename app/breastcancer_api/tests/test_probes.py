from django.test import TestCase


class ProbesTests(TestCase):
    def test_alive(self):
        self.assertEqual(self.client.get("/livez").json(), {"status": "alive"})

    def test_ready_names_both_networks(self):
        body = self.client.get("/readyz").json()
        self.assertEqual(
            (body["status"], [each["role"] for each in body["networks"]]), ("ready", ["single", "scantype"])
        )

    def test_probes_take_no_post(self):
        self.assertEqual(self.client.post("/livez").status_code, 405)
