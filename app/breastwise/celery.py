"""Celery, set by Django's settings; workers are started by ``manage.py worker``."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "breastwise.settings")
app = Celery("breastwise")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.set_default()  # for threads, too
app.autodiscover_tasks(["breastcancer_api"])
