#!/usr/bin/env bash
# The whole line on loopback, without Docker: Debian's nginx and PostgreSQL, gunicorn, and the files that production
# uses (entrypoint.prod.sh, .env.prod, nginx/default.conf.template). Needs the packages nginx, postgresql, gettext-base
# and curl, and .venv. NETWORKS_DIR names another pair of networks. Prints a line for each check.
# shellcheck disable=SC2034  # settings are for the processes that are started
set -euo pipefail

cd "$(dirname "$0")/.."
repository=$PWD
networks=${NETWORKS_DIR:-$repository/app/nets/bundles}
folder=$(mktemp -d)
export PATH="$repository/.venv/bin:$PATH:/usr/sbin"
for bin in /usr/lib/postgresql/*/bin; do PATH=$PATH:$bin; done

# --- tools ------------------------------------------------------------------------------------------------------------

running=()

finish() {
    local status=$?
    trap - EXIT
    if [ "$status" != 0 ]; then
        echo "FAILED, status $status"
        tail -n 25 "$folder"/*.log || true
    fi
    for pid in "${running[@]}"; do
        kill "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    rm -rf "$folder"
    exit "$status"
}
trap finish EXIT
trap 'exit 130' INT TERM

ok() { echo "ok   $*"; }

fail() {
    echo "FAIL $*"
    exit 1
}

eventually() { # command...: tries it for 20 seconds
    for _ in $(seq 100); do
        if "$@"; then return; fi
        sleep 0.2
    done
    return 1
}

free_port() { python -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

ask() { # arguments of curl; leaves status, headers and body of the answer
    status=$(curl --silent --show-error --max-time 300 --dump-header "$folder/headers" --output "$folder/body" \
        --write-out '%{http_code}' "$@")
}

say() { # a request as it goes over the line, with escapes; leaves what ask leaves
    exec 3<>"/dev/tcp/${NGINX_LISTEN/://}"
    printf '%b' "$1" >&3
    timeout 20 cat <&3 >"$folder/answer"
    exec 3>&-
    status=$(awk 'NR == 1 {print $2}' "$folder/answer")
    sed $'/^\r$/q' "$folder/answer" >"$folder/headers"
    sed $'1,/^\r$/d' "$folder/answer" >"$folder/body"
}

once() { # names...: the last answer has each of these headers, and once
    local name count
    for name in "$@"; do
        count=$(grep -ci "^$name:" "$folder/headers" || true)
        [ "$count" = 1 ] || fail "$name is there $count times: $(cat "$folder/headers")"
    done
}

header() { sed -n "s/^$1: *//Ip" "$folder/headers" | tr -d '\r'; }

expect_problem() { # status code detail: the last answer has them; detail is a regular expression for its beginning
    [ "$status" = "$1" ] || fail "status $status instead of $1: $(head -c 500 "$folder/body")"
    [ "$(header content-type)" = application/problem+json ] || fail "$1 is $(header content-type)"
    python - "$folder/body" "$@" <<'PYTHON' || fail "$1 says $(cat "$folder/body")"
import json, re, sys
body, status, code, detail = json.load(open(sys.argv[1])), int(sys.argv[2]), *sys.argv[3:]
assert (body["status"], body["code"], body["type"]) == (status, code, f"urn:breastwise:problem:{code}")
assert body["title"] and body["errors"] is not None and re.match(detail, body["detail"])
PYTHON
}

is_empty() { [ -z "$(ls -A "$1")" ]; }

