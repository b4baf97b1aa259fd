"""Who holds back what: a position is closed only once, and what closes needs no margin."""

from decimal import Decimal as D

import pytest

from tests.trading.rows import make_account, make_instrument, set_quote
from tests.trading.services.placing import code_of, place, quote_sizes
from tests.trading.services.test_money import check
from trading.models import Account, Order, Position
from trading.services import order_cancel, orders_match

pytestmark = pytest.mark.django_db


def again(*orders):
    for order in orders:
        order.refresh_from_db()
    return [(order.status, order.closing) for order in orders]


def test_the_oldest_order_closes_first(account, instrument):
    place(account, "buy", 10)
    first, second = place(account, "sell", 8, "120"), place(account, "sell", 8, "121")
    assert (first.closing, second.closing) == (D(8), D(2))
    assert (first.reserved, second.reserved) == (D("0.96"), D("726.968"))


def test_a_cancel_hands_its_part_of_the_position_on(account, instrument):
    place(account, "buy", 10)
    first, second = place(account, "sell", 8, "120"), place(account, "sell", 8, "121")
    order_cancel(order=first)
    assert again(second) == [("new", D(8))]
    assert second.reserved == D("0.968")
    check(account)


def test_a_new_position_frees_the_margin_of_orders_that_now_close_it(account, instrument):
    order = place(account, "sell", 8, "120")
    assert order.reserved == D("960.96")
    place(account, "buy", 5)
    assert again(order) == [("new", D(5))]
    assert order.reserved == D("360.96")
    check(account)


def test_an_order_whose_position_is_gone_needs_margin_again(account, instrument):
    place(account, "buy", 10)
    order = place(account, "sell", 10, "120")
    place(account, "sell", 10)
    assert again(order) == [("new", 0)]
    assert order.reserved == D("1201.2")
    check(account)


def test_an_order_that_can_no_longer_be_carried_is_canceled(account, instrument):
    place(account, "buy", 980)
    order = place(account, "sell", 980, "120")
    place(account, "sell", 980)
    assert again(order) == [("canceled", 0)]
    assert order.reject_reason == "insufficient_margin"
    check(account)
    account.refresh_from_db()
    assert account.free >= 0


def test_a_flip_needs_margin_for_what_it_opens(account, instrument):
    place(account, "buy", 10)
    order = place(account, "sell", 25, "120")
    assert (order.closing, order.reserved) == (D(10), D("1803"))
    set_quote(instrument, "121", "123")
    orders_match()
    assert Position.objects.get().margin == D(1800)
    check(account)


def test_an_order_for_all_the_money_can_be_filled_in_parts(account, instrument):
    Account.objects.update(leverage=3)
    make_instrument("ODD", step_size=D("0.001"), tick_size=D("0.00001"))
    set_quote_odd("14", 1000)
    account.refresh_from_db()
    amount = D("22440.449")
    order = place(account, "buy", amount, "13.32773", symbol="ODD")
    for _ in range(40):
        set_quote_odd("13", D("777.777"))
        orders_match()
    order.refresh_from_db()
    assert (order.status, order.filled, order.reserved) == ("filled", amount, 0)
    check(account)
    account.refresh_from_db()
    assert 0 <= account.free < 200


def set_quote_odd(price, size):
    from trading.models import Instrument

    odd = Instrument.objects.get(symbol="ODD")
    set_quote(odd, price, price, ask_size=D(size), bid_size=D(size))


def test_reduce_only_is_cut_to_the_position_and_shrinks_with_it(account, instrument):
    place(account, "buy", 10)
    order = place(account, "sell", 20, "120", reduce_only=True)
    assert (order.amount, order.reserved) == (D(10), D("1.2"))
    place(account, "sell", 4)
    assert again(order) == [("new", D(6))]
    assert order.amount == D(6)
    place(account, "sell", 6)
    assert again(order) == [("canceled", 0)]
    assert order.reject_reason == "nothing_to_reduce"
    check(account)


def test_reduce_only_orders_do_not_take_from_each_other(account, instrument):
    place(account, "buy", 10)
    limit = place(account, "sell", 10, "120", reduce_only=True)
    stop = place(account, "sell", 10, trigger_price="80", reduce_only=True)
    assert (limit.closing, stop.closing) == (D(10), D(10))
    set_quote(instrument, "120", "121")
    orders_match()
    assert [row[0] for row in again(limit, stop)] == ["filled", "canceled"]
    assert Position.objects.get().signed_amount == 0
    check(account)


def test_reduce_only_never_turns_the_position(account, instrument):
    place(account, "buy", 10)
    order = place(account, "sell", 10, "120", reduce_only=True)
    place(account, "sell", 4)
    quote_sizes(instrument, "120", "121", 100)
    orders_match()
    assert again(order) == [("filled", 0)]
    assert Position.objects.get().signed_amount == 0


def test_a_loss_that_eats_reserved_money_cancels_the_newest_orders():
    account = make_account(total=D(1000), leverage=5)
    set_quote(make_instrument(), "99", "101")
    place(account, "buy", 10)
    kept, shed = place(account, "buy", 20, "30"), place(account, "buy", 100, "30")
    set_quote(kept.instrument, "39", "41")
    place(account, "sell", 10)
    assert [row[0] for row in again(kept, shed)] == ["new", "canceled"]
    account.refresh_from_db()
    assert account.free >= 0


def test_other_instruments_orders_stand_back_for_nothing(account, instrument):
    other = make_instrument("MSFT")
    set_quote(other, "49", "51")
    place(account, "buy", 10)
    order = place(account, "sell", 10, "60", symbol="MSFT")
    assert order.closing == 0
    assert Order.objects.filter(closing__gt=0).count() == 0


def test_what_is_too_dear_is_refused_whole(account, instrument):
    quote_sizes(instrument, "99", "101", 500)
    assert code_of(place, account, "buy", 1500) == "insufficient_margin"
    assert not Order.objects.exists()
    check(account)
