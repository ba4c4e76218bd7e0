import re
import tempfile
import warnings
from pathlib import Path
from unittest import skipUnless

import yaml
from django.core.management import get_commands, load_command_class
from django.test import SimpleTestCase
from rest_framework import exceptions
from rest_framework.exceptions import APIException

from breastcancer_api.filters import SliceFilter, StudyFilter
from breastcancer_api.management.commands import formats
from breastcancer_api.management.commands.networks import page
from breastcancer_api.problems import refusal
from breastcancer_api.serializers import ReceiptSerializer, SliceSerializer, StudySerializer, ValidationSerializer
from breastcancer_api.studies import INTERRUPTED
from breastcancer_api.sweeping import POISON
from breastcancer_api.views import SlicesView, StudiesView
from breastwise.env import SETTINGS, SettingError, check_execution, check_published, read_settings
from detection.known_answers import WrongAnswer
from imaging.errors import ScanError
from nets.bundle import ROLES, BundleError, load
from nets.device import DeviceMissing
from phantom.describing import ranges_table
from reports.errors import FormError
from training.exam_set import BYTES_A_SLICE
from training.sources.zips import LABELS, labelled_zips

ROOT = Path(__file__).resolve().parents[3]
README = ROOT / "README.md"
NGINX = ROOT / "nginx" / "default.conf.template"
FILES = ROOT.parent / "shared" / "dicom"


# of REST framework's errors those that an address of ours can answer
OF_REST_FRAMEWORK = (
    *(exceptions.NotAuthenticated, exceptions.AuthenticationFailed, exceptions.PermissionDenied, exceptions.NotFound),
    *(exceptions.MethodNotAllowed, exceptions.UnsupportedMediaType, exceptions.Throttled),
)
# no operation of the schema answers these: a study tells them, nginx does, or an address that is not in it
BESIDE_THE_SCHEMA = {"interrupted", "method_not_allowed", "timeout"}


def descendants(kind: type) -> list[type]:
    """Those of the product's own code."""
    found = [each for child in kind.__subclasses__() for each in (child, *descendants(child))]
    return [each for each in found if each.__module__.startswith(("imaging.", "breastcancer_api."))]


def codes() -> dict[str, int]:
    """Every code of an error with its status, as the code has them."""
    problems = (ROOT / "app" / "breastcancer_api" / "problems.py").read_text()
    written = re.findall(r'\b(?:problem|_page)\(\s*(\d+),\s*"(\w+)"', problems)
    of_nginx = re.search(r"\$problem_code {(.+?)}", NGINX.read_text(), re.DOTALL)[1]
    nginx = re.findall(r"^    (\d+|default) +(\w+);", of_nginx, re.MULTILINE)
    return (
        {code: 503 if status == "default" else int(status) for status, code in nginx}
        | {code: int(status) for status, code in written}
        | {each.code: refusal(each("..."))["status"] for each in descendants(ScanError)}
        | {each.default_code: each.status_code for each in (*descendants(APIException), *OF_REST_FRAMEWORK)}
        | {each.code: 409 for each in FormError.__subclasses__()}
        | {each["code"]: each["status"] for each in (INTERRUPTED, POISON)}
    )


