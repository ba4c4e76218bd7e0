"""What gunicorn serves."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "breastwise.settings")
application = get_wsgi_application()

# after Django is set up, which reads the models that this needs
from breastcancer_api.startup import prepare  # noqa: E402

prepare()
