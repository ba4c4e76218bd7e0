"""What docs/monitoring/ asks Prometheus for is what the server tells."""

import json
import re

import yaml
from django.test import TestCase

from breastwise.env import read_settings
from breastwise.tests.files import REPOSITORY, env_file

FOLDER = REPOSITORY / "docs" / "monitoring"
OURS = r"\b(?:breastwise|process)_[a-z_]+\b"
SUFFIXES = {"histogram": ("_bucket", "_sum", "_count")}


def rules() -> list[dict]:
    return [each for group in yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"] for each in group["rules"]]


def panels() -> list[dict]:
    return json.loads((FOLDER / "dashboard.json").read_text())["panels"]


class MonitoringTests(TestCase):
    def exported(self) -> set[str]:
        text = self.client.get("/metrics").content.decode()
        families = re.findall(r"^# TYPE (\w+) (\w+)$", text, re.MULTILINE)
        return {name + suffix for name, kind in families for suffix in SUFFIXES.get(kind, ("",))}

    def test_every_figure_that_an_alert_or_a_panel_asks_for_is_told(self):
        asked = [rule["expr"] for rule in rules()]
        asked += [target["expr"] for panel in panels() for target in panel["targets"]]
        named = set(re.findall(OURS, " ".join(asked)))
        self.assertGreaterEqual(len(named), 15)
        self.assertEqual(named - self.exported(), set())

    def test_page_tells_of_every_figure_of_ours_and_every_alert(self):
        page = (REPOSITORY / "docs" / "monitoring.md").read_text()
        told = set(re.findall(r"^\| `(breastwise_\w+)` \|", page, re.MULTILINE))
        text = self.client.get("/metrics").content.decode()
        self.assertEqual(told, set(re.findall(r"^# TYPE (breastwise_\w+) \w+$", text, re.MULTILINE)))
        alerts = re.findall(r"^\| `(BreastWise\w+)` \|", page, re.MULTILINE)
        self.assertEqual(alerts, [rule["alert"] for rule in rules()])

    def test_every_panel_stands_on_the_source_that_is_chosen(self):
        sources = {target["datasource"]["uid"] for panel in panels() for target in panel["targets"]}
        self.assertEqual(sources, {"${source}"})

    def test_workers_are_asked_where_they_answer_in_docker(self):
        jobs = yaml.safe_load((FOLDER / "prometheus.yml").read_text())["scrape_configs"]
        asked = {job["job_name"]: job for job in jobs}["breastwise-workers"]["dns_sd_configs"][0]
        self.assertEqual(read_settings(env_file()).WORKER_METRICS[1], asked["port"])
        self.assertEqual(asked["names"], ["worker"])
