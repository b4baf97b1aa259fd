from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal as D

import pytest
from django.db import connection, transaction

from tests.trading.rows import make_account
from trading.models import EquityPoint
from trading.services import equity_points_write
from trading.services.accounts import account_lock

MIDNIGHT = datetime(2026, 3, 1, tzinfo=UTC)
MINUTE = EquityPoint.Interval.MINUTE


@pytest.mark.django_db
def test_a_point_is_written_once(account):
    for equity in (D(1), D(2)):
        equity_points_write(interval=MINUTE, at=MIDNIGHT, equities={account.pk: equity})
    assert EquityPoint.objects.get().equity == D(1)


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one write lock for everything")
def test_the_curve_waits_for_no_trader():
    account = make_account()

    def write():
        try:
            return equity_points_write(interval=MINUTE, at=MIDNIGHT, equities={account.pk: D(1)})
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as threads, transaction.atomic():
        account_lock(account.pk)
        assert threads.submit(write).result(timeout=30) == 1
    assert EquityPoint.objects.count() == 1
