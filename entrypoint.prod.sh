#!/bin/sh
# Prepares the database and the static files, then becomes the command it was given. Runs in the folder of manage.py.
set -eu

# stdout is the log's; what these print is no line of it
exec 3>&1 >&2
python manage.py wait_for_database
python manage.py check --deploy
python manage.py migrate --no-input --skip-checks
python manage.py collectstatic --no-input --verbosity 0
python manage.py make_superuser

exec "$@" >&3 3>&-
