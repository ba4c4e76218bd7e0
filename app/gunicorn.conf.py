"""How gunicorn serves BreastWise: one process, so that the networks are in memory once, and threads."""

from breastcancer_api.ending import worker_exit  # noqa: F401 gunicorn looks for it by its name
from breastwise.env import read_settings

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
control_socket_disable = True  # nobody here steers gunicorn while it runs
accesslog = "-"
# method and path alone: no query string, no referrer, no header that a client fills in
access_log_format = '%(h)s "%(m)s %(U)s" %(s)s %(B)s %(L)ss'
