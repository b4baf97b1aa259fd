from datetime import datetime, timedelta
from decimal import Decimal as D

import pytest

from tests.trading.rows import set_quote
from tests.trading.services.placing import code_of, place, quote_sizes
from tests.trading.services.test_money import check
from trading.exchange import session_close
from trading.models import Fill, Instrument, Order, Position, Quote
from trading.services import orders_match

pytestmark = pytest.mark.django_db


def fills():
    return list(Fill.objects.order_by("id").values_list("price", "amount", "taker_or_maker"))


def after_match(order):
    orders_match()
    order.refresh_from_db()
    return order.status, order.filled


@pytest.mark.parametrize(("side", "price"), [("buy", "101.11"), ("sell", "98.9")])
def test_slippage_makes_a_takers_price_worse_by_whole_ticks(account, instrument, side, price):
    Instrument.objects.update(slippage_rate=D("0.00101"))
    place(account, side, 10)
    assert fills() == [(D(price), D(10), "taker")]


def test_slippage_never_goes_beyond_the_limit(account, instrument):
    Instrument.objects.update(slippage_rate=D("0.05"))
    place(account, "buy", 10, "102")
    assert fills() == [(D(102), D(10), "taker")]


def test_an_amount_in_the_quote_currency_becomes_whole_steps(account, instrument):
    assert place(account, "buy", None, quote_amount="1000").amount == D(9)
    assert place(account, "buy", None, "50", quote_amount="1000").amount == D(20)
    assert code_of(place, account, "buy", None, quote_amount="100") == "below_minimum_notional"


def test_a_market_order_goes_on_with_the_next_quotes(account, instrument):
    quote_sizes(instrument, "99", "101", 6)
    order = place(account, "buy", 10)
    assert (order.status, order.filled) == ("partially_filled", D(6))
    assert after_match(order) == ("partially_filled", D(6))  # the same quote has no more
    quote_sizes(instrument, "100", "102", 6)
    assert after_match(order) == ("filled", D(10))
    assert fills() == [(D(101), D(6), "taker"), (D(102), D(4), "taker")]
    check(account)


def test_each_side_of_a_quote_has_its_own_size(account, instrument):
    quote_sizes(instrument, "99", "101", 6)
    assert place(account, "buy", 6).status == place(account, "sell", 6).status == "filled"
    assert place(account, "buy", 1).status == "new"


def test_a_size_between_steps_is_rounded_down(account, instrument):
    set_quote(instrument, "99", "101", ask_size=D("6.5"))
    assert place(account, "buy", 10).filled == D(6)


def test_what_a_taking_limit_order_leaves_goes_on_taking(account, instrument):
    quote_sizes(instrument, "99", "101", 6)
    order = place(account, "buy", 10, "105")
    quote_sizes(instrument, "100", "102", 6)
    assert after_match(order) == ("filled", D(10))
    assert fills()[1] == (D(102), D(4), "taker")


def test_ioc_lets_the_rest_expire(account, instrument):
    quote_sizes(instrument, "99", "101", 6)
    order = place(account, "buy", 10, "105", time_in_force="IOC")
    assert (order.status, order.filled, order.reserved) == ("expired", D(6), 0)
    assert place(account, "buy", 10, "90", time_in_force="IOC").status == "expired"
    check(account)


def test_fok_is_all_or_nothing(account, instrument):
    quote_sizes(instrument, "99", "101", 6)
    assert [place(account, "buy", amount, "105", time_in_force="FOK").status for amount in (7, 6)] == [
        "expired",
        "filled",
    ]
    assert fills() == [(D(101), D(6), "taker")]


def test_a_day_order_ends_with_the_markets_day(account, instrument):
    noon = datetime.fromisoformat("2012-05-18T16:00:00+00:00")
    set_quote(instrument, "99", "101", market_time=noon)
    order = place(account, "buy", 10, "90", time_in_force="DAY")
    set_quote(instrument, "99", "101", market_time=session_close(noon) - timedelta(seconds=1))
    assert after_match(order) == ("new", 0)
    set_quote(instrument, "88", "89", market_time=session_close(noon))
    assert after_match(order) == ("expired", 0)
    check(account)


def test_a_day_order_ends_where_the_market_starts_over(account, instrument):
    noon = datetime.fromisoformat("2012-05-18T16:00:00+00:00")
    set_quote(instrument, "99", "101", market_time=noon)
    order = place(account, "buy", 10, "90", time_in_force="DAY")
    set_quote(instrument, "99", "101", market_time=noon - timedelta(days=30))
    assert after_match(order) == ("expired", 0)


