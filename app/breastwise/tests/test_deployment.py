"""The files that run BreastWise in Docker agree with the settings and with each other."""

import json
import re
from string import Template

import yaml
from django.conf import settings
from django.test import SimpleTestCase

from breastcancer_api.problems import problem
from breastcancer_api.worker import ALIVE
from breastwise.env import SETTINGS, check_execution, read_settings
from breastwise.tests.files import env_file, text
from breastwise.urls import urlpatterns

SECRETS = {setting.name for setting in SETTINGS if setting.secret}


def compose(name: str) -> dict:
    return yaml.safe_load(text(name))


def services() -> dict[str, dict]:
    return compose("docker-compose.yml")["services"]


def started() -> dict[str, dict]:
    """Every service of the default stack and of the one with workers, as the file that adds it says."""
    both = (*services().items(), *compose("docker-compose.scale.yml")["services"].items())
    return {name: service for name, service in both if {"image", "build"} & set(service)}


class EnvFileTests(SimpleTestCase):
    def test_every_setting_is_listed_once_with_its_meaning(self):
        listed = re.findall(r"^# (.+)\n(\w+)=", text(".env.prod"), re.MULTILINE)
        self.assertEqual(listed, [(setting.meaning, setting.name) for setting in SETTINGS])

    def test_values_are_accepted(self):
        self.assertEqual(read_settings(env_file()).DATABASE_HOST, "db")

    def test_secrets_are_empty(self):
        self.assertEqual({env_file()[name] for name in SECRETS}, {""})


class ConfinedTests(SimpleTestCase):
    def told(self, key: str) -> dict:
        return {name: service.get(key) for name, service in started().items()}

    def everywhere(self, value) -> dict:
        return dict.fromkeys(started(), value)

    def test_seven_services_are_looked_at(self):
        self.assertEqual(set(started()), {"secrets", "db", "web", "nginx", "broker", "cache", "worker"})

    def test_no_service_writes_its_root_file_system_or_has_capabilities(self):
        self.assertEqual(self.told("read_only"), self.everywhere(True))
        self.assertEqual(self.told("cap_drop"), self.everywhere(["ALL"]))
        self.assertEqual(self.told("security_opt"), self.everywhere(["no-new-privileges:true"]))
        self.assertEqual(self.told("cap_add"), self.everywhere(None) | {"secrets": ["CHOWN"]})

    def test_memory_of_every_service_is_bounded(self):
        self.assertEqual([name for name, limit in self.told("mem_limit").items() if not limit], [])

    def test_what_serves_tells_its_health(self):
        built = {"web": "Dockerfile.prod", "nginx": "nginx/Dockerfile"}
        for name in started().keys() - {"secrets"}:
            told = "healthcheck" in started()[name] or "\nHEALTHCHECK " in text(built[name])
            self.assertTrue(told, name)

    def test_root_is_who_makes_the_password_and_nobody_else(self):
        users = {name: user for name, user in self.told("user").items() if user}
        self.assertEqual(users, {"secrets": "root", "db": "postgres", "broker": "redis", "cache": "redis"})


class ComposeTests(SimpleTestCase):
    def test_nginx_alone_is_published_and_on_the_loopback_address_unless_told_otherwise(self):
        published = {name: service["ports"] for name, service in services().items() if "ports" in service}
        self.assertEqual(published, {"nginx": ["${PUBLISHED:-127.0.0.1:8000}:8080"]})

    def test_web_knows_where_nginx_is_published(self):
        told = services()["web"]["environment"]["PUBLISHED"]
        self.assertEqual([f"{told}:8080"], services()["nginx"]["ports"])

    def test_docker_waits_longer_than_gunicorn_for_exams_in_hand(self):
        graceful = int(re.search(r"^graceful_timeout = (\d+)", text("app/gunicorn.conf.py"), re.MULTILINE)[1])
        self.assertLess(graceful, 120)
        self.assertEqual(services()["web"]["stop_grace_period"], "2m")

    def test_database_made_is_the_database_asked_for(self):
        made = services()["db"]["environment"]
        self.assertEqual(made["POSTGRES_DB"], env_file()["DATABASE_NAME"])
        self.assertEqual(made["POSTGRES_USER"], env_file()["DATABASE_USER"])

    def test_nginx_is_given_no_secret(self):
        self.assertEqual(services()["nginx"]["environment"], dict.fromkeys(SECRETS, ""))