nameless_file() { # pid folder: the process has a file open there that has no name
    [ -n "$(find "/proc/$1/fd" -lname "$2/* (deleted)" 2>/dev/null)" ]
}

no_nameless_file() { ! nameless_file "$@"; }

# servers that do not start as root, or do not stay it
as_postgres=() as_web=()
if [ "$(id -u)" = 0 ]; then
    as_postgres=(setpriv --reuid=postgres --regid=postgres --init-groups)
    as_web=(setpriv --reuid=www-data --regid=www-data --init-groups)
fi

# --- settings: .env.prod, with this folder's paths, free ports, a small limit and one place ---------------------------

set -a
# shellcheck disable=SC1091
. ./.env.prod
STATE_DIR=$folder/state WORK_DIR=$folder/work STATIC_ROOT=$folder/static NETWORKS_DIR=$networks RESULTS=$folder/results
DATABASE_HOST=127.0.0.1 DATABASE_PORT=$(free_port) DATABASE_PASSWORD_FILE=$folder/database_password
SUPERUSER_NAME=administrator SUPERUSER_PASSWORD_FILE=$folder/superuser_password
BIND=127.0.0.1:$(free_port) NGINX_LISTEN=127.0.0.1:$(free_port)
NGINX_UPSTREAM=$BIND NGINX_LOG=$folder/nginx/access.log NGINX_CERTIFICATE=$folder/certificate
MAX_UPLOAD_MB=40
THREADS=1 QUEUE=0
set +a
url=http://$NGINX_LISTEN

chmod 755 "$folder"
install -d -m 755 "$folder/postgres" "$folder/nginx"
for file in "$DATABASE_PASSWORD_FILE" "$SUPERUSER_PASSWORD_FILE"; do
    (umask 077 && head -c 24 /dev/urandom | base64 >"$file")
done
if [ "$(id -u)" = 0 ]; then
    chown postgres "$folder/postgres" "$DATABASE_PASSWORD_FILE"
    chown www-data "$folder/nginx"
fi

# --- start ------------------------------------------------------------------------------------------------------------

"${as_postgres[@]}" initdb -D "$folder/postgres" -U "$DATABASE_USER" -A scram-sha-256 --no-sync \
    --pwfile "$DATABASE_PASSWORD_FILE" >"$folder/initdb.log"
"${as_postgres[@]}" postgres -D "$folder/postgres" -h 127.0.0.1 -p "$DATABASE_PORT" -k "$folder/postgres" -F \
    >"$folder/postgres.log" 2>&1 &
database=$!
running=("$database" "${running[@]}")

query() { # database SQL
    PGPASSWORD=$(cat "$DATABASE_PASSWORD_FILE") \
        psql -h 127.0.0.1 -p "$DATABASE_PORT" -U "$DATABASE_USER" -d "$1" -Atqc "$2"
}

# the container's database is there from the start; here it is made while the entry point waits for it
(cd app && exec ../entrypoint.prod.sh gunicorn) >"$folder/web.log" 2>"$folder/web_errors.log" &
gunicorn=$!
running=("$gunicorn" "${running[@]}")
eventually query postgres "SELECT" 2>/dev/null || fail "PostgreSQL does not answer"
query postgres "CREATE DATABASE $DATABASE_NAME"

cat >"$folder/nginx.conf" <<NGINX
daemon off;
master_process off;
pid $folder/nginx/pid;
error_log stderr;
events {}
http {
    client_body_temp_path $folder/nginx/bodies;
    proxy_temp_path $folder/nginx/answers;
    fastcgi_temp_path $folder/nginx/fastcgi;
    scgi_temp_path $folder/nginx/scgi;
    uwsgi_temp_path $folder/nginx/uwsgi;
    include $folder/default.conf;
}
NGINX
nginx/fill_in >"$folder/default.conf"
"${as_web[@]}" nginx -e stderr -c "$folder/nginx.conf" >"$folder/nginx.log" 2>&1 &
nginx=$!
running=("$nginx" "${running[@]}")

python app/manage.py phantom --seed 7 --out "$folder/series.zip" >"$folder/phantom.log" 2>&1

curl --silent --fail --retry 120 --retry-delay 1 --retry-all-errors --max-time 10 --output /dev/null "$url/readyz" ||
    fail "the server does not become ready"
ok "the server is ready, through nginx, gunicorn and PostgreSQL"
grep -q "System check identified no issues" "$folder/web_errors.log" ||
    fail "check --deploy warns: $(head -n 20 "$folder/web_errors.log")"
ok "check --deploy has nothing to say of the settings"
[ "$(query "$DATABASE_NAME" "SELECT username FROM auth_user WHERE is_superuser")" = administrator ] ||
    fail "no administrator"
ok "the administrator is made"

(cd app && python manage.py doctor) >"$folder/doctor.log" || fail "manage.py doctor finds faults"
grep -Eq "^left behind +OK" "$folder/doctor.log" || fail "manage.py doctor leaves something"
ok "manage.py doctor: $(tail -n 1 "$folder/doctor.log")"

# --- answers ----------------------------------------------------------------------------------------------------------

ask --form "file=@$folder/series.zip" "$url/upload/"
[ "$status" = 201 ] || fail "upload: $status $(head -c 500 "$folder/body")"
python -c 'import json, sys; assert all(type(n) is int for n in json.load(open(sys.argv[1])))' "$folder/body" ||
    fail "the answer is not an array of numbers: $(head -c 500 "$folder/body")"
ok "an exam is answered with 201 and $(cat "$folder/body")"

location=$(header location)
ask "$url$location"
[ "$status" = 200 ] || fail "$location: $status"
ok "its study is at $location"

for form in results.pdf sr.dcm montage.png "slices/1.png?kind=1st_subtraction&heat=scantype" \
    passport/ patient/ pictures/ slices/1/pixels projection/pixels slices/1/layers/heat-single.png; do
    ask "$url$location$form"
    [ "$status" = 200 ] || fail "$form: $status $(head -c 500 "$folder/body")"
    [ "$(header cache-control)" = no-store ] || fail "$form may be kept in a cache"
done
ask --request DELETE "$url$location"
[ "$status" = 200 ] || fail "DELETE: $status"
find "$RESULTS" -type f | grep -q . && fail "left of an erased study: $(find "$RESULTS" -type f)"
ok "forms of its result come through, and erasing it leaves no picture"
ask --form "file=@$folder/series.zip" "$url/upload/"
[ "$status" = 201 ] || fail "upload: $status"
location=$(header location)

every=(X-Request-ID X-Content-Type-Options X-Frame-Options Referrer-Policy Cross-Origin-Opener-Policy
    Content-Security-Policy Cache-Control)
script=/static/breastcancer_api/upload.js
for path in / /networks/ /docs/ "$location" "$script" /nowhere "/livez?$(printf 'a%.0s' {1..8000})"; do
    ask "$url$path"
    once "${every[@]}"
done
ok "pages, results, static files and errors of either have every header, and once"

ask --header "Accept-Encoding: gzip" "$url$script"
once Content-Encoding Vary Last-Modified
[ "$(header content-encoding) $(header cache-control)" = "gzip max-age=60, public" ] || fail "$(cat "$folder/headers")"
ask --header "If-Modified-Since: $(header last-modified)" "$url$script"
[ "$status" = 304 ] || fail "a script that is in a cache: $status"
ask --header "Accept-Encoding: gzip" "$url/docs/"
[ "$(header content-encoding)" = gzip ] || fail "a page is not packed: $(cat "$folder/headers")"
ok "pages and static files come packed, and static files stay in caches"

ask --form "other=1" "$url/upload/"
expect_problem 400 no_archive "Invalid file name: no series.zip found"
ok "no file: 400 $(header content-type)"

(cd "$folder" && mkdir flat && echo text >flat/001.dcm && python -m zipfile -c flat.zip flat/001.dcm)
ask --form "file=@$folder/flat.zip;filename=series.zip" "$url/upload/"
expect_problem 400 missing_folder "Invalid folder structure\."
ok "no folders in the zip: 400 $(header content-type)"

ask --header "Transfer-Encoding: chunked" --form "file=@$folder/flat.zip;filename=series.zip" "$url/upload/"
expect_problem 400 missing_folder "Invalid folder structure\."
ok "an upload that does not state its length arrives, too"

truncate -s 41M "$folder/large.zip" # M is MiB: 43.0 MB, which nginx refuses
ask --form "file=@$folder/large.zip;filename=series.zip" "$url/upload/"
expect_problem 413 limit_exceeded "An upload may have up to 40 MB."
grep -qi '^server: nginx.$' "$folder/headers" || fail "nginx tells its version"
ok "over the limit: 413 $(header content-type), from nginx"

truncate -s 41000000 "$folder/large.zip" # less than 40 MiB, which nginx lets pass
ask --form "file=@$folder/large.zip;filename=series.zip" "$url/upload/"
expect_problem 413 limit_exceeded ".*The request is 41000"
ok "just over the limit: 413 $(header content-type), from the application"

truncate -s 6000000 "$folder/large.zip"
for _ in {1..10}; do
    ask --header "Authorization: Bearer none" --form "file=@$folder/large.zip;filename=series.zip" "$url/upload/"
    expect_problem 401 authentication_failed ""
done
ok "an upload that is refused before it is read hears so: 401 $(header content-type)"

ask --request TRACE "$url/livez"
expect_problem 405 method_not_allowed "The server knows no such method\."
ask --request A "$url/livez"
expect_problem 405 method_not_allowed "The server knows no such method\."
ask --header "Transfer-Encoding: gzip" --data a "$url/upload/"
expect_problem 501 bad_request "The server reads no such Transfer-Encoding\."
say 'GET /livez HTTP/9.9\r\n\r\n'
expect_problem 505 bad_request "The server reads no such version of HTTP\."
say 'GET /\xff HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n'
expect_problem 400 bad_request "The server could not read the request\."
ask "$url/livez?$(printf 'a%.0s' {1..8000})"
expect_problem 414 bad_request "The server does not read addresses of this length\."
ask --header "X-Long: $(printf 'a%.0s' {1..8000})" "$url/livez"
expect_problem 400 bad_request "The server could not read the request\."
ok "what nginx does not read is answered in the form of all errors"

# shellcheck disable=SC2046  # each header is an argument of its own
ask --header "X-Forwarded-For: $(printf 'a%.0s' {1..7900})" --header "X-Forwarded-Ssl: on" \
    $(printf -- '--header X-%d:a ' {1..200}) "$url/livez?$(printf 'a%.0s' {1..7900})"
[ "$status" = 200 ] || fail "a long request: $status $(head -c 500 "$folder/body")"
ok "gunicorn reads all that nginx reads"

worker=$(awk '{print $1}' "/proc/$gunicorn/task/$gunicorn/children")
curl --silent --limit-rate 1M --form "file=@$folder/series.zip" --output /dev/null "http://$BIND/upload/" &
slow=$!
eventually nameless_file "$worker" "$WORK_DIR" || fail "no upload seen in $WORK_DIR"
truncate -s 39000000 "$folder/large.zip"
ask --form "file=@$folder/large.zip;filename=series.zip" "$url/upload/"
expect_problem 503 busy "As many exams as this server takes"
[ "$(header retry-after)" = 30 ] || fail "Retry-After is '$(header retry-after)'"
kill "$slow"
wait "$slow" || true
eventually no_nameless_file "$worker" "$WORK_DIR" || fail "the upload stays in $WORK_DIR"
ok "one upload more than there are places: 503 $(header content-type), come again in 30 s"

# --- what stays on disk -----------------------------------------------------------------------------------------------

disconnect() { # pid folder address: breaks an upload off once the process has some of it on disk
    curl --silent --limit-rate 2M --form "file=@$folder/series.zip" --output /dev/null "$3" &
    local client=$!
    eventually nameless_file "$1" "$2" || fail "no upload seen in $2"
    [ -z "$(find "$2" -type f)" ] || fail "the upload has a name: $(find "$2" -type f)"
    kill "$client"
    wait "$client" || true
    eventually no_nameless_file "$1" "$2" || fail "the broken upload stays in $2"
}

disconnect "$nginx" "$folder/nginx/bodies" "$url/upload/"
ok "a client that disconnects leaves nothing in nginx"
disconnect "$worker" "$WORK_DIR" "http://$BIND/upload/"
ok "a client that disconnects leaves nothing in gunicorn"

eventually is_empty "$WORK_DIR" || fail "left in the work folder: $(ls "$WORK_DIR")"
ok "the work folder is empty"
studies=$(query "$DATABASE_NAME" "SELECT state, count(*) FROM breastcancer_api_study GROUP BY state ORDER BY state" | tr '\n' ' ')
[ "$studies" = "done|1 refused|2 " ] || fail "PostgreSQL holds $studies"
told=$(query "$DATABASE_NAME" "SELECT count(*) FROM breastcancer_api_study WHERE problem::jsonb ? 'detail'")
[ "$told" = 0 ] || fail "the text of a refusal is in PostgreSQL"
ok "PostgreSQL holds the study and two refusals, without their texts"

# --- stop -------------------------------------------------------------------------------------------------------------

kill -INT "$database" # it waits for nobody
wait "$database" || fail "PostgreSQL ended with $?"
ask "$url/livez"
[ "$status" = 200 ] || fail "livez: $status"
ask "$url/readyz"
expect_problem 503 unavailable "The database does not answer\."
if grep '"level": "ERROR"' "$folder/web.log" | grep -q '"logger": "django.request"'; then
    fail "a foreseen answer is an error in the log"
fi
ok "PostgreSQL stopped: 503 $(header content-type) from /readyz, and no error in the log"

ask --header "X-Request-ID: end-to-end.1" "$url/Phantom/"
[ "$(header x-request-id)" = end-to-end.1 ] || fail "the answer has the id '$(header x-request-id)'"
python - "$folder/web.log" <<'PYTHON' || fail "the log is not as it should be"
import json, sys
lines = [json.loads(line) for line in open(sys.argv[1])]
assert all(line.keys() >= {"time", "level", "logger", "message"} for line in lines)
assert {"gunicorn.error", "gunicorn.access", "django.request", "breastcancer_api.studies"} <= {e["logger"] for e in lines}
told = [line["logger"] for line in lines if line.get("request") == "end-to-end.1"]
assert told == ["django.request", "gunicorn.access"], told
assert "Phantom" not in str(lines) and "PHANTOM" not in str(lines)
PYTHON
python - "$folder/nginx/access.log" <<'PYTHON' || fail "nginx's log is not as it should be"
import json, sys
lines = [json.loads(line) for line in open(sys.argv[1])]
assert [line["message"] for line in lines if line["request"] == "end-to-end.1"] == ["GET other 404"]
assert {line["status"] for line in lines} >= {200, 201, 400, 405, 413, 414, 501, 503, 505}
PYTHON
ok "every line of both logs is an object, names its request, and nobody whose name was typed for an address"

kill "$gunicorn"
wait "$gunicorn" || fail "gunicorn ended with $?"
ask "$url/readyz"
expect_problem 502 unavailable "The server is starting or being restarted."
[ "$(header retry-after)" = 30 ] || fail "Retry-After is '$(header retry-after)'"
once "${every[@]}"
ok "gunicorn stopped: 502 $(header content-type)"
