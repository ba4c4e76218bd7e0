from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("breastcancer_api", "0005_findings")]

    operations = [
        migrations.AlterField(
            model_name="auditevent",
            name="action",
            field=models.CharField(
                choices=[
                    ("sent", "Sent"),
                    ("read", "Read"),
                    ("named", "Named"),
                    ("erased", "Erased"),
                    ("reduced", "Reduced"),
                ],
                max_length=16,
            ),
        ),
    ]
