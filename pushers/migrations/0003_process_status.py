from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('pushers', '0002_shards'),
    ]

    operations = [
        migrations.AddField(
            model_name='pushprocess',
            name='status',
            field=models.JSONField(default=dict),
        ),
    ]