def anchors(page: str) -> set[str]:
    """What can follow the `#` of a link to a Markdown ``page``, as GitHub makes it of headings."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```", "", page, flags=re.MULTILINE | re.DOTALL), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", each.strip().lower()).replace(" ", "-") for each in headings}


class ErrorsTests(SimpleTestCase):
    page = (ROOT / "docs" / "api.md").read_text()

    def test_table_of_errors_is_what_the_code_has(self):
        rows = re.findall(r"^\| ([\d, ]+) \| `(\w+)` \|", self.page, re.MULTILINE)
        self.assertEqual({code: int(statuses[-3:]) for statuses, code in rows}, codes())

    def test_every_code_is_there_once(self):
        named = re.findall(r"^\| [\d, ]+ \| `(\w+)` \|", self.page, re.MULTILINE)
        self.assertEqual(len(named), len(set(named)))

    def test_schema_tells_the_same_codes(self):
        schema = yaml.safe_load((ROOT / "docs" / "schema.yaml").read_text())
        operations = [each for path in schema["paths"].values() for each in path.values()]
        told = " ".join(answer["description"] for each in operations for answer in each["responses"].values())
        self.assertEqual(set(re.findall(r"- `(\w+)`:", told)), set(codes()) - BESIDE_THE_SCHEMA)

    def test_examples_hold_every_field(self):
        named = re.findall(r'"(\w+)":', self.page)
        for serializer in (StudySerializer, SliceSerializer, ValidationSerializer, ReceiptSerializer):
            self.assertEqual(set(serializer().fields) - set(named), set())

    def test_every_filter_and_order_is_told(self):
        told = set(re.findall(r"[`?&](\w+)[`=]", self.page))
        lists = (StudiesView, SlicesView)
        names = {
            *StudyFilter.base_filters,
            *SliceFilter.base_filters,
            *(name for each in lists for name in each.ordering_fields),
        }
        self.assertEqual(names - told, set())

    def test_every_address_of_the_schema_is_on_the_page(self):
        schema = yaml.safe_load((ROOT / "docs" / "schema.yaml").read_text())
        missing = [path for path in schema["paths"] if path.replace("{id}", "<id>") not in self.page]
        self.assertEqual(missing, [])


class DocsTests(SimpleTestCase):
    def test_every_setting_is_in_the_configuration_page_with_its_meaning(self):
        page = (ROOT / "docs" / "configuration.md").read_text()
        missing = [each.name for each in SETTINGS if f"| `{each.name}` |" not in page or each.meaning not in page]
        self.assertEqual(missing, [])

    def test_configuration_page_names_no_setting_that_is_gone(self):
        named = set(re.findall(r"^\| `([A-Z_]+)` \|", (ROOT / "docs" / "configuration.md").read_text(), re.MULTILINE))
        self.assertEqual(named, {each.name for each in SETTINGS})

    def test_networks_page_is_what_the_command_prints_of_the_shipped_cards(self):
        shipped = [load(ROOT / "app" / "nets" / "bundles", role)[0] for role in ROLES]
        self.assertEqual((ROOT / "docs" / "networks.md").read_text(), page(shipped) + "\n")

    def test_every_option_that_a_page_shows_is_one_of_its_command(self):
        pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
        unknown = []
        # what made the shipped networks is told as it was given then
        for shown in (each for each in pages if each.name != "networks.md"):
            for name, rest in re.findall(r"manage\.py ([a-z_]+)((?: [^`\n#;|&]+)?)", shown.read_text()):
                if get_commands().get(name) == "breastcancer_api":
                    parser = load_command_class("breastcancer_api", name).create_parser("manage.py", name)
                    known = set(re.findall(r"--[a-z-]+", parser.format_help()))
                    unknown += [
                        (shown.name, name, each) for each in re.findall(r"--[a-z-]+", rest) if each not in known
                    ]
        self.assertEqual(unknown, [])

    def test_installing_tells_what_to_do_about_every_refusal_of_a_start(self):
        page = (ROOT / "docs" / "install.md").read_text()
        told = page[page.index("## When it does not start") :]
        for kind in (SettingError, BundleError, DeviceMissing, WrongAnswer):
            self.assertIn(f"{kind.__name__}: ", told)
        refused = {
            "is reached by other machines, and ANONYMOUS is 1": {"BIND": "0.0.0.0:8000"},
            "BROKER_URL: is empty, and EXECUTION is 'celery'": {"EXECUTION": "celery"},
            "QUEUE: 0, ": {"EXECUTION": "celery", "BROKER_URL": "a", "DATABASE_HOST": "b", "QUEUE": "0"},
        }
        for reason, environ in refused.items():
            self.assertIn(reason, told)
            with self.assertRaisesMessage(SettingError, reason):
                check_published(read_settings(environ))
                check_execution(read_settings(environ))

    def test_phantom_page_lists_every_range_as_the_code_has_it(self):
        self.assertIn(ranges_table() + "\n", (ROOT / "docs" / "phantom.md").read_text())

    def test_data_page_tells_the_size_of_sets_as_the_code_has_it(self):
        page = (ROOT / "docs" / "data.md").read_text()
        self.assertIn(f"1,000 slices take {BYTES_A_SLICE / 1e3:.1f} MB.", page)
        self.assertIn(f"922 patients with 160 slices each take {922 * 160 * BYTES_A_SLICE / 1e9:.1f} GB", page)

    def test_data_page_shows_a_table_of_labels_that_is_read(self):
        table = re.search(r"```csv\n(.*?)```", (ROOT / "docs" / "data.md").read_text(), re.DOTALL)[1]
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, LABELS).write_text(table)
            found = [(each.name, each.patient) for each in labelled_zips(Path(folder)).left_out]
        self.assertEqual(found, [("2021/a17.zip", "P017"), ("2021/a18.zip", "P018"), ("north/b03.zip", "P021")])

    def test_picture_of_the_phantoms_is_small(self):
        self.assertLess((ROOT / "docs" / "phantom.png").stat().st_size, 600_000)

    @skipUnless(FILES.is_dir(), "the public DICOM files are not here")
    def test_formats_page_is_what_the_command_prints_of_the_public_files(self):
        with warnings.catch_warnings():  # pydicom warns of the odd files among them
            warnings.simplefilter("ignore")
            self.assertEqual((ROOT / "docs" / "formats.md").read_text(), formats.page(FILES) + "\n")

    def test_formats_page_begins_with_what_the_code_reads(self):
        self.assertTrue((ROOT / "docs" / "formats.md").read_text().startswith(formats.page(None)))

    def test_public_files_that_are_read_all_equal_the_second_decoder(self):
        told = re.findall(r"read: .*, (.*) \|", (ROOT / "docs" / "formats.md").read_text())
        self.assertEqual(set(told), {"equal to the second decoder"})

    def test_make_targets_named_in_the_readme_exist(self):
        targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
        named = set(re.findall(r"(?:^|`)make ([a-z-]+)", README.read_text(), re.MULTILINE))
        self.assertGreaterEqual(named, {"demo", "test", "run", "lint"})
        self.assertEqual(named - targets, set())

    def test_commands_named_in_the_readme_exist(self):
        named = set(re.findall(r"manage\.py ([a-z_]+)", README.read_text()))
        self.assertIn("phantom", named)
        self.assertEqual(named - set(get_commands()), set())

    def test_every_folder_of_the_app_stands_in_the_readmes_tree(self):
        packages = {file.parent.name for file in (ROOT / "app").glob("*/__init__.py")}
        missing = [name for name in packages if not re.search(rf"\b{name}/", README.read_text())]
        self.assertEqual(missing, [])


class LinksTests(SimpleTestCase):
    pages = tuple(
        each
        for each in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "clients").rglob("*.md"))
        if each.is_file()
    )

    def test_every_link_leads_to_a_file_and_a_heading_that_are_there(self):
        broken = []
        for shown in self.pages:
            for link in re.findall(r"\]\((?!https?:|mailto:)([^)\s]+)\)", shown.read_text()):
                name, _, anchor = link.partition("#")
                file = shown.parent / name if name else shown
                if not file.exists() or (anchor and anchor not in anchors(file.read_text())):
                    broken.append(f"{shown.relative_to(ROOT)} -> {link}")
        self.assertEqual(broken, [])

    def test_anchor_is_the_heading_as_github_makes_it(self):
        page = "# `POST /validate/`\n\n```\n# no heading\n```\n\n## What is kept, and why\n"
        self.assertEqual(anchors(page), {"post-validate", "what-is-kept-and-why"})

    def test_index_of_the_docs_names_every_page_once(self):
        index = ROOT / "docs" / "README.md"
        named = re.findall(r"^\| \[[^]]+\]\(([^)]+)\) \|", index.read_text(), re.MULTILINE)
        pages = {each.name for each in (ROOT / "docs").glob("*.md")} - {index.name}
        self.assertEqual(pages - set(named), set())
        self.assertEqual(len(named), len(set(named)))

    def test_readme_links_the_index(self):
        self.assertIn("](docs/README.md)", README.read_text())
