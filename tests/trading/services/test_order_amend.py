from datetime import timedelta
from decimal import Decimal as D

import pytest
from django.utils import timezone

from tests.trading.rows import set_quote
from tests.trading.services.placing import code_of, place, quote_sizes
from tests.trading.services.test_money import check
from trading.models import Fill, Instrument, Order, Quote
from trading.services import order_amend, order_cancel, orders_match

pytestmark = pytest.mark.django_db


def test_another_price_and_amount_reserve_anew(account, instrument):
    order = order_amend(order=place(account, "buy", 10, "90"), price=D(80), amount=D(20))
    assert (order.price, order.amount, order.reserved, order.status) == (D(80), D(20), D("1601.6"), "new")
    check(account)


def test_an_order_whose_day_is_over_is_not_amended_before_it_expires(account, instrument):
    order = place(account, "buy", 10, "90", time_in_force="DAY")
    Quote.objects.update(market_time=order.expires_at)
    assert code_of(order_amend, order=order, price=D(101)) == "not_open"
    orders_match()
    order.refresh_from_db()
    assert (order.status, order.filled) == ("expired", D(0))
    check(account)


def test_what_is_filled_stays(account, instrument):
    order = place(account, "buy", 10, "90")
    quote_sizes(instrument, "88", "89", 4)
    orders_match()
    order = order_amend(order=order, amount=D(5), price=D(85))
    assert (order.status, order.filled, order.remaining) == ("partially_filled", D(4), D(1))
    assert order.reserved == D("85.085")
    assert code_of(order_amend, order=order, amount=D(4)) == "amount_below_filled"
    check(account)


def test_a_price_that_meets_the_quote_takes_at_once(account, instrument):
    order = order_amend(order=place(account, "buy", 10, "90"), price=D(105))
    assert (order.status, order.reserved) == ("filled", 0)
    assert (Fill.objects.get().price, Fill.objects.get().taker_or_maker) == (D(101), "taker")
    check(account)


def test_post_only_stays_post_only(account, instrument):
    order = place(account, "buy", 10, "90", post_only=True)
    assert code_of(order_amend, order=order, price=D(101)) == "post_only_would_take"
    order.refresh_from_db()
    assert (order.price, order.status) == (D(90), "new")


def test_a_refused_change_leaves_the_order_alone(account, instrument):
    order = place(account, "buy", 10, "90")
    assert code_of(order_amend, order=order, amount=D(2000)) == "insufficient_margin"
    order.refresh_from_db()
    assert (order.amount, order.reserved) == (D(10), D("900.9"))
    check(account)


def test_a_waiting_stop_gets_another_trigger(account, instrument):
    order = order_amend(order=place(account, "buy", 10, trigger_price="110"), trigger_price=D(120))
    assert (order.trigger_price, order.reserved) == (D(120), D("1201.2"))
    assert code_of(order_amend, order=order, trigger_price=D(99)) == "would_trigger_now"
    assert code_of(order_amend, order=order, price=D(99)) == "price_not_allowed"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({}, "nothing_to_amend"),
        ({"price": D("90.001")}, "price_off_tick"),
        ({"amount": D("1.5")}, "amount_off_step"),
        ({"amount": D(-1)}, "invalid_amount"),
        ({"trigger_price": D(110)}, "trigger_price_not_allowed"),
    ],
)
def test_a_change_that_does_not_fit_is_refused(account, instrument, change, code):
    assert code_of(order_amend, order=place(account, "buy", 10, "90"), **change) == code


@pytest.mark.parametrize(
    ("obstacle", "code"), [("halted", "halted"), ("stale", "stale_market"), ("canceled", "not_open")]
)
def test_there_must_be_an_open_order_and_a_market(account, instrument, obstacle, code):
    order = place(account, "buy", 10, "90")
    if obstacle == "halted":
        Instrument.objects.update(halted=True)
    elif obstacle == "stale":
        Quote.objects.update(updated_at=timezone.now() - timedelta(minutes=1))
    else:
        order_cancel(order=order)
    assert code_of(order_amend, order=order, price=D(80)) == code


def test_less_of_a_closing_order_leaves_more_for_the_next(account, instrument):
    place(account, "buy", 10)
    first, second = place(account, "sell", 10, "120"), place(account, "sell", 10, "121")
    order_amend(order=first, amount=D(4))
    second.refresh_from_db()
    assert second.closing == D(6)
    check(account)


def test_an_amended_order_goes_to_the_end_of_the_queue(account, instrument):
    first, second = place(account, "buy", 10, "90"), place(account, "buy", 10, "90")
    order_amend(order=first, amount=D(11))
    quote_sizes(instrument, "88", "89", 10)
    orders_match()
    assert list(Order.objects.filter(status="filled")) == [second]


def test_a_smaller_amount_keeps_its_place(account, instrument):
    first, _ = place(account, "buy", 10, "90"), place(account, "buy", 10, "90")
    order_amend(order=first, amount=D(9))
    quote_sizes(instrument, "88", "89", 9)
    orders_match()
    assert list(Order.objects.filter(status="filled")) == [first]


def test_an_order_amended_away_from_the_quote_becomes_a_makers(account, instrument):
    quote_sizes(instrument, "99", "101", 5)
    order = order_amend(order=place(account, "buy", 10, "101"), price=D(95))
    set_quote(instrument, "93", "94")
    orders_match()
    order.refresh_from_db()
    assert list(order.fills.order_by("id").values_list("price", "taker_or_maker")) == [
        (D(101), "taker"),
        (D(95), "maker"),
    ]
