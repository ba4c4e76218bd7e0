from django.test import SimpleTestCase

from breastcancer_api.addresses import told

STUDY = "/studies/5f8d3a62-0d8e-4c1b-9c60-0f0a53f6a1aa"


class AddressesTests(SimpleTestCase):
    def test_address_of_ours_is_told_with_its_study(self):
        for path in ("/", "/upload", "/upload/", "/livez", f"{STUDY}/", f"{STUDY}/slices/12.png", "/admin/login/"):
            self.assertEqual(told(path), path)

    def test_of_one_that_is_not_known_nothing_is_told(self):
        for path in ("/Doe^Jane", "/studies/Doe^Jane/", f"{STUDY}/Doe^Jane.pdf", "//studies/", "*", ""):
            self.assertEqual(told(path), "other")

    def test_of_one_that_takes_words_the_pattern_is_told(self):
        patterns = {
            f"{STUDY}/slices/12/layers/Doe-Jane.png": "/studies/<uuid:pk>/slices/<int:number>/layers/<slug:layer>.png",
            "/admin/auth/user/Doe^Jane/change/": "/admin/auth/user/<path:object_id>/change/",
            "/admin/Doe^Jane": "/admin/(?P<url>.*)$",
        }
        self.assertEqual({path: told(path) for path in patterns}, patterns)

    def test_of_a_static_file_the_folder_is_told(self):
        self.assertEqual(told("/static/breastcancer_api/home.js"), "/static/")
