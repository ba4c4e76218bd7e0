import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("breastcancer_api", "0003_rows_are_moved"),
    ]

    operations = [
        migrations.AddField(
            model_name="study",
            name="claim",
            field=models.UUIDField(
                help_text="Known to the process that carries it out: it alone may write.", null=True
            ),
        ),
        migrations.AddField(
            model_name="study",
            name="seen_at",
            field=models.DateTimeField(
                db_default=django.db.models.functions.datetime.Now(),
                help_text="When its process last showed life; while it is queued, when it was last sent.",
            ),
        ),
    ]
