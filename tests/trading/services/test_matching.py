from datetime import timedelta
from decimal import Decimal as D

import pytest
from django.utils import timezone

from tests.trading.rows import make_account, set_quote
from tests.trading.services.test_orders import place
from trading.models import Account, Fill, Instrument, Order, Position, Quote
from trading.services import orders_match

pytestmark = pytest.mark.django_db


def test_a_crossed_order_fills_at_its_own_price_as_maker(account, instrument):
    place(account, "buy", 10, price="90")
    set_quote(instrument, "88", "89")
    assert orders_match() == 1
    order, fill = Order.objects.get(), Fill.objects.get()
    account.refresh_from_db()
    assert (order.status, order.reserved, order.average) == ("filled", 0, D(90))
    assert (fill.price, fill.fee, fill.taker_or_maker) == (D(90), D("0.45"), "maker")
    assert (account.total, account.used) == (D("99999.55"), D(900))


def test_a_sell_fills_when_the_bid_reaches_it(account, instrument):
    place(account, "sell", 10, price="110")
    set_quote(instrument, "110", "112")
    assert orders_match() == 1
    assert Position.objects.get().signed_amount == D(-10)


def test_nothing_crossed_costs_one_query(account, instrument, django_assert_num_queries):
    place(account, "buy", 10, price="90")
    with django_assert_num_queries(1):
        assert orders_match() == 0


@pytest.mark.parametrize("obstacle", ["halted", "stale"])
def test_no_fills_while_the_market_is_away(account, instrument, obstacle):
    place(account, "buy", 10, price="90")
    set_quote(instrument, "88", "89")
    if obstacle == "halted":
        Instrument.objects.update(halted=True)
    else:
        Quote.objects.update(updated_at=timezone.now() - timedelta(seconds=11))
    assert orders_match() == 0


def test_orders_of_several_accounts_fill_together(account, instrument):
    other = make_account()
    place(account, "buy", 10, price="90")
    place(other, "buy", 20, price="91")
    set_quote(instrument, "88", "89")
    assert orders_match() == 2
    assert set(Position.objects.values_list("account_id", "signed_amount")) == {(account.pk, D(10)), (other.pk, D(20))}


def test_an_order_that_the_account_can_no_longer_carry_is_canceled(account, instrument):
    place(account, "buy", 980)
    place(account, "sell", 980, price="110")  # closes the position: reserves its fee alone
    place(account, "sell", 980)
    place(account, "buy", 950)  # leaves no money for a short of 980 * 110
    Position.objects.all().delete()
    set_quote(instrument, "110", "112")
    assert orders_match() == 0
    resting = Order.objects.get(type="limit")
    assert (resting.status, resting.reject_reason, resting.reserved) == ("canceled", "insufficient_margin", 0)


def test_one_accounts_bad_rows_do_not_stop_the_others(account, instrument, caplog):
    other = make_account()
    place(account, "buy", 10, price="90")
    place(other, "buy", 10, price="90")
    Account.objects.filter(pk=account.pk).update(used=0)  # less than the order reserves
    set_quote(instrument, "88", "89")
    assert orders_match() == 1
    assert Position.objects.get().account == other
    assert f"Account {account.pk} could not be worked on" in caplog.text


def test_very_many_orders_of_an_account_are_worked_off_tick_by_tick(account, instrument, monkeypatch):
    monkeypatch.setattr("trading.services.matching.MOST_ORDERS", 2)
    for _ in range(3):
        place(account, "buy", 1, price="90")
    set_quote(instrument, "88", "89")
    assert [orders_match() for _ in range(3)] == [2, 1, 0]


def test_an_account_that_is_gone_stops_nobody(account, instrument, monkeypatch, caplog):
    place(account, "buy", 10, price="90")
    set_quote(instrument, "88", "89")
    monkeypatch.setattr("trading.services.accounts.account_lock", lambda pk: Account.objects.get(pk=-pk))
    assert orders_match() == 0
    assert "could not be worked on" in caplog.text


def test_matching_twice_fills_once(account, instrument):
    place(account, "buy", 10, price="90")
    set_quote(instrument, "88", "89")
    assert [orders_match(), orders_match()] == [1, 0]
    assert Account.objects.get(pk=account.pk).ledger.filter(kind="fee").count() == 1
