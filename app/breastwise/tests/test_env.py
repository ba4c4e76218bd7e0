import os
import subprocess
import sys

from django.test import SimpleTestCase

from breastwise.env import APP, SettingError, check_execution, check_published, read_settings
from breastwise.secret import kept_secret
from breastwise.storages import storage
from imaging.tests.folders import FolderTestCase


class ReadingTests(SimpleTestCase):
    def refused(self, **environ: str) -> str:
        with self.assertRaises(SettingError) as caught:
            read_settings(environ)
        return str(caught.exception)

    def test_nothing_set_gives_every_default(self):
        found = read_settings({})
        self.assertEqual((found.MAX_UPLOAD_MB, found.DEBUG, found.BIND), (1024, False, "127.0.0.1:8000"))

    def test_empty_value_counts_as_not_set(self):
        self.assertEqual(read_settings({"THREADS": ""}).THREADS, 8)

    def test_words_are_parted_by_commas(self):
        self.assertEqual(read_settings({"ALLOWED_HOSTS": "a.org, b.org,"}).ALLOWED_HOSTS, ["a.org", "b.org"])

    def test_bad_number_is_named_with_its_value(self):
        self.assertEqual(self.refused(THREADS="many"), "THREADS: 'many' is not a whole number of at least 1")
        self.assertEqual(self.refused(MAX_FILES="3"), "MAX_FILES: '3' is not a whole number of at least 4")

    def test_number_that_is_too_large_is_named_with_its_bounds(self):
        self.assertEqual(read_settings({"RETENTION_HOURS": "87600"}).RETENTION_HOURS, 87600)
        told = "RETENTION_HOURS: '99999999' is not a whole number from 0 to 87600"
        self.assertEqual(self.refused(RETENTION_HOURS="99999999"), told)

    def test_bad_choice_is_named_with_the_choices(self):
        self.assertEqual(self.refused(PRECISION="int8"), "PRECISION: 'int8' is not one of auto, float32, bfloat16")

    def test_bad_boolean_is_named(self):
        self.assertEqual(self.refused(DEBUG="maybe"), "DEBUG: 'maybe' is neither 1 nor 0")

    def test_missing_secret_file_is_named(self):
        told = self.refused(SECRET_KEY_FILE="/nowhere/key")
        self.assertEqual(told, "SECRET_KEY_FILE: '/nowhere/key' cannot be read (No such file or directory)")


class StateTests(FolderTestCase):
    def test_folder_for_state_is_its_owners_alone(self):
        state = self.folder / "new" / "state"
        environ = os.environ | {"STATE_DIR": str(state), "WORK_DIR": str(self.folder / "work")}
        subprocess.run([sys.executable, "-c", "import breastwise.settings"], cwd=APP, env=environ, check=True)
        self.assertEqual(state.stat().st_mode & 0o777, 0o700)


class PublishedTests(SimpleTestCase):
    """Without tokens the server is for its own machine only."""

    def check(self, **environ: str) -> None:
        check_published(read_settings(environ))

    def test_loopback_may_be_anonymous(self):
        for address in ("127.0.0.1:8000", "127.9.9.9:80", "[::1]:8000", "localhost:8000"):
            self.check(BIND=address)
            self.check(BIND="0.0.0.0:8000", PUBLISHED=address)

    def test_any_other_address_is_refused(self):
        for address in ("0.0.0.0:8000", "192.168.0.7:80", "[::]:8000", "breast.example:443", ":8000", "unix:/run/s"):
            with self.assertRaisesMessage(SettingError, f"BIND: '{address}' is reached by other machines"):
                self.check(BIND=address)
            with self.assertRaisesMessage(SettingError, f"PUBLISHED: '{address}' is reached by other machines"):
                self.check(PUBLISHED=address)

    def test_with_tokens_any_address_will_do(self):
        self.check(BIND="0.0.0.0:8000", ANONYMOUS="0")


class ExecutionTests(SimpleTestCase):
    def test_workers_need_a_broker_and_a_database_that_they_share(self):
        given = {"EXECUTION": "celery", "BROKER_URL": "redis://b", "DATABASE_HOST": "db"}
        check_execution(read_settings(given))
        check_execution(read_settings({}))
        for name in ("BROKER_URL", "DATABASE_HOST"):
            with self.assertRaisesMessage(SettingError, f"{name}: is empty, and EXECUTION is 'celery'"):
                check_execution(read_settings(given | {name: ""}))

    def test_exams_must_be_able_to_wait_for_workers(self):
        given = {"EXECUTION": "celery", "BROKER_URL": "redis://b", "DATABASE_HOST": "db", "QUEUE": "0"}
        with self.assertRaisesMessage(SettingError, "QUEUE: 0, and EXECUTION is 'celery'"):
            check_execution(read_settings(given))

    def test_archives_wait_in_a_folder_or_in_a_bucket(self):
        folder = storage(read_settings({"ARCHIVES": "/a/../b"}).ARCHIVES)
        self.assertEqual((folder["BACKEND"].split(".")[-1], folder["OPTIONS"]["location"]), ("FileSystemStorage", "/b"))
        bucket = storage(read_settings({"ARCHIVES": "s3://exams/a/b/"}).ARCHIVES)
        self.assertEqual(bucket["BACKEND"], "breastwise.buckets.Bucket")
        self.assertEqual([bucket["OPTIONS"][name] for name in ("bucket_name", "location")], ["exams", "a/b"])

    def test_bucket_without_a_name_is_refused(self):
        with self.assertRaisesMessage(SettingError, "ARCHIVES: 's3:///a' names no bucket"):
            read_settings({"ARCHIVES": "s3:///a"})


class RateTests(SimpleTestCase):
    def test_rate_is_a_number_in_a_time_or_none(self):
        self.assertEqual(read_settings({"UPLOAD_RATE": "5/day"}).UPLOAD_RATE, "5/day")
        self.assertIsNone(read_settings({"UPLOAD_RATE": "none"}).UPLOAD_RATE)
        with self.assertRaisesMessage(SettingError, "UPLOAD_RATE: '5' is no number of requests in a time"):
            read_settings({"UPLOAD_RATE": "5"})


class SecretTests(FolderTestCase):
    def test_secret_comes_from_its_file(self):
        (self.folder / "password").write_text("s3cret\n")
        found = read_settings({"DATABASE_PASSWORD_FILE": str(self.folder / "password")})
        self.assertEqual(found.DATABASE_PASSWORD, "s3cret")

    def test_secret_file_that_is_empty_or_no_text_is_named(self):
        for content, told in ((b"", "is empty"), (b"\xff\xfe", "cannot be read (it is not text)")):
            (self.folder / "key").write_bytes(content)
            with self.assertRaisesMessage(SettingError, f"SECRET_KEY_FILE: '{self.folder / 'key'}' {told}"):
                read_settings({"SECRET_KEY_FILE": str(self.folder / "key")})

    def test_what_is_no_secret_has_no_file(self):
        (self.folder / "threads").write_text("9")
        self.assertEqual(read_settings({"THREADS_FILE": str(self.folder / "threads")}).THREADS, 8)

    def test_made_secret_is_long_kept_and_readable_by_its_owner_alone(self):
        file = self.folder / "state" / "secret_key"
        made = kept_secret(file)
        self.assertGreaterEqual(len(made), 50)
        self.assertEqual(kept_secret(file), made)
        self.assertEqual(file.stat().st_mode & 0o777, 0o600)
        self.assertEqual(os.listdir(file.parent), ["secret_key"])
