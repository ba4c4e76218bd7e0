from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("breastcancer_api", "0004_who_carries_it_out")]

    operations = [
        migrations.AddField(
            model_name="study",
            name="findings",
            field=models.JSONField(default=list, help_text="Runs of positive slices: numbers, no names and no UIDs."),
        ),
    ]
