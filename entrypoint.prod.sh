#!/bin/sh
# Prepares the database and the static files, then becomes the command it was given. Runs in the folder of manage.py.
set -eu

# what these print is no line of the log, which is stdout's
{
    python manage.py wait_for_database
    python manage.py check --deploy
    python manage.py migrate --no-input --skip-checks
    python manage.py collectstatic --no-input --verbosity 0
    python manage.py make_superuser
} >&2

exec "$@"