def test_a_post_only_order_never_takes(account, instrument):
    assert code_of(place, account, "buy", 10, "101", post_only=True) == "post_only_would_take"
    assert place(account, "buy", 10, "100.99", post_only=True).status == "new"


def test_a_stop_order_waits_for_the_mark(account, instrument):
    order = place(account, "buy", 10, trigger_price="110")
    assert (order.status, order.reserved) == ("new", D("1101.1"))
    assert after_match(order) == ("new", 0)
    set_quote(instrument, "109", "112")
    assert after_match(order) == ("filled", D(10))
    assert order.triggered_at is not None
    assert fills() == [(D(112), D(10), "taker")]
    check(account)


def test_a_stop_limit_order_rests_at_its_price_once_triggered(account, instrument):
    order = place(account, "sell", 10, "95", trigger_price="95")
    set_quote(instrument, "93", "94")
    assert after_match(order) == ("new", 0)
    assert order.maker
    set_quote(instrument, "96", "97")
    assert after_match(order) == ("filled", D(10))
    assert fills() == [(D(95), D(10), "maker")]


def test_a_triggered_stop_limit_order_may_be_ioc(account, instrument):
    order = place(account, "sell", 10, "95", trigger_price="95", time_in_force="IOC")
    assert order.status == "new"
    set_quote(instrument, "93", "94")
    assert after_match(order) == ("expired", 0)


@pytest.mark.parametrize(("side", "trigger"), [("buy", "100"), ("buy", "90"), ("sell", "100"), ("sell", "110")])
def test_a_stop_that_the_mark_has_passed_is_refused(account, instrument, side, trigger):
    assert code_of(place, account, side, 10, trigger_price=trigger) == "would_trigger_now"


def test_a_stop_over_a_gap_is_rejected_rather_than_owing_money(account, instrument):
    order = place(account, "buy", 900, trigger_price="110")
    set_quote(instrument, "149", "151")
    assert after_match(order) == ("rejected", 0)
    account.refresh_from_db()
    assert (order.reject_reason, order.reserved, account.used) == ("insufficient_margin", 0, 0)


def test_a_stop_over_a_gap_takes_more_of_the_free_money_where_there_is_some(account, instrument):
    order = place(account, "buy", 100, trigger_price="110")
    set_quote(instrument, "149", "151")
    assert after_match(order) == ("filled", D(100))
    check(account)


@pytest.mark.parametrize(
    ("order", "code"),
    [
        ({"time_in_force": "GTD"}, "invalid_time_in_force"),
        ({"trigger_price": "110", "time_in_force": "IOC"}, "invalid_time_in_force"),
        ({"post_only": True}, "post_only_not_allowed"),
        ({"price": "90", "post_only": True, "time_in_force": "IOC"}, "post_only_not_allowed"),
        ({"type": "stop_market"}, "trigger_price_required"),
        ({"type": "stop_limit", "price": "90"}, "trigger_price_required"),
        ({"type": "limit", "trigger_price": "110", "price": "90"}, "trigger_price_not_allowed"),
        ({"type": "stop_market", "price": "90", "trigger_price": "110"}, "price_not_allowed"),
        ({"trigger_price": "110.001"}, "price_off_tick"),
        ({"take_profit": "110.001"}, "price_off_tick"),
        ({"trigger_price": "-1"}, "invalid_trigger_price"),
        ({"quote_amount": "100"}, "invalid_amount"),
        ({"amount": None}, "invalid_amount"),
        ({"take_profit": "100"}, "invalid_take_profit"),
        ({"stop_loss": "100"}, "invalid_stop_loss"),
        ({"reduce_only": True}, "nothing_to_reduce"),
        ({"reduce_only": True, "take_profit": "120"}, "protection_not_allowed"),
    ],
)
def test_what_does_not_fit_together_is_refused(account, instrument, order, code):
    assert code_of(place, account, "buy", **{"amount": 10, **order}) == code
    assert not Order.objects.exists()


def test_price_and_then_time_decide_among_an_accounts_orders(account, instrument):
    first, better, last = (place(account, "buy", 10, price) for price in ("90", "91", "90"))
    quote_sizes(instrument, "88", "89", 25)
    orders_match()
    for order in (first, better, last):
        order.refresh_from_db()
    assert (better.filled, first.filled, last.filled) == (D(10), D(10), D(5))


def test_a_makers_order_takes_no_more_than_the_quotes_size(account, instrument):
    order = place(account, "buy", 10, "90")
    quote_sizes(instrument, "88", "89", 3)
    assert after_match(order) == ("partially_filled", D(3))
    assert order.reserved == D("630.63")
    check(account)
    assert Position.objects.get().bought_of_quote == D(3)
    assert Position.objects.get().quote_stamp == Quote.objects.get().updated_at
