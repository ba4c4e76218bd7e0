from unittest import mock

from django.db import DatabaseError, IntegrityError, InterfaceError, OperationalError
from django.test import SimpleTestCase, TestCase

from breastcancer_api import claims
from breastcancer_api.claims import Erased, Taken, claim, patiently, write
from breastcancer_api.models import Study


class ClaimTests(TestCase):
    def setUp(self):
        self.study = Study.objects.create()
        self.same = Study.objects.get()

    def test_first_claim_counts_an_attempt_and_the_second_does_nothing(self):
        claim(self.study)
        with self.assertRaises(Taken):
            claim(self.same)
        kept = Study.objects.get()
        self.assertEqual((kept.state, kept.attempts, kept.claim), ("reading", 1, self.study.claim))

    def test_study_that_is_final_is_not_claimed(self):
        for state in Study.FINAL:
            Study.objects.update(state=state)
            with self.assertRaises(Taken):
                claim(self.study)

    def test_study_that_is_erased_is_not_claimed(self):
        Study.objects.all().delete()
        with self.assertRaises(Erased):
            claim(self.study)

    def test_process_whose_claim_was_taken_over_writes_nothing_more(self):
        claim(self.study)
        Study.objects.update(state="queued")
        claim(self.same)
        with self.assertRaises(Taken):
            write(self.study, progress=0.5)
        write(self.same, progress=0.25)
        self.assertEqual((Study.objects.get().progress, Study.objects.get().attempts), (0.25, 2))

    def test_every_write_is_a_sign_of_life(self):
        claim(self.study)
        before = Study.objects.get().seen_at
        write(self.study)
        self.assertGreaterEqual(Study.objects.get().seen_at, before)


class BeatTests(TestCase):
    def beats(self, *ends: Exception | None) -> int:
        """How often a study's heart beats when its beats end so, and then the work is over."""
        over = mock.Mock(wait=mock.Mock(side_effect=[False] * len(ends) + [True]))
        with mock.patch.object(claims, "write", side_effect=ends) as written, mock.patch.object(claims, "connections"):
            claims._beat(Study(), over)
        return written.call_count

    def test_heart_beats_until_the_work_is_over(self):
        self.assertEqual(self.beats(None, None, None), 3)

    def test_database_that_is_away_does_not_stop_it(self):
        with self.assertLogs("breastcancer_api.claims"):
            self.assertEqual(self.beats(None, DatabaseError(), None), 3)

    def test_claim_of_another_stops_it(self):
        self.assertEqual(self.beats(None, Taken(), None), 2)


class PatientlyTests(SimpleTestCase):
    def setUp(self):
        self.enterContext(mock.patch.multiple(claims, AWAY_SECONDS=(0, 0), connection=mock.DEFAULT))
        self.enterContext(mock.patch.object(claims.log, "disabled", True))

    def test_database_that_comes_back_is_waited_for(self):
        work = mock.Mock(side_effect=[OperationalError, InterfaceError, 3])
        self.assertEqual(patiently(work), 3)
        self.assertEqual(claims.connection.close.call_count, 2)

    def test_database_that_stays_away_is_told(self):
        self.assertRaises(OperationalError, patiently, mock.Mock(side_effect=OperationalError))

    def test_other_errors_are_raised_at_once(self):
        work = mock.Mock(side_effect=[IntegrityError, 3])
        self.assertRaises(IntegrityError, patiently, work)
