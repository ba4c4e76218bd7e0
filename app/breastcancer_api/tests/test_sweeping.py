from datetime import timedelta
from unittest import mock

from django.test import TestCase
from django.utils import timezone

from breastcancer_api import sweeping
from breastcancer_api.claims import Taken, claim, write
from breastcancer_api.models import Study
from breastcancer_api.studies import problem_of
from breastcancer_api.sweeping import give_up, queue_again, send_again


class SweepingTestCase(TestCase):
    def setUp(self):
        self.sent = self.enterContext(mock.patch.object(sweeping, "deliver"))

    def study(self, state: str, unseen: float, attempts: int = 0) -> Study:
        """A study that showed life ``unseen`` seconds ago."""
        seen = timezone.now() - timedelta(seconds=unseen)
        return Study.objects.create(state=state, seen_at=seen, attempts=attempts)

    def delivered(self) -> list:
        return [call.args[0] for call in self.sent.call_args_list]


class LostWorkerTests(SweepingTestCase):
    def test_study_without_a_sign_of_life_for_30_seconds_is_queued_and_sent_again(self):
        lost = self.study("analysing", 31, 1)
        Study.objects.update(slices_done=4, progress=0.5)
        self.study("reading", 29, 1)
        with self.assertLogs("breastcancer_api.sweeping"):
            self.assertEqual(queue_again(), 1)
        lost.refresh_from_db()
        self.assertEqual((lost.state, lost.attempts, lost.slices_done, lost.progress), ("queued", 1, 0, 0.0))
        self.assertEqual(self.delivered(), [lost.pk])

    def test_it_is_queued_once(self):
        self.study("reading", 31, 1)
        with self.assertLogs("breastcancer_api.sweeping"):
            self.assertEqual([queue_again(), queue_again()], [1, 0])

    def test_worker_that_was_only_slow_writes_nothing_more(self):
        study = self.study("queued", 0)
        claim(study)
        Study.objects.update(seen_at=timezone.now() - timedelta(seconds=31))
        with self.assertLogs("breastcancer_api.sweeping"):
            queue_again()
        with self.assertRaises(Taken):
            write(study, state="done")

    def test_second_worker_lost_ends_the_study_as_failed_with_the_reason(self):
        study = self.study("reading", 31, 2)
        with self.assertLogs("breastcancer_api.sweeping"):
            self.assertEqual((queue_again(), give_up()), (0, 1))
        study.refresh_from_db()
        self.assertEqual((study.state, problem_of(study)["code"]), ("failed", "worker_lost"))
        self.assertIn("ended without an answer, 2 times", problem_of(study)["detail"])
        self.assertIsNotNone(study.finished_at)

    def test_study_at_its_second_attempt_is_not_given_up_while_it_shows_life(self):
        self.study("analysing", 29, 2)
        self.assertEqual(give_up(), 0)

    def test_studies_that_are_over_are_left_alone(self):
        for state in Study.FINAL:
            self.study(state, 1000, 2)
        self.assertEqual((give_up(), queue_again(), send_again(0)), (0, 0, 0))


class LostMessageTests(SweepingTestCase):
    def test_queued_study_without_a_message_is_sent_again_after_10_seconds(self):
        self.study("queued", 9)
        lost = self.study("queued", 11)
        with self.assertLogs("breastcancer_api.sweeping"):
            self.assertEqual(send_again(0), 1)
        self.assertEqual(self.delivered(), [lost.pk])

    def test_it_is_sent_again_once_in_10_seconds(self):
        self.study("queued", 11)
        with self.assertLogs("breastcancer_api.sweeping"):
            self.assertEqual([send_again(0), send_again(0)], [1, 0])

    def test_studies_that_only_wait_long_are_not_sent_again(self):
        for unseen in (100, 200, 300):
            self.study("queued", unseen)
        self.assertEqual(send_again(3), 0)

    def test_of_three_with_two_messages_the_one_sent_longest_ago_is_sent_again(self):
        studies = [self.study("queued", unseen) for unseen in (100, 300, 200)]
        with self.assertLogs("breastcancer_api.sweeping"):
            self.assertEqual(send_again(2), 1)
        self.assertEqual(self.delivered(), [studies[1].pk])
