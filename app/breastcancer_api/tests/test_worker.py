import signal
import sys
import tempfile
from io import StringIO
from pathlib import Path
from threading import Event
from unittest import mock

from celery import current_app
from celery.apps.worker import install_worker_term_handler
from celery.exceptions import WorkerShutdown
from celery.worker import state
from django.core.management import CommandError, call_command
from django.test import SimpleTestCase, override_settings

from breastcancer_api import networks, worker
from breastcancer_api.worker import Settled


class SettledTests(SimpleTestCase):
    def setUp(self):
        self.enterContext(mock.patch.object(worker, "SETTLE_SECONDS", 0))

    def request(self, *ends: Exception | None) -> Settled:
        """A request whose message ends each try to take it off the broker so."""
        request = Settled.__new__(Settled)
        request._connection_errors, request.acknowledged = (ConnectionError,), False
        request._message = mock.Mock(acknowledged=False)
        for way in (request._message.ack, request._message.reject):
            way.side_effect = self.tries(request, list(ends))
        return request

    def tries(self, request: Settled, ends: list):
        def settle(**_) -> None:
            end = ends.pop(0)
            if end:
                raise end
            request._message.acknowledged = True

        return settle

    def test_message_is_tried_until_the_broker_answers(self):
        for way in (Settled.acknowledge, Settled.reject):
            request = self.request(ConnectionError(), ConnectionError(), None)
            with self.assertLogs("breastcancer_api.worker") as told:
                way(request)
            self.assertEqual((request.acknowledged, len(told.output)), (True, 2))

    def test_message_is_taken_off_once(self):
        request = self.request(None)
        request.acknowledge()
        request.reject()
        self.assertEqual((request._message.ack.call_count, request._message.reject.call_count), (1, 0))

    def test_worker_that_is_told_to_stop_tries_no_more(self):
        request = self.request(ConnectionError())
        with (
            mock.patch.object(state, "should_stop", 0),
            self.assertLogs("breastcancer_api.worker"),
            self.assertRaises(WorkerShutdown),
        ):
            request.acknowledge()


class AliveTests(SimpleTestCase):
    def test_worker_tells_that_it_is_alive_once_its_networks_have_answered(self):
        folder = self.enterContext(tempfile.TemporaryDirectory())
        alive = self.enterContext(mock.patch.object(worker, "ALIVE", Path(folder, "alive")))
        self.enterContext(mock.patch.object(worker, "_fit", Event()))
        self.enterContext(mock.patch.object(worker, "prepare_worker"))
        worker.tell_alive()
        self.assertFalse(alive.exists())
        worker._ready()
        worker.tell_alive()
        self.assertTrue(alive.exists())


class WorkTests(SimpleTestCase):
    @override_settings(EXECUTION="celery")
    def test_what_celery_prints_when_it_is_told_to_stop_is_not_on_stdout(self):
        self.addCleanup(signal.signal, signal.SIGTERM, signal.getsignal(signal.SIGTERM))
        out, errors = (self.enterContext(tempfile.TemporaryFile()) for _ in range(2))
        self.enterContext(mock.patch.multiple(sys, __stdout__=out, __stderr__=errors))
        self.enterContext(mock.patch.object(state, "should_stop", None))
        self.enterContext(mock.patch.object(current_app, "worker_main", side_effect=self.told_to_stop))
        worker.work()
        self.assertEqual(
            [self.content(each) for each in (out, errors)], [b"", b"\nworker: Warm shutdown (MainProcess)\n"]
        )

    def told_to_stop(self, _) -> None:
        install_worker_term_handler(mock.Mock())
        signal.raise_signal(signal.SIGTERM)

    def content(self, file) -> bytes:
        file.seek(0)
        return file.read()


class CommandTests(SimpleTestCase):
    def test_worker_is_refused_where_the_web_reads_exams_itself(self):
        with self.assertRaisesMessage(
            CommandError, "EXECUTION is 'inline': the process that answers reads exams itself"
        ):
            call_command("worker", stdout=StringIO())

    @override_settings(EXECUTION="celery", NETWORKS_DIR=worker.ALIVE / "nowhere")
    def test_worker_without_networks_does_not_start(self):
        networks._cards_alone.cache_clear()
        main = mock.patch.object(current_app, "worker_main", side_effect=AssertionError("a worker is started"))
        with main, self.assertRaisesRegex(CommandError, "no exam can be read: .*card.json: no such file"):
            call_command("worker", stdout=StringIO())
