"""How gunicorn serves BreastWise: one process, so that the networks are in memory once, and threads."""

from threading import Barrier

from breastcancer_api.ending import worker_exit  # noqa: F401 gunicorn looks for it by its name
from breastwise.env import read_settings
from breastwise.log_settings import log_settings

_settings = read_settings()

wsgi_app = "breastwise.wsgi"
bind = _settings.BIND
workers = 1
worker_class = "gthread"
# an exam that is read or waits holds a thread; the spare ones answer health checks
threads = _settings.THREADS + _settings.QUEUE + 4
# For a threaded worker this is the time in which it must show life, not the time a request may take.
timeout = 120
graceful_timeout = 110  # seconds for the exams in hand when it is told to stop: less than Docker then waits
# More than nginx hands on, so that a client hears of its limits in the API's form: nginx reads lines of 8,000 bytes,
# adds an address to one of them, and reads four such buffers of headers, of which the shortest has three bytes.
limit_request_line = 8190
limit_request_field_size = 8190
limit_request_fields = 12_000
secure_scheme_headers = {
    "X-FORWARDED-PROTO": "https"
}  # nginx sets this one; what else a client says contradicts nothing
control_socket_disable = True  # nobody here steers gunicorn while it runs
accesslog = "-"
logconfig_dict = log_settings(_settings.LOG_LEVEL, _settings.LOG_FORMAT)
# method and path alone: no query string, no referrer, no header that a client fills in
access_log_format = '%(h)s "%(m)s %(U)s" %(s)s %(B)s %(L)ss'


def post_worker_init(worker) -> None:
    """Starts all threads at once: a pool that grows while it serves cannot be told from one that leaks."""
    together = Barrier(threads)
    for _ in range(threads):
        worker.tpool.submit(together.wait)
