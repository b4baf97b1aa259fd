from django.db import migrations

from pushers import capture
from trading.capture import CAPTURED


def install(apps, schema_editor):
    capture.install(schema_editor.connection, capture.models_of(apps, "trading", CAPTURED))


def remove(apps, schema_editor):
    capture.remove(schema_editor.connection, capture.models_of(apps, "trading", CAPTURED))


class Migration(migrations.Migration):

    dependencies = [
        ('trading', '0006_fill_market_time'),
    ]

    operations = [
        migrations.RunPython(install, remove),
    ]
