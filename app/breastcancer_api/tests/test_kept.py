import os
import uuid
from datetime import timedelta
from unittest import mock

import numpy as np
from django.test import override_settings
from django.utils import timezone

from breastcancer_api import kept, stores, studies
from breastcancer_api.claims import Erased
from breastcancer_api.kept import NotKept, erase_what_is_over, keep_heat, kept_exam, kept_heats
from breastcancer_api.models import Study
from breastcancer_api.retention import purge
from breastcancer_api.tests.test_studies import StudiesTestCase, phantom_files

LATER = timedelta(hours=25)


class KeptTests(StudiesTestCase):
    def setUp(self):
        super().setUp()
        self.location = self.send("/studies/", phantom_files())["Location"]
        self.study = Study.objects.get()

    def files(self) -> list[str]:
        return sorted(os.listdir(self.results / str(self.study.pk))) if self.results.exists() else []

    def test_pictures_are_kept_and_nothing_of_the_upload(self):
        self.assertEqual(self.files(), ["exam.zip"])
        with kept_exam(self.study.pk) as exam:
            self.assertEqual((len(exam), exam.stack.rows), (6, 48))

    def test_their_owner_alone_may_read_them(self):
        file = self.results / str(self.study.pk) / "exam.zip"
        self.assertEqual((file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777), (0o600, 0o700))

    def test_heat_is_kept_beside_them(self):
        self.assertEqual(kept_heats(self.study.pk, [3, 4]), {})
        keep_heat(self.study.pk, 3, np.full((2, 128, 128), 0.25))
        found = kept_heats(self.study.pk, [3, 4])
        self.assertEqual((list(found), found[3][1, 5, 5]), ([3], 0.25))
        self.assertEqual(self.files(), ["exam.zip", "heat-0003.npz"])

    def test_heat_that_is_not_whole_is_not_there(self):
        keep_heat(self.study.pk, 3, np.full((2, 128, 128), 0.25))
        file = self.results / str(self.study.pk) / "heat-0003.npz"
        whole = file.read_bytes()
        for length in (0, 10, len(whole) // 2, len(whole) - 1):
            file.write_bytes(whole[:length])
            self.assertEqual(kept_heats(self.study.pk, [3]), {})

    def test_pictures_that_are_not_whole_are_not_kept(self):
        (self.results / str(self.study.pk) / "exam.zip").write_bytes(b"PK")
        with self.assertRaises(NotKept), kept_exam(self.study.pk):
            self.fail("they were opened")

    def test_heat_of_a_study_that_was_erased_meanwhile_is_not_kept(self):
        self.client.delete(self.location)
        keep_heat(self.study.pk, 3, np.zeros((2, 128, 128)))
        self.assertEqual(list(self.results.iterdir()), [])

    def test_receipt_lists_them(self):
        keep_heat(self.study.pk, 3, np.zeros((2, 128, 128)))
        size = (self.results / str(self.study.pk) / "exam.zip").stat().st_size
        files = self.client.delete(self.location).json()["files"]
        self.assertEqual([each["name"].split("/")[1] for each in files], ["exam.zip", "heat-0003.npz"])
        self.assertEqual((files[0]["bytes"], len(files[0]["sha256"])), (size, 64))
        self.assertEqual(list(self.results.iterdir()), [])

    def test_they_go_with_the_retention_time(self):
        purge(timezone.now() + timedelta(hours=23))
        self.assertEqual(self.files(), ["exam.zip"])
        purge(timezone.now() + LATER)
        self.assertEqual(list(self.results.iterdir()), [])
        with self.assertRaises(NotKept), kept_exam(self.study.pk):
            pass

    def test_file_of_no_study_goes_after_ten_minutes(self):
        Study.objects.all().delete()
        self.assertEqual(erase_what_is_over(), 0)
        clock = {"now.return_value": timezone.now() + timedelta(minutes=11)}
        with mock.patch.object(stores, "timezone", **clock):
            self.assertEqual(erase_what_is_over(), 1)
        self.assertEqual(list(self.results.iterdir()), [])

    def test_folder_that_is_none_of_ours_is_left_alone(self):
        (self.results / "mine").mkdir()
        purge(timezone.now() + LATER)
        self.assertEqual([each.name for each in self.results.iterdir()], ["mine"])

    def test_second_reading_of_a_study_takes_the_place_of_the_first(self):
        picture = self.results / "again"
        picture.write_bytes(b"again")
        kept.keep(self.study.pk, picture)
        self.assertEqual(self.files(), ["exam.zip"])
        self.assertEqual((self.results / str(self.study.pk) / "exam.zip").read_bytes(), b"again")


class NotKeptTests(StudiesTestCase):
    @override_settings(RETENTION_HOURS=0)
    def test_with_no_time_nothing_is_kept(self):
        self.assertEqual(self.send("/studies/", phantom_files()).status_code, 201)
        self.assertFalse(self.results.exists())

    def test_refused_exam_leaves_nothing(self):
        self.send("/studies/", {"a.txt": b"x"})
        self.assertFalse(self.results.exists())

    def test_full_disk_costs_the_pictures_and_not_the_answer(self):
        with mock.patch.object(kept, "keep", side_effect=OSError(28, "No space left on device")):
            answer = self.send("/studies/", phantom_files())
        self.assertEqual((answer.status_code, answer.json()["state"]), (201, "done"))
        self.assertRegex(answer.json()["warnings"][-1], r"^The pictures could not be kept: .* [0-9a-f]{32}\.$")

    def test_storage_that_is_away_costs_the_pictures_and_not_the_answer(self):
        away = {"keep": mock.Mock(side_effect=OSError), "delete": mock.Mock(side_effect=OSError)}
        with mock.patch.multiple(kept, **away):
            answer = self.send("/studies/", phantom_files())
        self.assertEqual((answer.status_code, answer.json()["state"]), (201, "done"))

    def test_study_that_was_erased_while_it_was_read_leaves_nothing(self):
        with mock.patch.object(studies, "write", side_effect=Erased):
            self.assertEqual(self.send("/studies/", phantom_files()).status_code, 410)
        self.assertEqual(list(self.results.iterdir()) if self.results.exists() else [], [])

    def test_name_that_is_no_key_is_not_one(self):
        self.assertEqual([kept._is_key(name) for name in ("x", str(uuid.uuid4()))], [False, True])
