from datetime import timedelta
from decimal import Decimal as D

import pytest
from django.utils import timezone

from tests.trading.rows import make_account, make_instrument, set_quote
from trading.models import Position
from trading.selectors.margins import accounts_near_liquidation, health, liquidation_prices
from trading.selectors.pnl import open_positions_of

pytestmark = pytest.mark.django_db


def hold(account, instrument, amount, cost):
    Position.objects.create(account=account, instrument=instrument, signed_amount=D(amount), open_cost=D(cost))


def near():
    return accounts_near_liquidation(timezone.now() - timedelta(seconds=10))


@pytest.mark.parametrize(("total", "found"), [("54.99", True), ("55.01", False)])
@pytest.mark.parametrize("amount", ["10", "-10"])
def test_what_is_below_maintenance_is_found(instrument, amount, total, found):
    account = make_account(total=D(total))
    cost = 1005 if D(amount) > 0 else 995  # a loss of 5 at the mark 100, and a maintenance margin of 50
    hold(account, instrument, amount, cost)
    assert near() == ([account.pk] if found else [])
    assert health(D(total), open_positions_of(account)).is_below == found


def test_positions_stand_for_each_other(instrument):
    account, other = make_account(total=D(10)), make_instrument("MSFT")
    set_quote(other, "99", "101")
    hold(account, instrument, 10, 1005)
    assert near() == [account.pk]
    hold(account, other, 10, 800)
    assert near() == []


def test_who_has_a_stale_quote_is_left_alone(instrument):
    account, other = make_account(total=D(10)), make_instrument("MSFT")
    set_quote(other, "99", "101", updated_at=timezone.now() - timedelta(minutes=1))
    hold(account, instrument, 10, 1005)
    hold(account, other, 1, 100)
    assert near() == []


def test_large_sums_are_found_too(instrument):
    account = make_account(total=D("-9000000000"))
    hold(account, instrument, 1, 100)
    assert near() == [account.pk]


def test_without_a_mark_nobody_knows(instrument):
    account = make_account()
    hold(account, instrument, 10, 1005)
    instrument.quote.delete()
    rows = open_positions_of(account)
    assert health(account.total, rows) is None
    assert liquidation_prices(account.total, rows) == {}


def test_each_position_has_a_price_of_its_own(instrument):
    account, other = make_account(total=D(100)), make_instrument("MSFT")
    set_quote(other, "10", "10")
    hold(account, instrument, 10, 1000)
    hold(account, other, -10, 100)
    prices = liquidation_prices(account.total, open_positions_of(account))
    assert set(prices) == {"AAPL", "MSFT"}
    for symbol, price in prices.items():
        rows = [row._replace(mark=price) if row.symbol == symbol else row for row in open_positions_of(account)]
        standing = health(account.total, rows)
        assert abs(standing.equity - standing.maintenance) < D("0.000001")
