"""What gunicorn serves."""

import os

from django.core.wsgi import get_wsgi_application
from django.db import connections

from breastcancer_api.log_lines import telling

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "breastwise.settings")
with telling("the server cannot start"):
    application = get_wsgi_application()

    # after Django is set up, which reads the models that this needs
    from breastcancer_api.startup import prepare

    prepare()
# This thread asks no more. SQLite keeps files of closed connections for as long as any connection is open.
connections.close_all()
