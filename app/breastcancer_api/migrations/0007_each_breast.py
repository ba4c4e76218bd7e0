from django.db import migrations, models


def told_as_now(apps, _):
    """Findings of before: of whole slices, with the curve of their peak."""
    for study in apps.get_model("breastcancer_api", "Study").objects.exclude(findings=[]):
        study.findings = [
            each | {"breast": None, "peak": each["peak"] and _with_place(each["peak"])} for each in study.findings
        ]
        study.save(update_fields=["findings"])


def _with_place(peak: dict) -> dict:
    return peak | {"curve_row": peak["row"], "curve_column": peak["column"]}


class Migration(migrations.Migration):
    dependencies = [("breastcancer_api", "0006_named")]

    operations = [
        migrations.AlterField(
            model_name="study",
            name="findings",
            field=models.JSONField(
                default=list, help_text="Of positive slices side by side: numbers, no names and no UIDs."
            ),
        ),
        migrations.RunPython(told_as_now, migrations.RunPython.noop),
    ]
