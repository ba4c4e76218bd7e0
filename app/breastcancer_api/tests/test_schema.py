import tempfile
from pathlib import Path

import yaml
from django.core.management import call_command
from django.test import SimpleTestCase, override_settings
from drf_spectacular.generators import SchemaGenerator

from breastcancer_api.forms import FORMS
from breastcancer_api.local_server import APP

FILE = APP.parent / "docs" / "schema.yaml"


class SchemaTests(SimpleTestCase):
    def test_file_is_what_the_code_generates_and_valid(self):
        with tempfile.TemporaryDirectory() as folder:
            made = Path(folder, "schema.yaml")
            call_command("spectacular", file=str(made), validate=True, fail_on_warn=True)
            self.assertEqual(FILE.read_text(), made.read_text(), "docs/schema.yaml is old: CONTRIBUTING.md, Start")

    def test_it_is_openapi_3_1(self):
        self.assertEqual(yaml.safe_load(FILE.read_text())["openapi"], "3.1.1")

    def test_token_is_needed_where_nobody_is_anonymous(self):
        token, session = {"token": []}, {"cookieAuth": []}
        for anonymous, ways in ((True, [token, {}, session]), (False, [token, session])):
            with override_settings(ANONYMOUS=anonymous):
                paths = SchemaGenerator().get_schema(public=True)["paths"]
            self.assertEqual(paths["/studies/"]["get"]["security"], ways)
            self.assertNotIn("security", paths["/readyz"]["get"])

    def test_headers_are_told_of_the_answers_that_have_them(self):
        answers = yaml.safe_load(FILE.read_text())["paths"]["/studies/"]["post"]["responses"]
        told = {status: sorted(answer["headers"]) for status, answer in answers.items() if "headers" in answer}
        self.assertEqual(told, {"201": ["Location", "X-BreastWise-Networks"], "202": ["Location"]})

    def test_every_address_of_the_api_is_in_it(self):
        paths = yaml.safe_load(FILE.read_text())["paths"]
        self.assertEqual(
            {(path, method) for path in paths for method in paths[path]},
            {
                ("/upload/", "post"),
                ("/studies/", "get"),
                ("/studies/", "post"),
                ("/studies/{id}/", "get"),
                ("/studies/{id}/", "delete"),
                ("/studies/{id}/slices/", "get"),
                ("/studies/{id}/results.json", "get"),
                ("/studies/{id}/results.csv", "get"),
                *((f"/studies/{{id}}/{form.file}", "get") for form in FORMS),
                ("/studies/{id}/slices/{number}.png", "get"),
                ("/studies/{id}/slices/{number}/curve/", "get"),
                ("/studies/{id}/passport/", "get"),
                ("/studies/{id}/patient/", "get"),
                ("/studies/{id}/pictures/", "get"),
                ("/studies/{id}/slices/{number}/pixels", "get"),
                ("/studies/{id}/slices/{number}/layers/{layer}.png", "get"),
                ("/studies/{id}/projection/pixels", "get"),
                ("/validate/", "post"),
                ("/synthetic.zip", "get"),
                ("/networks/", "get"),
                ("/livez", "get"),
                ("/readyz", "get"),
                ("/metrics", "get"),
            },
        )
