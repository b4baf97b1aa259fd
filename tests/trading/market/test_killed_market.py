"""A market process that is killed in mid-match loses nothing and does nothing twice."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal as D
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.db.models import F, Sum
from django.utils import timezone

from tests.trading.rows import make_account, make_instrument, set_quote
from trading.audit import audit
from trading.models import OPEN_STATUSES, Fill, Order, Quote
from trading.services import order_place
from tradingsite.environment import BASE_DIR
from tradingsite.leash import die_with_parent

pytestmark = pytest.mark.django_db(transaction=True)

KILLS = 3
TRADERS, ORDERS_EACH = 24, 4
FIRST_FILL_SECONDS = 60  # a process has to start for it


def database_url():
    """The URL of the test database, as another process must be told it."""
    name = connection.settings_dict["NAME"]
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()


@contextmanager
def market_process() -> Iterator[subprocess.Popen[bytes]]:
    """A real market, which finds the quotes of the last one abandoned."""
    Quote.objects.update(updated_at=timezone.now() - timedelta(minutes=1))
    command = [sys.executable, "manage.py", "runmarket", "--interval", "0.05", "--no-robots"]
    variables = {"DJANGO_SETTINGS_MODULE": "tradingsite.settings", "DEBUG": "1", "DATABASE_URL": database_url()}
    process = subprocess.Popen(
        command,
        cwd=BASE_DIR,
        env={**os.environ, **variables},
        stderr=subprocess.DEVNULL,
        preexec_fn=die_with_parent(signal.SIGKILL),
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def wait_for(condition, process):
    """Return once the condition holds; the rows that another process writes have to be asked for."""
    deadline = time.monotonic() + FIRST_FILL_SECONDS
    while not condition():
        assert process.poll() is None, "the market has stopped by itself"
        assert time.monotonic() < deadline, "the market has filled nothing"
        time.sleep(0.002)


def open_orders():
    return Order.objects.filter(status__in=OPEN_STATUSES).count()


@pytest.fixture
def resting_orders():
    """Orders to buy that the market, which trades far below this quote, crosses with its first tick."""
    set_quote(make_instrument(), "2000", "2001")
    for _ in range(TRADERS):
        account = make_account()
        for amount in range(1, ORDERS_EACH + 1):
            price = D(1990 + amount)
            order_place(account=account, symbol="AAPL", side="buy", type="limit", amount=D(amount), price=price)
    assert open_orders() == TRADERS * ORDERS_EACH


def test_killed_in_mid_match_nothing_is_lost_and_nothing_done_twice(resting_orders):
    left = []
    for _ in range(KILLS):
        before = Fill.objects.count()
        with market_process() as process:
            wait_for(lambda before=before: Fill.objects.count() > before or not open_orders(), process)
            process.send_signal(signal.SIGKILL)
        left.append(open_orders())
        assert audit() == []
    assert left[0] > 0  # it was killed in the middle
    with market_process() as process:
        wait_for(lambda: not open_orders(), process)
    assert audit() == []
    filled = Order.objects.annotate(sum=Sum("fills__amount")).filter(status="filled", sum=F("amount"))
    assert filled.count() == TRADERS * ORDERS_EACH
    assert Fill.objects.values("trade_id").distinct().count() == Fill.objects.count()
