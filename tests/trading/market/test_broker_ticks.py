"""What a tick of the market does for accounts, on the recorded prices."""

from decimal import Decimal as D

import pytest

from tests.trading.rows import make_account
from trading.audit import audit
from trading.market.bars import load_bars
from trading.market.market import Market
from trading.market.replay import ReplaySource
from trading.models import Account, Order, Position, Quote
from trading.services import order_place

pytestmark = pytest.mark.django_db


@pytest.fixture
def market():
    """AAPL and others at their first opening, half an hour of the market before the next tick."""
    made = Market(ReplaySource(load_bars()), step=1800)
    made.tick()
    return made


def place(account, **order):
    return order_place(**{"account": account, "symbol": "AAPL", "side": "buy", "amount": D(10), **order})


def test_a_day_order_rests_until_the_close_and_not_longer(market):
    price = (Quote.objects.get(instrument__symbol="AAPL").bid / 2).quantize(D(1))
    order = place(make_account(), type="limit", price=price, time_in_force="DAY")
    while not market.now.closed:
        order.refresh_from_db()
        assert order.status == "new"
        market.tick()
    order.refresh_from_db()
    assert (order.status, order.reserved) == ("expired", 0)
    assert audit() == []


def test_an_order_too_large_for_one_quote_is_filled_by_several(market):
    account = make_account(total=D(10_000_000))
    order = place(account, type="market", amount=D(9000))
    assert order.status == "partially_filled"
    ticks = 0
    while order.is_open:
        market.tick()
        ticks += 1
        order.refresh_from_db()
    assert order.fills.count() == 1 + ticks
    assert Position.objects.get().signed_amount == D(9000)


def test_an_account_below_maintenance_is_liquidated(market):
    account = make_account(leverage=5)
    place(account, type="market", amount=D(100))
    Account.objects.filter(pk=account.pk).update(total=D(1))
    market.tick()
    assert Order.objects.latest("id").origin == "liquidation"
    assert not Position.objects.exclude(signed_amount=0).exists()
