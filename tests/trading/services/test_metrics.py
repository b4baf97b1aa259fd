"""What the trading domain counts."""

from contextlib import suppress
from decimal import Decimal

import pytest
from django.db import transaction
from prometheus_client import REGISTRY

from trading.models import Account, Instrument
from trading.services import order_place

pytestmark = pytest.mark.django_db(transaction=True)


def counted() -> tuple[float, float]:
    """How many orders of traders, and how many fills, there have been."""
    orders = REGISTRY.get_sample_value("trading_orders_total", {"origin": "user"})
    return orders or 0, REGISTRY.get_sample_value("trading_fills_total") or 0


def buy(account: Account) -> None:
    order_place(account=account, symbol="AAPL", side="buy", type="market", amount=Decimal(1))


def test_orders_and_fills_are_counted(account: Account, instrument: Instrument) -> None:
    orders, fills = counted()
    buy(account)
    assert counted() == (orders + 1, fills + 1)


def test_what_was_rolled_back_is_not_counted(account: Account, instrument: Instrument) -> None:
    before = counted()
    with suppress(ZeroDivisionError), transaction.atomic():
        buy(account)
        raise ZeroDivisionError
    assert counted() == before
