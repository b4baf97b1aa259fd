from datetime import timedelta
from decimal import Decimal as D

import pytest
from django.utils import timezone

from tests.trading.rows import bulk_accounts, bulk_trades, make_account, make_instrument, set_quote
from tests.trading.services.placing import place, quote_sizes
from tests.trading.services.test_money import check
from trading.models import Account, Instrument, Order, Position, Quote
from trading.services import accounts_liquidate

pytestmark = pytest.mark.django_db


@pytest.fixture
def geared(instrument):
    """1,000 USD, 40 AAPL bought at 101 with a leverage of 5: an equity of 955.96 at the mark 100."""
    account = make_account(total=D(1000), leverage=5)
    place(account, "buy", 40)
    return account


def test_an_account_above_maintenance_is_left_alone(geared):
    assert accounts_liquidate() == 0
    assert Position.objects.get().signed_amount == D(40)


def test_below_maintenance_the_position_is_closed(geared, instrument):
    # 995.96 + 40 (m - 101) < 0.05 * 40 m  <=>  m < 80.10631579
    set_quote(instrument, "80.11", "80.11")
    assert accounts_liquidate() == 0
    set_quote(instrument, "80.1", "80.1")
    assert accounts_liquidate() == 1
    order = Order.objects.latest("id")
    assert (order.origin, order.status, order.reduce_only) == ("liquidation", "filled", True)
    assert Position.objects.get().signed_amount == 0
    assert accounts_liquidate() == 0


def test_a_short_is_liquidated_when_the_mark_rises(instrument):
    account = make_account(total=D(1000), leverage=5)
    place(account, "sell", 40)
    set_quote(instrument, "118", "118")
    assert accounts_liquidate() == 0
    set_quote(instrument, "119", "119")
    assert accounts_liquidate() == 1


def test_open_orders_go_first(geared, instrument):
    order = place(geared, "buy", 1, "50")
    stop = place(geared, "sell", 1, trigger_price="40")
    set_quote(instrument, "79", "80")
    accounts_liquidate()
    for each in (order, stop):
        each.refresh_from_db()
        assert (each.status, each.reject_reason, each.reserved) == ("canceled", "liquidation", 0)
    geared.refresh_from_db()
    assert geared.used == 0


def test_it_goes_on_with_the_next_quote_where_the_size_does_not_suffice(geared, instrument):
    quote_sizes(instrument, "70", "70", 5)
    accounts_liquidate()
    assert Position.objects.get().signed_amount == D(35)
    assert not Order.objects.filter(status__in=("new", "partially_filled")).exists()
    quote_sizes(instrument, "70", "70", 100)
    accounts_liquidate()
    assert Position.objects.get().signed_amount == 0


def test_it_stops_as_soon_as_the_equity_suffices(geared, instrument):
    other = make_instrument("MSFT")
    set_quote(other, "10", "10")
    place(geared, "buy", 5, symbol="MSFT")
    set_quote(instrument, "80", "80")
    accounts_liquidate()
    assert dict(Position.objects.values_list("instrument__symbol", "signed_amount")) == {"AAPL": 0, "MSFT": D(5)}


def test_margin_is_crossed(geared, instrument):
    other = make_instrument("MSFT")
    set_quote(other, "10", "10")
    place(geared, "buy", 50, symbol="MSFT")
    set_quote(other, "20", "20")  # earns what AAPL loses
    set_quote(instrument, "76", "76")
    assert accounts_liquidate() == 0


@pytest.mark.parametrize("obstacle", ["halted", "stale"])
def test_nothing_is_closed_while_the_market_is_away(geared, instrument, obstacle):
    set_quote(instrument, "70", "70")
    if obstacle == "halted":
        Instrument.objects.update(halted=True)
    else:
        Quote.objects.update(updated_at=timezone.now() - timedelta(minutes=1))
    accounts_liquidate()
    assert Position.objects.get().signed_amount == D(40)


def test_a_gap_may_cost_more_than_there_was(geared, instrument):
    set_quote(instrument, "50", "50")
    accounts_liquidate()
    geared.refresh_from_db()
    assert geared.total == D("995.96") - 40 * 51 - D(2)
    assert geared.free == geared.total


def test_many_safe_accounts_cost_one_query(instrument, django_assert_num_queries):
    bulk_trades(bulk_accounts(50), instrument)
    with django_assert_num_queries(1):
        assert accounts_liquidate() == 0


def test_the_books_agree_after_a_liquidation(instrument):
    account = make_account()
    Account.objects.update(leverage=5)
    place(account, "buy", 4500)
    set_quote(instrument, "79", "80")
    assert accounts_liquidate() == 1
    check(account)