class ScaleTests(SimpleTestCase):
    """docker-compose.scale.yml, laid over docker-compose.yml."""

    file = compose("docker-compose.scale.yml")
    services = file["services"]

    def environment(self, service: str) -> dict[str, str]:
        return env_file() | services()["web"]["environment"] | self.services[service]["environment"]

    def test_nothing_that_it_adds_is_published(self):
        self.assertEqual([name for name, service in self.services.items() if "ports" in service], [])

    def test_web_and_workers_are_told_the_same(self):
        self.assertEqual(self.environment("web"), self.environment("worker"))
        told = {name: value for name, value in self.environment("web").items() if not name.endswith("_FILE")}
        found = read_settings(told)
        self.assertIsNone(check_execution(found))
        self.assertEqual((found.EXECUTION, found.BROKER_URL), ("celery", "redis://broker:6379/0"))

    def test_web_and_workers_share_archives_and_results(self):
        shared = [f"{name}:{env_file()[name.upper()]}" for name in ("archives", "results")]
        self.assertLess(set(shared), set(self.services["worker"]["volumes"]))
        web = {*self.services["web"]["volumes"], *services()["web"]["volumes"]}
        self.assertLess(set(shared), web)

    def test_redis_is_reached_by_web_and_workers_alone(self):
        inside = {name for name, service in self.services.items() if "broker" in service.get("networks", ())}
        self.assertEqual(inside, {"broker", "cache", "web", "worker"})
        self.assertEqual(self.file["networks"], {"broker": {"internal": True}})

    def test_what_refusals_quote_never_reaches_a_disk(self):
        cache = self.services["cache"]
        self.assertEqual(cache["command"][1:5], ["--save", "", "--appendonly", "no"])
        self.assertEqual((cache["tmpfs"], "volumes" in cache), (["/data"], False))

    def test_messages_outlast_a_restart_of_the_broker(self):
        broker = self.services["broker"]
        self.assertEqual((broker["command"][1:3], broker["volumes"]), (["--appendonly", "yes"], ["broker:/data"]))

    def test_health_of_a_worker_is_the_file_that_it_touches(self):
        self.assertIn(f"find /tmp/{ALIVE.name} ", self.services["worker"]["healthcheck"]["test"][1])


class TlsTests(SimpleTestCase):
    """docker-compose.tls.yml, laid over docker-compose.yml."""

    services = compose("docker-compose.tls.yml")["services"]

    def test_application_knows_that_clients_come_by_https(self):
        self.assertEqual(self.services["web"], {"environment": {"TLS": "1"}})

    def test_certificate_lies_where_nginx_looks_for_it_and_cannot_be_written(self):
        (mounted,) = self.services["nginx"]["volumes"]
        folder = re.search(r"NGINX_CERTIFICATE=(\S+)", text("nginx/Dockerfile"))[1]
        self.assertEqual((mounted["target"], mounted["read_only"]), (folder, True))

    def test_folder_that_is_not_there_is_not_made(self):
        self.assertEqual(self.services["nginx"]["volumes"][0]["bind"], {"create_host_path": False})

    def test_http_comes_to_the_port_that_sends_it_to_https(self):
        published = services()["nginx"]["ports"][0].rpartition(":")[2]
        self.assertEqual(self.services["nginx"]["ports"], [f"${{REDIRECTED:-127.0.0.1:}}:{published}"])


