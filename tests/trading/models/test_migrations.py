from importlib import import_module

import pytest
from django.apps import apps

from tests.trading.rows import bulk_accounts, bulk_trades
from trading.models import Order

pytestmark = pytest.mark.django_db


def test_orders_that_rested_before_are_makers(instrument):
    bulk_trades(bulk_accounts(2), instrument)
    closed, rested = Order.objects.order_by("id")
    Order.objects.filter(pk=closed.pk).update(status="canceled")
    import_module("trading.migrations.0002_paper_broker").rest_as_makers(apps, None)
    assert list(Order.objects.filter(maker=True)) == [rested]
