from collections import defaultdict
from decimal import Decimal

import django.db.models.deletion
import django.utils.timezone
import trading.models.fields
from django.conf import settings
from django.db import migrations, models

from trading import append_only


def note_what_fills_closed(apps, schema_editor):
    """Fills from before the column `closed_amount` closed something too; afterwards none can be changed any more."""
    Fill = apps.get_model("trading", "Fill")
    held, closing = defaultdict(Decimal), []
    for fill in Fill.objects.order_by("id").iterator():
        key, signed = (fill.account_id, fill.instrument_id), fill.amount if fill.side == "buy" else -fill.amount
        if held[key] * signed < 0:
            fill.closed_amount = min(fill.amount, abs(held[key]))
            closing.append(fill)
        held[key] += signed
    Fill.objects.bulk_update(closing, ["closed_amount"], batch_size=1000)


def create_triggers(apps, schema_editor):
    append_only.create(schema_editor.connection)


def drop_triggers(apps, schema_editor):
    append_only.drop(schema_editor.connection)


class Migration(migrations.Migration):

    dependencies = [
        ('trading', '0002_paper_broker'),
    ]

    operations = [
        migrations.RunPython(note_what_fills_closed, migrations.RunPython.noop),
        migrations.AddField(
            model_name='ledgerentry',
            name='by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='by'),
        ),
        migrations.CreateModel(
            name='AccountErasure',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('account_id', models.BigIntegerField(help_text='Its id, while it existed.', unique=True, verbose_name='account')),
                ('username', models.CharField(max_length=150, verbose_name='username')),
                ('name', models.CharField(max_length=50, verbose_name='name')),
                ('total', trading.models.fields.ExactDecimalField(help_text='At the end.', verbose_name='total')),
                ('reason', models.CharField(max_length=200, verbose_name='reason')),
                ('at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='at')),
                ('by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='by')),
            ],
            options={
                'verbose_name': 'account erasure',
                'verbose_name_plural': 'account erasures',
            },
        ),
        migrations.CreateModel(
            name='AccountReset',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='at')),
                ('total_before', trading.models.fields.ExactDecimalField(help_text='After its orders and positions were closed.', verbose_name='total before')),
                ('deposit', trading.models.fields.ExactDecimalField(help_text='The new total.', verbose_name='deposit')),
                ('note', models.CharField(blank=True, default='', max_length=200, verbose_name='note')),
                ('last_order_id', models.BigIntegerField(default=0, verbose_name='last order before')),
                ('last_fill_id', models.BigIntegerField(default=0, verbose_name='last fill before')),
                ('last_entry_id', models.BigIntegerField(default=0, verbose_name='last ledger entry before')),
                ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='resets', to='trading.account', verbose_name='account')),
                ('by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='by')),
            ],
            options={
                'verbose_name': 'account reset',
                'verbose_name_plural': 'account resets',
                'indexes': [models.Index(fields=['account', '-id'], name='reset_of_account')],
                'constraints': [models.CheckConstraint(condition=models.Q(('deposit__gte', 0)), name='reset_deposit_not_negative')],
            },
        ),
        migrations.CreateModel(
            name='EquityPoint',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('interval', models.CharField(choices=[('1m', '1 minute'), ('15m', '15 minutes'), ('1d', '1 day')], max_length=4, verbose_name='interval')),
                ('at', models.DateTimeField(verbose_name='at')),
                ('equity', trading.models.fields.ExactDecimalField(verbose_name='equity')),
                ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='equity_points', to='trading.account', verbose_name='account')),
            ],
            options={
                'verbose_name': 'equity point',
                'verbose_name_plural': 'equity points',
                'indexes': [models.Index(fields=['interval', 'at'], name='equity_point_age')],
                'constraints': [models.UniqueConstraint(fields=('account', 'interval', 'at'), name='equity_point_unique')],
            },
        ),
        # The SQL of both databases is in trading/append_only.py; a later change of it comes with a migration like this.
        migrations.RunPython(create_triggers, drop_triggers, elidable=False),
    ]