class NginxTests(SimpleTestCase):
    template = text("nginx/default.conf.template")
    used = frozenset(re.findall(r"\$\{(\w+)\}", template))

    def answered(self, part: str) -> dict[str, str]:
        """What nginx says by itself, by status: ``code``, ``title`` or ``detail``."""
        told = re.search(rf"\$problem_{part} {{(.+?)\n}}", self.template, re.DOTALL)[1]
        return {status: value.strip('"') for status, value in re.findall(r"^ +(\w+) +(.+);$", told, re.MULTILINE)}

    def test_limits_are_those_of_the_settings(self):
        self.assertIn("client_max_body_size ${MAX_UPLOAD_MB}m;", self.template)
        self.assertIn("proxy_read_timeout ${REQUEST_TIMEOUT_SECONDS}s;", self.template)
        for name in ("client_header_timeout", "client_body_timeout", "send_timeout"):
            self.assertIn(f"{name} ${{SILENCE_SECONDS}}s;", self.template)

    def test_every_variable_is_given(self):
        of_the_image = set(re.findall(r"(NGINX_\w+)=", text("nginx/Dockerfile")))
        of_the_script = set(re.findall(r"(\w+)=", text("nginx/settings.envsh")))
        self.assertEqual(self.used - of_the_image - of_the_script, set())

    def test_configuration_page_tells_which_settings_nginx_takes(self):
        told = re.search(r"nginx takes (.+?)\sfrom the same", text("docs/configuration.md"), re.DOTALL)[1]
        self.assertEqual(set(re.findall(r"`(\w+)`", told)), self.used & env_file().keys())

    def test_every_error_that_has_a_body_of_its_own_is_answered_with_it(self):
        answered = set(re.search(r"error_page ([\d ]+) /nginx-problem", self.template)[1].split())
        self.assertEqual(answered, {*self.answered("code"), "502", "503"} - {"default"})

    def test_gunicorn_reads_all_that_nginx_hands_on(self):
        buffers, size = map(int, re.search(r"large_client_header_buffers (\d+) (\d+);", self.template).groups())
        limits = dict(re.findall(r"^limit_request_(\w+) = ([\d_]+)$", text("app/gunicorn.conf.py"), re.MULTILINE))
        first, address, shortest = 1024, len(", ") + 45, len("a:\n")
        self.assertLess(size, int(limits["line"]))
        self.assertLess(size + address, int(limits["field_size"]))
        self.assertLess((first + buffers * size) / shortest, int(limits["fields"]))

    def test_errors_have_the_shape_of_the_application(self):
        shape = re.search(r"return 200 '(\{.+\})';", self.template)[1]
        codes, titles, details = map(self.answered, ("code", "title", "detail"))
        self.assertEqual((len(codes), codes.keys(), codes.keys()), (11, titles.keys(), details.keys()))
        for status, code in codes.items():
            number = "502" if status == "default" else status
            values = {"status": number, "problem_code": code, "problem_title": titles[status]}
            filled = Template(shape).substitute(values, problem_detail=details[status].replace("$", ""))
            built = problem(int(number), code, titles[status], details[status].replace("$", ""))
            self.assertEqual(json.loads(filled), built)

    def test_log_tells_the_first_word_of_every_address(self):
        told = set(re.search(r"\(/\(\?:([^)]+)\)", self.template)[1].replace("\\", "").split("|"))
        routes = {str(each.pattern).lstrip("^").partition("/")[0] for each in urlpatterns} - {""}
        self.assertEqual(told, {route.rstrip("?$") for route in routes} | {settings.STATIC_URL.strip("/")})


class DockerfileTests(SimpleTestCase):
    dockerfile = text("Dockerfile.prod")

    def test_both_stages_stand_on_the_same_python(self):
        self.assertEqual(re.findall(r"^FROM (\S+)", self.dockerfile, re.MULTILINE), ["python:3.11-slim-bookworm"] * 2)

    def test_process_is_not_root(self):
        self.assertEqual(re.findall(r"^USER (\S+)", self.dockerfile, re.MULTILINE), ["10001"])

    def test_container_is_healthy_when_it_could_read_an_exam(self):
        self.assertEqual(re.findall(r"'GET', '(.+)'", self.dockerfile), ["/readyz"])

    def test_image_has_no_cuda_unless_it_is_asked_for(self):
        self.assertIn("\nARG TORCH=cpu\n", self.dockerfile)
        for name in ("web", "worker"):
            self.assertEqual(started()[name]["build"]["args"]["TORCH"], "${TORCH:-cpu}")
        self.assertEqual(compose("docker-compose.gpu.yml")["services"]["web"]["build"]["args"]["TORCH"], "cuda")

    def test_paths_of_the_image_are_those_of_the_settings(self):
        image = dict(re.findall(r"(\w+)=(\S+)", self.dockerfile))
        shared = {name: image[name] for name in ("STATE_DIR", "WORK_DIR", "ARCHIVES", "RESULTS", "STATIC_ROOT", "BIND")}
        self.assertEqual(shared, {name: env_file()[name] for name in shared})
        self.assertEqual(env_file()["NETWORKS_DIR"], f"{image['APP_HOME']}/nets/bundles")
