from django.db import migrations


class Migration(migrations.Migration):
    """Apart from 0002: PostgreSQL alters no table in the transaction that has filled one which refers to it."""

    dependencies = [("breastcancer_api", "0002_life_of_a_study")]

    operations = [migrations.RemoveField("study", "old_rows")]
