"""Imports run one way: a floor imports lower floors only, siblings do not import each other (docs/architecture.md)."""

import ast
import re
from pathlib import Path

from django.test import SimpleTestCase

APP = Path(__file__).resolve().parents[2]
FLOORS = {
    "imaging": 0,
    "phantom": 0,
    "nets": 0,
    "detection": 1,
    "reports": 2,
    "training": 2,
    "breastcancer_api": 3,
    "breastwise": 4,
}
FORBIDDEN = {
    "imaging": {"django", "torch"},
    "phantom": {"django", "torch"},
    "nets": {"django"},
    "detection": {"django"},
}


def modules() -> list[tuple[str, Path]]:
    """(package, file) of the product's code; tests may import what they like."""
    return [
        (package, file)
        for package in FLOORS
        for file in sorted((APP / package).rglob("*.py"))
        if "tests" not in file.parts and "migrations" not in file.parts
    ]


def imported(node: ast.AST) -> list[str]:
    """Top-level packages that an import statement names."""
    if isinstance(node, ast.Import):
        return [alias.name.split(".")[0] for alias in node.names]
    return [node.module.split(".")[0]] if isinstance(node, ast.ImportFrom) and node.module else []


class FloorsTests(SimpleTestCase):
    def test_every_package_has_a_floor(self):
        packages = {file.parent.name for file in APP.glob("*/__init__.py")}
        self.assertEqual(packages - set(FLOORS), set())

    def test_make_test_runs_the_tests_of_every_package_once(self):
        halves = re.search(r"^HALVES := (.+)$", (APP.parent / "Makefile").read_text(), re.MULTILINE)[1]
        run = halves.replace('"', "").split()
        self.assertEqual(sorted(run), sorted(file.parent.name for file in APP.glob("*/__init__.py")))

    def test_packages_import_lower_floors_only(self):
        wrong = [
            f"{file.relative_to(APP)} imports {name}"
            for package, file in modules()
            for node in ast.walk(ast.parse(file.read_text()))
            for name in imported(node)
            if name in FLOORS and name != package and FLOORS[name] >= FLOORS[package]
        ]
        self.assertEqual(wrong, [])

    def test_lower_floors_know_neither_django_nor_what_is_not_theirs(self):
        wrong = [
            f"{file.relative_to(APP)} imports {name}"
            for package, file in modules()
            for node in ast.walk(ast.parse(file.read_text()))
            for name in imported(node)
            if name in FORBIDDEN.get(package, ())
        ]
        self.assertEqual(wrong, [])

    def test_no_function_imports_first_party_code(self):
        wrong = [
            f"{file.relative_to(APP)}:{inner.lineno}"
            for _, file in modules()
            for node in ast.walk(ast.parse(file.read_text()))
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            for inner in ast.walk(node)
            if set(imported(inner)) & set(FLOORS)
        ]
        self.assertEqual(wrong, [])

    def test_a_wrong_import_would_be_seen(self):
        self.assertEqual(imported(ast.parse("from detection.pipeline import scan").body[0]), ["detection"])
        self.assertEqual(imported(ast.parse("import nets.bundle, os").body[0]), ["nets", "os"])
