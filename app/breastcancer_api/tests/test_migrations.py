from io import StringIO

from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.test import TransactionTestCase

from breastcancer_api.models import Slice, Study

ROW = {
    "number": 1,
    "single_probability": 0.25,
    "single_decision": 0,
    "scantype_probability": 0.75,
    "scantype_decision": 1,
    "fused": 0,
}


class MigrationTests(TransactionTestCase):
    def migrate(self, name: str):
        """The models after the migration ``name``."""
        executor = MigrationExecutor(connection)
        executor.migrate([("breastcancer_api", name)])
        return executor.loader.project_state([("breastcancer_api", name)]).apps

    def test_models_and_migrations_agree(self):
        call_command("makemigrations", check=True, dry_run=True, stdout=StringIO())

    def test_studies_of_the_first_version_keep_their_numbers(self):
        old = self.migrate("0001_initial").get_model("breastcancer_api", "Study")
        self.addCleanup(call_command, "migrate", verbosity=0)
        values = {"slice_count": 2, "positive_slices": [2], "warnings": ["w"], "networks": []}
        key = old.objects.create(slices=[ROW, ROW | {"number": 2, "fused": 1}], **values).pk
        call_command("migrate", verbosity=0)
        study = Study.objects.get(pk=key)
        self.assertEqual((study.state, study.positive_slices, study.warnings), ("done", [2], ["w"]))
        self.assertEqual((study.progress, study.finished_at), (1.0, study.created_at))
        kept = Slice.objects.filter(study=study).values_list("number", "fused", "scantype_probability", "reason")
        self.assertEqual(list(kept), [(1, 0, 0.75, ""), (2, 1, 0.75, "")])

    def test_findings_of_before_are_of_whole_slices_and_tell_where_their_curve_is(self):
        old = self.migrate("0005_findings").get_model("breastcancer_api", "Study")
        self.addCleanup(call_command, "migrate", verbosity=0)
        told = [{"number": 1, "peak": {"row": 3, "column": 4}}, {"number": 2, "peak": None}]
        key = old.objects.create(findings=told).pk
        call_command("migrate", verbosity=0)
        first, second = Study.objects.get(pk=key).findings
        self.assertEqual(first["peak"], {"row": 3, "column": 4, "curve_row": 3, "curve_column": 4})
        self.assertEqual((first["breast"], second), (None, {"number": 2, "breast": None, "peak": None}))
